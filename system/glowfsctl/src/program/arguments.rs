//! Reading the command line by its table.

use super::table::{COMMANDS, Command, OPTIONS, Opt};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// A command line that was understood.
pub struct Given {
    pub command: &'static Command,
    options: Vec<(&'static Opt, OsString)>,
    pub words: Vec<OsString>,
}

/// Why nothing is to be run.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    Help,
    Version,
    Wrong(String),
}

impl Given {
    pub fn has(&self, long: &str) -> bool {
        self.value(long).is_some()
    }

    /// The value given last.
    pub fn value(&self, long: &str) -> Option<&OsStr> {
        let mut given = self.options.iter().rev();
        given
            .find(|(option, _)| option.long == long)
            .map(|(_, value)| &**value)
    }

    /// All values, in the order in which they were given.
    pub fn values<'a>(&'a self, long: &'a str) -> impl Iterator<Item = &'a OsStr> {
        let given = self.options.iter();
        given
            .filter(move |(option, _)| option.long == long)
            .map(|(_, value)| &**value)
    }
}

/// Reads the words behind the program's name.
pub fn parse(words: Vec<OsString>) -> Result<Given, Stop> {
    let mut command: Option<&'static Command> = None;
    let (mut options, mut rest) = (Vec::new(), Vec::new());
    let mut words = words.into_iter();
    let mut only_words = false;
    while let Some(word) = words.next() {
        if only_words || word.as_bytes().first() != Some(&b'-') || word == "-" {
            match command {
                None => command = Some(named_command(&word)?),
                Some(_) => rest.push(word),
            }
            continue;
        }
        if word == "--" {
            only_words = true;
            continue;
        }
        if word.as_bytes().starts_with(b"--") {
            let (option, value) = long(&word, &mut words)?;
            stop_at(option)?;
            options.push((option, value));
        } else {
            short(&word, &mut words, &mut options)?;
        }
    }
    let Some(command) = command else {
        return Err(Stop::Wrong("a command is needed".to_owned()));
    };
    if let Some((option, _)) = options
        .iter()
        .find(|(option, _)| !command.takes(option.long))
    {
        let told = format!("{} takes no --{}", command.name, option.long);
        return Err(Stop::Wrong(told));
    }
    let (least, most) = command.count;
    if rest.len() < least || rest.len() > most {
        return Err(Stop::Wrong(format!(
            "{} needs {}",
            command.name, command.words
        )));
    }
    Ok(Given {
        command,
        options,
        words: rest,
    })
}

fn named_command(word: &OsStr) -> Result<&'static Command, Stop> {
    let found = COMMANDS.iter().find(|command| command.name == word);
    found.ok_or_else(|| Stop::Wrong(format!("there is no command '{}'", word.display())))
}

fn stop_at(option: &Opt) -> Result<(), Stop> {
    match option.long {
        "help" => Err(Stop::Help),
        "version" => Err(Stop::Version),
        _ => Ok(()),
    }
}

/// `--name`, `--name=value` or `--name value`.
fn long(
    word: &OsStr,
    words: &mut impl Iterator<Item = OsString>,
) -> Result<(&'static Opt, OsString), Stop> {
    let bytes = &word.as_bytes()[2..];
    let (name, behind) = match bytes.iter().position(|byte| *byte == b'=') {
        Some(at) => (&bytes[..at], Some(OsStr::from_bytes(&bytes[at + 1..]))),
        None => (bytes, None),
    };
    let shown = || format!("--{}", String::from_utf8_lossy(name));
    let Some(option) = OPTIONS.iter().find(|option| option.long.as_bytes() == name) else {
        return Err(Stop::Wrong(format!("there is no option '{}'", shown())));
    };
    let value = match (option.value.is_empty(), behind) {
        (true, Some(_)) => return Err(Stop::Wrong(format!("{} takes no value", shown()))),
        (true, None) => OsString::new(),
        (false, Some(value)) => value.to_owned(),
        (false, None) => words
            .next()
            .ok_or_else(|| Stop::Wrong(format!("{} needs a {}", shown(), option.value)))?,
    };
    Ok((option, value))
}

/// Letters behind one dash; the last may have a value.
fn short(
    word: &OsStr,
    words: &mut impl Iterator<Item = OsString>,
    options: &mut Vec<(&'static Opt, OsString)>,
) -> Result<(), Stop> {
    let text = word.to_string_lossy();
    let mut letters = text.chars().skip(1).peekable();
    while let Some(letter) = letters.next() {
        let Some(option) = OPTIONS
            .iter()
            .find(|option| option.short == letter && letter != ' ')
        else {
            return Err(Stop::Wrong(format!("there is no option '-{letter}'")));
        };
        stop_at(option)?;
        let value = match option.value {
            "" => OsString::new(),
            _ if letters.peek().is_some() => letters.by_ref().collect::<String>().into(),
            value => words
                .next()
                .ok_or_else(|| Stop::Wrong(format!("-{letter} needs a {value}")))?,
        };
        options.push((option, value));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Given, Stop> {
        parse(line.split_whitespace().map(OsString::from).collect())
    }

    #[test]
    fn options_and_words_are_understood() {
        let found = given("ls -lR image --json etc").ok().unwrap();
        assert_eq!(found.command.name, "ls");
        assert!(found.has("long") && found.has("recursive") && found.has("json"));
        assert_eq!(found.words, ["image", "etc"]);
        let found = given("verify --key=a --key b -- -image").ok().unwrap();
        assert_eq!(found.values("key").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found.words, ["-image"]);
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for (line, told) in [
            ("", "a command is needed"),
            ("inf", "there is no command 'inf'"),
            ("info", "info needs IMAGE"),
            ("info a b", "info needs IMAGE"),
            ("info --nope a", "there is no option '--nope'"),
            ("info -x a", "there is no option '-x'"),
            ("info --json=1 a", "--json takes no value"),
            ("verify a --key", "--key needs a FILE"),
            ("verify a -k", "-k needs a FILE"),
            ("ls -l a --label b", "ls takes no --label"),
        ] {
            assert_eq!(
                given(line).err(),
                Some(Stop::Wrong(told.to_owned())),
                "{line}"
            );
        }
        assert_eq!(given("--help").err(), Some(Stop::Help));
        assert_eq!(given("info --version").err(), Some(Stop::Version));
    }
}
