//! One measurement: what the sandbox is asked for, and what comes back.

use super::graph::Shape;
use serde::{Deserialize, Serialize};

/// Which service manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manager {
    /// Ours or the reference: the program at [`DINIT`].
    Dinit,
    /// s6-svscan and a s6-supervise for each service.
    S6,
    /// runsvdir and a runsv for each service.
    Runit,
    /// openrc, which starts a runlevel and ends.
    OpenRc,
    /// None: the same programs are started by a loop and waited for.
    Bare,
}

/// What each service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Runs a program that ends at once.
    Noop,
    /// Runs a program that stays.
    Hold,
}

/// The services of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// How many.
    pub count: usize,
    /// How they depend on each other.
    pub shape: Shape,
    /// What they do.
    pub work: Work,
}

/// What is measured once they have started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// What starting them took, before all else that the computer does.
    Start,
    /// What it took beside a busy program on each processor.
    Crowded,
    /// What the manager takes while nothing happens, over so many seconds.
    Idle(u32),
    /// System calls until they had started.
    Calls,
}

/// What a sandbox is asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The manager.
    pub manager: Manager,
    /// The services.
    pub load: Load,
    /// What is measured.
    pub task: Task,
    /// Seconds after which it is given up.
    pub limit: u32,
}

/// What was found. What the task did not ask for, or this kernel does not tell, is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Milliseconds from before the manager was started until the last service had told.
    pub wall_ms: f64,
    /// Milliseconds of processor, user and system, of the manager and of all that it started.
    pub cpu_ms: f64,
    /// Those of the manager's own processes.
    pub manager_cpu_ms: Option<f64>,
    /// Whether it had real-time priority.
    pub real_time: bool,
    /// The manager's processes.
    pub processes: usize,
    /// KiB that they have in memory, what they share counted for each.
    pub rss_kib: Option<f64>,
    /// KiB with what is shared divided among those that share it.
    pub pss_kib: Option<f64>,
    /// How often they were woken.
    pub wakes: Option<f64>,
    /// System calls of the manager's processes.
    pub manager_calls: Option<f64>,
    /// Those of them before it made its first process.
    pub loading_calls: Option<f64>,
    /// System calls of services' processes until their program ran.
    pub child_calls: Option<f64>,
}

/// The name by which the sandbox is asked to measure.
pub const WORK: &str = "alpenglow-bench-init";
/// The folder in memory that a measurement has in the sandbox.
pub const PLACE: &str = "/run/bench";
/// The programs that services run: `noop`, `tell`, `hold`.
pub const PROBES: &str = "/run/bench/bin";
/// The service manager that speaks dinit.
pub const DINIT: &str = "/run/bench/dinit";
