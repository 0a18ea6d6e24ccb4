//! What can be wrong with a file of a package, an index or the root.
//!
//! Readers in the middle of a chain speak [`std::io::Read`], whose error is [`std::io::Error`]: ours travel inside it
//! and come out whole ([`From`] in both directions).

use crate::digest::Digest;
use crate::format::adb;
use crate::transact::Conflicts;
use inflate::Damaged;
use std::io;
use std::path::{Path, PathBuf};

/// Result of reading, checking or making packages, indexes and the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a package, an index, a key or the database cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read or written.
    #[error("{0}")]
    Io(io::Error),
    /// A named file of the root could not be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the database does not follow its rules.
    #[error("{}, line {line}: {reason}", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Counted from 1; of an archive its block.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// Someone else writes.
    #[error("unable to lock database: {} is locked by another program; wait for it, or pass --wait SECONDS", .0.display())]
    Locked(PathBuf),
    /// The file ends too early.
    #[error("unexpected end of file")]
    Truncated,
    /// More follows where the file should end.
    #[error("data after the end, at byte {0}")]
    Trailing(u64),
    /// It begins with no mark of a package or an index.
    #[error("not a package or an index of format v2 or v3")]
    Unknown,
    /// Compressed data that is damaged, or compressed in a way that we do not know.
    #[error("compressed data at byte {offset}: {reason}")]
    Compression {
        /// In compressed bytes.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A value of an ADB payload is not what its schema says.
    #[error(transparent)]
    Adb(#[from] adb::Error),
    /// A block of an ADB container is not one, or not in its place.
    #[error("block at byte {offset}: {reason}")]
    Block {
        /// In decompressed bytes.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A tar archive that is none.
    #[error("tar archive at byte {offset}: {reason}")]
    Tar {
        /// In decompressed bytes of the member.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A text that does not follow its rules.
    #[error("{file}, line {line}: {reason}")]
    Text {
        /// The text's name.
        file: &'static str,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A package without something that every package has.
    #[error("package without {0}")]
    Missing(&'static str),
    /// A size or a count that nobody needs.
    #[error("{0} is larger than allowed")]
    Limit(&'static str),
    /// A path that leads out of the root, or that no honest package has.
    #[error("malicious path {}", .0.escape_ascii())]
    Malicious(Vec<u8>),
    /// A directory is not in the package before what is in it, or a hard link's target is not.
    #[error("{} has no {what} before it in the package", .path.escape_ascii())]
    Orphan {
        /// Of the entry.
        path: Vec<u8>,
        /// What is missing.
        what: &'static str,
    },
    /// No signature is by a key that is trusted.
    #[error("UNTRUSTED signature")]
    Untrusted,
    /// A trusted key's signature does not fit.
    #[error("BAD signature")]
    BadSignature,
    /// The package is another than the one that the index names.
    #[error("package is not the one that the index names (expected {expected}, found {found})")]
    Identity {
        /// From the index.
        expected: Digest,
        /// Of the file.
        found: Digest,
    },
    /// The data member is not what the control member says.
    #[error("package data does not have the hash that its control part names")]
    DataHash,
    /// A v2 package that names no hash of its data; its identity says nothing of its files.
    #[error("package of the old style, without a hash of its data")]
    NoDataHash,
    /// A file's content is not what the metadata says.
    #[error("content of {} is not what the package's metadata says", .0.escape_ascii())]
    Content(Vec<u8>),
    /// A key that cannot be used.
    #[error("key {name}: {reason}")]
    Key {
        /// Its file.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// An address could not be had.
    #[error("{url}: {reason}")]
    Fetch {
        /// The address.
        url: String,
        /// Why, and what to do.
        reason: String,
    },
    /// What was asked for cannot be made.
    #[error("{0}")]
    Make(String),
    /// A package file, with what is wrong with it.
    #[error("{}: {source}", .path.display())]
    Package {
        /// The package's file.
        path: PathBuf,
        /// What is wrong.
        source: Box<Error>,
    },
    /// Files that packages bring cannot have their places. Each was told to the watch, in apk's words.
    #[error("{0}")]
    Conflicts(Conflicts),
    /// An earlier transaction was cut off.
    #[error("{}: an earlier transaction was cut off and has to be finished first", .0.display())]
    Interrupted(PathBuf),
    /// A hook that the administrator set before a transaction said no.
    #[error("{0}: exited with error {1}; nothing was changed")]
    Hook(String, i32),
    /// The history does not have what was asked for.
    #[error("{0}")]
    History(String),
}

impl Error {
    /// For a named file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
            let inner = error.into_inner().and_then(|inner| inner.downcast().ok());
            return inner.map_or(Self::Truncated, |inner| *inner);
        }
        let inner = error.get_ref();
        if let Some(damaged) = inner.and_then(|inner| inner.downcast_ref::<Damaged>()) {
            return Self::Compression {
                offset: damaged.offset,
                reason: "damaged DEFLATE data",
            };
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Truncated;
        }
        Self::Io(error)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::Truncated => io::ErrorKind::UnexpectedEof.into(),
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        }
    }
}
