//! Reading the command line, by what the help says.

use super::table::{Command, HELP, commands};
use common::arguments::{Given, Program, Stop};
use common::wrong;

pub const PROGRAM: Program = Program {
    name: "kernelctl",
    version: env!("CARGO_PKG_VERSION"),
    help: HELP,
};

/// A command line that was understood.
pub struct Told {
    pub command: Command,
    pub given: Given,
    /// What follows the command.
    pub words: Vec<String>,
}

/// Reads the words behind the program's name.
pub fn parse(words: Vec<String>) -> Result<Told, Stop> {
    let given = PROGRAM.read(words)?;
    let (name, words) = given.command()?;
    let mut all = commands();
    let Some(at) = all.iter().position(|command| command.name == name) else {
        wrong!("there is no command '{name}'");
    };
    let command = all.swap_remove(at);
    for taken in &given.options {
        if !command.takes(taken.option.long) {
            wrong!("{name} takes no --{}", taken.option.long);
        }
    }
    let ((least, most), wanted) = (command.count(), command.words);
    if most == 0 && !words.is_empty() {
        wrong!("{name} takes no further words");
    }
    let choice = name == "completion";
    if words.len() < least
        || words.len() > most
        || (choice && !wanted.split('|').any(|shell| shell == words[0]))
    {
        wrong!("{name} needs {wanted}");
    }
    if name == "attach" && words.len() != 2 - usize::from(given.has("service")) {
        wrong!("attach needs PID GROUP, or --service NAME GROUP");
    }
    Ok(Told {
        command,
        given,
        words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Told, Stop> {
        parse(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_and_words_are_understood() {
        let found = given("apply --policy=a --profile b -q -p c").ok().unwrap();
        assert_eq!(found.command.name, "apply");
        assert_eq!(found.given.text("policy").as_deref(), Some("c"));
        assert_eq!(found.given.text("profile").as_deref(), Some("b"));
        assert!(found.given.has("quiet") && !found.given.has("json"));
        assert_eq!(given("completion fish").ok().unwrap().words, ["fish"]);
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for (line, told) in [
            ("", "a command is needed"),
            ("aply", "there is no command 'aply'"),
            ("apply x", "apply takes no further words"),
            ("apply --nope", "there is no option '--nope'"),
            ("apply -x", "there is no option '-x'"),
            ("apply --json=1", "--json takes no value"),
            ("apply --policy", "--policy needs a FILE"),
            ("revert --policy x", "revert takes no --policy"),
            ("completion", "completion needs bash|zsh|fish"),
            (
                "attach 5",
                "attach needs PID GROUP, or --service NAME GROUP",
            ),
            (
                "attach -s a 5 b",
                "attach needs PID GROUP, or --service NAME GROUP",
            ),
            ("completion csh", "completion needs bash|zsh|fish"),
        ] {
            assert_eq!(
                given(line).err(),
                Some(Stop::Wrong(told.to_owned())),
                "{line}"
            );
        }
        assert_eq!(given("--help").err(), Some(Stop::Help));
        assert_eq!(given("apply --version").err(), Some(Stop::Version));
    }
}
