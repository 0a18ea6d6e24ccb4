//! Extension: completion. Scripts for shells, made from the tables of [`crate::control::table`].

use crate::control::arguments::{Opt, Program, Words};
use crate::control::output::Output;
use crate::control::table::{DINITCTL, PROGRAMS};

/// For bash and zsh: prints the names of services that are loaded, and of files in the usual folders.
const NAMES: &str = r#"_dinit_services() {
    {
        dinitctl list 2>/dev/null | sed 's/^\[.\{8\}\] //;s/ (.*//'
        find /etc/dinit.d /run/dinit.d /usr/local/lib/dinit.d /lib/dinit.d "$HOME/.config/dinit.d" \
            -maxdepth 1 ! -name '*.d' ! -name '.*' 2>/dev/null | sed 's,.*/,,'
    } | sort -u
}
"#;

const FISH_NAMES: &str = r"function __dinit_services
    dinitctl list 2>/dev/null | string replace -r '^\[.{8}\] (\S+).*' '$1'
    for folder in /etc/dinit.d /run/dinit.d /usr/local/lib/dinit.d /lib/dinit.d $HOME/.config/dinit.d
        test -d $folder; and command ls $folder | string match -rv '\.d$'
    end
end
";

pub fn print(output: Output, shell: &[u8]) -> i32 {
    let text = match shell {
        b"bash" => bash(),
        b"zsh" => zsh(),
        _ => fish(),
    };
    output.print(format_args!("{text}"));
    0
}

fn spellings(option: &Opt) -> String {
    match option.short {
        0 => format!("--{}", option.long),
        short => format!("-{} --{}", char::from(short), option.long),
    }
}

fn options(program: &Program, of_command: bool) -> impl Iterator<Item = &Opt> {
    let options = program.options.iter();
    options.filter(move |option| option.of_command == of_command)
}

/// What may follow a command: fixed words, and the names of services.
fn words(words: Words) -> (String, bool) {
    match words {
        Words::Service | Words::Services => (String::new(), true),
        Words::Dependency => ("need milestone waits-for".into(), true),
        Words::Signal => ("HUP INT QUIT KILL USR1 USR2 TERM CONT STOP".into(), true),
        Words::Choice(choices) | Words::OptionalChoice(choices) => (choices.join(" "), false),
        Words::Variables | Words::Names | Words::None => (String::new(), false),
    }
}

/// The same as an argument of a bash or zsh command.
fn listed(what: Words) -> String {
    let (mut text, services) = words(what);
    if services {
        text += " $(_dinit_services)";
    }
    text
}

fn bash() -> String {
    let mut text = format!("# bash completion for dinit's programs\n{NAMES}");
    for program in PROGRAMS {
        let function = program.name.replace('-', "_");
        let general: Vec<String> = options(program, false).map(spellings).collect();
        text += &format!(
            "_{function}() {{\n    local word=${{COMP_WORDS[COMP_CWORD]}} command= each more=\n    local general='{}'\n",
            general.join(" ")
        );
        if program.commands.is_empty() {
            let names = match program.name {
                "dinit-monitor" => "_dinit_services",
                _ => ":",
            };
            text += &format!(
                "    case $word in\n    -*) COMPREPLY=($(compgen -W \"$general\" -- \"$word\")) ;;\n    *) COMPREPLY=($(compgen -W \"$({names})\" -- \"$word\")) ;;\n    esac\n"
            );
        } else {
            let commands: Vec<&str> = program
                .commands
                .iter()
                .map(|command| command.name)
                .collect();
            text += &format!(
                "    for each in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n        case $each in\n        {}) command=$each; break ;;\n        esac\n    done\n    case $command in\n    '') more='{}' ;;\n",
                commands.join("|"),
                commands.join(" ")
            );
            for command in program.commands {
                let own: Vec<String> = options(program, true)
                    .filter(|option| command.options.contains(&option.long))
                    .map(spellings)
                    .collect();
                text += &format!(
                    "    {}) general=\"$general {}\" more=\"{}\" ;;\n",
                    command.name,
                    own.join(" "),
                    listed(command.words)
                );
            }
            text += "    esac\n    case $word in\n    -*) more=$general ;;\n    esac\n    COMPREPLY=($(compgen -W \"$more\" -- \"$word\"))\n";
        }
        text += &format!("}}\ncomplete -F _{function} {}\n", program.name);
    }
    text += "complete -F _shutdown halt poweroff reboot soft-reboot\n";
    text
}

/// Quoted for zsh's `_describe` and fish alike: no single quote ends it.
fn quoted(text: &str) -> String {
    text.replace('\'', "")
}

fn zsh() -> String {
    let mut text =
        format!("#compdef dinitctl\n# zsh completion for dinitctl\n{NAMES}_dinitctl() {{\n");
    text += "    local command= each\n    local -a commands more\n    commands=(\n";
    for command in DINITCTL.commands {
        text += &format!("        '{}:{}'\n", command.name, quoted(command.about));
    }
    text += "    )\n    for each in ${words[2,CURRENT-1]}; do\n        if (( ${commands[(I)$each:*]} )); then command=$each; break; fi\n    done\n";
    text += "    more=(";
    for option in options(&DINITCTL, false) {
        text += &format!(" '--{}:{}'", option.long, quoted(option.about));
    }
    text += " )\n    case $command in\n    '') _describe command commands ;;\n";
    for command in DINITCTL.commands {
        text += &format!("    {})", command.name);
        for option in options(&DINITCTL, true) {
            if command.options.contains(&option.long) {
                text += &format!(" more+=('--{}:{}');", option.long, quoted(option.about));
            }
        }
        let words = listed(command.words);
        if !words.is_empty() {
            text += &format!(" compadd -- ${{=:-\"{words}\"}}");
        }
        text += " ;;\n";
    }
    text += "    esac\n    if [[ $PREFIX == -* ]]; then _describe option more; fi\n}\ncompdef _dinitctl dinitctl\n";
    text
}

fn fish() -> String {
    let mut text = format!("# fish completion for dinit's programs\n{FISH_NAMES}");
    for program in PROGRAMS {
        let name = program.name;
        let line = |option: &Opt, condition: &str| {
            let mut line = format!("complete -c {name}{condition} -l {}", option.long);
            if option.short != 0 {
                line += &format!(" -s {}", char::from(option.short));
            }
            if !option.value.is_empty() {
                line += " -r";
            }
            line + &format!(" -d '{}'\n", quoted(option.about))
        };
        text += &format!("complete -c {name} -f\n");
        for option in options(program, false) {
            text += &line(option, "");
        }
        for command in program.commands {
            text += &format!(
                "complete -c {name} -n __fish_use_subcommand -a {} -d '{}'\n",
                command.name,
                quoted(command.about)
            );
            let condition = format!(" -n '__fish_seen_subcommand_from {}'", command.name);
            for option in options(program, true) {
                if command.options.contains(&option.long) {
                    text += &line(option, &condition);
                }
            }
            let (fixed, services) = words(command.words);
            let names = if services { " (__dinit_services)" } else { "" };
            if services || !fixed.is_empty() {
                text += &format!("complete -c {name}{condition} -a '{fixed}{names}'\n");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_option_is_there() {
        for text in [bash(), zsh(), fish()] {
            for command in DINITCTL.commands {
                assert!(text.contains(command.name), "{}", command.name);
            }
            for option in DINITCTL.options {
                assert!(text.contains(option.long), "{}", option.long);
            }
        }
    }
}
