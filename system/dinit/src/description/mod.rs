//! Service descriptions (dinit-service(5)): what they can say, and reading them.

mod assign;
pub mod calendar;
pub mod capabilities;
pub mod draft;
pub mod environment;
pub mod error;
mod extensions;
pub mod files;
mod finish;
pub mod lines;
mod lint;
pub mod load;
pub mod order;
pub mod read;
mod save;
pub mod search;
pub mod settings;
pub mod substitute;
pub mod users;
pub mod values;

#[cfg(test)]
mod load_tests;
#[cfg(test)]
mod read_tests;
#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod testing;

use crate::engine::DependencyKind;
use std::time::Duration;

/// A process identifier, user, group … as the kernel has it.
pub type Signal = i32;

/// Everything one description says, with defaults filled in and variables substituted.
///
/// Built so that what most services do not use costs one pointer (`extra`): a thousand services are to fit in two MB.
#[derive(Clone, Debug)]
pub struct Description {
    /// Whole name, with `@argument`.
    pub name: Box<[u8]>,
    pub kind: Kind,
    /// The file that it was read from; `None` for what was made by a test or by the daemon itself.
    pub file: Option<Box<[u8]>>,
    /// `st_mtim` of the file when it was read: seconds, nanoseconds.
    pub modified: (i64, u32),
    pub command: Command,
    pub stop_command: Command,
    pub dependencies: Vec<Dependency>,
    pub restart: Restart,
    pub smooth_recovery: bool,
    pub restart_delay: Duration,
    pub restart_limit_interval: Duration,
    /// 0: no limit.
    pub restart_limit_count: u32,
    /// Zero: none.
    pub start_timeout: Duration,
    /// Zero: none.
    pub stop_timeout: Duration,
    /// 0: `none`.
    pub term_signal: Signal,
    pub options: Options,
    pub log: Log,
    pub extra: Option<Box<Extra>>,
}

/// `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Process,
    Bgprocess,
    Scripted,
    Internal,
    Triggered,
    /// Extension: while started, starts another service at its times.
    Timer,
}

/// A command line: every argument ended by a NUL, so that it can be handed to the kernel as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command(pub Box<[u8]>);

impl Command {
    /// The arguments, without their NULs.
    pub fn arguments(&self) -> impl Iterator<Item = &[u8]> {
        self.0
            .split_inclusive(|byte| *byte == 0)
            .map(|word| &word[..word.len() - 1])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One dependency of a service, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub kind: DependencyKind,
    pub name: Box<[u8]>,
    /// From a `.d` folder: that the service is not there is no error.
    pub optional: bool,
}

/// `restart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    Always,
    OnFailure,
    Never,
}

bitflags::bitflags! {
    /// `options`, and switches of the same kind.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Options: u32 {
        const RUNS_ON_CONSOLE = 1;
        const STARTS_ON_CONSOLE = 1 << 1;
        const SHARES_CONSOLE = 1 << 2;
        const UNMASK_INTR = 1 << 3;
        const STARTS_RWFS = 1 << 4;
        const STARTS_LOG = 1 << 5;
        const PASS_CS_FD = 1 << 6;
        const START_INTERRUPTIBLE = 1 << 7;
        const SKIPPABLE = 1 << 8;
        const SIGNAL_PROCESS_ONLY = 1 << 9;
        const ALWAYS_CHAIN = 1 << 10;
        const KILL_ALL_ON_STOP = 1 << 11;
        const NO_NEW_PRIVS = 1 << 12;
        /// `load-options`.
        const EXPORT_PASSWD_VARS = 1 << 13;
        const EXPORT_SERVICE_NAME = 1 << 14;
        /// Extension: `socket-activation = yes`, start on the first connection.
        const ON_DEMAND = 1 << 15;
        /// Extension: `private-tmp = yes`.
        const PRIVATE_TMP = 1 << 16;
        /// Extension: `cgroup = yes|no` was given, and which.
        const OWN_CGROUP = 1 << 17;
        const NO_OWN_CGROUP = 1 << 18;
    }
}

