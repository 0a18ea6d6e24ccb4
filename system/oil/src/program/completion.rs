//! Completion for shells.

use super::commands::{self, Command};
use super::options::{GLOBAL, Opt, Takes};
use std::fmt::Write as _;

/// A shell.
#[derive(Clone, Copy, Debug)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// What a command's operands are, for completion.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operands {
    Installed,
    Available,
    Files,
    Nothing,
}

fn operands(command: &Command) -> Operands {
    match command.name {
        "add" | "fetch" | "policy" | "query" | "list" | "search" | "info" | "explain" | "dot" => {
            Operands::Available
        }
        "del" | "fix" | "upgrade" | "version" | "why" | "pin" => Operands::Installed,
        _ if command.usage.contains("FILE")
            || command.usage.contains("DIR")
            || command.usage.contains("PACKAGE") =>
        {
            Operands::Files
        }
        _ => Operands::Nothing,
    }
}

fn all_options(command: &'static Command) -> impl Iterator<Item = &'static Opt> {
    let groups = command.groups.iter().flat_map(|group| group.options);
    command.options.iter().chain(groups).chain(GLOBAL.options)
}

/// Long options with their dashes, those with `no-` as well.
fn words(options: impl Iterator<Item = &'static Opt>) -> Vec<String> {
    let mut list = Vec::new();
    for option in options {
        for name in option.names {
            list.push(format!("--{name}"));
            if matches!(option.takes, Takes::Bool | Takes::Auto) {
                list.push(format!("--no-{name}"));
            }
        }
        list.extend(option.letters.chars().map(|letter| format!("-{letter}")));
    }
    list.sort();
    list.dedup();
    list
}

impl Shell {
    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "bash" => Some(Self::Bash),
            "zsh" => Some(Self::Zsh),
            "fish" => Some(Self::Fish),
            _ => None,
        }
    }

    /// Its script.
    pub fn script(self) -> String {
        match self {
            Self::Bash => bash(),
            Self::Zsh => zsh(),
            Self::Fish => fish(),
        }
    }
}

/// Names of packages, as a command of the shell.
fn lister(operands: Operands) -> &'static str {
    match operands {
        Operands::Installed => "oil info -q 2>/dev/null",
        Operands::Available => "oil search -q --no-network 2>/dev/null",
        Operands::Files | Operands::Nothing => "",
    }
}

fn bash() -> String {
    let mut out = String::from(
        "# Completion for oil.\n_oil() {\n    local word=\"${COMP_WORDS[COMP_CWORD]}\" command= i names=\n    \
         for ((i = 1; i < COMP_CWORD; i++)); do\n        case \"${COMP_WORDS[i]}\" in\n",
    );
    let names: Vec<&str> = commands::all().map(|command| command.name).collect();
    let _ = writeln!(
        out,
        "        {}) command=\"${{COMP_WORDS[i]}}\"; break ;;",
        names.join("|")
    );
    out.push_str("        esac\n    done\n    case \"$command\" in\n");
    for command in commands::all() {
        let options = words(all_options(command)).join(" ");
        let rest = match operands(command) {
            Operands::Files => "COMPREPLY=($(compgen -f -- \"$word\"))".to_owned(),
            Operands::Nothing => ":".to_owned(),
            other => format!("names=\"$({})\"", lister(other)),
        };
        let _ = writeln!(
            out,
            "    {})\n        if [[ $word == -* ]]; then names=\"{options}\"; else {rest}; fi ;;",
            command.name
        );
    }
    let _ = writeln!(
        out,
        "    *)\n        if [[ $word == -* ]]; then names=\"{}\"; else names=\"{}\"; fi ;;",
        words(GLOBAL.options.iter()).join(" "),
        names.join(" ")
    );
    out.push_str(
        "    esac\n    [[ -n $names ]] && COMPREPLY=($(compgen -W \"$names\" -- \"$word\"))\n}\ncomplete -o default -F _oil oil apk\n",
    );
    out
}

/// A text between single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn zsh() -> String {
    let mut out = String::from(
        "#compdef oil apk\n# Completion for oil.\n_oil() {\n    local command= word\n    local -a list\n",
    );
    let names: Vec<&str> = commands::all().map(|command| command.name).collect();
    let _ = writeln!(
        out,
        "    for word in ${{words[2,CURRENT-1]}}; do\n        case $word in\n        {}) command=$word; break ;;\n        \
         esac\n    done\n    case $command in",
        names.join("|")
    );
    let described = |option: &Opt| {
        let names = option
            .names
            .iter()
            .map(|name| quoted(&format!("--{name}:{}", option.help)));
        names.collect::<Vec<_>>().join(" ")
    };
    for command in commands::all() {
        let options: Vec<String> = all_options(command).map(described).collect();
        let rest = match operands(command) {
            Operands::Files => "_files".to_owned(),
            Operands::Nothing => ":".to_owned(),
            other => format!("list=(${{(f)\"$({})\"}}); compadd -a list", lister(other)),
        };
        let _ = writeln!(
            out,
            "    {})\n        if [[ $PREFIX == -* ]]; then list=({}); _describe option list; else {rest}; fi ;;",
            command.name,
            options.join(" ")
        );
    }
    let options: Vec<String> = GLOBAL.options.iter().map(described).collect();
    let listed: Vec<String> = commands::all()
        .map(|command| quoted(&format!("{}:{}", command.name, command.summary)))
        .collect();
    let _ = writeln!(
        out,
        "    *)\n        if [[ $PREFIX == -* ]]; then list=({}); _describe option list; else list=({}); _describe command \
         list; fi ;;\n    esac\n}}\n_oil \"$@\"",
        options.join(" "),
        listed.join(" ")
    );
    out
}

fn fish() -> String {
    let mut out = String::from("# Completion for oil.\n");
    let names: Vec<&str> = commands::all().map(|command| command.name).collect();
    let none = format!("not __fish_seen_subcommand_from {}", names.join(" "));
    let option = |condition: &str, option: &Opt| {
        let mut line = format!(
            "complete -c oil -n {} -d {}",
            quoted(condition),
            quoted(option.help)
        );
        for name in option.names {
            let _ = write!(line, " -l {name}");
        }
        for letter in option.letters.chars() {
            let _ = write!(line, " -s {letter}");
        }
        if let Takes::Value(_) = option.takes {
            line.push_str(" -r");
        }
        line
    };
    let mut lines: Vec<String> = GLOBAL
        .options
        .iter()
        .map(|one| option("true", one))
        .collect();
    for command in commands::all() {
        let seen = format!("__fish_seen_subcommand_from {}", command.name);
        lines.push(format!(
            "complete -c oil -f -n {} -a {} -d {}",
            quoted(&none),
            command.name,
            quoted(command.summary)
        ));
        let groups = command.groups.iter().flat_map(|group| group.options);
        lines.extend(
            command
                .options
                .iter()
                .chain(groups)
                .map(|one| option(&seen, one)),
        );
        let list = lister(operands(command));
        if !list.is_empty() {
            lines.push(format!(
                "complete -c oil -f -n {} -a {}",
                quoted(&seen),
                quoted(&format!("({list})"))
            ));
        }
    }
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    out
}
