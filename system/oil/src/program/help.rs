//! What `--help` prints.

use super::commands::{Command, SECTIONS};
use super::options::{GLOBAL, Opt, Takes};
use std::io::{self, Write};

/// How an option is written: `-s, --simulate[=BOOL]`.
pub fn spelled(option: &Opt) -> String {
    let what = match option.takes {
        Takes::Nothing => String::new(),
        Takes::Bool => "[=BOOL]".to_owned(),
        Takes::Auto => "[=AUTO]".to_owned(),
        Takes::Value(what) => format!(" {what}"),
    };
    let letters = option.letters.chars().map(|letter| format!("-{letter}"));
    let names = option.names.iter().map(|name| format!("--{name}"));
    let all: Vec<String> = letters.chain(names).collect();
    format!("{}{what}", all.join(", "))
}

fn options(out: &mut impl Write, title: &str, options: &[Opt]) -> io::Result<()> {
    if options.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}:")?;
    for option in options {
        let text = spelled(option);
        if text.len() > 28 {
            writeln!(out, "  {text}\n{:32}{}", "", option.help)?;
        } else {
            writeln!(out, "  {text:29} {}", option.help)?;
        }
    }
    Ok(())
}

/// All commands.
pub fn overview(out: &mut impl Write, program: &str) -> io::Result<()> {
    writeln!(out, "{}", super::session::version_line())?;
    writeln!(
        out,
        "\nusage: {program} [OPTION]… COMMAND [OPTION]… [ARGUMENT]…"
    )?;
    for section in SECTIONS {
        writeln!(out, "\n{}:", section.title)?;
        for command in section.commands {
            writeln!(out, "  {:12} {}", command.name, command.summary)?;
        }
    }
    options(out, GLOBAL.title, GLOBAL.options)?;
    writeln!(
        out,
        "\n'{program} COMMAND --help' tells more about a command."
    )
}

/// One command.
pub fn command(out: &mut impl Write, program: &str, command: &Command) -> io::Result<()> {
    writeln!(out, "usage: {program} {} {}", command.name, command.usage)?;
    writeln!(out, "\n{}.", command.summary)?;
    for paragraph in command.text.split("\n\n").filter(|text| !text.is_empty()) {
        writeln!(out)?;
        for line in wrapped(paragraph, 80) {
            writeln!(out, "{line}")?;
        }
    }
    options(out, "Options", command.options)?;
    for group in command.groups {
        options(out, group.title, group.options)?;
    }
    writeln!(out, "\nGlobal options: see '{program} --help'.")
}

/// A text in lines of at most so many columns.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
