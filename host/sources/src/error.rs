//! What can go wrong with a source, each message with the way out.

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

/// The result of this crate's calls.
pub type Result<T> = std::result::Result<T, Error>;

/// A source that could not be had, checked or unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The lock file is missing or says something that makes no sense.
    #[error(transparent)]
    Lock(#[from] crate::LockError),

    /// A name that the lock does not list.
    #[error("source '{name}' is not in {lock}; it lists: {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The lock file.
        lock: PathBuf,
        /// The names that are there, comma-separated.
        known: String,
    },

    /// A program that this crate calls is not there.
    #[error(
        "cannot run {program}: {source}; it belongs to Debian's package 'apt': install that and start again"
    )]
    Tool {
        /// The program.
        program: &'static str,
        /// Why it did not start.
        source: io::Error,
    },

    /// There is no cargo.
    #[error(
        "cannot run {program}: {source}; crates are fetched by cargo: run ./alpenglow, which makes sure of it, or set \
         ALPENGLOW_CARGO to a cargo of 1.90 or newer"
    )]
    NoCargo {
        /// The program.
        program: String,
        /// Why it did not start.
        source: io::Error,
    },

    /// No folder for cargo's downloads can be worked out.
    #[error("no folder for cargo: neither CARGO_HOME nor HOME is set; set HOME")]
    NoCargoHome,

    /// cargo failed.
    #[error(
        "cargo could not {doing}: {said}\nThe registry's address and the proxy come from cargo's own configuration \
         (config.toml in CARGO_HOME or ~/.cargo): check it with `cargo fetch` in any project, then start again"
    )]
    Cargo {
        /// What was asked, as a verb phrase.
        doing: String,
        /// cargo's words, on one line.
        said: String,
    },

    /// No index of a Debian suite can be had.
    #[error(
        "no suite of Debian can be looked up:\n{said}\nThe mirror's address comes from apt's configuration \
         (/etc/apt/sources.list and sources.list.d): check it with `apt-get update`, then start again"
    )]
    Suites {
        /// apt's words.
        said: String,
    },

    /// A `Cargo.lock` that makes no sense.
    #[error("{}: {problem}; let cargo write it anew (`cargo generate-lockfile`)", lock.display())]
    CargoLock {
        /// The file.
        lock: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// A crate that could not be had, checked or unpacked.
    #[error("crate {name} {version} of {}: {problem}", lock.display())]
    Crate {
        /// The crate's name.
        name: String,
        /// Its version.
        version: String,
        /// The lock that names it.
        lock: PathBuf,
        /// What is wrong, and the way out.
        problem: String,
    },

    /// apt knows no mirror.
    #[error(
        "apt is configured with no package mirror: add one to /etc/apt/sources.list or /etc/apt/sources.list.d"
    )]
    NoMirror,

    /// apt's configuration could not be asked.
    #[error(transparent)]
    Builder(#[from] alpenglow_builder::Error),

    /// Bytes that are not those the lock asks for.
    #[error(transparent)]
    WrongHash(Box<WrongHash>),

    /// Every pin of a source was tried at every address in vain.
    #[error("{}", unavailable(.name, .attempts))]
    Unavailable {
        /// The source's name.
        name: String,
        /// What was tried, in order.
        attempts: Vec<Attempt>,
    },

    /// The cache cannot be written.
    #[error("{}", cache(.action, .path, .source))]
    Cache {
        /// What was attempted: "create", "write to".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },

    /// Only root gives files to other users.
    #[error("cannot give {} to user {owner}: {source}; run this as root", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// The user and group id wanted.
        owner: u32,
        /// What the system answered.
        source: io::Error,
    },

    /// A fetched file that cannot be unpacked.
    #[error("cannot unpack {}: {problem}", archive.display())]
    Archive {
        /// The archive in the cache.
        archive: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl Error {
    /// Wraps what the system answered about a file or folder of the cache.
    pub(crate) fn cache(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Cache {
            action,
            path,
            source,
        }
    }
}

/// A file that is not the one the lock asks for.
#[derive(Debug, thiserror::Error)]
#[error(
    "source {name} {version}: {address} has the wrong hash\n  wanted {wanted}\n  got    {got}\nThe file was removed and nothing of it is used. \
     A mirror or a proxy may have changed it: try again, or try another mirror; if upstream really replaced the file, \
     check why and correct the hash of {name} in sources.lock"
)]
pub struct WrongHash {
    /// The source's name.
    pub name: String,
    /// The pin's version.
    pub version: String,
    /// Where the file came from.
    pub address: String,
    /// The lock's hash.
    pub wanted: String,
    /// The file's hash, or what else was wrong with it.
    pub got: String,
}

/// One address tried for one pin.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The pin's version.
    pub version: String,
    /// The whole address.
    pub address: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// Why an address gave no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered that it has no such file.
    Missing,
    /// It did not answer, or not with a file; apt's words.
    Unreachable(String),
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match &self.outcome {
            Outcome::Missing => "not there (404)",
            Outcome::Unreachable(said) => said,
        };
        write!(f, "{} at {}: {}", self.version, self.address, said)
    }
}

fn unavailable(name: &str, attempts: &[Attempt]) -> String {
    let mut text = format!("source {name} cannot be fetched:");
    for attempt in attempts {
        let _ = write!(text, "\n  {attempt}");
    }
    if attempts.is_empty() {
        let _ = write!(
            text,
            " no mirror is configured and no upstream address is given"
        );
    }
    if attempts.iter().any(|a| a.outcome == Outcome::Missing) {
        let _ = write!(
            text,
            "\nThe mirror has moved on: `./alpenglow package update {name} --write` pins a version that is there in sources.lock"
        );
    }
    let silent = |from_cargo: bool| {
        let mut failed = attempts.iter().filter(|a| a.outcome != Outcome::Missing);
        failed.any(|a| (a.address == crate::cargo::PLACE) == from_cargo)
    };
    if silent(true) {
        text.push_str(
            "\nThe registry's address and the proxy come from cargo's own configuration (config.toml in CARGO_HOME or \
             ~/.cargo): check it with `cargo fetch` in any project, then start again",
        );
    }
    if silent(false) {
        text.push_str(
            "\nThe mirror's address comes from apt's configuration (/etc/apt/sources.list and sources.list.d; a proxy is \
             Acquire::http::Proxy in /etc/apt/apt.conf.d): check it with `apt-get update`, then start again",
        );
    }
    text
}

fn cache(action: &str, path: &Path, source: &io::Error) -> String {
    let mut text = format!("cannot {action} {}: {source}", path.display());
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => text.push_str(
            "; free some space there, or set XDG_CACHE_HOME to a folder on a larger disk",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            text.push_str("; make the folder writable, or set XDG_CACHE_HOME to a folder that is")
        }
        _ => {}
    }
    text
}
