//! Brings a root from what is installed to what a [`Plan`] says, whole or not at all.
//!
//! [`Transaction::prepare`] reads and verifies every package and unpacks it beside the live tree; nothing of the root
//! has changed when it is done, and what cannot be done is known. [`Transaction::commit`] publishes a journal of all
//! that is left to do: from that instant on the transaction is decided, though it may have to be finished by
//! [`recover`], which every program that writes calls first. Scripts run in their places between the packages, as
//! apk runs them; one that was cut off is run again.
//!
//! What is unpacked lies in `lib/apk/oil/transaction`, and for each other file system below the root in
//! `.oil-transaction` at its top, so that putting a file in its place is one rename.

pub(crate) mod area;
mod arrivals;
mod claims;
mod conflicts;
mod files;
mod finish;
mod idle;
mod journal;
pub(crate) mod manifest;
mod options;
mod owners;
mod permissions;
pub(crate) mod place;
mod plan;
mod prepare;
mod protect;
mod run;
mod script;
mod settle;
pub(crate) mod trees;
mod trigger;
mod unpack;
mod watch;
pub(crate) mod xattrs;

pub use arrivals::Arrivals;
pub(crate) use claims::join;
pub use conflicts::Conflicts;
pub(crate) use journal::Line;
pub use options::{DEFAULT_GENERATIONS, Options};
pub use permissions::reset_directories;
pub use plan::{New, Plan, Source, Step};
pub(crate) use unpack::times;
pub use watch::{Event, Quiet, Watch};
pub use xattrs::set as set_xattrs;

use crate::database::lock::Lock;
use crate::error::{Error, Result};
use area::Area;
use journal::{JOURNAL, Journal};
use place::Root;
use script::{Program, Runner};
use std::path::Path;

/// A transaction that is ready to be committed. Dropped before that, it leaves nothing behind.
pub struct Transaction<'a> {
    root: Root,
    plan: Plan<'a>,
    /// None: there is nothing to do.
    journal: Option<Journal>,
    options: &'a Options,
    watch: &'a dyn Watch,
    decided: bool,
}

/// How a transaction went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Installed packages with something wrong about them (`f:` of the database), and triggers that failed; apk's exit
    /// status is this number.
    pub errors: usize,
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
    /// [`Error::Package`] with what is wrong with a package, [`Error::Conflicts`] for files that others own,
    /// [`Error::Interrupted`] if [`recover`] has to be called first, and those of reading the database and of
    /// writing. The root is as it was then.
    pub fn prepare(
        root: &Path,
        _lock: &Lock,
        plan: Plan<'a>,
        options: &'a Options,
        watch: &'a dyn Watch,
    ) -> Result<Self> {
        let root = Root::open(root)?;
        if is_interrupted(root.path()) {
            return Err(Error::Interrupted(root.path().to_owned()));
        }
        let prepared = match idle::is_idle(&root, &plan)? {
            true => Ok(None),
            false => prepare::prepare(&root, &plan, options, watch).map(Some),
        };
        match prepared {
            Ok(journal) => Ok(Self {
                root,
                plan,
                journal,
                options,
                watch,
                decided: false,
            }),
            Err(error) => {
                // What went wrong first is what there is to say.
                let _ = area::remove(&root);
                Err(error)
            }
        }
    }

    /// The changes.
    #[must_use]
    pub fn steps(&self) -> &[Step<'a>] {
        &self.plan.steps
    }

    /// Does it.
    ///
    /// # Errors
    /// [`Error::Hook`] for a pre-commit hook that fails, with nothing changed; and those of writing, after which
    /// [`recover`] finishes what had been decided.
    pub fn commit(mut self) -> Result<Outcome> {
        let runner = run::runner(&self.root, self.options, self.watch);
        if self.options.commit_hooks {
            hooks(&runner, "pre-commit")?;
        }
        let outcome = match &self.journal {
            None => idle::outcome(&self.root)?,
            Some(journal) => {
                let area = Area::open(&self.root)?;
                if journal.sync {
                    area.sync()?;
                }
                journal.publish(&area)?;
                self.decided = true;
                drop(area);
                let outcome = run::run(&self.root, self.options, self.watch, false)?;
                outcome.unwrap_or_default()
            }
        };
        if self.options.commit_hooks {
            // Its failure has been told, and undoes nothing.
            let _ = hooks(&runner, "post-commit");
        }
        Ok(outcome)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.journal.is_some() && !self.decided {
            // What is left is taken away by the next `recover`.
            let _ = area::remove(&self.root);
        }
    }
}

fn hooks(runner: &Runner, when: &str) -> Result<()> {
    for (name, path) in script::hooks(runner.root) {
        let line = format!("Executing {when} {name}");
        runner.watch.tell(Event::Script(&line));
        let program = Program {
            title: &path,
            text: None,
            kind: when,
            package: None,
            mark: "* ",
        };
        let status = runner.run(&program, &[when]);
        if status != 0 {
            return Err(Error::Hook(path, status));
        }
    }
    Ok(())
}

/// Finishes or takes back what an earlier program was cut off from. Costs one look at a directory when there is
/// nothing.
///
/// # Errors
/// Those of reading the journal and of writing; calling it again goes on from there.
pub fn recover(
    root: &Path,
    _lock: &Lock,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Recovery> {
    let interrupted = is_interrupted(root);
    let decided = root.join("lib/apk/oil/transaction").join(JOURNAL).exists();
    let root = Root::open(root)?;
    area::sweep(&root)?;
    if !interrupted {
        return Ok(Recovery::Clean);
    }
    if decided {
        if let Some(outcome) = run::run(&root, options, watch, true)? {
            return Ok(Recovery::RolledForward(outcome));
        }
        area::remove(&root)?;
        return Ok(Recovery::Abandoned);
    }
    area::remove(&root)?;
    Ok(Recovery::RolledBack)
}

/// Whether [`recover`] has something to do. Needs no lock.
#[must_use]
pub fn is_interrupted(root: &Path) -> bool {
    root.join("lib/apk/oil/transaction").exists()
}
