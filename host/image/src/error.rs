//! What can go wrong between a root and an image.

use std::io;
use std::path::{Path, PathBuf};

/// The result of this crate's calls.
pub type Result<T> = std::result::Result<T, Error>;

/// An image that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the root cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },

    /// The image cannot be written.
    #[error("cannot write {}: {source}{}", path.display(), hint(.source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },

    /// A file of the root that the format has no way to hold.
    #[error("{} cannot go into an image: {problem}", path.display())]
    Entry {
        /// The file, as it would be named in the image, or in the root.
        path: PathBuf,
        /// Why not, and what to do.
        problem: String,
    },

    /// A compressor failed.
    #[error("cannot compress with {kind}: {source}")]
    Compress {
        /// The kind's name.
        kind: &'static str,
        /// What the compressor said.
        source: io::Error,
    },

    /// A name that is not one of a list.
    #[error("{what} '{name}' is not known; there are {known}")]
    UnknownName {
        /// "compression", "format".
        what: &'static str,
        /// The name given.
        name: String,
        /// The names that are known.
        known: String,
    },

    /// An edition that declares what cannot be made.
    #[error("editions/{name}.toml: {problem}")]
    Edition {
        /// The edition's name.
        name: String,
        /// What does not fit, and what to write instead.
        problem: String,
    },

    /// A format that an edition is not made as.
    #[error(
        "edition '{edition}' is not made as {format}, but as {made}: ask for one of these, or add it to formats of editions/{edition}.toml"
    )]
    NotMade {
        /// The edition's name.
        edition: String,
        /// The format that was asked for.
        format: crate::Format,
        /// The formats that it is made as.
        made: String,
    },

    /// `SOURCE_DATE_EPOCH` is set to what is no time.
    #[error(
        "SOURCE_DATE_EPOCH is '{0}': set it to whole seconds since 1970, below 4294967296, or unset it"
    )]
    Epoch(String),

    /// The root's own /etc/shadow is no base for a credential.
    #[error("the image's /etc/shadow is not usable: {0}")]
    Shadow(String),

    /// Building packages or composing the root failed.
    #[error(transparent)]
    Forge(#[from] alpenglow_forge::Error),

    /// The building computer failed.
    #[error(transparent)]
    Builder(#[from] alpenglow_builder::Error),

    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    }

    pub(crate) fn entry(path: &Path, problem: impl Into<String>) -> Error {
        Error::Entry {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space there and start again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; make its folder writable, or choose another"
        }
        _ => "",
    }
}
