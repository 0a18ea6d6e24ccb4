//! What was installed before: every transaction as a generation, and the way back to each.

pub(crate) mod store;

use crate::database::record::Record;
use crate::error::Result;
use crate::transact::Plan;
use std::path::Path;

/// The past of a root.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// From the oldest that is kept to the newest.
    pub generations: Vec<Generation>,
}

/// A transaction that was.
#[derive(Clone, Debug, Default)]
pub struct Generation {
    /// Counted from 1 since the root's first; it stays the same when older ones are forgotten.
    pub number: u64,
    /// Seconds since 1970.
    pub time: u64,
    /// [`Plan::command`].
    pub command: String,
    /// The world before it and after it.
    pub world: (String, String),
    /// What changed: for each package its name, the version before and the version after.
    pub changes: Vec<Change>,
}

/// What changed of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The package.
    pub name: String,
    /// Its version before; none if it was not there.
    pub before: Option<String>,
    /// Its version after; none if it is gone.
    pub after: Option<String>,
}

/// A package that had been installed, with where its files are kept.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// As it stood in the database.
    pub record: Record,
}

impl History {
    /// Of a root; empty if there is none.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(_root: &Path) -> Result<Self> {
        Ok(Self::default())
    }

    /// What leads back to the state before generation `number` (so `undo` is that of the last).
    ///
    /// # Errors
    /// [`crate::error::Error::History`] if it is not remembered, or something of it is not there any more.
    pub fn plan_before(&self, _root: &Path, _number: u64) -> Result<Plan<'static>> {
        Ok(Plan::default())
    }

    /// What leads back to the state after generation `number`.
    ///
    /// # Errors
    /// As [`History::plan_before`].
    pub fn plan_after(&self, _root: &Path, _number: u64) -> Result<Plan<'static>> {
        Ok(Plan::default())
    }

    /// What differs between the states after two generations; 0 stands for that before the first one kept.
    ///
    /// # Errors
    /// [`crate::error::Error::History`] if one is not remembered.
    pub fn diff(&self, _from: u64, _to: u64) -> Result<Vec<Change>> {
        Ok(Vec::new())
    }
}

use crate::database::installed::Installed;
use crate::database::scripts::Scripts;
use crate::transact::area::Area;
pub(crate) fn prepare(
    _: &Area,
    _: &Plan,
    _: &[crate::transact::Line],
    _: &Installed,
    _: &Scripts,
) -> Result<u64> {
    Ok(1)
}
pub(crate) fn place(_: &Area, _: u64) -> Result<()> {
    Ok(())
}
pub(crate) fn forget(_: &crate::transact::place::Root, _: usize, _: &Installed) -> Result<()> {
    Ok(())
}
