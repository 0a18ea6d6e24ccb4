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
    pub fn syntax(origin: &Origin, what: impl Into<String>) -> Self {
        Self::Syntax {
            origin: origin.clone(),
            what: what.into(),
        }
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

pub type Result<T, E = Error> = std::result::Result<T, E>;
