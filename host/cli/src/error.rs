//! The command line's own failures beside those of the stages.

use std::path::PathBuf;

/// Shorthand for results of verbs.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whatever ends a verb.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The building computer.
    #[error(transparent)]
    Builder(#[from] alpenglow_builder::Error),
    /// Comparisons.
    #[error(transparent)]
    Bench(#[from] alpenglow_bench::Error),
    /// Recipes and packages.
    #[error(transparent)]
    Forge(#[from] alpenglow_forge::Error),
    /// Images.
    #[error(transparent)]
    Image(#[from] alpenglow_image::Error),
    /// Machines.
    #[error(transparent)]
    Machine(#[from] alpenglow_machine::Error),
    /// Sources.
    #[error(transparent)]
    Sources(#[from] alpenglow_sources::Error),
    /// The lock of the sources.
    #[error(transparent)]
    Lock(#[from] alpenglow_sources::LockError),
    /// A name that is neither a package's nor a source's.
    #[error("there is no package and no source '{name}'; sources.lock lists: {known}")]
    NoSource {
        /// The name.
        name: String,
        /// The sources that there are.
        known: String,
    },
    /// A package that has nothing from upstream.
    #[error("'{0}' is Alpenglow's own: it has no source that upstream could have newer")]
    OwnPackage(String),
    /// There is no repository here.
    #[error(
        "this is not Alpenglow's repository: run ./alpenglow in the checkout, or set ALPENGLOW_REPOSITORY to it"
    )]
    NoRepository,
    /// A program could not be run.
    #[error("cannot run {0}: {1}")]
    Run(String, std::io::Error),
    /// An edition that no machine boots.
    #[error(
        "no machine boots edition '{edition}': it is made as {made}, and a machine wants {wanted}. \
         './alpenglow build --edition {edition}' writes what it is made as; docs/container.md says how a container of it is run"
    )]
    NoMachine {
        /// The edition's name.
        edition: String,
        /// The formats that it is made as.
        made: String,
        /// The formats that the machine wants.
        wanted: String,
    },
    /// A disk of a machine's is not there.
    #[error("{}: {source}: --disk wants a file with a disk's bytes: make one with 'truncate -s 1G FILE'", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of keys that is none.
    #[error("{}: {what}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// Ports to be forwarded to a machine that is on a network of the host's.
    #[error(
        "--forward is for --network user: what is on {0} is reached by the guest's own address"
    )]
    Forward(String),
    /// A report could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
