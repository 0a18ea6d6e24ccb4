//! The numbers of requests, and what some of their bytes mean.

use crate::engine::DependencyKind;

/// Requests of dinit's protocol by their first byte. Ours are in [`super::extension`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Command {
    QueryVersion = 0,
    Find = 1,
    Load = 2,
    Start = 3,
    Stop = 4,
    Wake = 5,
    Release = 6,
    Unpin = 7,
    List = 8,
    Unload = 9,
    Shutdown = 10,
    AddDependency = 11,
    RemoveDependency = 12,
    QueryLoadMechanism = 13,
    Enable = 14,
    QueryName = 15,
    Reload = 16,
    SetEnvironment = 17,
    Status = 18,
    // Version 2
    SetTrigger = 19,
    CatLog = 20,
    Signal = 21,
    // Version 3
    QueryDirectory = 22,
    // Version 4
    CloseHandle = 23,
    GetEnvironment = 24,
    // Version 5
    List5 = 25,
    Status5 = 26,
    ListenEnvironment = 27,
    // Version 6
    Status6 = 28,
    // Version 7
    Enable7 = 29,
}

impl Command {
    pub fn from_byte(byte: u8) -> Option<Self> {
        use Command::*;
        const ALL: [Command; 30] = [
            QueryVersion,
            Find,
            Load,
            Start,
            Stop,
            Wake,
            Release,
            Unpin,
            List,
            Unload,
            Shutdown,
            AddDependency,
            RemoveDependency,
            QueryLoadMechanism,
            Enable,
            QueryName,
            Reload,
            SetEnvironment,
            Status,
            SetTrigger,
            CatLog,
            Signal,
            QueryDirectory,
            CloseHandle,
            GetEnvironment,
            List5,
            Status5,
            ListenEnvironment,
            Status6,
            Enable7,
        ];
        ALL.get(usize::from(byte)).copied()
    }
}

/// What is to become of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Order {
    /// Start it and mark it explicitly activated.
    Start = 3,
    Stop = 4,
    /// Start it for the dependents that are started, without the mark.
    Wake = 5,
    /// Take the mark away: it stops unless a dependent holds it.
    Release = 6,
}

bitflags::bitflags! {
    /// How an [`Order`] is meant.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct OrderFlags: u8 {
        /// Keep it in the state ordered.
        const PIN = 1;
        /// Stop: only if no dependent has to be stopped for it; otherwise answer DEPENDENTS.
        const GENTLE = 2;
        /// Stop: and then start again. Such an order does nothing for a service that is not started.
        const RESTART = 4;
        /// Answer PREACK before anything is done, so that the client can tell events before from events after.
        const PREACK = 128;
    }
}

/// How dinit shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Shutdown {
    /// Stop all services and go on.
    Remain = 1,
    Halt = 2,
    PowerOff = 3,
    Reboot = 4,
    /// Restart dinit alone.
    SoftReboot = 5,
    Kexec = 6,
}

impl Shutdown {
    pub fn from_byte(byte: u8) -> Option<Self> {
        use Shutdown::*;
        let kinds = [Remain, Halt, PowerOff, Reboot, SoftReboot, Kexec];
        kinds.get(usize::from(byte).checked_sub(1)?).copied()
    }
}

/// What is to become of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Change {
    Add = 11,
    Remove = 12,
    /// Add, and start what is depended on if the dependent is started. Answered by ACK.
    Enable = 14,
    /// The same, answered by a status.
    Enable7 = 29,
}

/// Dependencies that can be asked for: the number of each.
pub fn dependency_number(kind: DependencyKind) -> Option<u8> {
    match kind {
        DependencyKind::Need => Some(0),
        DependencyKind::WaitsFor => Some(2),
        DependencyKind::Milestone => Some(3),
        _ => None,
    }
}

pub(super) fn dependency_kind(number: u8) -> Option<DependencyKind> {
    match number {
        0 => Some(DependencyKind::Need),
        2 => Some(DependencyKind::WaitsFor),
        3 => Some(DependencyKind::Milestone),
        _ => None,
    }
}
