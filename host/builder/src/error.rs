//! What can go wrong on the building computer, in the words that the user reads.

use std::io;
use std::path::{Path, PathBuf};

/// Shorthand for this crate's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the cache, of a root or of the sandbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Mounting and entering a root takes privileges.
    #[error(
        "this step makes mounts and enters a root, which only root may do: run it as root (sudo ./alpenglow …)"
    )]
    NotRoot,
    /// No folder for the cache can be worked out.
    #[error(
        "no cache folder: neither XDG_CACHE_HOME nor HOME is set; set XDG_CACHE_HOME to a folder that can be written"
    )]
    NoCacheHome,
    /// A file or folder could not be read or written.
    #[error("{}", io_message(doing, path, source))]
    Io {
        /// What was being done, as a verb phrase: "write", "make the folder".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program of the host that is needed is missing.
    #[error("{program} is not on this machine: {way_out}")]
    MissingTool {
        /// The program's name.
        program: String,
        /// How to get it.
        way_out: String,
    },
    /// apt has no archive of the suite that the roots are made of.
    #[error(
        "apt's configuration lists no archive of Debian's suite '{0}', which the build root is made of: add one to /etc/apt/sources.list and run apt-get update"
    )]
    NoSuite(String),
    /// A step of making a root failed.
    #[error("making the {root} root failed at {step} (archive {mirror}); its last lines:\n{tail}\nThe whole log is {}. If the archive did not answer, look at the network or at the address in apt's configuration, then run the same command again", log.display())]
    RootFailed {
        /// Which root.
        root: String,
        /// Which step.
        step: String,
        /// The archive's address.
        mirror: String,
        /// The log's last lines.
        tail: String,
        /// The whole log.
        log: PathBuf,
    },
    /// The sandbox could not be set up.
    #[error("the sandbox could not {doing}: {source}")]
    Sandbox {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// An [`Error::Io`] for `path`.
    pub fn io(doing: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Error::Io {
            doing,
            path: path.as_ref().to_owned(),
            source,
        }
    }
}

/// Names the file and, for the errors that a user can mend, the way out.
fn io_message(doing: &str, path: &Path, source: &io::Error) -> String {
    let way_out = match source.kind() {
        io::ErrorKind::StorageFull => {
            "; free some space there, or set XDG_CACHE_HOME to a folder on a larger disk, and run the same command again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; make it writable, or set XDG_CACHE_HOME to a folder that is"
        }
        _ => "",
    };
    format!("cannot {doing} {}: {source}{way_out}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_the_way_out() {
        let error = Error::io("write", "/x/y", io::ErrorKind::StorageFull.into());
        let text = error.to_string();
        assert!(
            text.contains("/x/y") && text.contains("XDG_CACHE_HOME"),
            "{text}"
        );
    }
}
