//! Comparisons of our images with peers: in one run, in the same machine, with the same
//! instruction counter. What is compared is a [`Subject`]; what comes out is a [`table::Row`] each.
//! [`init`] compares our service manager and [`oil`] our package manager instead, in sandboxes of this computer;
//! [`netd`] our network daemon. [`kernelctl`] counts in a machine what a policy costs, [`mod@glowfs`] what reading images of file systems does.

pub mod boot;
pub mod glowfs;
pub mod init;
mod inside;
pub mod kernelctl;
pub mod netd;
pub mod oil;
pub mod peers;
pub mod table;

use alpenglow_machine::{Board, Spec};
use std::io;
use std::path::{Path, PathBuf};

/// What ends a comparison.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A machine did not do what was measured.
    #[error(transparent)]
    Machine(#[from] alpenglow_machine::Error),
    /// A peer's initramfs could not be written.
    #[error(transparent)]
    Image(#[from] alpenglow_image::Error),
    /// A file that was to be compared is not there.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was named as the reference is none.
    #[error(
        "{} is no reference dinit ({why}): name the folder of its programs, or the program dinit itself", path.display()
    )]
    NoReference {
        /// What was named.
        path: PathBuf,
        /// Why it is none.
        why: String,
    },
    /// A service manager did not do what was measured.
    #[error("{manager} with {services} services could not be measured: {why}")]
    Service {
        /// The manager's name.
        manager: String,
        /// How many services it was given.
        services: usize,
        /// What it said.
        why: String,
    },
    /// What was named as the reference is none.
    #[error("{} is no reference apk ({why}): name the program of apk-tools 3", path.display())]
    NoApk {
        /// What was named.
        path: PathBuf,
        /// Why it is none.
        why: String,
    },
    /// A client of DHCP did not do what was measured.
    #[error("{client} could not be measured: {why}")]
    Network {
        /// Its name.
        client: String,
        /// What it said.
        why: String,
    },
    /// An image of a file system could not be made or read.
    #[error("images of file systems could not be compared: {maker}: {why}")]
    FileSystem {
        /// What makes it.
        maker: String,
        /// What it said.
        why: String,
    },
    /// kernelctl did not do what was measured.
    #[error("kernelctl could not be measured: {0}")]
    Policy(String),
    /// A package manager did not do what was measured.
    #[error("{manager} could not be measured: {why}")]
    Manager {
        /// Its name.
        manager: String,
        /// What it said.
        why: String,
    },
    /// A package or an index could not be made.
    #[error("a package to compare with could not be made: {0}")]
    Package(#[from] ::oil::error::Error),
    /// What is compared could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The peers' root has no such file.
    #[error(
        "the peers' root has no {0}: delete its folder below the cache's roots/ to have it made again"
    )]
    NoPeer(String),
}

impl Error {
    fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}

/// Shorthand for this crate's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One thing that is compared: a kernel with an initramfs on a board.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it is, in a few words.
    pub name: String,
    /// The machine, with kernel and initramfs.
    pub spec: Spec,
    /// The text that shows that its prompt is there.
    pub prompt: &'static str,
    /// Whether it is ours: ratios on a board are to the one of ours on that board.
    pub ours: bool,
    /// Whether it prints its memory and powers off by itself after the prompt.
    pub reports: bool,
}

impl Subject {
    /// The board it is compared on.
    pub fn board(&self) -> Board {
        self.spec.board
    }
}
