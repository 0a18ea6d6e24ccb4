//! What can go wrong before anything is done; what goes wrong with one value is in its report.

use common::reason;
use document::Origin;
use std::fmt;
use std::io;

/// An error, in words. Each names its file and what to do.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    /// A line that says nothing that can be done.
    #[cold]
    #[inline(never)]
    pub fn syntax(origin: &Origin, what: fmt::Arguments<'_>) -> Box<Self> {
        Self::impossible(format_args!("{origin}: {what}"))
    }

    /// A file could not be read, written or locked.
    #[cold]
    #[inline(never)]
    pub fn file(path: &str, doing: &str, error: io::Error) -> Box<Self> {
        Self::impossible(format_args!("{path}: {doing}: {}", reason(&error)))
    }

    /// What was kept of an earlier run makes no sense.
    #[cold]
    #[inline(never)]
    pub fn state(path: &str, what: &str) -> Box<Self> {
        Self::impossible(format_args!(
            "{path}: {what}; delete it to forget what was before, and apply again"
        ))
    }

    /// Something that cannot be done here, and the way out.
    #[cold]
    #[inline(never)]
    pub fn impossible(what: fmt::Arguments<'_>) -> Box<Self> {
        Box::new(Self(std::fmt::format(what)))
    }
}

/// [`Error::impossible`] of a text as for `format!`, which is put together in one place: that takes far less of the program than doing so wherever
/// something can go wrong.
macro_rules! told {
    ($($text:tt)*) => {
        $crate::error::Error::impossible(format_args!($($text)*))
    };
}
pub(crate) use told;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// With the error behind a pointer: what can go wrong stands in the way of nearly everything, and moving it was many bytes of the program.
pub type Result<T, E = Box<Error>> = std::result::Result<T, E>;
