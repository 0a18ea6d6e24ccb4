//! What can go wrong.

use crate::format;
use common::reason;
use std::fmt;
use std::io;
use std::path::Path;

/// An error. Each names its file and the way out.
///
/// It is one word long: it is handed on at hundreds of places, each of which would be larger for a larger one.
#[derive(Debug)]
pub struct Error(Box<What>);

#[derive(Debug)]
enum What {
    /// Something is wrong with an image whose name is not known here; see [`Error::of`].
    Format(format::Error),
    /// Something is wrong with the image of this path.
    Image(String, format::Error),
    /// What has this path could not be read or written.
    File {
        path: String,
        doing: &'static str,
        error: io::Error,
    },
    /// Something is wrong with the archive of this path.
    Tar { path: String, at: u64, what: String },
    /// Something that cannot be done, and the way out.
    Impossible(String),
}

impl Error {
    /// The image's name, where it is known by now.
    #[cold]
    #[inline(never)]
    pub fn of(mut self, image: &Path) -> Error {
        if let What::Format(error) = *self.0 {
            *self.0 = What::Image(image.display().to_string(), error);
        }
        self
    }

    /// What makes an error of what the system answered: the file's path, and what was being done.
    pub fn file(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |error| Error::io(path, doing, error)
    }

    /// What the system answered: the file's path, or another name, and what was being done.
    #[cold]
    #[inline(never)]
    pub fn io(path: &Path, doing: &'static str, error: io::Error) -> Error {
        Error(Box::new(What::File {
            path: path.display().to_string(),
            doing,
            error,
        }))
    }

    /// What is wrong with an archive, and where, in bytes.
    #[cold]
    #[inline(never)]
    pub fn tar(path: &Path, at: u64, what: String) -> Error {
        Error(Box::new(What::Tar {
            path: path.display().to_string(),
            at,
            what,
        }))
    }

    /// Something that cannot be done, and the way out; a text as for `format!`.
    #[cold]
    #[inline(never)]
    pub fn impossible(what: fmt::Arguments<'_>) -> Error {
        Error(Box::new(What::Impossible(fmt::format(what))))
    }

    /// What is wrong with the image, where that is what is wrong.
    pub fn format(&self) -> Option<&format::Error> {
        match &*self.0 {
            What::Format(error) | What::Image(_, error) => Some(error),
            _ => None,
        }
    }
}

impl From<format::Error> for Error {
    #[cold]
    #[inline(never)]
    fn from(error: format::Error) -> Error {
        Error(Box::new(What::Format(error)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            What::Format(error) => error.fmt(f),
            What::Image(path, error) => write!(f, "{path}: {error}"),
            What::File { path, doing, error } => write!(f, "{path}: {doing}: {}", reason(error)),
            What::Tar { path, at, what } => write!(f, "{path}: at byte {at}: {what}"),
            What::Impossible(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

/// A result with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
