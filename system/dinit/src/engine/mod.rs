//! The start/stop engine: which service has to do what, when. It makes no system call and knows no file: it is told
//! what was asked for and what happened, and says what is to be done ([`Effect`]). Everything a run of it does depends on
//! its inputs alone, the time among them.
//!
//! A caller gives one or more orders or events, then calls [`Engine::settle`], then carries out [`Engine::effects`].

mod console;
mod cycles;
mod fifo;
mod graph;
mod inputs;
mod links;
mod names;
mod pins;
mod process;
mod queries;
mod record;
mod reload;
mod restore;
mod save;
mod settle;
mod start;
mod stop;
mod stopping;
#[cfg(test)]
mod tests;
mod timers;

pub use graph::GraphError;
pub use reload::ReloadError;
pub use restore::RestoreError;
pub use save::SaveError;

use crate::description::Description;
use console::Console;
use fifo::Fifo;
use inputs::Input;
use names::Names;
use record::{Link, NONE, Record};
use timers::Timers;

/// There was no memory; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// The services, what they depend on, and how far each one is.
///
/// Records and links lie in two arenas and name each other by number; a removed one's place is used again. Nothing
/// here calls itself over the graph: what a service has to tell its neighbours is marked in their records and they are
/// queued. All queues have room for every service before one is added, so that neither an order nor an event ever
/// needs memory.
#[derive(Debug)]
pub struct Engine {
    records: Vec<Record>,
    free_record: u32,
    /// Load order.
    first: u32,
    last: u32,
    loaded: usize,
    links: Vec<Link>,
    free_link: u32,
    links_used: usize,
    names: Names,
    /// Orders and events that came since the last `settle`: they need to know what time it is.
    inbox: Fifo<(Id, Input)>,
    effects: Fifo<Effect>,
    /// Both are stacks, for the order in which independent services start is that of dinit, which has stacks here.
    propagation: Vec<u32>,
    transition: Vec<u32>,
    timers: Timers,
    console: Console,
    active: usize,
    shutting_down: bool,
    now: Time,
    epoch: u32,
    search: [Vec<u32>; 2],
    /// How many links and records were looked at: what the tests of linear cost count.
    #[cfg(test)]
    steps: std::cell::Cell<u64>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    pub const fn new() -> Self {
        Self {
            records: Vec::new(),
            free_record: NONE,
            first: NONE,
            last: NONE,
            loaded: 0,
            links: Vec::new(),
            free_link: NONE,
            links_used: 0,
            names: Names::new(),
            inbox: Fifo::new(),
            effects: Fifo::new(),
            propagation: Vec::new(),
            transition: Vec::new(),
            timers: Timers::new(),
            console: Console::new(),
            active: 0,
            shutting_down: false,
            now: Time(0),
            epoch: 0,
            search: [Vec::new(), Vec::new()],
            #[cfg(test)]
            steps: std::cell::Cell::new(0),
        }
    }
}

/// When what happened last, for `dinitctl analyze`. Zero: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// It was asked to start.
    pub requested: Time,
    /// Its process was made.
    pub launched: Time,
    pub started: Time,
    pub stopped: Time,
}

/// A loaded service: its place in the engine. Used again after an unload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u32);

/// CLOCK_MONOTONIC in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

/// How one service depends on another (dinit-service(5), SERVICE DEPENDENCIES).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DependencyKind {
    /// `depends-on`
    Need,
    /// `depends-ms`
    Milestone,
    /// `waits-for`
    WaitsFor,
    /// `prepared-by`
    PreparedBy,
    /// `after`: order alone; the other need not be loaded.
    After,
    /// `before`: likewise.
    Before,
}

/// State, numbered as the control protocol numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    Stopped = 0,
    Starting = 1,
    Started = 2,
    Stopping = 3,
}

/// What listeners are told, numbered as the control protocol numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Event {
    Started = 0,
    Stopped = 1,
    FailedStart = 2,
    StartCancelled = 3,
    StopCancelled = 4,
}

/// Why a service stopped, numbered as the control protocol numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum StopReason {
    #[default]
    Normal = 0,
    DependencyRestarted = 1,
    DependencyFailed = 2,
    Failed = 3,
    ExecFailed = 4,
    TimedOut = 5,
    Terminated = 6,
}

/// How a process ended: `si_code` (CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3) and `si_status` (waitid(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    pub code: i32,
    pub status: i32,
}

/// Why a process could not be made: how far it came and the error's number (errno(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchError {
    pub stage: Stage,
    pub errno: i32,
}

/// How far the making of a process came, numbered as the control protocol numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Stage {
    ArrangeFds = 0,
    ReadEnvFile = 1,
    SetNotifyFdVar = 2,
    ActivationSocket = 3,
    ControlSocket = 4,
    Chdir = 5,
    StdInOut = 6,
    EnterCgroup = 7,
    Limits = 8,
    UserGroup = 9,
    OpenLogFile = 10,
    Capabilities = 11,
    IoPriority = 12,
    /// Extension, in a number that dinit keeps free: mount namespace, Landlock, seccomp.
    Sandbox = 13,
    Exec = 18,
}

