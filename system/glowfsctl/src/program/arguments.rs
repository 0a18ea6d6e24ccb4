//! Reading the command line by its table.

use super::table::{COMMANDS, Command, OPTIONS};
pub use common::arguments::Stop;
use common::arguments::{self, Name, Opt, wrong};
use std::ffi::{OsStr, OsString};

/// A command line that was understood.
pub struct Given {
    pub command: &'static Command,
    options: arguments::Given,
    pub words: Vec<OsString>,
}

impl Given {
    pub fn has(&self, long: &str) -> bool {
        self.options.has(long)
    }

    /// The value given last.
    pub fn value(&self, long: &str) -> Option<&OsStr> {
        self.options.value(long)
    }

    /// All values, in the order in which they were given.
    pub fn values<'a>(&'a self, long: &'a str) -> impl Iterator<Item = &'a OsStr> {
        let given = self.options.options.iter();
        given
            .filter(move |taken| taken.option.long == long)
            .map(|taken| &*taken.value)
    }
}

/// Reads the words behind the program's name.
pub fn parse(words: Vec<OsString>) -> Result<Given, Stop> {
    let find = |name: Name<'_>| {
        let mut options = OPTIONS.iter().map(|option| Opt {
            letter: option.short,
            long: option.long,
            value: option.value,
        });
        options.find(|option| option.is(name))
    };
    let mut options = arguments::read(words, &find, true)?;
    let mut words = std::mem::take(&mut options.words).into_iter();
    let Some(name) = words.next() else {
        return Err(wrong(format_args!("a command is needed")));
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        let told = format_args!("there is no command '{}'", name.display());
        return Err(wrong(told));
    };
    let others = options.options.iter().map(|taken| taken.option.long);
    if let Some(long) = others.into_iter().find(|long| !command.takes(long)) {
        let told = format_args!("{} takes no --{long}", command.name);
        return Err(wrong(told));
    }
    let (least, most) = command.count;
    if words.len() < least || words.len() > most {
        let told = format_args!("{} needs {}", command.name, command.words);
        return Err(wrong(told));
    }
    Ok(Given {
        command,
        options,
        words: words.collect(),
    })
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
            ("ls -l a --key b", "ls takes no --key"),
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
