//! What the program can be told.

use crate::daemon::Options;
use crate::modules;
use common::Root;
use std::path::PathBuf;

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

pub enum Parsed {
    Given(Box<Given>),
    /// To be printed, and nothing else.
    Text(String),
}

pub fn parse(words: Vec<String>) -> Result<Parsed, String> {
    let (mut command, mut rest) = (None, Vec::new());
    let (mut root, mut socket, mut release) = (Root::default(), None, None);
    let (mut ready, mut waiting, mut no_modules, mut json) = (None, None, false, false);
    let mut words = words.into_iter();
    let mut only_words = false;
    while let Some(word) = words.next() {
        if only_words || !word.starts_with('-') || word == "-" {
            match command {
                None => command = Some(word),
                Some(_) => rest.push(word),
            }
            continue;
        }
        let (name, behind) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => {
                (name.to_owned(), Some(value.to_owned()))
            }
            _ => (word, None),
        };
        let takes = |next: &mut dyn Iterator<Item = String>| {
            behind
                .clone()
                .or_else(|| next.next())
                .ok_or_else(|| format!("{name} needs a value"))
        };
        let number = |text: String| {
            text.parse::<usize>()
                .map_err(|_| format!("'{text}' is no number"))
        };
        match &*name {
            "--" => only_words = true,
            "-F" | "--ready-fd" => {
                let text = takes(&mut words)?;
                ready = Some(
                    text.parse::<u32>()
                        .map_err(|_| format!("'{text}' is no number of a descriptor"))?,
                );
            }
            "-b" | "--buffer" => waiting = Some(number(takes(&mut words)?)?),
            "-n" | "--no-modules" => no_modules = true,
            "-s" | "--socket" => socket = Some(PathBuf::from(takes(&mut words)?)),
            "-k" | "--kernel" => release = Some(takes(&mut words)?),
            "-R" | "--root" => root = Root::new(takes(&mut words)?),
            "-j" | "--json" => json = true,
            "-h" | "--help" => return Ok(Parsed::Text(HELP.to_owned())),
            "-V" | "--version" => {
                return Ok(Parsed::Text(
                    concat!("devd ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
                ));
            }
            _ => return Err(format!("there is no option '{name}'")),
        }
    }
    let command = command.ok_or("a command is needed")?;
    let known = COMMANDS.iter().find(|(name, _)| *name == command);
    let (_, takes_words) = known.ok_or_else(|| format!("there is no command '{command}'"))?;
    if *takes_words && rest.is_empty() {
        return Err(format!("{command} needs what it is about"));
    }
    if !takes_words && !rest.is_empty() {
        return Err(format!(
            "{command} takes no further words, as '{}'",
            rest[0]
        ));
    }
    if let Some(release) = &release
        && !crate::device::is_name(release)
    {
        return Err(format!("'{release}' is no release of a kernel"));
    }
    Ok(Parsed::Given(Box::new(Given {
        command,
        words: rest,
        json,
        options: Options {
            socket: socket.unwrap_or_else(|| root.at("/run/devd/control")),
            release: release.unwrap_or_else(modules::running),
            root,
            ready,
            waiting,
            no_modules,
        },
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Given, String> {
        match parse(line.split_whitespace().map(str::to_owned).collect()) {
            Ok(Parsed::Given(given)) => Ok(*given),
            Ok(Parsed::Text(text)) => Err(text),
            Err(what) => Err(what),
        }
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
            ("run -F", "-F needs a value"),
            ("run -F x", "'x' is no number of a descriptor"),
            ("run -b x", "'x' is no number"),
            ("match a -k ../x", "'../x' is no release of a kernel"),
        ] {
            assert_eq!(given(line).err().as_deref(), Some(told), "{line}");
        }
        assert!(given("-h").err().unwrap().contains("Usage"));
        for (name, _) in COMMANDS {
            assert!(HELP.contains(&format!("\n    {name} ")), "{name}");
        }
    }
}
