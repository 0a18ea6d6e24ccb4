//! What can be wrong with a description, and how it is said.

use crate::text::{Errno, Show};
use std::fmt;

/// A line of a file that a description was read from. Line 0: the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: Box<[u8]>,
    pub line: u32,
}

/// One thing that is wrong: where, in which setting, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Whole name of the service.
    pub service: Box<[u8]>,
    pub place: Option<Place>,
    pub setting: Option<&'static str>,
    pub problem: Problem,
}

/// What a client of the control protocol is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// NOSERVICE
    NotFound,
    /// SERVICE_DESC_ERR
    Description,
    /// SERVICE_LOAD_ERR
    Load,
    /// SERVICE_LOAD_ERR as well; the text names the services.
    Cyclic,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    NotFound,
    BadName(&'static str),
    /// The path, and the error's number (errno(3)).
    Unreadable(Box<[u8]>, i32),
    /// What there is in place of a file.
    NotAFile(Box<[u8]>, &'static str),
    /// The path, and how many bytes are allowed.
    TooLarge(Box<[u8]>, usize),
    Changed(Box<[u8]>),
    /// It includes itself, or too many others.
    TooManyIncludes,
    Memory,
    /// The services in the order in which each depends on the next.
    Cycle(Vec<Box<[u8]>>),
    TooDeep,
    /// A service that is depended on could not be loaded.
    Dependency(Box<Error>),
    /// The line cannot be understood.
    Line(&'static str),
    UnknownSetting(Box<[u8]>),
    UnknownCommand(Box<[u8]>),
    NoAppend,
    /// What was found, and what it should have been: `one of yes, no`.
    Value {
        found: Box<[u8]>,
        expected: &'static str,
    },
    Substitution(&'static str),
    NoUser(Box<[u8]>),
    NoGroup(Box<[u8]>),
    /// The description as a whole makes no sense.
    Conflict(&'static str),
    /// A folder or a service of it that is passed over.
    Ignored(Box<[u8]>, &'static str),
    /// A setting, or an option of it, without effect.
    Lint(&'static str),
    /// A file that is named by the description: its path, what was tried, and the error's number.
    Named(Box<[u8]>, &'static str, i32),
    /// Likewise, and what is wrong with it.
    Unsuitable(Box<[u8]>, &'static str),
}

/// The nesting of dependencies that is allowed (MAX_DEP_DEPTH of dinit).
pub const DEPTH: usize = 32;

impl Error {
    pub fn new(service: &[u8], problem: Problem) -> Self {
        Self {
            service: service.into(),
            place: None,
            setting: None,
            problem,
        }
    }

    /// What the reply to a client should be.
    pub fn class(&self) -> Class {
        match &self.problem {
            Problem::NotFound => Class::NotFound,
            Problem::Cycle(_) => Class::Cyclic,
            Problem::Line(_)
            | Problem::UnknownSetting(_)
            | Problem::UnknownCommand(_)
            | Problem::NoAppend
            | Problem::Value { .. }
            | Problem::Substitution(_)
            | Problem::NoUser(_)
            | Problem::NoGroup(_)
            | Problem::BadName(_) => Class::Description,
            _ => Class::Load,
        }
    }

    /// The error without the name of the service, for who has named it already.
    pub fn in_service(&self) -> InService<'_> {
        InService(self)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_none() {
            write!(f, "{}: ", Show(&self.service))?;
        }
        InService(self).fmt(f)
    }
}

/// See [`Error::in_service`].
pub struct InService<'a>(&'a Error);

impl fmt::Display for InService<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.0.place {
            place.fmt(f)?;
            f.write_str(": ")?;
        }
        if let Some(setting) = self.0.setting {
            f.write_str(setting)?;
            f.write_str(": ")?;
        }
        self.0.problem.fmt(f)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Show(&self.file).fmt(f)?;
        if self.line == 0 {
            return Ok(());
        }
        write!(f, ":{}", self.line)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no description of this service"),
            Self::BadName(why) => write!(f, "not a name for a service: {why}"),
            Self::Unreadable(path, errno) => said(f, path, "cannot be read: ", *errno),
            Self::NotAFile(path, what) => write!(f, "{} is {what}, not a file", Show(path)),
            Self::TooLarge(path, limit) => {
                write!(f, "{} has more than the {limit} bytes allowed", Show(path))
            }
            Self::Changed(path) => write!(f, "{} changes while it is read", Show(path)),
            Self::TooManyIncludes => f.write_str("includes itself, or too many files"),
            Self::Memory => f.write_str("out of memory"),
            Self::Cycle(names) => {
                f.write_str("depends on itself: ")?;
                for name in names {
                    write!(f, "{} -> ", Show(name))?;
                }
                names.first().map_or(Ok(()), |name| Show(name).fmt(f))
            }
            Self::TooDeep => write!(f, "dependencies nest deeper than {DEPTH} services"),
            Self::Dependency(error) => write!(
                f,
                "cannot load what it depends on: {}: {}",
                Show(&error.service),
                error.in_service()
            ),
            Self::Line(what) | Self::Conflict(what) | Self::Lint(what) => f.write_str(what),
            Self::UnknownSetting(name) => {
                write!(f, "there is no setting {:?}", Show(name))?;
                match super::settings::nearest(name) {
                    Some(near) => write!(f, " (did you mean '{near}'?)"),
                    None => Ok(()),
                }
            }
            Self::UnknownCommand(name) => {
                write!(
                    f,
                    "'@{}' is not one of @include, @include-opt, @meta",
                    Show(name)
                )
            }
            Self::NoAppend => f.write_str("cannot be used with '+='"),
            Self::Value { found, expected } => write!(f, "{:?} is not {expected}", Show(found)),
            Self::Substitution(what) => f.write_str(what),
            Self::NoUser(name) => write!(f, "there is no user {:?}", Show(name)),
            Self::NoGroup(name) => write!(f, "there is no group {:?}", Show(name)),
            Self::Ignored(what, why) => write!(f, "{:?} is passed over: {why}", Show(what)),
            Self::Named(path, what, errno) => said(f, path, what, *errno),
            Self::Unsuitable(path, what) => write!(f, "{:?} {what}", Show(path)),
        }
    }
}

/// `PATH WHAT: the system's words for the error`.
fn said(f: &mut fmt::Formatter<'_>, path: &[u8], what: &str, errno: i32) -> fmt::Result {
    write!(f, "{:?} {what}{}", Show(path), Errno(errno))
}
