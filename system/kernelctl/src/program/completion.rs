//! Completion: scripts for shells, made from the table.

use super::table::{Command, commands, options};
use std::fmt::Write;

pub fn script(shell: &str) -> String {
    match shell {
        "bash" => bash(),
        "zsh" => format!(
            "#compdef kernelctl\nautoload -U +X bashcompinit && bashcompinit\n{}",
            bash()
        ),
        _ => fish(),
    }
}

/// The options of a command, each with a space behind it.
fn longs(command: &Command) -> String {
    let mut longs = String::new();
    for (option, _) in options() {
        if command.takes(option.long) {
            let _ = write!(longs, "--{} ", option.long);
        }
    }
    longs
}

/// Also for zsh, which understands it.
fn bash() -> String {
    let mut text = String::from(
        "_kernelctl() {\n    local word=${COMP_WORDS[COMP_CWORD]} more each\n    more='",
    );
    for command in commands() {
        let _ = write!(text, "{} ", command.name);
    }
    text += "--help --version'\n    for each in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n        case $each in\n";
    for command in commands() {
        let longs = longs(&command);
        let words = match command.words.contains(' ') {
            true => "",
            false => command.words,
        };
        let _ = writeln!(
            text,
            "        {}) more='{} {}' ;;",
            command.name,
            longs.trim_end(),
            words.replace('|', " ")
        );
    }
    text += "        esac\n    done\n    case ${COMP_WORDS[COMP_CWORD-1]} in\n    -p|--policy|-R|--root) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    *) COMPREPLY=($(compgen -W \"$more\" -- \"$word\")) ;;\n    esac\n}\ncomplete -F _kernelctl kernelctl\n";
    text
}

fn fish() -> String {
    let mut text = String::from("complete -c kernelctl -f\n");
    for command in commands() {
        let _ = writeln!(
            text,
            "complete -c kernelctl -n __fish_use_subcommand -a {} -d '{}'",
            command.name,
            command.about.replace('\'', "")
        );
        let condition = format!(
            "complete -c kernelctl -n '__fish_seen_subcommand_from {}'",
            command.name
        );
        for (option, about) in options() {
            if !command.takes(option.long) {
                continue;
            }
            let value = if option.value.is_empty() { "" } else { " -r" };
            let _ = writeln!(
                text,
                "{condition} -l {} -s {}{value} -d '{}'",
                option.long,
                option.letter,
                about.replace('\'', "")
            );
        }
        if command.words.contains('|') && !command.words.contains(' ') {
            let _ = writeln!(text, "{condition} -a '{}'", command.words.replace('|', " "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_option_is_there() {
        for text in [bash(), fish()] {
            for command in commands() {
                assert!(text.contains(command.name), "{}", command.name);
            }
            for (option, _) in options() {
                assert!(text.contains(option.long), "{}", option.long);
            }
        }
    }
}
