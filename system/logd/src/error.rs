//! What can go wrong.

use common::reason;
use std::fmt;
use std::io;

/// An error. Each names its file, and what to do.
#[derive(Debug)]
pub enum Error {
    /// A line of the configuration that says nothing that can be done.
    Syntax {
        file: String,
        /// From 1; 0: the file as a whole.
        line: u32,
        what: String,
    },
    /// A file could not be read, written or made.
    File {
        path: String,
        doing: &'static str,
        error: io::Error,
    },
    /// Something that cannot be done here, and the way out.
    Impossible(String),
}

impl Error {
    /// One about a file, for `map_err`.
    pub fn file<E: Into<io::Error>>(path: &str, doing: &'static str) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |error| Self::File {
            path,
            doing,
            error: error.into(),
        }
    }

    /// One about a line of a file.
    pub fn syntax(file: &str, line: u32, what: impl Into<String>) -> Self {
        Self::Syntax {
            file: file.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax {
                file,
                line: 0,
                what,
            } => write!(f, "{file}: {what}"),
            Self::Syntax { file, line, what } => write!(f, "{file}:{line}: {what}"),
            Self::File { path, doing, error } => write!(f, "{path}: {doing}: {}", reason(error)),
            Self::Impossible(what) => f.write_str(what),
        }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