/// Where a service's output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    None,
    Buffer {
        /// Bytes.
        size: usize,
        /// Extension: `log-buffer-keep = newest`. Otherwise what comes when it is full is dropped.
        keep_newest: bool,
    },
    Pipe,
    File(Box<LogFile>),
}

/// `log-type = file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    pub path: Box<[u8]>,
    pub mode: u32,
    /// `u32::MAX`: not changed.
    pub uid: u32,
    pub gid: u32,
    /// Extension: `logfile-max-size`, bytes; 0: the service writes to the file itself and it never rotates.
    pub max_size: u64,
    /// Extension: `logfile-keep`, how many rotated files (`PATH.1` is the newest) are kept.
    pub keep: u32,
}

/// What few services use.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    pub working_dir: Option<Box<[u8]>>,
    pub run_as: Option<User>,
    /// Read when the description is: what it says is in `environment`.
    pub env_file: Option<Box<[u8]>>,
    /// What `env-file` and `load-options` change in dinit's own environment, to be applied at each launch.
    pub environment: environment::Changes,
    pub pid_file: Option<Box<[u8]>>,
    pub chain_to: Option<Box<[u8]>>,
    pub consumer_of: Option<Box<[u8]>>,
    pub ready: Ready,
    pub sockets: Vec<Socket>,
    pub socket_mode: Option<u32>,
    pub socket_uid: Option<u32>,
    pub socket_gid: Option<u32>,
    pub inittab_id: Option<Box<[u8]>>,
    pub inittab_line: Option<Box<[u8]>>,
    /// `(resource, soft, hard)`; inner `None`: unchanged; `Some(u64::MAX)`: unlimited.
    pub limits: Vec<(Resource, Option<u64>, Option<u64>)>,
    pub nice: Option<i32>,
    pub run_in_cgroup: Option<Box<[u8]>>,
    pub capabilities: Option<Capabilities>,
    /// SECBIT_* (capabilities(7)).
    pub securebits: u32,
    /// As ioprio_set(2) takes it: class << 13 | level.
    pub ioprio: Option<i32>,
    pub oom_score_adj: Option<i32>,
    /// `@meta enable-via`.
    pub enable_via: Option<Box<[u8]>>,
    /// The folders named by `waits-for.d`, resolved, in order (for `dinitctl enable`).
    pub waits_for_d: Vec<Box<[u8]>>,
    /// Extension: what is written to files of the service's own cgroup: (`memory.max`, `1048576`).
    pub cgroup: Vec<(&'static str, Box<[u8]>)>,
    /// Extension.
    pub conditions: Vec<Condition>,
    /// Extension.
    pub timer: Option<Box<Timer>>,
    /// Extension.
    pub sandbox: Sandbox,
}

/// `run-as`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    /// By name: the primary group. By number: the group stays.
    pub gid: Option<u32>,
    /// By name: supplementary groups are those of the group database. By number: none.
    pub name: Option<Box<[u8]>>,
}

/// `ready-notification`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ready {
    /// Started once it runs.
    #[default]
    Exec,
    /// `pipefd:N`
    Fd(i32),
    /// `pipevar:VAR`
    Variable(Box<[u8]>),
    /// Extension: `sd-notify` (sd_notify(3): NOTIFY_SOCKET).
    SdNotify,
}

/// One socket that is opened for the service and handed over as LISTEN_FDS does (sd_listen_fds(3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// `/path`: stream.
    Unix(Box<[u8]>),
    /// Extension: `unix-dgram:/path`.
    UnixDatagram(Box<[u8]>),
    /// Extension: `unix-seqpacket:/path`.
    UnixSequenced(Box<[u8]>),
    /// Extension: `tcp:ADDRESS:PORT`, an address in brackets if it is IPv6.
    Tcp(std::net::SocketAddr),
    /// Extension: `udp:ADDRESS:PORT`.
    Udp(std::net::SocketAddr),
}

