//! What the program can be told.

use crate::daemon::Options;
use crate::modules;
use common::Root;
use common::arguments::{Program, Stop};
use common::wrong;
use std::path::PathBuf;

pub const PROGRAM: Program = Program {
    name: "devd",
    version: env!("CARGO_PKG_VERSION"),
    help: HELP,
};

const HELP: &str = "devd: devices get their modules, and their nodes get names, owners and modes

Usage:
    devd COMMAND [OPTION]...

Commands:
    run                 be the daemon: look at all devices, then follow those that come and go
    status              tell what was done, which names there are, and what failed
    trigger             have the daemon read its rules and look at all devices anew; ends when that is done
    match NAME...       tell which modules a device with that modalias would get, or what a module would bring along
    info PATH...        tell what a node or an image is: its contents, names, and which rules are about it
    check               tell mistakes in the rules and in modprobe.d

Options:
    -F, --ready-fd NUMBER
                        run: write to that descriptor when all devices that there were have what they need
    -n, --no-modules    run: nodes and names alone
    -b, --buffer BYTES  run: so many bytes of events may wait, instead of 8 MiB
    -s, --socket PATH   the control socket, instead of /run/devd/control
    -k, --kernel RELEASE
                        the modules of that kernel, instead of those of the one that runs
    -R, --root FOLDER   look for everything (/sys, /dev, /etc, /lib, /run) below that folder
    -j, --json          status: as JSON
    -h, --help          show this help
    -V, --version       show the version

Exit status: 0 done, 1 something failed or nothing was found, 2 wrong use.
";

/// Commands, and whether words follow them.
const COMMANDS: &[(&str, bool)] = &[
    ("run", false),
    ("status", false),
    ("trigger", false),
    ("match", true),
    ("info", true),
    ("check", false),
];

pub struct Given {
    pub command: String,
    pub words: Vec<String>,
    pub options: Options,
    pub json: bool,
}

/// Reads the words behind the program's name.
pub fn parse(words: Vec<String>) -> Result<Given, Stop> {
    let given = PROGRAM.read(words)?;
    let (command, words) = given.command()?;
    let Some((_, takes_words)) = COMMANDS.iter().find(|(name, _)| *name == command) else {
        wrong!("there is no command '{command}'");
    };
    match words.first() {
        None if *takes_words => wrong!("{command} needs what it is about"),
        Some(word) if !takes_words => wrong!("{command} takes no further words, as '{word}'"),
        _ => {}
    }
    let root = Root::new(given.path("root", "/"));
    let (mut ready, mut waiting) = (None, None);
    if let Some(taken) = given.taken("ready-fd") {
        ready = taken.number();
        if ready.is_none() {
            wrong!("'{}' is no number of a descriptor", taken.text());
        }
    }
    if let Some(text) = given.text("buffer") {
        waiting = text.parse::<usize>().ok();
        if waiting.is_none() {
            wrong!("'{text}' is no number");
        }
    }
    let release = match given.text("kernel") {
        Some(release) if !crate::device::is_name(&release) => {
            wrong!("'{release}' is no release of a kernel")
        }
        Some(release) => release,
        None => modules::running(),
    };
    Ok(Given {
        command,
        words,
        json: given.has("json"),
        options: Options {
            socket: match given.value("socket") {
                Some(path) => PathBuf::from(path),
                None => root.at("/run/devd/control"),
            },
            release,
            root,
            ready,
            waiting,
            no_modules: given.has("no-modules"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Given, Stop> {
        parse(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_and_words_are_understood() {
        let found = given("match --root=/x -k 1.2 pci:v1 -- -a").ok().unwrap();
        assert_eq!(
            (&*found.command, found.words),
            ("match", vec!["pci:v1".to_owned(), "-a".to_owned()])
        );
        assert_eq!(found.options.release, "1.2");
        assert_eq!(found.options.socket, PathBuf::from("/x/run/devd/control"));
        let found = given("run -F 3 -n --buffer 4096").ok().unwrap().options;
        assert_eq!(
            (found.ready, found.no_modules, found.waiting),
            (Some(3), true, Some(4096))
        );
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for (line, told) in [
            ("", "a command is needed"),
            ("rum", "there is no command 'rum'"),
            ("run x", "run takes no further words, as 'x'"),
            ("match", "match needs what it is about"),
            ("run --nope", "there is no option '--nope'"),
            ("run -F", "-F needs a NUMBER"),
            ("run -F x", "'x' is no number of a descriptor"),
            ("run -b x", "'x' is no number"),
            ("match a -k ../x", "'../x' is no release of a kernel"),
        ] {
            assert_eq!(
                given(line).err(),
                Some(Stop::Wrong(told.to_owned())),
                "{line}"
            );
        }
        assert_eq!(given("-h").err(), Some(Stop::Help));
        for (name, _) in COMMANDS {
            assert!(HELP.contains(&format!("\n    {name} ")), "{name}");
        }
    }
}
