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
    /// [`Error::Syntax`].
    #[cold]
    #[inline(never)]
    pub fn syntax(origin: &Origin, what: fmt::Arguments<'_>) -> Box<Self> {
        Box::new(Self::Syntax {
            origin: origin.clone(),
            what: std::fmt::format(what),
        })
    }

    /// [`Error::File`].
    #[cold]
    #[inline(never)]
    pub fn file(path: &str, doing: &'static str, error: io::Error) -> Box<Self> {
        Box::new(Self::File {
            path: path.to_owned(),
            doing,
            error,
        })
    }

    /// [`Error::Impossible`].
    #[cold]
    #[inline(never)]
    pub fn impossible(what: fmt::Arguments<'_>) -> Box<Self> {
        Box::new(Self::Impossible(std::fmt::format(what)))
    }
}

/// [`Error::Impossible`] of a text as for `format!`, which is put together in one place: that takes far less of the program than doing so wherever
/// something can go wrong.
macro_rules! told {
    ($($text:tt)*) => {
        $crate::error::Error::impossible(format_args!($($text)*))
    };
}
pub(crate) use told;

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
