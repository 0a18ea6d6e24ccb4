//! The command line.

use crate::daemon::{self, Folders, Options};
use crate::table::{self, Kind};
use common::reason;
use std::io::Write;
use std::path::Path;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const WRONG: u8 = 2;

const HELP: &str = "crond: runs commands at the times of crontabs

Usage:
    crond [OPTION]...
    crond --check FILE...

Options:
    -c, --crontabs FOLDER   the tables of users, each with its user's name, instead of /etc/crontabs
    -d, --cron.d FOLDER     the tables of the system, whose lines name a user, instead of /etc/cron.d
    -l, --log PATH          where is told what is done and said, instead of /dev/log
    -r, --started PATH      the mark of the machine's start, instead of /run/crond/started
    -F, --ready-fd NUMBER   write to that descriptor once the tables were read
    -C, --check             tell what is wrong with these tables: FILE:LINE:COLUMN: what is expected
    -S, --system            with --check: their lines name a user, as is known of those in a folder cron.d
    -h, --help              show this help
    -V, --version           show the version

SIGHUP: read all tables anew. Exit status: 0 done, 1 failed, or a table is wrong, 2 wrong use.
";

#[derive(Debug)]
enum Wanted {
    Run(Options),
    Check { files: Vec<String>, system: bool },
    Print(&'static str),
}

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    match parse(words) {
        Ok(Wanted::Print(text)) => {
            let _ = std::io::stdout().write_all(text.as_bytes());
            DONE
        }
        Ok(Wanted::Check { files, system }) => {
            let good = files.iter().filter(|file| check(file, system)).count();
            if good == files.len() { DONE } else { FAILED }
        }
        Ok(Wanted::Run(options)) => match daemon::run(options) {
            Ok(()) => DONE,
            Err(error) => {
                complain(&format!("crond: {error}"));
                FAILED
            }
        },
        Err(what) => {
            complain(&format!("crond: {what} (--help tells what there is)"));
            WRONG
        }
    }
}

fn complain(text: &str) {
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Tells what is wrong with a table; whether it is right.
fn check(file: &str, system: bool) -> bool {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) => {
            complain(&format!("{file}: reading it: {}", reason(&error)));
            return false;
        }
    };
    let folder = Path::new(file).parent().and_then(Path::file_name);
    let kind = match system || folder.is_some_and(|name| name == "cron.d") {
        true => Kind::Systems,
        false => Kind::Users,
    };
    match table::parse(&text, kind) {
        Ok(_) => true,
        Err(mistakes) => {
            for mistake in mistakes {
                complain(&format!("{file}:{mistake}"));
            }
            false
        }
    }
}

fn parse(words: Vec<String>) -> Result<Wanted, String> {
    let mut options = Options {
        folders: Folders {
            users: "/etc/crontabs".into(),
            systems: "/etc/cron.d".into(),
        },
        started: "/run/crond/started".into(),
        log: "/dev/log".into(),
        ready: None,
    };
    let (mut check, mut system, mut files) = (false, false, Vec::new());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (name, behind) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => {
                (name.to_owned(), Some(value.to_owned()))
            }
            _ => (word, None),
        };
        let mut value = || match &behind {
            Some(value) => Ok(value.clone()),
            None => words.next().ok_or_else(|| format!("{name} needs a value")),
        };
        match &*name {
            "-c" | "--crontabs" => options.folders.users = value()?.into(),
            "-d" | "--cron.d" => options.folders.systems = value()?.into(),
            "-l" | "--log" => options.log = value()?.into(),
            "-r" | "--started" => options.started = value()?.into(),
            "-F" | "--ready-fd" => {
                let number = value()?.parse().ok().filter(|number| *number > 2);
                options.ready =
                    Some(number.ok_or_else(|| format!("{name} needs a number above 2"))?);
            }
            "-C" | "--check" => check = true,
            "-S" | "--system" => system = true,
            "-h" | "--help" => return Ok(Wanted::Print(HELP)),
            "-V" | "--version" => {
                return Ok(Wanted::Print(concat!(
                    "crond ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                )));
            }
            option if option.starts_with('-') => {
                return Err(format!("there is no option '{option}'"));
            }
            _ => files.push(name),
        }
    }
    match (check, files.first()) {
        (true, None) => Err("--check needs a file".to_owned()),
        (true, Some(_)) => Ok(Wanted::Check { files, system }),
        (false, Some(file)) => Err(format!("it takes no words but with --check, as '{file}'")),
        (false, None) => Ok(Wanted::Run(options)),
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
        let Ok(Wanted::Run(options)) = given("-c /a --cron.d=/b -F 3") else {
            panic!("it is not understood");
        };
        assert_eq!(options.folders.users, Path::new("/a"));
        assert_eq!(
            (options.folders.systems, options.ready),
            ("/b".into(), Some(3))
        );
        for (line, told) in [
            ("-x", "there is no option '-x'"),
            ("x", "it takes no words but with --check, as 'x'"),
            ("--check", "--check needs a file"),
            ("-c", "-c needs a value"),
            ("-F 2", "-F needs a number above 2"),
        ] {
            assert_eq!(given(line).unwrap_err(), told, "{line}");
        }
    }
}
