//! The program: what `oil` (or `apk`) does with a command line.

mod arguments;
mod beside;
mod commands;
mod completion;
mod fields;
mod getting;
mod help;
mod making;
mod manual;
mod matching;
mod options;
mod outcome;
mod progress;
mod reverse;
mod select;
mod serialize;
mod session;
mod size;
mod suggest;

mod adbdump;
mod audit;
mod cache;
mod change;
mod dot;
mod download;
mod explain;
mod extract;
mod history;
mod info;
mod list;
mod manifest;
mod meta;
mod pin;
mod policy;
mod query;
mod sbom;
mod search;
mod stats;
mod update;
mod verify;
mod version;

#[cfg(feature = "make")]
mod adbgen;
#[cfg(feature = "make")]
mod convert;
#[cfg(feature = "make")]
mod index;
#[cfg(feature = "make")]
mod keys;
#[cfg(feature = "make")]
mod mkndx;
#[cfg(feature = "make")]
mod mkpkg;
#[cfg(feature = "make")]
mod serve;

use arguments::Arguments;
use outcome::{Failure, USAGE};
use session::Session;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs a command line, the program's name first.
pub fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    let mut words = words.map(|word| word.to_string_lossy().into_owned());
    let called = words.next().unwrap_or_default();
    let called = called.rsplit('/').next().unwrap_or_default();
    let mut words: Vec<String> = words.collect();
    let program = if called.starts_with("apk") {
        "apk"
    } else {
        "oil"
    };
    if let Some(command) = called
        .strip_prefix("apk_")
        .or_else(|| called.strip_prefix("apk-"))
    {
        words.insert(0, command.to_owned());
    }
    let mut session = Session::new();
    let outcome = dispatch(&mut session, program, &words);
    let flushed = session.out.flush();
    let status = match outcome.and_then(|status| Ok(flushed.map(|()| status)?)) {
        Ok(status) => status,
        Err(failure) => {
            if !failure.text.is_empty() {
                session.error(&failure.text);
            }
            failure.status
        }
    };
    ExitCode::from(status)
}

fn dispatch(session: &mut Session, program: &str, words: &[String]) -> outcome::Outcome {
    let config = session::configuration();
    let arguments = Arguments::parse(words, &config)?;
    if let Some(word) = &arguments.unknown {
        let near = suggest::nearest(word, commands::all().map(|command| command.name));
        let hint = near.map_or(String::new(), |near| format!(" Did you mean '{near}'?"));
        return Err(Failure::usage(format_args!(
            "'{word}' is not an {program} command.{hint} See '{program} --help'."
        )));
    }
    session.configure(&arguments)?;
    if arguments.has("version") {
        writeln!(session.out, "{}", session::version_line())?;
        return Ok(0);
    }
    if arguments.has("print-arch") {
        let first = arguments
            .values("arch")
            .first()
            .map(|&arch| arch.to_owned());
        let arch = first.unwrap_or_else(|| oil::arch::native().to_owned());
        writeln!(session.out, "{arch}")?;
        return Ok(0);
    }
    let Some(command) = arguments.command else {
        help::overview(&mut session.out, program)?;
        return Ok(if arguments.has("help") { 0 } else { USAGE });
    };
    if arguments.has("help") {
        help::command(&mut session.out, program, command)?;
        return Ok(0);
    }
    (command.run)(session, &arguments)
}
