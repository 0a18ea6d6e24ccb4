//! What can go wrong.

use crate::netlink::Failure;
use common::reason;
use rustix::io::Errno;
use std::fmt;
use std::io;

/// An error. Each names its file or link, and what to do.
#[derive(Debug)]
pub enum Error {
    /// A line of the configuration that says nothing that can be done.
    Syntax {
        file: String,
        /// From 1; 0: the file as a whole.
        line: u32,
        what: String,
    },
    /// A file could not be read or written.
    File {
        path: String,
        doing: &'static str,
        error: io::Error,
    },
    /// The kernel did not do what it was asked for.
    Kernel { doing: String, failure: Failure },
    /// Something that cannot be done here, and the way out.
    Impossible(String),
}

impl Error {
    /// One about a file, for `map_err`.
    pub fn file(path: &str, doing: &'static str) -> impl FnOnce(io::Error) -> Box<Self> {
        let path = path.to_owned();
        move |error| Box::new(Self::File { path, doing, error })
    }

    /// One of the kernel's, for `map_err`.
    pub fn kernel(doing: &'static str) -> impl FnOnce(Failure) -> Box<Self> {
        move |failure| Self::kernel_failed(format_args!("{doing}"), failure)
    }

    /// [`Error::Kernel`].
    #[cold]
    #[inline(never)]
    pub fn kernel_failed(doing: fmt::Arguments<'_>, failure: Failure) -> Box<Self> {
        Box::new(Self::Kernel {
            doing: std::fmt::format(doing),
            failure,
        })
    }

    /// [`Error::Syntax`].
    #[cold]
    #[inline(never)]
    pub fn syntax(file: &str, line: u32, what: fmt::Arguments<'_>) -> Box<Self> {
        Box::new(Self::Syntax {
            file: file.to_owned(),
            line,
            what: std::fmt::format(what),
        })
    }

    /// [`Error::Impossible`].
    #[cold]
    #[inline(never)]
    pub fn impossible(what: fmt::Arguments<'_>) -> Box<Self> {
        Box::new(Self::Impossible(std::fmt::format(what)))
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
            Self::Kernel { doing, failure } => {
                write!(f, "{doing}: {failure}")?;
                match failure.errno {
                    Errno::PERM | Errno::ACCESS => f.write_str("; run it as root"),
                    _ => Ok(()),
                }
            }
            Self::Impossible(what) => f.write_str(what),
        }
    }
}

/// With the error behind a pointer: what can go wrong stands in the way of nearly everything, and moving it was many bytes of the program.
pub type Result<T, E = Box<Error>> = std::result::Result<T, E>;
