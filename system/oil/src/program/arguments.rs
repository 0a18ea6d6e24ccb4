//! Parses a command line by the tables of options and commands, as apk does: options stand anywhere, a long one may be
//! shortened to what no other begins with, letters may be grouped, and `--` ends them.

use super::commands::{self, Command};
use super::options::{GLOBAL, Opt, Takes};
use super::outcome::Failure;
use super::suggest;

/// A command line.
pub struct Arguments {
    /// The command, if there is one.
    pub command: Option<&'static Command>,
    /// The word where a command should be, if it is none.
    pub unknown: Option<String>,
    /// What is not an option.
    pub operands: Vec<String>,
    given: Vec<(&'static Opt, Option<String>)>,
}

impl Arguments {
    /// Parses what stands behind the program's name. `config` are lines of the configuration file, which come first.
    ///
    /// # Errors
    /// Options that there are not, and values that are none.
    pub fn parse(words: &[String], config: &str) -> Result<Self, Failure> {
        let mut arguments = Self {
            command: None,
            unknown: None,
            operands: Vec::new(),
            given: Vec::new(),
        };
        let place = command_place(words);
        if let Some(word) = place.map(|place| words[place].as_str()) {
            arguments.command = commands::find(word);
            arguments.unknown = arguments.command.is_none().then(|| word.to_owned());
        }
        for line in config
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            arguments.config_line(line)?;
        }
        if arguments.unknown.is_some() {
            return Ok(arguments);
        }
        let mut words = words
            .iter()
            .enumerate()
            .filter(|(number, _)| Some(*number) != place)
            .map(|(_, word)| word.clone());
        while let Some(word) = words.next() {
            if word == "--" {
                arguments.operands.extend(words);
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                arguments.long(long, &mut words)?;
            } else if word.len() > 1 && word.starts_with('-') {
                arguments.letters(&word[1..], &mut words)?;
            } else {
                arguments.operands.push(word);
            }
        }
        Ok(arguments)
    }

    /// `NAME`, `NAME=VALUE` or `NAME VALUE`.
    fn config_line(&mut self, line: &str) -> Result<(), Failure> {
        let line = line.strip_prefix("--").unwrap_or(line);
        let mut words = line.splitn(2, [' ', '\t']);
        let name = words.next().unwrap_or_default();
        let mut value = words.map(|value| value.trim().to_owned());
        self.long(name, &mut value)
    }

    /// The options that are known here, those of the command first.
    fn options(&self) -> impl Iterator<Item = &'static Opt> + use<> {
        let own = self.command.map_or(&[][..], |command| command.options);
        let groups = self.command.map_or(&[][..], |command| command.groups);
        own.iter()
            .chain(groups.iter().flat_map(|group| group.options))
            .chain(GLOBAL.options)
    }

    fn long(&mut self, text: &str, rest: &mut dyn Iterator<Item = String>) -> Result<(), Failure> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let (option, negated) = self.find_long(name)?;
        if negated || option.takes == Takes::Nothing {
            if let Some(value) = value {
                return Err(bad(format_args!(
                    "option '{name}' does not expect argument (got '{value}')"
                )));
            }
            let value = negated.then(|| "no".to_owned());
            self.given.push((option, value));
            return Ok(());
        }
        let value = match option.takes {
            Takes::Value(_) => value
                .or_else(|| rest.next())
                .ok_or_else(|| bad(format_args!("option '{name}' expects an argument")))?,
            _ => value.unwrap_or_else(|| "yes".to_owned()),
        };
        check(option, &value)?;
        self.given.push((option, Some(value)));
        Ok(())
    }

    /// The option of a long name or its beginning, and whether it is in its form with `no-`.
    fn find_long(&self, text: &str) -> Result<(&'static Opt, bool), Failure> {
        let mut found: Vec<(&'static Opt, bool, String)> = Vec::new();
        for option in self.options() {
            let switch = matches!(option.takes, Takes::Bool | Takes::Auto);
            for name in option.names {
                if *name == text {
                    return Ok((option, false));
                }
                if switch && text.strip_prefix("no-") == Some(*name) {
                    return Ok((option, true));
                }
                let mut note = |name: String, negated| {
                    if name.starts_with(text) && !found.iter().any(|(_, _, own)| *own == name) {
                        found.push((option, negated, name));
                    }
                };
                note((*name).to_owned(), false);
                if switch {
                    note(format!("no-{name}"), true);
                }
            }
        }
        found.dedup_by(|one, other| std::ptr::eq(one.0, other.0) && one.1 == other.1);
        match found.as_slice() {
            [(option, negated, _)] => Ok((option, *negated)),
            [] => {
                let names: Vec<&str> = self.options().flat_map(|one| one.names).copied().collect();
                let near = suggest::nearest(text, names.into_iter());
                let hint = near.map_or(String::new(), |near| format!("; did you mean '--{near}'?"));
                Err(bad(format_args!("unrecognized option '{text}'{hint}")))
            }
            _ => Err(bad(format_args!("ambiguous option '{text}'"))),
        }
    }

    fn letters(
        &mut self,
        text: &str,
        rest: &mut dyn Iterator<Item = String>,
    ) -> Result<(), Failure> {
        for (place, letter) in text.char_indices() {
            let option = self
                .options()
                .find(|option| option.letters.contains(letter))
                .ok_or_else(|| bad(format_args!("unrecognized option '{letter}'")))?;
            if let Takes::Value(_) = option.takes {
                let after = &text[place + letter.len_utf8()..];
                let value = if after.is_empty() {
                    rest.next()
                } else {
                    Some(after.to_owned())
                };
                let value = value
                    .ok_or_else(|| bad(format_args!("option '{letter}' expects an argument")))?;
                self.given.push((option, Some(value)));
                return Ok(());
            }
            let value = (option.takes != Takes::Nothing).then(|| "yes".to_owned());
            self.given.push((option, value));
        }
        Ok(())
    }

    fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = Option<&str>> {
        debug_assert!(
            self.command.is_none() || self.options().any(|option| option.name() == name),
            "{name} is not an option of this command"
        );
        self.given
            .iter()
            .filter(move |(option, _)| option.name() == name)
            .map(|(_, value)| value.as_deref())
    }

    /// Whether an option that takes nothing was given, or a switch is on.
    pub fn has(&self, name: &str) -> bool {
        self.all(name)
            .next_back()
            .is_some_and(|value| value != Some("no"))
    }

    /// What a switch was set to; none if it was not, or to `auto`.
    pub fn switch(&self, name: &str) -> Option<bool> {
        match self.all(name).next_back()?? {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }

    /// The last value of an option.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.all(name).next_back().flatten()
    }

    /// All values of an option.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.all(name).flatten().collect()
    }

    /// How often an option was given.
    pub fn count(&self, name: &str) -> usize {
        self.all(name).count()
    }

    /// A value that is a number.
    ///
    /// # Errors
    /// One that is none.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        self.value(name)
            .map(|value| value.parse().map_err(|_| invalid(name, value)))
            .transpose()
    }
}

