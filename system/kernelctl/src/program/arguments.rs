//! Reading the command line by its table.

use super::table::{COMMANDS, Command, OPTIONS, Opt};

/// A command line that was understood.
pub struct Given {
    pub command: &'static Command,
    options: Vec<(&'static Opt, String)>,
    pub words: Vec<String>,
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
    pub fn value(&self, long: &str) -> Option<&str> {
        let mut given = self.options.iter().rev();
        given
            .find(|(option, _)| option.long == long)
            .map(|(_, value)| &**value)
    }
}

/// Reads the words behind the program's name.
pub fn parse(words: Vec<String>) -> Result<Given, Stop> {
    let mut command: Option<&'static Command> = None;
    let (mut options, mut rest) = (Vec::new(), Vec::new());
    let mut words = words.into_iter();
    let mut only_words = false;
    while let Some(word) = words.next() {
        if only_words || !word.starts_with('-') || word == "-" {
            match command {
                None => {
                    let found = COMMANDS.iter().find(|command| command.name == word);
                    command = Some(
                        found
                            .ok_or_else(|| Stop::Wrong(format!("there is no command '{word}'")))?,
                    );
                }
                Some(_) => rest.push(word),
            }
            continue;
        }
        if word == "--" {
            only_words = true;
            continue;
        }
        let (name, behind) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => {
                (name.to_owned(), Some(value.to_owned()))
            }
            _ => (word, None),
        };
        let named = |option: &&Opt| match name.strip_prefix("--") {
            Some(long) => option.long == long,
            None => name.strip_prefix('-') == Some(option.short.encode_utf8(&mut [0; 4])),
        };
        let Some(option) = OPTIONS.iter().find(named) else {
            return Err(Stop::Wrong(format!("there is no option '{name}'")));
        };
        let value = match (option.value.is_empty(), behind) {
            (true, Some(_)) => return Err(Stop::Wrong(format!("{name} takes no value"))),
            (true, None) => String::new(),
            (false, Some(value)) => value,
            (false, None) => words
                .next()
                .ok_or_else(|| Stop::Wrong(format!("{name} needs a {}", option.value)))?,
        };
        match option.long {
            "help" => return Err(Stop::Help),
            "version" => return Err(Stop::Version),
            _ => options.push((option, value)),
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
        let told = match most {
            0 => format!("{} takes no further words", command.name),
            _ => format!("{} needs {}", command.name, command.words),
        };
        return Err(Stop::Wrong(told));
    }
    let choice =
        command.name != "completion" || command.words.split('|').any(|shell| shell == rest[0]);
    if !choice {
        return Err(Stop::Wrong(format!(
            "{} needs {}",
            command.name, command.words
        )));
    }
    if command.name == "attach" {
        let service = options.iter().any(|(option, _)| option.long == "service");
        if rest.len() != 2 - usize::from(service) {
            return Err(Stop::Wrong(
                "attach needs PID GROUP, or --service NAME GROUP".to_owned(),
            ));
        }
    }
    Ok(Given {
        command,
        options,
        words: rest,
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
        let found = given("apply --policy=a --profile b -q -p c").ok().unwrap();
        assert_eq!(found.command.name, "apply");
        assert_eq!(found.value("policy"), Some("c"));
        assert_eq!(found.value("profile"), Some("b"));
        assert!(found.has("quiet") && !found.has("json"));
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
