//! `--help`, from the table.

use super::table::{ABOUT, COMMANDS, GENERAL, OPTIONS, Opt};
use std::fmt::Write;

pub fn text() -> String {
    let mut text =
        format!("kernelctl: {ABOUT}\n\nUsage:\n    kernelctl COMMAND [OPTION]...\n\nCommands:\n");
    for command in COMMANDS {
        let head = format!("{} {}", command.name, command.words);
        let _ = writeln!(text, "    {}\n        {}", head.trim_end(), command.about);
        for option in OPTIONS
            .iter()
            .filter(|option| command.options.contains(&option.long))
        {
            let _ = writeln!(text, "        {}", names(option));
        }
    }
    text += "\nOptions:\n";
    for option in OPTIONS {
        let _ = writeln!(text, "    {}\n        {}", names(option), option.about);
    }
    text += "\nExit status: 0 done, 1 something failed or does not hold, 2 wrong use.\n";
    debug_assert!(GENERAL.iter().all(|name| text.contains(name)));
    text
}

fn names(option: &Opt) -> String {
    format!("-{}, --{} {}", option.short, option.long, option.value)
        .trim_end()
        .to_owned()
}
