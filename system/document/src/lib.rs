//! Declarations as a tree of values, with the line of each, from TOML or JSON; and JSON for what is told.
//!
//! For programs that are too small for a reader of others: `docs/decisions/0009-documents.md` has the sizes.

#![forbid(unsafe_code)]

mod files;
pub mod json;
mod origin;
pub mod toml;
mod value;

pub use files::files;
pub use origin::Origin;
pub use value::{Data, Key, Table, Value};

use std::fmt;

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where, from 1.
    pub line: u32,
    /// What, and what is expected.
    pub what: String,
}

/// To be put behind the file's name and a colon.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

impl std::error::Error for Error {}
