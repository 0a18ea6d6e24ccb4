//! How a command ends.

use std::fmt::Display;
use std::io;

/// A failure that ends the command: what to say after `ERROR: `, and the exit status.
#[derive(Debug)]
pub struct Failure {
    /// Nothing if all was said.
    pub text: String,
    /// The exit status.
    pub status: u8,
}

/// The exit status of a command that came to its end, or a failure.
pub type Outcome = Result<u8, Failure>;

/// Wrong use, or something that was looked up and is not there.
pub const USAGE: u8 = 1;
/// Everything else that ends a command.
pub const FAILED: u8 = 99;

impl Failure {
    /// Wrong use.
    pub fn usage(text: impl Display) -> Self {
        Self {
            text: text.to_string(),
            status: USAGE,
        }
    }

    /// Anything else.
    pub fn new(text: impl Display) -> Self {
        Self {
            text: text.to_string(),
            status: FAILED,
        }
    }

    /// Something about a file or another thing that has a name.
    pub fn of(what: impl Display, error: impl Display) -> Self {
        Self::new(format_args!("{what}: {error}"))
    }
}

impl From<oil::error::Error> for Failure {
    fn from(error: oil::error::Error) -> Self {
        let status = match &error {
            // As many as apk would have installed without all of their files.
            oil::error::Error::Conflicts(conflicts) => count(conflicts.packages.len()),
            _ => FAILED,
        };
        Self {
            status,
            ..Self::new(error)
        }
    }
}

impl From<io::Error> for Failure {
    /// A reader of our output that went away is no failure to talk about.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self {
                text: String::new(),
                status: USAGE,
            };
        }
        Self::new(reason(&error))
    }
}

/// An error's reason in the words of the C library, without Rust's number behind it.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The same for an error of the library.
pub fn reason_of(error: &oil::error::Error) -> String {
    match error {
        oil::error::Error::Io(error) => reason(error),
        other => other.to_string(),
    }
}

/// A count of errors as an exit status.
pub fn count(errors: usize) -> u8 {
    errors.min(usize::from(FAILED)) as u8
}
