//! The command line of the daemon.

use crate::configuration;
use crate::daemon::{self, Options};
use std::io::Write;
use std::path::PathBuf;

pub const DONE: u8 = 0;
pub const FAILED: u8 = 1;
pub const WRONG: u8 = 2;

const HELP: &str = "logd: takes what programs and the kernel say, and writes it to files

Usage:
    logd [OPTION]...

Options:
    -c, --config FOLDER     the files that say what is written where, instead of /etc/logd
    -s, --socket PATH       where programs send to, instead of /dev/log
    -k, --kernel PATH       the kernel's log, instead of /dev/kmsg
    -K, --keep PATH         where the number of the kernel's next message is kept, instead of /run/logd/kernel
    -u, --user NAME         become that user once everything is open
    -F, --ready-fd NUMBER   write to that descriptor once messages are taken
    -C, --check             read the files, tell what is wrong with them, and do nothing
    -h, --help              show this help
    -V, --version           show the version

SIGHUP: read the files anew, open those of the log anew. SIGTERM: write all, and end.
Exit status: 0 done, 1 failed, 2 wrong use. 'logctl' reads what was written.
";

enum Wanted {
    Run(Options),
    Check(PathBuf),
    Print(&'static str),
}

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    let result = match parse(words) {
        Ok(Wanted::Run(options)) => daemon::run(options),
        Ok(Wanted::Check(folder)) => configuration::read(&folder).map(|_| ()),
        Ok(Wanted::Print(text)) => {
            print(text.as_bytes());
            return DONE;
        }
        Err(what) => {
            complain("logd", &format!("{what} (--help tells what there is)"));
            return WRONG;
        }
    };
    match result {
        Ok(()) => DONE,
        Err(error) => {
            complain("logd", &error.to_string());
            FAILED
        }
    }
}

/// To standard output; whether somebody reads it.
pub fn print(text: &[u8]) -> bool {
    std::io::stdout().write_all(text).is_ok()
}

pub fn complain(program: &str, text: &str) {
    let _ = std::io::stderr().write_all(format!("{program}: {text}\n").as_bytes());
}

fn parse(words: Vec<String>) -> Result<Wanted, String> {
    let mut check = false;
    let mut options = Options {
        folder: configuration::FOLDER.into(),
        socket: "/dev/log".into(),
        kernel: "/dev/kmsg".into(),
        kept: "/run/logd/kernel".into(),
        user: None,
        ready: None,
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (name, behind) = part(word);
        let mut value = || match &behind {
            Some(value) => Ok(value.clone()),
            None => words.next().ok_or_else(|| format!("{name} needs a value")),
        };
        match &*name {
            "-c" | "--config" => options.folder = value()?.into(),
            "-s" | "--socket" => options.socket = value()?.into(),
            "-k" | "--kernel" => options.kernel = value()?.into(),
            "-K" | "--keep" => options.kept = value()?.into(),
            "-u" | "--user" => options.user = Some(value()?),
            "-F" | "--ready-fd" => {
                let number = value()?.parse().ok().filter(|number| *number > 2);
                options.ready =
                    Some(number.ok_or_else(|| format!("{name} needs a number above 2"))?);
            }
            "-C" | "--check" => check = true,
            "-h" | "--help" => return Ok(Wanted::Print(HELP)),
            "-V" | "--version" => {
                return Ok(Wanted::Print(concat!(
                    "logd ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                )));
            }
            other => return Err(unknown(other)),
        }
    }
    Ok(match check {
        true => Wanted::Check(options.folder),
        false => Wanted::Run(options),
    })
}

/// What is wrong with a word that means nothing.
pub fn unknown(word: &str) -> String {
    match word.starts_with('-') {
        true => format!("there is no option '{word}'"),
        false => format!("it takes no words, as '{word}'"),
    }
}

/// The name and value of `--name=value`.
pub fn part(word: String) -> (String, Option<String>) {
    match word.split_once('=') {
        Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
        _ => (word, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Wanted, String> {
        parse(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_are_understood() {
        let Ok(Wanted::Run(options)) = given("-c /a --socket=/b -u logd --ready-fd 4") else {
            panic!("it is not understood");
        };
        assert_eq!((options.folder, options.socket), ("/a".into(), "/b".into()));
        assert_eq!(
            (options.user.as_deref(), options.ready),
            (Some("logd"), Some(4))
        );
        for (line, told) in [
            ("-x", "there is no option '-x'"),
            ("x", "it takes no words, as 'x'"),
            ("-c", "-c needs a value"),
            ("-F 1", "-F needs a number above 2"),
            ("-F x", "-F needs a number above 2"),
        ] {
            assert_eq!(given(line).err().as_deref(), Some(told), "{line}");
        }
    }
}
