//! All commands. Each is documented here, and nowhere else: help, completion and manual pages are made of this.

mod ask;
mod change;
mod maintain;
mod make;
mod other;

use super::arguments::Arguments;
use super::options::{Group, Opt};
use super::outcome::Outcome;
use super::session::Session;

/// What a command does.
pub type Run = fn(&mut Session, &Arguments) -> Outcome;

/// A command.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// How it is called, behind the program's and its own name.
    pub usage: &'static str,
    /// More about it; an empty line between paragraphs.
    pub text: &'static str,
    /// Options that it shares with others.
    pub groups: &'static [&'static Group],
    /// Its own options.
    pub options: &'static [Opt],
    /// What it does.
    pub run: Run,
}

/// What stands below a heading of the list of commands.
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// The commands.
    pub commands: &'static [Command],
}

/// The command of this name.
pub fn find(name: &str) -> Option<&'static Command> {
    all().find(|command| command.name == name)
}

/// All commands.
pub fn all() -> impl Iterator<Item = &'static Command> {
    SECTIONS.iter().flat_map(|section| section.commands)
}

const fn command(
    name: &'static str,
    summary: &'static str,
    usage: &'static str,
    text: &'static str,
    groups: &'static [&'static Group],
    options: &'static [Opt],
    run: Run,
) -> Command {
    Command {
        name,
        summary,
        usage,
        text,
        groups,
        options,
        run,
    }
}

/// All commands under their headings.
pub static SECTIONS: &[Section] = &[
    Section {
        title: "Install and remove packages",
        commands: change::COMMANDS,
    },
    Section {
        title: "Keep the system in order",
        commands: maintain::COMMANDS,
    },
    Section {
        title: "Ask about packages",
        commands: ask::COMMANDS,
    },
    Section {
        title: "Make packages and repositories",
        commands: make::COMMANDS,
    },
    Section {
        title: "Other",
        commands: other::COMMANDS,
    },
];
