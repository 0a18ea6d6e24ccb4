//! The command line.

mod arguments;
mod help;
mod table;

use crate::command;
pub use arguments::Given;
use arguments::Stop;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

/// Everything is as it was asked for.
pub const DONE: u8 = 0;
/// Something could not be done, or does not hold.
pub const FAILED: u8 = 1;
/// The command line says nothing that there is.
pub const WRONG: u8 = 2;

/// Why a command ended early.
pub enum Failed {
    /// Something could not be done.
    Error(glowfs::Error),
    /// The command line makes no sense.
    Usage(String),
    /// Who reads standard output went away.
    Closed,
}

impl From<glowfs::Error> for Failed {
    fn from(error: glowfs::Error) -> Failed {
        Failed::Error(error)
    }
}

/// What a command gives: its exit status.
pub type Outcome<T = u8> = Result<T, Failed>;

/// Runs the program with the words behind its name; its exit status.
pub fn main(words: Vec<OsString>) -> u8 {
    let given = match arguments::parse(words) {
        Ok(given) => given,
        Err(Stop::Help) => return status(print(&help::text())),
        Err(Stop::Version) => {
            return status(print(concat!(
                "glowfsctl ",
                env!("CARGO_PKG_VERSION"),
                "\n"
            )));
        }
        Err(Stop::Wrong(what)) => return status(Err(Failed::Usage(what))),
    };
    status(command::run(&given))
}

fn status(outcome: Outcome) -> u8 {
    match outcome {
        Ok(status) => status,
        Err(Failed::Error(error)) => {
            complain(&error.to_string());
            FAILED
        }
        Err(Failed::Usage(what)) => {
            complain(&format!("{what} (--help tells what there is)"));
            WRONG
        }
        Err(Failed::Closed) => DONE,
    }
}

/// To standard output.
///
/// # Errors
/// [`Failed::Closed`] when its reader went away, which is no error, and [`Failed::Error`] when it is full.
pub fn print(text: &str) -> Outcome {
    write(text.as_bytes())
}

/// Bytes to standard output.
///
/// # Errors
/// As [`print`].
pub fn write(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(DONE),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failed::Closed),
        Err(error) => Err(Failed::Error(glowfs::Error::io(
            Path::new("standard output"),
            "writing",
            error,
        ))),
    }
}

/// A line to standard error.
pub fn complain(text: &str) {
    let _ = io::stderr().write_all(format!("glowfsctl: {text}\n").as_bytes());
}
