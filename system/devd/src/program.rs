//! The command line.

mod arguments;
mod tell;

use crate::daemon::{self, control};
use crate::error::{Error, Result};
use crate::modules;
use arguments::{Given, PROGRAM};
use common::arguments::{DONE, FAILED, print};

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    match arguments::parse(words) {
        Ok(given) => PROGRAM.status(command(given)),
        Err(stop) => PROGRAM.stop(stop),
    }
}

fn complain(text: &str) {
    PROGRAM.complain(&text);
}

fn command(given: Given) -> Result<u8> {
    match &*given.command {
        "run" => daemon::run(given.options).map(|()| DONE),
        "status" => ask(&given, if given.json { "status json" } else { "status" }),
        "trigger" => ask(&given, "trigger"),
        "check" => Ok(tell::check(&given)),
        "info" => tell::info(&given),
        _ => tell::matches(&given),
    }
}

fn ask(given: &Given, command: &str) -> Result<u8> {
    let (status, text) = control::ask(&given.options.socket, command)?;
    match (status, command) {
        (DONE, "trigger") => {}
        (DONE, _) => print(&text),
        _ => complain(text.trim_end()),
    }
    Ok(status)
}

/// What depmod and modprobe.d say; mistakes are told.
fn database(given: &Given) -> Result<modules::Database> {
    modules::Database::read(
        &given.options.root,
        &given.options.release,
        |error: Error| complain(&error.to_string()),
    )
}
