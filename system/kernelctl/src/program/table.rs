//! What the program can be told: its help, which the reader of the command line and the completion go by too.

use common::arguments::Opt;
use std::str::Lines;

/// A command: a line with what follows it, one about it, and its options. Then all options with a line about each.
pub const HELP: &str = "kernelctl: apply, verify and take back kernel policy

Usage:
    kernelctl COMMAND [OPTION]...

Commands:
    apply
        set what sysctl.d and the policy ask for, and read it back; all or nothing
        -p, --policy FILE
        -P, --profile NAME
        -k, --keep-going
        -f, --first
        -j, --json
        -q, --quiet
    plan
        tell what apply would do, and change nothing
        -p, --policy FILE
        -P, --profile NAME
        -k, --keep-going
        -j, --json
        -q, --quiet
    status
        tell how the system is, what was set, and whether it holds
        -j, --json
        -q, --quiet
    drift
        tell what was set and no longer holds; status 1 if anything does not
        -j, --json
        -q, --quiet
    revert
        put back what was before the first apply
        -j, --json
        -q, --quiet
    attach [PID] GROUP
        put a process, or with --service a service, into a control group
        -s, --service NAME
    watch
        do what the policy has for pressure, until it is ended
        -p, --policy FILE
        -P, --profile NAME
        -F, --ready-fd NUMBER
    marks
        load alpenglow_bootstat, and mark in it when services were started
    completion bash|zsh|fish
        print a completion script for a shell

Options:
    -p, --policy FILE
        the policy, TOML or kernel-policy.json, instead of /etc/kernelctl.toml or /lib/kernelctl.toml
    -P, --profile NAME
        a profile of the policy, instead of the one that it names itself
    -k, --keep-going
        do what can be done when some of it cannot, instead of taking all back
    -f, --first
        leave what can wait until all is up (compressed swap, if there is none) to another apply
    -j, --json
        report as JSON
    -q, --quiet
        report only what failed or does not hold
    -s, --service NAME
        a service of dinit, with the processes that it has started
    -F, --ready-fd NUMBER
        write to that descriptor when all triggers are set
    -R, --root FOLDER
        look for everything (/proc, /sys, /etc, /run) below that folder
    -h, --help
        show this help
    -V, --version
        show the version

Exit status: 0 done, 1 something failed or does not hold, 2 wrong use.
";

/// Options of every command.
const GENERAL: &[&str] = &["root", "help", "version"];

/// What begins a command or an option of the list of all of them; what is about it is further in.
const INDENT: &str = "    ";

/// A command, as the help has it.
#[derive(Clone, Debug)]
pub struct Command {
    pub name: &'static str,
    /// What follows it, in words: those in brackets need not be there.
    pub words: &'static str,
    pub about: &'static str,
    /// The options that it takes, beside those of every command.
    options: Vec<Opt>,
}

impl Command {
    pub fn takes(&self, long: &str) -> bool {
        GENERAL.contains(&long) || self.options.iter().any(|option| option.long == long)
    }

    /// How many words may follow.
    pub fn count(&self) -> (usize, usize) {
        let words = self.words.split_ascii_whitespace();
        let optional = words.clone().filter(|word| word.starts_with('['));
        let most = words.count();
        (most - optional.count(), most)
    }
}

/// The lines of the help that are below one.
fn below(title: &str) -> Lines<'static> {
    let mut lines = HELP.lines();
    lines.any(|line| line == title);
    lines
}

/// All commands.
pub fn commands() -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for line in below("Commands:") {
        let Some(line) = line.strip_prefix(INDENT) else {
            break;
        };
        match commands.last_mut() {
            Some(command) if line.starts_with(INDENT) => match Opt::in_line(line) {
                Some(option) => command.options.push(option),
                None => command.about = line.trim_start(),
            },
            _ => {
                let (name, words) = line.split_once(' ').unwrap_or((line, ""));
                commands.push(Command {
                    name,
                    words,
                    about: "",
                    options: Vec::new(),
                });
            }
        }
    }
    commands
}

/// All options, with what is about each.
pub fn options() -> Vec<(Opt, &'static str)> {
    let mut options = Vec::new();
    let mut lines = below("Options:");
    while let Some(option) = lines.next().and_then(Opt::in_line) {
        options.push((option, lines.next().unwrap_or("").trim_start()));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_option_is_described() {
        let (commands, options) = (commands(), options());
        assert_eq!((commands.len(), options.len()), (9, 11));
        for command in &commands {
            assert!(!command.about.is_empty(), "{}", command.name);
            for option in &command.options {
                assert!(
                    options.iter().any(|(other, _)| other == option),
                    "{option:?}"
                );
            }
        }
        for (at, (option, about)) in options.iter().enumerate() {
            assert!(!about.is_empty(), "{}", option.long);
            let taken = commands.iter().any(|command| command.takes(option.long));
            assert!(taken, "{}", option.long);
            let others = &options[at + 1..];
            let same = |other: &Opt| other.long == option.long || other.letter == option.letter;
            assert!(!others.iter().any(|(other, _)| same(other)), "{option:?}");
        }
        let counts: Vec<(usize, usize)> = commands.iter().map(Command::count).collect();
        assert_eq!(counts[5..], [(1, 2), (0, 0), (0, 0), (1, 1)]);
    }
}
