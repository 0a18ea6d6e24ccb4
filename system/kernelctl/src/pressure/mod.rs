//! Pressure (`Documentation/accounting/psi.rst`): triggers that the kernel watches, and what is done when one fires.

mod act;
mod level;
mod room;
mod victim;
mod watch;

use document::Origin;

pub use level::Level;
pub use room::Room;
pub use watch::watch;

/// A trigger and what it starts. Times are in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// From `cgroup_root`; empty: the whole system.
    pub group: String,
    /// `memory`, `io` or `cpu`.
    pub resource: &'static str,
    /// All processes wait, not only some.
    pub full: bool,
    /// It fires when they wait so long …
    pub stall: u64,
    /// … within this time.
    pub window: u64,
    /// After this time without firing, it begins with the first action again.
    pub calm: u64,
    /// It counts only when no more of the machine's memory is to be had: groups that wait for their own limits count as
    /// pressure of the whole system too.
    pub available: Option<Room>,
    pub actions: Vec<Action>,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub doing: Doing,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Takes memory from a group that it can do without (`memory.reclaim`).
    Reclaim { group: String, amount: u64 },
    /// Stops a group for a while (`cgroup.freeze`).
    Freeze { group: String, pause: u64 },
    /// Sends a signal to a service of dinit.
    Tell { service: String, signal: i32 },
    /// Kills the process of a group that has the most memory.
    Kill { group: String },
}

/// Signals for services (signal(7)); the first is sent if none is named. Their numbers are the same wherever we run.
pub const SIGNALS: &[(&str, i32)] = &[
    ("TERM", 15),
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("KILL", 9),
    ("USR1", 10),
    ("USR2", 12),
];

impl Trigger {
    /// What is written to the kernel's file.
    pub fn line(&self) -> String {
        let kind = if self.full { "full" } else { "some" };
        format!("{kind} {} {}", self.stall, self.window)
    }

    /// What it is called in the log.
    pub fn shown(&self) -> String {
        let kind = if self.full { "full" } else { "some" };
        let group = if self.group.is_empty() {
            "/"
        } else {
            &self.group
        };
        format!(
            "{} {kind} {}ms in {}ms of {group}",
            self.resource,
            self.stall / 1000,
            self.window / 1000
        )
    }

    /// The file below `/`, for groups in `base`.
    pub fn file(&self, base: &str) -> String {
        match self.group.is_empty() {
            true => format!("/proc/pressure/{}", self.resource),
            false => format!("{}/{}.pressure", folder(base, &self.group), self.resource),
        }
    }
}

/// The folder of a group; empty: of all.
pub fn folder(base: &str, group: &str) -> String {
    let base = if group.is_empty() { "" } else { base };
    let mut folder = crate::cgroup::ROOT.to_owned();
    for part in [base, group] {
        if !part.is_empty() {
            folder.push('/');
            folder += part;
        }
    }
    folder
}