/// `rlimit-*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Nofile,
    Core,
    Data,
    Addrspace,
}

/// `capabilities` (cap_iab(3)) as bit sets by capability number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub inheritable: u64,
    pub ambient: u64,
    /// Dropped from the bounding set.
    pub blocked: u64,
}

/// Extension: `condition-path`, `condition-kernel-word`, `condition-device`: a leading `!` inverts. One that does not
/// hold makes the service skipped: it counts as started, and runs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub kind: ConditionKind,
    pub inverted: bool,
    pub value: Box<[u8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionKind {
    /// The path exists.
    Path,
    /// A word of /proc/cmdline: whole (`quiet`, `root=LABEL=x`) or a key alone (`root` holds for any `root=`).
    KernelWord,
    /// /dev/VALUE or /sys/class/VALUE exists.
    Device,
}

/// Extension: `type = timer`.
#[derive(Clone, Debug, Default)]
pub struct Timer {
    /// `timer-starts`: the service that is started (restarted when it is a started scripted one).
    pub starts: Box<[u8]>,
    /// `timer-on-boot`: once, that long after the system started (CLOCK_BOOTTIME).
    pub on_boot: Option<Duration>,
    /// `timer-on-active`: that long after this service started.
    pub on_active: Option<Duration>,
    /// `timer-every`: again and again after the first.
    pub every: Option<Duration>,
    /// `timer-calendar`: the five fields of crontab(5), local time.
    pub calendar: Vec<Calendar>,
}

/// Five fields of crontab(5) as bit sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    pub minutes: u64,
    pub hours: u32,
    /// Bits 1 to 31.
    pub days: u32,
    /// Bits 1 to 12.
    pub months: u16,
    /// Bits 0 (Sunday) to 6.
    pub weekdays: u8,
    /// Neither day field began with `*`: a day counts when either holds (crontab(5)).
    pub either_day: bool,
}

/// Extension: what the process may still do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// `read-only-path`: bind-mounted read-only in a mount namespace of the service.
    pub read_only: Vec<Box<[u8]>>,
    /// `inaccessible-path`: covered by an empty, unreadable folder or file.
    pub inaccessible: Vec<Box<[u8]>>,
    /// `capability-bounding`: all others are dropped from the bounding set.
    pub bounding: Option<u64>,
    /// `seccomp-allow`: system calls by name; others fail with EPERM.
    pub seccomp: Option<Vec<Box<[u8]>>>,
    /// `landlock-read`, `landlock-write`, `landlock-execute`: paths below which that is allowed (landlock(7)).
    pub landlock_read: Vec<Box<[u8]>>,
    pub landlock_write: Vec<Box<[u8]>>,
    pub landlock_execute: Vec<Box<[u8]>>,
}

impl Description {
    /// A description that says nothing but its name and type: every default of dinit-service(5).
    pub fn new(name: &[u8], kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            file: None,
            modified: (0, 0),
            command: Command::default(),
            stop_command: Command::default(),
            dependencies: Vec::new(),
            restart: Restart::Always,
            smooth_recovery: false,
            restart_delay: Duration::from_millis(200),
            restart_limit_interval: Duration::from_secs(10),
            restart_limit_count: 3,
            start_timeout: Duration::from_secs(60),
            stop_timeout: Duration::from_secs(10),
            term_signal: 15,
            options: Options::empty(),
            log: Log::None,
            extra: None,
        }
    }

    /// What few services use, to read.
    pub fn extra(&self) -> &Extra {
        static NONE: std::sync::LazyLock<Extra> = std::sync::LazyLock::new(Extra::default);
        self.extra.as_deref().unwrap_or(&NONE)
    }

    /// The same, to change.
    pub fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}
