//! What can go wrong.

use crate::format;
use common::reason;
use std::fmt;
use std::io;
use std::path::Path;

/// An error. Each names its file and the way out.
#[derive(Debug)]
pub enum Error {
    /// Something is wrong with an image whose name is not known here; see [`Error::of`].
    Format(format::Error),
    /// Something is wrong with this image.
    Image {
        /// The image's path.
        path: String,
        /// What is wrong.
        error: format::Error,
    },
    /// A file could not be read or written.
    File {
        /// Its path.
        path: String,
        /// What was being done.
        doing: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// Something is wrong with an archive.
    Tar {
        /// Its path.
        path: String,
        /// Where, in bytes.
        at: u64,
        /// What is wrong.
        what: String,
    },
    /// Something that cannot be done, and the way out.
    Impossible(String),
}

impl Error {
    /// The image's name, where it is known by now.
    pub fn of(self, image: &Path) -> Error {
        match self {
            Error::Format(error) => Error::Image {
                path: image.display().to_string(),
                error,
            },
            other => other,
        }
    }

    /// What makes an [`Error::File`] of what the system answered.
    pub fn file(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |error| Error::File {
            path: path.display().to_string(),
            doing,
            error,
        }
    }
}

impl From<format::Error> for Error {
    fn from(error: format::Error) -> Error {
        Error::Format(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Format(error) => error.fmt(f),
            Error::Image { path, error } => write!(f, "{path}: {error}"),
            Error::File { path, doing, error } => write!(f, "{path}: {doing}: {}", reason(error)),
            Error::Tar { path, at, what } => write!(f, "{path}: at byte {at}: {what}"),
            Error::Impossible(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

/// A result with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