fn bad(text: impl std::fmt::Display) -> Failure {
    Failure::usage(format_args!("command line: {text}"))
}

/// A value that an option cannot have.
pub fn invalid(name: &str, value: &str) -> Failure {
    bad(format_args!(
        "invalid argument for option '{name}': '{value}'"
    ))
}

fn check(option: &Opt, value: &str) -> Result<(), Failure> {
    let good = match option.takes {
        Takes::Bool => matches!(value, "yes" | "no"),
        Takes::Auto => matches!(value, "yes" | "no" | "auto"),
        Takes::Nothing | Takes::Value(_) => true,
    };
    if good {
        Ok(())
    } else {
        Err(invalid(option.name(), value))
    }
}

/// Where the command is: the first word that is no option and no option's value. Before it options of any command are
/// taken, as apk does.
fn command_place(words: &[String]) -> Option<usize> {
    let takes_value = |word: &str| {
        let options = || {
            GLOBAL
                .options
                .iter()
                .chain(commands::all().flat_map(|command| {
                    command
                        .options
                        .iter()
                        .chain(command.groups.iter().flat_map(|group| group.options))
                }))
        };
        if let Some(long) = word.strip_prefix("--") {
            let first = options().find(|option| option.names.contains(&long));
            let first = first.or_else(|| {
                options().find(|option| option.names.iter().any(|name| name.starts_with(long)))
            });
            return first.is_some_and(|option| matches!(option.takes, Takes::Value(_)));
        }
        let last = word.chars().last().unwrap_or('-');
        let global = GLOBAL
            .options
            .iter()
            .find(|option| option.letters.contains(last));
        global.is_some_and(|option| matches!(option.takes, Takes::Value(_)))
    };
    let mut at = 0;
    while at < words.len() {
        let word = &words[at];
        if word == "--" {
            return (at + 1 < words.len()).then_some(at + 1);
        }
        if word.len() < 2 || !word.starts_with('-') {
            return Some(at);
        }
        at += if takes_value(word) { 2 } else { 1 };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Arguments::parse(&words, "").map_err(|failure| failure.text)
    }

    #[test]
    fn options_stand_anywhere() {
        let line = parse("--root /r -q add -sX /repo a --allow-u -- -b").expect("good");
        assert_eq!(line.command.expect("one").name, "add");
        assert_eq!(
            (line.value("root"), line.value("repository")),
            (Some("/r"), Some("/repo"))
        );
        assert!(line.has("quiet") && line.has("simulate") && line.has("allow-untrusted"));
        assert_eq!(line.operands, ["a", "-b"]);
        let line = parse("add --no-simulate --sim --root=/x --no-scripts").expect("good");
        assert_eq!(
            (line.switch("simulate"), line.switch("scripts")),
            (Some(true), Some(false))
        );
        assert_eq!(line.switch("cache"), None);
        assert!(
            parse("list --installed -u foo")
                .expect("good")
                .has("installed")
        );
    }

    #[test]
    fn what_is_wrong() {
        for (line, text) in [
            ("add --bogus", "command line: unrecognized option 'bogus'"),
            ("add --s x", "command line: ambiguous option 's'"),
            (
                "add --no-simulate=yes",
                "command line: option 'no-simulate' does not expect argument (got 'yes')",
            ),
            (
                "add --simulate=maybe",
                "command line: invalid argument for option 'simulate': 'maybe'",
            ),
            (
                "list --format",
                "command line: option 'format' expects an argument",
            ),
            ("add -sz a", "command line: unrecognized option 'z'"),
            ("add -st", "command line: option 't' expects an argument"),
            (
                "add --simulat --upgrad --verson",
                "command line: unrecognized option 'verson'; did you mean '--version'?",
            ),
        ] {
            assert_eq!(parse(line).err().as_deref(), Some(text), "{line}");
        }
        assert_eq!(
            parse("ad foo").expect("no command").unknown.as_deref(),
            Some("ad")
        );
    }

    #[test]
    fn lines_of_the_configuration() {
        let words = ["add".to_owned(), "--cache".to_owned()];
        let line = Arguments::parse(&words, "no-cache\n# no\ntimeout 120\n").expect("good");
        assert_eq!(
            (line.value("timeout"), line.switch("cache")),
            (Some("120"), Some(true))
        );
    }
}
