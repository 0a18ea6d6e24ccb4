//! Reading and writing the value of a step, by its kind.

use super::advice;
use crate::files::{self, Value};
use crate::root::Root;
use crate::step::{Kind, Step};
use rustix::io::Errno;

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Is(String),
    /// It cannot be read, only written.
    Hidden,
    /// There is no such file.
    Absent,
}

impl Found {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Is(text) => Some(text),
            _ => None,
        }
    }
}

/// What is there now. The error says what to do.
pub fn read(root: &Root, step: &Step) -> Result<Found, String> {
    match step.kind {
        Kind::Sysctl => match files::read_value(&root.at(&step.path)) {
            Ok(Some(text)) => Ok(Found::Is(text)),
            Ok(None) => Ok(Found::Hidden),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(Found::Absent),
            // Some can only be written: the kernel refuses reading in its own ways.
            Err(Errno::PERM | Errno::IO | Errno::INVAL) => Ok(Found::Hidden),
            Err(errno) => Err(advice::reading(step, errno)),
        },
    }
}

/// Writes `value` and reads it back; None: it cannot be read. The error says what to do.
pub fn write(root: &Root, step: &Step, value: &str) -> Result<Option<String>, String> {
    match step.kind {
        Kind::Sysctl => {
            let failed = |errno| advice::writing(step, value, errno);
            let file = Value::open(&root.at(&step.path)).map_err(failed)?;
            file.write(value).map_err(failed)?;
            Ok(file.read().unwrap_or(None))
        }
    }
}
