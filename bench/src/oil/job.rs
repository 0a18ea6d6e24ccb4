//! One measurement: what a process is asked for, and what comes back.

use super::repository::Sizes;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manager {
    /// Ours, or apk: both have the same words.
    Apk,
    /// dpkg, for what it does.
    Dpkg,
}

/// What is measured, in the order in which it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Task {
    /// A package of a large index is looked up, for the first time.
    IndexFirst,
    /// The same again.
    Index,
    /// A world of this index is solved.
    Solve,
    /// Packages are installed from a folder.
    Install,
    /// The owner of a path is looked up.
    Owner,
    /// A package that is there already is added.
    Nothing,
    /// What is installed is compared with what should be.
    Audit,
    /// Packages' files are verified.
    Verify,
    /// Some packages are upgraded.
    Upgrade,
    /// Some packages are deleted.
    Delete,
    /// Packages are installed over HTTP.
    Http,
}

impl Task {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::IndexFirst,
        Self::Index,
        Self::Solve,
        Self::Install,
        Self::Owner,
        Self::Nothing,
        Self::Audit,
        Self::Verify,
        Self::Upgrade,
        Self::Delete,
        Self::Http,
    ];
}

/// What a process is asked for: all tasks once, with roots of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The manager.
    pub manager: Manager,
    /// Its program.
    pub program: PathBuf,
    /// The repositories.
    pub repositories: PathBuf,
    /// A folder in memory, for roots.
    pub place: PathBuf,
    /// How much there is.
    pub sizes: Sizes,
}

/// What a task took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Milliseconds from start to end.
    pub wall_ms: f64,
    /// Milliseconds of processor, user and system, of the program and all that it started and waited for.
    pub cpu_ms: f64,
    /// KiB that the largest of these processes had in memory.
    pub peak_kib: f64,
}

/// What was found: tasks that the manager does, with their cost.
pub type Found = Vec<(Task, Cost)>;

/// The name by which a process is asked to measure.
pub const WORK: &str = "alpenglow-bench-oil";
