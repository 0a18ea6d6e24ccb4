//! The command line.

use crate::daemon::{self, Folders, Options};
use crate::table::{self, Kind};
use common::arguments::{DONE, FAILED, Program, Stop, wrong};
use common::reason;
use std::io::Write;
use std::path::Path;

const PROGRAM: Program = Program {
    name: "crond",
    version: env!("CARGO_PKG_VERSION"),
    help: HELP,
};

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
}

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    match parse(words) {
        Ok(Wanted::Check { files, system }) => {
            let good = files.iter().filter(|file| check(file, system)).count();
            if good == files.len() { DONE } else { FAILED }
        }
        Ok(Wanted::Run(options)) => PROGRAM.status(daemon::run(options).map(|()| DONE)),
        Err(stop) => PROGRAM.stop(stop),
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

fn parse(words: Vec<String>) -> Result<Wanted, Stop> {
    let given = PROGRAM.read(words)?;
    let mut ready = None;
    if let Some(taken) = given.taken("ready-fd") {
        ready = taken.number().filter(|number| *number > 2);
        if ready.is_none() {
            return Err(wrong(format_args!("{} needs a number above 2", taken.name)));
        }
    }
    let files = given.texts();
    match (given.has("check"), files.first()) {
        (true, None) => Err(wrong(format_args!("--check needs a file"))),
        (true, Some(_)) => Ok(Wanted::Check {
            files,
            system: given.has("system"),
        }),
        (false, Some(file)) => Err(wrong(format_args!(
            "it takes no words but with --check, as '{file}'"
        ))),
        (false, None) => Ok(Wanted::Run(Options {
            folders: Folders {
                users: given.path("crontabs", "/etc/crontabs"),
                systems: given.path("cron.d", "/etc/cron.d"),
            },
            started: given.path("started", "/run/crond/started"),
            log: given.path("log", "/dev/log"),
            ready,
        })),
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
            ("-c", "-c needs a FOLDER"),
            ("-F 2", "-F needs a number above 2"),
        ] {
            assert_eq!(
                given(line).unwrap_err(),
                Stop::Wrong(told.to_owned()),
                "{line}"
            );
        }
    }
}
