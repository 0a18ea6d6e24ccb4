//! `--help`, from the table.

use super::table::{ABOUT, COMMANDS, OPTIONS, Opt};
use std::fmt::Write;

pub fn text() -> String {
    let mut text =
        format!("glowfsctl: {ABOUT}\n\nUsage:\n    glowfsctl COMMAND [OPTION]...\n\nCommands:\n");
    for command in COMMANDS {
        let head = format!("{} {}", command.name, command.words);
        let _ = writeln!(text, "    {}\n        {}", head.trim_end(), command.about);
        let options: Vec<String> = OPTIONS
            .iter()
            .filter(|option| command.options.contains(&option.long))
            .map(|option| format!("--{}", option.long))
            .collect();
        if !options.is_empty() {
            let _ = writeln!(text, "        takes {}", options.join(" "));
        }
    }
    text += "\nOptions:\n";
    for option in OPTIONS {
        let _ = writeln!(text, "    {}\n        {}", names(option), option.about);
    }
    text += "\nExit status: 0 done, 1 something failed or does not hold, 2 wrong use.\n";
    text
}

fn names(option: &Opt) -> String {
    let short = match option.short {
        ' ' => String::new(),
        short => format!("-{short}, "),
    };
    format!("{short}--{} {}", option.long, option.value)
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_option_is_there() {
        let text = text();
        for command in COMMANDS {
            assert!(text.contains(command.name), "{}", command.name);
            for option in command.options {
                let known = OPTIONS.iter().any(|known| known.long == *option);
                assert!(known, "{option}");
            }
        }
        for (index, option) in OPTIONS.iter().enumerate() {
            assert!(text.contains(option.about), "{}", option.long);
            let taken = COMMANDS.iter().any(|command| command.takes(option.long));
            assert!(taken, "no command takes --{}", option.long);
            let others = &OPTIONS[index + 1..];
            assert!(others.iter().all(|other| other.long != option.long
                && (other.short != option.short || option.short == ' ')));
        }
    }
}
