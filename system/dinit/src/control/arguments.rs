//! Reading a command line by a [`Program`]'s table.

use super::help;
use super::output::Output;
use crate::text::Show;

/// What a program can be told.
pub struct Program {
    pub name: &'static str,
    /// One line: what it is for.
    pub about: &'static str,
    /// What follows the options, when there are no commands.
    pub words: &'static str,
    pub options: &'static [Opt],
    pub commands: &'static [Command],
    /// The exit status of `--help`.
    pub help_status: i32,
}

/// `--long` or `-s`, perhaps with a value: the next word, or behind `=`.
pub struct Opt {
    pub long: &'static str,
    /// 0: none.
    pub short: u8,
    /// What the value is called; empty: it takes none.
    pub value: &'static str,
    pub about: &'static str,
    /// Belongs to commands that name it; otherwise to the program.
    pub of_command: bool,
}

pub struct Command {
    pub name: &'static str,
    pub words: Words,
    /// The long names of options that belong to it.
    pub options: &'static [&'static str],
    pub about: &'static str,
    /// dinit has no such command.
    pub extension: bool,
}

/// What follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    None,
    Service,
    Services,
    /// NAME[=VALUE]…
    Variables,
    /// NAME…
    Names,
    /// TYPE FROM TO
    Dependency,
    /// SIGNAL SERVICE
    Signal,
    /// One of these.
    Choice(&'static [&'static str]),
    /// One of these, or nothing.
    OptionalChoice(&'static [&'static str]),
}

/// Options that do nothing for most commands and are taken by all, because scripts for dinit may give them.
const HARMLESS: [&str; 3] = ["no-wait", "pin", "ignore-unstarted"];

/// A command line that was understood.
pub struct Given {
    pub command: Option<&'static Command>,
    options: Vec<(&'static str, Vec<u8>)>,
    pub words: Vec<Vec<u8>>,
}

impl Given {
    pub fn has(&self, long: &str) -> bool {
        self.options.iter().any(|(given, _)| *given == long)
    }

    /// That of several options that was given last.
    pub fn last_of<const N: usize>(&self, options: [&'static str; N]) -> Option<&'static str> {
        let given = self.options.iter().rev().map(|(long, _)| *long);
        given.into_iter().find(|long| options.contains(long))
    }

    /// The value given last.
    pub fn value(&self, long: &str) -> Option<&[u8]> {
        self.values(long).last()
    }

    pub fn values<'g>(&'g self, long: &str) -> impl Iterator<Item = &'g [u8]> {
        self.options
            .iter()
            .filter(move |(given, _)| *given == long)
            .map(|(_, value)| &**value)
    }
}

/// Reads the words behind the program's name. The error is the exit status: help was shown, or something was wrong.
pub fn parse(program: &'static Program, arguments: Vec<Vec<u8>>) -> Result<Given, i32> {
    let output = Output {
        program: program.name,
        quiet: false,
    };
    let wrong = |text: std::fmt::Arguments<'_>| {
        output.error(format_args!("{text} (--help tells what there is)"));
        Err(1)
    };
    let mut given = Given {
        command: None,
        options: Vec::new(),
        words: Vec::new(),
    };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument.first() != Some(&b'-') {
            if argument.is_empty() {
                return wrong(format_args!("an argument is empty"));
            }
            if given.command.is_some() || program.commands.is_empty() {
                given.words.push(argument);
                continue;
            }
            let named = |command: &&Command| command.name.as_bytes() == argument;
            given.command = program.commands.iter().find(named);
            if given.command.is_none() {
                return wrong(format_args!("no such command: {}", Show(&argument)));
            }
            continue;
        }
        let (name, attached) = match argument.iter().position(|byte| *byte == b'=') {
            Some(at) if argument.starts_with(b"--") => (&argument[..at], Some(&argument[at + 1..])),
            _ => (&argument[..], None),
        };
        let named = |option: &&Opt| match name.strip_prefix(b"--") {
            Some(long) => option.long.as_bytes() == long,
            None => option.short != 0 && name == [b'-', option.short],
        };
        let Some(option) = program.options.iter().find(named) else {
            return wrong(format_args!("no such option: {}", Show(&argument)));
        };
        match option.long {
            _ if option.value.is_empty() && attached.is_some() => {
                return wrong(format_args!("--{} takes no value", option.long));
            }
            "help" => {
                help::print(program, output);
                return Err(program.help_status);
            }
            "version" => {
                output.print(format_args!("Dinit version {}.\n", super::VERSION));
                return Err(0);
            }
            _ => (),
        }
        let value = match attached {
            _ if option.value.is_empty() => Vec::new(),
            Some(value) => value.to_vec(),
            None => arguments.next().unwrap_or_default(),
        };
        if value.is_empty() && !option.value.is_empty() {
            return wrong(format_args!("{} needs {}", Show(&argument), option.value));
        }
        given.options.push((option.long, value));
    }
    match fits(program, &given) {
        Ok(()) => Ok(given),
        Err(text) => wrong(format_args!("{text}")),
    }
}

/// Whether options and words are those of the command.
fn fits(program: &Program, given: &Given) -> Result<(), String> {
    let Some(command) = given.command else {
        return match program.commands.is_empty() {
            true => Ok(()),
            false => Err("no command was given".into()),
        };
    };
    for (long, _) in &given.options {
        let mut options = program.options.iter();
        let of_command = options.any(|option| option.long == *long && option.of_command);
        if of_command && !command.options.contains(long) && !HARMLESS.contains(long) {
            return Err(format!("{} takes no --{long}", command.name));
        }
    }
    let count = given.words.len();
    let fits = match command.words {
        Words::None => count == 0,
        Words::Service => count == 1,
        Words::Services | Words::Variables | Words::Names => count > 0,
        Words::Dependency => count == 3,
        Words::Signal => count == if given.has("list") { 0 } else { 2 },
        Words::Choice(choices) => count == 1 && chosen(choices, &given.words[0]),
        Words::OptionalChoice(choices) => {
            count == 0 || count == 1 && chosen(choices, &given.words[0])
        }
    };
    match fits {
        true => Ok(()),
        false => Err(format!(
            "{} is given as: {} {}",
            command.name,
            command.name,
            help::words(command.words)
        )),
    }
}

fn chosen(choices: &[&str], word: &[u8]) -> bool {
    choices.iter().any(|choice| choice.as_bytes() == word)
}
