//! `completion` and `man`: what is made of the tables of commands and options for others to read.

use super::arguments::Arguments;
use super::commands;
use super::completion::Shell;
use super::manual;
use super::outcome::{Failure, Outcome, reason};
use super::session::Session;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Prints completion for a shell.
pub fn completion(session: &mut Session, arguments: &Arguments) -> Outcome {
    let [name] = arguments.operands.as_slice() else {
        return Err(Failure::usage(
            "completion takes the name of a shell: bash, zsh or fish",
        ));
    };
    let shell = Shell::parse(name).ok_or_else(|| {
        Failure::usage(format_args!(
            "{name} is not a shell that is known: bash, zsh or fish"
        ))
    })?;
    session.out.write_all(shell.script().as_bytes())?;
    Ok(0)
}

/// Writes the manual pages.
pub fn manual(session: &mut Session, arguments: &Arguments) -> Outcome {
    let [name] = arguments.operands.as_slice() else {
        return Err(Failure::usage("man takes one DIR"));
    };
    let directory = Path::new(name).join("man8");
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| Failure::of(path.display(), reason(&error))
    };
    fs::create_dir_all(&directory).map_err(at(&directory))?;
    let pages =
        commands::all().map(|command| (format!("oil-{}.8", command.name), manual::page(command)));
    for (name, text) in std::iter::once(("oil.8".to_owned(), manual::overview())).chain(pages) {
        let path = directory.join(name);
        fs::write(&path, text).map_err(at(&path))?;
        if session.verbosity > 0 {
            writeln!(session.out, "{}", path.display())?;
        }
    }
    Ok(0)
}
