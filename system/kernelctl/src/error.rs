//! What can go wrong before anything is done; what goes wrong with one value is in its report.

use common::reason;
use document::Origin;
use std::fmt;
use std::io;

/// An error. Each names its file and what to do.
#[derive(Debug)]
pub enum Error {
    /// A line that says nothing that can be done.
    Syntax { origin: Origin, what: String },
    /// A file could not be read, written or locked.
    File {
        path: String,
        doing: &'static str,
        error: io::Error,
    },
    /// What was kept of an earlier run makes no sense.
    State { path: String, what: String },
    /// Something that cannot be done here, and the way out.
    Impossible(String),
}

impl Error {
    pub fn syntax(origin: &Origin, what: impl Into<String>) -> Box<Self> {
        Box::new(Self::Syntax {
            origin: origin.clone(),
            what: what.into(),
        })
    }

    /// [`Error::File`].
    pub fn file(path: impl Into<String>, doing: &'static str, error: io::Error) -> Box<Self> {
        Box::new(Self::File {
            path: path.into(),
            doing,
            error,
        })
    }

    /// [`Error::Impossible`].
    pub fn impossible(what: impl Into<String>) -> Box<Self> {
        Box::new(Self::Impossible(what.into()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { origin, what } => write!(f, "{origin}: {what}"),
            Self::File { path, doing, error } => {
                write!(f, "{path}: {doing}: {}", reason(error))
            }
            Self::State { path, what } => write!(
                f,
                "{path}: {what}; delete it to forget what was before, and apply again"
            ),
            Self::Impossible(what) => f.write_str(what),
        }
    }
}

/// With the error behind a pointer: what can go wrong stands in the way of nearly everything, and moving it was many bytes of the program.
pub type Result<T, E = Box<Error>> = std::result::Result<T, E>;
