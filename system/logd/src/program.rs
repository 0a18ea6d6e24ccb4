//! The command line of the daemon.

use crate::configuration;
use crate::daemon::{self, Options};
use common::arguments::{DONE, Given, Program, Stop, wrong};
use std::path::PathBuf;

const PROGRAM: Program = Program {
    name: "logd",
    version: env!("CARGO_PKG_VERSION"),
    help: HELP,
};

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
}

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    let done = match parse(words) {
        Ok(Wanted::Run(options)) => daemon::run(options),
        Ok(Wanted::Check(folder)) => configuration::read(&folder).map(|_| ()),
        Err(stop) => return PROGRAM.stop(stop),
    };
    PROGRAM.status(done.map(|()| DONE))
}

fn parse(words: Vec<String>) -> Result<Wanted, Stop> {
    let given = PROGRAM.read(words)?;
    no_words(&given)?;
    let mut ready = None;
    if let Some(taken) = given.taken("ready-fd") {
        ready = taken.number().filter(|number| *number > 2);
        if ready.is_none() {
            return Err(wrong(format_args!("{} needs a number above 2", taken.name)));
        }
    }
    let folder = given.path("config", configuration::FOLDER);
    if given.has("check") {
        return Ok(Wanted::Check(folder));
    }
    Ok(Wanted::Run(Options {
        folder,
        socket: given.path("socket", "/dev/log"),
        kernel: given.path("kernel", "/dev/kmsg"),
        kept: given.path("keep", "/run/logd/kernel"),
        user: given.text("user"),
        ready,
    }))
}

/// Refuses words that mean nothing.
///
/// # Errors
/// [`Stop::Wrong`]
pub fn no_words(given: &Given) -> Result<(), Stop> {
    match given.words.first() {
        None => Ok(()),
        Some(word) => Err(wrong(format_args!(
            "it takes no words, as '{}'",
            word.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Wanted, Stop> {
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
            ("-c", "-c needs a FOLDER"),
            ("-F 1", "-F needs a number above 2"),
            ("-F x", "-F needs a number above 2"),
        ] {
            assert_eq!(
                given(line).err(),
                Some(Stop::Wrong(told.to_owned())),
                "{line}"
            );
        }
    }
}
