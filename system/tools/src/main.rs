//! The small programs that start with a system, in one: which of them it is, the name says that it is called by. The standard
//! library, the C library and what several of them share are there once (docs/decisions/0019-one-program.md).
//!
//! Each is a crate with a program of its own beside this one, for tests; all that they do is in their libraries. A feature
//! for each leaves it out, which tells how many bytes it adds.

#![forbid(unsafe_code)]

use std::process::ExitCode;

/// A program: the words behind its name, its exit status.
type Program = fn(Vec<String>) -> u8;

/// All that there are, by name.
const PROGRAMS: &[(&str, Program)] = &[
    #[cfg(feature = "crond")]
    ("crond", crond::program::main),
    #[cfg(feature = "devd")]
    ("devd", devd::program::main),
    #[cfg(feature = "early")]
    ("early", early::program::main),
    #[cfg(feature = "kernelctl")]
    ("kernelctl", kernelctl::program::main),
    #[cfg(feature = "logd")]
    ("logctl", logd::ctl::main),
    #[cfg(feature = "logd")]
    ("logd", logd::program::main),
    #[cfg(feature = "netd")]
    ("netd", netd::program::main),
];

/// It was called by a name that it does not have.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let name = words.next().unwrap_or_default();
    ExitCode::from(match program(&name) {
        Some(program) => program(words.collect()),
        None => {
            let names: Vec<&str> = PROGRAMS.iter().map(|(name, _)| *name).collect();
            eprintln!("{name}: link it to one of its names: {}", names.join(", "));
            WRONG
        }
    })
}

/// The program of a name, wherever it is called from.
fn program(called: &str) -> Option<Program> {
    let name = called.rsplit('/').next();
    let found = PROGRAMS.iter().find(|(own, _)| Some(*own) == name);
    found.map(|(_, program)| *program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name() {
        for name in [
            "crond",
            "devd",
            "early",
            "kernelctl",
            "logctl",
            "logd",
            "netd",
        ] {
            assert!(program(name).is_some() && program(&format!("/sbin/{name}")).is_some());
        }
        for name in ["", "/", "netd/", "system-tools", "-netd"] {
            assert!(program(name).is_none(), "{name}");
        }
    }
}
