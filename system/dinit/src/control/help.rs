//! `--help`, from a [`Program`]'s table.

use super::arguments::{Opt, Program, Words};
use super::output::Output;

/// What follows a command, as help shows it.
pub fn words(words: Words) -> String {
    match words {
        Words::None => String::new(),
        Words::Service => "SERVICE".into(),
        Words::Services => "SERVICE...".into(),
        Words::Variables => "NAME[=VALUE]...".into(),
        Words::Names => "NAME...".into(),
        Words::Dependency => "{need|milestone|waits-for} FROM TO".into(),
        Words::Signal => "SIGNAL SERVICE".into(),
        Words::Choice(choices) => choices.join("|"),
        Words::OptionalChoice(choices) => format!("[{}]", choices.join("|")),
    }
}

pub fn print(program: &Program, output: Output) {
    let mut text = format!("{}: {}\n\nUsage:\n", program.name, program.about);
    if program.commands.is_empty() {
        text += &format!("    {} [OPTION]... {}\n", program.name, program.words);
    } else {
        text += &format!(
            "    {} [OPTION]... COMMAND [OPTION]...\n\nCommands:\n",
            program.name
        );
    }
    for command in program.commands {
        let head = format!("{} {}", command.name, words(command.words));
        let mark = if command.extension {
            " (extension)"
        } else {
            ""
        };
        text += &format!("    {}\n        {}{mark}\n", head.trim_end(), command.about);
        let options = program.options.iter();
        for option in options.filter(|option| command.options.contains(&option.long)) {
            text += &format!("        {}: {}\n", names(option), option.about);
        }
    }
    text += "\nOptions:\n";
    for option in program.options.iter().filter(|option| !option.of_command) {
        text += &format!("    {}\n        {}\n", names(option), option.about);
    }
    output.print(format_args!("{text}"));
}

fn names(option: &Opt) -> String {
    let mut names = String::new();
    if option.short != 0 {
        names.push('-');
        names.push(char::from(option.short));
        names += ", ";
    }
    names += "--";
    names += option.long;
    if !option.value.is_empty() {
        names.push(' ');
        names += option.value;
    }
    names
}
