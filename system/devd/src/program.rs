//! The command line.

mod arguments;
mod tell;

use crate::daemon::{self, control};
use crate::error::{Error, Result};
use crate::modules;
use arguments::{Given, Parsed};
use std::io::Write;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const WRONG: u8 = 2;

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<String>) -> u8 {
    let given = match arguments::parse(words) {
        Ok(Parsed::Given(given)) => given,
        Ok(Parsed::Text(text)) => {
            print(&text);
            return DONE;
        }
        Err(what) => {
            complain(&format!("{what} (--help tells what there is)"));
            return WRONG;
        }
    };
    match command(*given) {
        Ok(status) => status,
        Err(error) => {
            complain(&error.to_string());
            FAILED
        }
    }
}

/// To standard output; a reader that went away is no error.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn complain(text: &str) {
    let _ = std::io::stderr().write_all(format!("devd: {text}\n").as_bytes());
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
