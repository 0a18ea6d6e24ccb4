//! What can go wrong.

use common::reason;
use std::fmt;
use std::io;

/// What is wrong with a line of a crontab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// Bytes from 1.
    pub column: usize,
    /// What is expected there, and what was found.
    pub what: String,
}

/// To be put behind the file's name and a colon.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

/// An error that ends the program. It names its file, and what to do.
#[derive(Debug)]
pub struct Error {
    pub path: String,
    pub doing: &'static str,
    pub error: io::Error,
}

impl Error {
    /// One about a file, for `map_err`.
    pub fn file<E: Into<io::Error>>(path: &str, doing: &'static str) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |error| Self {
            path,
            doing,
            error: error.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, doing, error } = self;
        write!(f, "{path}: {doing}: {}", reason(error))
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
