//! What the daemon keeps for a loaded service beside what the engine keeps.

use super::output::Output;
use crate::description::Description;
use std::os::fd::OwnedFd;

/// A loaded service.
pub struct Unit {
    pub description: Description,
    /// The place in lists: a service comes before what was loaded for it.
    pub sequence: u64,
    /// What only services with a process that runs or ran need.
    pub run: Option<Box<Run>>,
}

/// What belongs to the runs of a service.
#[derive(Default)]
pub struct Run {
    /// Where readiness is read.
    pub ready: Option<OwnedFd>,
    /// Where its output goes, if through us.
    pub output: Option<Output>,
    /// Its listening sockets.
    pub sockets: Vec<OwnedFd>,
    /// Whether we wait for a connection in its place.
    pub demand: bool,
    /// Its cgroup: the folder, open, and its path.
    pub cgroup: Option<(OwnedFd, Box<[u8]>)>,
    /// A process that is not our child.
    pub foreign: Option<OwnedFd>,
    /// STATUS of sd_notify(3).
    pub status: Option<Box<[u8]>>,
}

impl Unit {
    pub fn new(description: Description, sequence: u64) -> Self {
        Self {
            description,
            sequence,
            run: None,
        }
    }

    pub fn run(&mut self) -> &mut Run {
        self.run.get_or_insert_default()
    }
}