/// What is to be done, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Look whether the service's conditions hold; answer with [`Engine::checked`]. Asked only when it has any.
    Check(Id),
    /// Run `command`; answer with [`Engine::launched`] or [`Engine::launch_failed`].
    RunCommand(Id),
    /// Run `stop-command`; answer with [`Engine::stop_launched`] or [`Engine::stop_launch_failed`].
    RunStopCommand(Id),
    /// Signal the service's process: its group unless `signal-process-only`.
    Signal { id: Id, target: Target, signal: i32 },
    /// Read the pid file; answer with [`Engine::pid_read`].
    ReadPidFile(Id),
    /// Extension: open the sockets and wait for a connection; answer with [`Engine::listening`] or
    /// [`Engine::launch_failed`], later with [`Engine::demanded`].
    Listen(Id),
    /// TERM and, a moment later, KILL to every other process; answer with [`Engine::killed_all`].
    KillAll(Id),
    /// The service now has the console to itself; nothing else may write to it.
    TakeConsole(Id),
    /// Nobody has the console now.
    ReleaseConsole(Id),
    /// Tell who listens; write the log.
    Event(Id, Event),
    /// `starts-rwfs`: the file system is writable now.
    RootWritable,
    /// `starts-log`: /dev/log is there now.
    LogReady,
    /// `chain-to`: load and start what follows.
    Chain(Id),
    /// The service is stopped and stays so: what is kept for it between runs (sockets) can be given back.
    Inactive(Id),
    /// Something that an administrator should read.
    Note(Id, Note),
}

/// Which of a service's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// That of `command`.
    Main,
    /// That of `stop-command`.
    Stop,
}

/// What is worth a line of log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It restarted `restart-limit-count` times within the interval.
    RestartingTooOften,
    StartTimedOut,
    StopTimedOut,
    /// The process ended although nobody asked.
    Ended(Exit),
    /// The stop command ended with an error.
    StopCommandFailed(Exit),
    StopCommandNotRun(LaunchError),
    /// The pipe of `ready-notification` was closed without a word.
    NeverReady,
    BadPidFile,
}

/// What the engine has to know of a description.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    pub kind: crate::description::Kind,
    pub restart: crate::description::Restart,
    pub smooth_recovery: bool,
    /// Nanoseconds, as all below.
    pub restart_delay: u64,
    pub restart_limit_interval: u64,
    pub restart_limit_count: u32,
    pub start_timeout: u64,
    pub stop_timeout: u64,
    pub term_signal: i32,
    pub options: crate::description::Options,
    pub has_command: bool,
    pub has_stop_command: bool,
    /// `ready-notification` is set.
    pub notifies: bool,
    pub conditional: bool,
    pub chains: bool,
}

impl Settings {
    /// Those of a service that does nothing and never restarts.
    pub const fn internal() -> Self {
        Self {
            kind: crate::description::Kind::Internal,
            restart: crate::description::Restart::Never,
            smooth_recovery: false,
            restart_delay: 0,
            restart_limit_interval: 0,
            restart_limit_count: 0,
            start_timeout: 0,
            stop_timeout: 0,
            term_signal: 15,
            options: crate::description::Options::empty(),
            has_command: false,
            has_stop_command: false,
            notifies: false,
            conditional: false,
            chains: false,
        }
    }

    pub fn of(description: &Description) -> Self {
        let extra = description.extra();
        let nanos =
            |duration: std::time::Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self {
            kind: description.kind,
            restart: description.restart,
            smooth_recovery: description.smooth_recovery,
            restart_delay: nanos(description.restart_delay),
            restart_limit_interval: nanos(description.restart_limit_interval),
            restart_limit_count: description.restart_limit_count,
            start_timeout: nanos(description.start_timeout),
            stop_timeout: nanos(description.stop_timeout),
            term_signal: description.term_signal,
            options: description.options,
            has_command: !description.command.is_empty(),
            has_stop_command: !description.stop_command.is_empty(),
            notifies: extra.ready != crate::description::Ready::Exec,
            conditional: !extra.conditions.is_empty(),
            chains: extra.chain_to.is_some(),
        }
    }
}

impl Stage {
    /// What was being done.
    pub fn text(self) -> &'static str {
        match self {
            Self::ArrangeFds => "arranging file descriptors",
            Self::ReadEnvFile => "reading the environment file",
            Self::SetNotifyFdVar => "setting the readiness variable",
            Self::ActivationSocket => "opening the activation socket",
            Self::ControlSocket => "opening the control socket",
            Self::Chdir => "changing the directory",
            Self::StdInOut => "opening standard input and output",
            Self::EnterCgroup => "entering the cgroup",
            Self::Limits => "setting resource limits",
            Self::UserGroup => "setting user and group",
            Self::OpenLogFile => "opening the log file",
            Self::Capabilities => "setting capabilities",
            Self::IoPriority => "setting the I/O priority",
            Self::Sandbox => "entering the sandbox",
            Self::Exec => "running the command",
        }
    }
}
