//! What was installed before: every transaction as a generation, and the way back to each.
//!
//! `lib/apk/oil/history/N` says of transaction N when and by what command it was, the world before and after, which
//! packages it changed, and, of each that went, its record and its scripts as they were. The files of those are in the
//! [`store`], or still in their places where nothing took it. All of it lies beside the database, on the file system
//! that /usr is on, so that keeping a file is a rename; `/var` may be another one, and is deleted more easily.

mod file;
pub(crate) mod restore;
mod special;
pub(crate) mod store;

pub(crate) use file::{forget, place, prepare};

use crate::database::installed::Installed;
use crate::database::record::Record;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::package::Scripts;
use crate::transact::{New, Plan, Source, Step};
use crate::version::Version;
use special::Specials;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

/// The past of a root.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// From the oldest that is kept to the newest.
    pub generations: Vec<Generation>,
}

/// A transaction that was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generation {
    /// Counted from 1 since the root's first; it stays the same when older ones are forgotten.
    pub number: u64,
    /// Seconds since 1970.
    pub time: u64,
    /// [`Plan::command`].
    pub command: String,
    /// The world before it and after it.
    pub world: (String, String),
    /// What changed: for each package its name, and what was there before and after.
    pub changes: Vec<Change>,
}

/// What changed of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The package.
    pub name: String,
    /// What was there before; none if it was not there.
    pub before: Option<Build>,
    /// What was there after; none if it was gone.
    pub after: Option<Build>,
}

/// A version of a package, and which build of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// The version.
    pub version: String,
    /// The identity that the database has; twenty bytes.
    pub identity: Option<Digest>,
}

/// A package that had been installed.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// As it stood in the database.
    pub record: Record,
    /// Its scripts.
    pub scripts: Scripts,
    /// Its devices and extended attributes, of which the database does not say enough.
    pub(crate) specials: Specials,
}

impl History {
    /// Of a root; empty if there is none.
    ///
    /// # Errors
    /// Those of reading, and [`Error::Database`] for a file that is not one of ours.
    pub fn read(root: &Path) -> Result<Self> {
        let mut generations = Vec::new();
        for number in file::numbers(root)? {
            generations.push(file::read(root, number)?.generation);
        }
        Ok(Self { generations })
    }

    fn find(&self, number: u64) -> Result<usize> {
        let found = self.generations.iter().position(|one| one.number == number);
        found.ok_or_else(|| {
            let kept = match (self.generations.first(), self.generations.last()) {
                (Some(first), Some(last)) => format!("{} to {} are", first.number, last.number),
                _ => "none is".to_owned(),
            };
            Error::History(format!("transaction {number} is not remembered; {kept}"))
        })
    }

    /// What leads back to the state before generation `number` (so `undo` is that of the last).
    ///
    /// # Errors
    /// [`Error::History`] if it is not remembered, or if the root has been changed by something else since. That a
    /// file is not there any more is found when the transaction is prepared.
    pub fn plan_before(&self, root: &Path, number: u64) -> Result<Plan<'static>> {
        let from = self.find(number)?;
        self.plan(root, from, self.generations[from].world.0.clone())
    }

    /// What leads back to the state after generation `number`.
    ///
    /// # Errors
    /// As [`History::plan_before`].
    pub fn plan_after(&self, root: &Path, number: u64) -> Result<Plan<'static>> {
        let at = self.find(number)?;
        self.plan(root, at + 1, self.generations[at].world.1.clone())
    }

    /// What differs between the states after two generations; 0 stands for that before the first one kept.
    ///
    /// # Errors
    /// [`Error::History`] if one is not remembered.
    pub fn diff(&self, from: u64, to: u64) -> Result<Vec<Change>> {
        let behind = |number: u64| match number {
            0 => Ok(0),
            number => self.find(number).map(|at| at + 1),
        };
        let (from, to) = (behind(from)?, behind(to)?);
        let forward = self.changes(from.min(to), from.max(to));
        let turned = |change: Change| Change {
            before: change.after,
            after: change.before,
            name: change.name,
        };
        Ok(forward
            .into_iter()
            .map(|change| if from > to { turned(change) } else { change })
            .collect())
    }

    /// The changes of some generations as one.
    fn changes(&self, from: usize, to: usize) -> Vec<Change> {
        let mut all: BTreeMap<&str, Change> = BTreeMap::new();
        for change in self.generations[from..to]
            .iter()
            .flat_map(|one| &one.changes)
        {
            let merged = all.entry(&change.name).or_insert_with(|| change.clone());
            merged.after.clone_from(&change.after);
        }
        all.into_values()
            .filter(|change| change.before != change.after)
            .collect()
    }

    /// What undoes the generations from `from` on.
    fn plan(&self, root: &Path, from: usize, world: String) -> Result<Plan<'static>> {
        let installed = Installed::read(root)?;
        let mut removals = Vec::new();
        let mut steps = Vec::new();
        for change in self.changes(from, self.generations.len()) {
            let now = match installed.find(&change.name) {
                Some(place) => Some(installed.metadata(place)?.info),
                None => None,
            };
            let now = now.map(|info| Build {
                version: info.version.as_str().to_owned(),
                identity: info.identity.map(|identity| identity.short()),
            });
            if now != change.after {
                return Err(Error::History(format!(
                    "{} was changed by another program since; the way back leads through that",
                    change.name
                )));
            }
            match &change.before {
                None => removals.push(Step {
                    title: title(&change),
                    old: Some(change.name.clone()),
                    new: None,
                }),
                Some(build) => {
                    let kept = self.kept(root, from, &change.name, build)?;
                    let tag = kept.record.tag.clone();
                    steps.push(Step {
                        title: title(&change),
                        old: change.after.is_some().then(|| change.name.clone()),
                        new: Some(New {
                            source: Source::Kept(Box::new(kept)),
                            tag,
                        }),
                    });
                }
            }
        }
        // What comes back may need the names of what goes.
        removals.append(&mut steps);
        Ok(Plan {
            steps: removals,
            world,
            ..Plan::default()
        })
    }

    /// A package as the first generation from `from` on that let it go remembers it.
    fn kept(&self, root: &Path, from: usize, name: &str, build: &Build) -> Result<Kept> {
        for generation in &self.generations[from..] {
            let changed = generation
                .changes
                .iter()
                .any(|change| change.name == name && change.before.as_ref() == Some(build));
            if changed && let Some(kept) = file::read(root, generation.number)?.kept.remove(name) {
                return Ok(kept);
            }
        }
        Err(Error::History(format!(
            "{name}-{} is not remembered",
            build.version
        )))
    }
}

/// What undoing a change is called.
fn title(change: &Change) -> String {
    let name = &change.name;
    match (&change.after, &change.before) {
        (None, Some(back)) => format!("Installing {name} ({})", back.version),
        (Some(now), None) => format!("Purging {name} ({})", now.version),
        (Some(now), Some(back)) => {
            let version = |build: &Build| Version::from_text(build.version.as_str());
            let verb = match version(now).compare(&version(back)) {
                Ordering::Less => "Upgrading",
                Ordering::Greater => "Downgrading",
                Ordering::Equal => "Replacing",
            };
            format!("{verb} {name} ({} -> {})", now.version, back.version)
        }
        (None, None) => String::new(),
    }
}
