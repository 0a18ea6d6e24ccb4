//! What the engine keeps for one service and for one dependency.

use super::{DependencyKind, Exit, LaunchError, Settings, State, StopReason, Time, Times};

/// No record, no link: the end of a list.
pub(super) const NONE: u32 = u32::MAX;

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Flags: u32 {
        /// Marked active: `dinitctl start`.
        const EXPLICIT = 1;
        const PINNED_STARTED = 1 << 1;
        const PINNED_STOPPED = 1 << 2;
        /// A service that needs this one is pinned started, or pinned so itself.
        const DEPENDENT_PINNED = 1 << 3;
        /// STARTING: for dependencies. STOPPING: for dependents. Either can still be called off without a trace.
        const WAITING = 1 << 4;
        const WAITING_CONSOLE = 1 << 5;
        const HAS_CONSOLE = 1 << 6;
        /// It must stop, whatever anybody wants afterwards.
        const FORCE_STOP = 1 << 7;
        /// The start now going on (or to come) is an automatic restart: it has to keep the delay.
        const AUTO_RESTART = 1 << 8;
        /// What is to be propagated as a stop is part of a restart that somebody asked for.
        const USER_RESTART = 1 << 9;
        const FAILED = 1 << 10;
        const SKIPPED = 1 << 11;
        /// Its conditions did not hold: there is nothing to stop.
        const UNMET = 1 << 12;
        /// It was started and nothing has been done yet to bring it down.
        const UP = 1 << 13;
        const TRIGGERED = 1 << 14;
        /// A process is being made while the service stays STARTED: smooth recovery, or the first demand.
        const RECOVERING = 1 << 15;
        /// The process has still to say that it is ready.
        const NOTIFYING = 1 << 16;
        /// The stop has been ordered from the process: do not do it twice.
        const STOP_ISSUED = 1 << 17;
        /// The start command was asked to give up.
        const INTERRUPTING = 1 << 18;
        /// Somebody connected: run the command rather than listen.
        const DEMANDED = 1 << 19;
        /// `KillAll` has not been answered.
        const KILLING = 1 << 20;
        /// It ended by itself: if it is to run again it need not wait for its dependents to stop.
        const EARLY = 1 << 21;
        // What is to be told to neighbours.
        const P_REQUIRE = 1 << 22;
        const P_RELEASE = 1 << 23;
        const P_FAILURE = 1 << 24;
        const P_START = 1 << 25;
        const P_STOP = 1 << 26;
        const P_PIN = 1 << 27;
        /// In the queue of what has to be propagated.
        const IN_PROPAGATION = 1 << 28;
        /// In the queue of what may change its state.
        const IN_TRANSITION = 1 << 29;
    }
}

/// What the service's own process (or what stands in for it) is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    None,
    Checking,
    AwaitingTrigger,
    /// The sockets are being opened.
    Listening,
    /// Listening, without a process.
    Idle,
    /// Kept back by `restart-delay`.
    Delayed,
    Launching,
    /// The process of `command` runs.
    Alive,
    ReadingPid,
    /// The process that the pid file names runs.
    Daemon,
}

/// What the process of `stop-command` is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopPhase {
    None,
    Launching,
    Alive,
}

/// What a place in the arena holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Free,
    /// A name that an `after` or `before` mentions; not loaded.
    Named,
    Loaded,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub slot: Slot,
    pub state: State,
    /// Only STARTED or STOPPED.
    pub target: State,
    pub reason: StopReason,
    pub phase: Phase,
    pub stop_phase: StopPhase,
    pub flags: Flags,
    /// One for each dependent that holds this service, and one for being explicitly active.
    pub required_by: u32,
    /// How many of the own dependencies' links are WAITING.
    pub waits: u32,
    /// STOPPING: the link of the dependent that was found in the way. Those before it are out of the way.
    pub blocker: u32,
    pub name: Box<[u8]>,
    pub hash: u32,
    pub settings: Settings,
    pub first_out: u32,
    pub last_out: u32,
    pub first_in: u32,
    pub last_in: u32,
    /// Load order; in a free record, `next` is the next free one.
    pub next: u32,
    pub previous: u32,
    pub console_next: u32,
    pub console_previous: u32,
    /// When last visited by the two directions of the search for cycles.
    pub marks: [u32; 2],
    pub pid: i32,
    pub stop_pid: i32,
    pub exit: Exit,
    pub launch_error: Option<LaunchError>,
    pub last_launch: Time,
    /// Since when restarts are counted, and how many there were.
    pub interval_start: Time,
    pub interval_count: u32,
    pub times: Times,
}

impl Record {
    pub fn new(name: Box<[u8]>, hash: u32) -> Self {
        Self {
            slot: Slot::Named,
            state: State::Stopped,
            target: State::Stopped,
            reason: StopReason::Normal,
            phase: Phase::None,
            stop_phase: StopPhase::None,
            flags: Flags::empty(),
            required_by: 0,
            waits: 0,
            blocker: NONE,
            name,
            hash,
            settings: Settings::internal(),
            first_out: NONE,
            last_out: NONE,
            first_in: NONE,
            last_in: NONE,
            next: NONE,
            previous: NONE,
            console_next: NONE,
            console_previous: NONE,
            marks: [0; 2],
            pid: 0,
            stop_pid: 0,
            exit: Exit::default(),
            launch_error: None,
            last_launch: Time(0),
            interval_start: Time(0),
            interval_count: 0,
            times: Times::default(),
        }
    }
}

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct LinkFlags: u8 {
        /// `from` waits for `to` to start.
        const WAITING = 1;
        /// `from` keeps `to` running: it is counted in `required_by`.
        const HOLDING = 1 << 1;
        /// On its way out, by a reload; not looked at by the search for cycles.
        const OLD = 1 << 2;
    }
}

/// `from` starts after `to`. A service that says `before: other` is the `to` of a link from the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    pub from: u32,
    pub to: u32,
    /// In a free link: the next free one.
    pub next_out: u32,
    pub previous_out: u32,
    pub next_in: u32,
    pub previous_in: u32,
    pub kind: DependencyKind,
    pub flags: LinkFlags,
}

impl Link {
    pub fn waiting(&self) -> bool {
        self.flags.contains(LinkFlags::WAITING)
    }

    pub fn holding(&self) -> bool {
        self.flags.contains(LinkFlags::HOLDING)
    }

    /// Whether `from` cannot be up without `to`. A milestone is that until it has been reached.
    pub fn hard(&self) -> bool {
        self.needs() || (self.kind == DependencyKind::Milestone && self.waiting())
    }

    pub fn needs(&self) -> bool {
        matches!(self.kind, DependencyKind::Need | DependencyKind::PreparedBy)
    }

    /// Neither starts the other nor keeps it running.
    pub fn only_orders(&self) -> bool {
        matches!(self.kind, DependencyKind::After | DependencyKind::Before)
    }
}
