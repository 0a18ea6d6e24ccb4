//! The status of one service as replies and info carry it, in its three layouts.

use super::{Reader, Short};
use crate::engine::{Event, Exit, State, StopReason};

/// Which layout, after the protocol version that brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// 10 bytes; how a process ended is a wait status (wait(2)).
    V1,
    /// 14 bytes; how a process ended is `si_code` and `si_status` (waitid(2)).
    V5,
    /// 30 bytes; with the time at which the description had last been modified when it was read.
    V6,
}

impl Layout {
    pub const fn size(self) -> usize {
        match self {
            Self::V1 => 10,
            Self::V5 => 14,
            Self::V6 => 30,
        }
    }
}

/// What is known of the service's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    Running {
        pid: i32,
    },
    /// It could not be made. The stage is a number of [`crate::engine::Stage`], or one that we do not know.
    NotLaunched {
        stage: u16,
        errno: i32,
    },
    /// How it ended; zeros when none ever ran.
    Ended(Exit),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub state: State,
    pub target: State,
    pub waits_for_console: bool,
    pub has_console: bool,
    /// Its start was skipped.
    pub skipped: bool,
    /// It was started by an order, not for a dependent alone.
    pub explicit: bool,
    pub stop_reason: StopReason,
    /// `NotLaunched` only travels when `stop_reason` is `ExecFailed`.
    pub process: Process,
    /// `st_mtim` of the description when it was read: seconds, nanoseconds. Travels in V6 alone.
    pub modified: (i64, u32),
}

impl Status {
    /// A service that is loaded and was never started.
    pub const STOPPED: Self = Self {
        state: State::Stopped,
        target: State::Stopped,
        waits_for_console: false,
        has_console: false,
        skipped: false,
        explicit: false,
        stop_reason: StopReason::Normal,
        process: Process::Ended(Exit { code: 0, status: 0 }),
        modified: (0, 0),
    };

    /// The record; the first `layout.size()` bytes of it count.
    pub fn encode(&self, layout: Layout) -> [u8; 30] {
        let mut record = [0; 30];
        record[0] = self.state as u8;
        record[1] = self.target as u8;
        let running = matches!(self.process, Process::Running { .. });
        record[2] = u8::from(self.waits_for_console)
            | u8::from(self.has_console) << 1
            | u8::from(self.skipped) << 2
            | u8::from(self.explicit) << 3
            | u8::from(running) << 4;
        record[3] = self.stop_reason as u8;
        let (stage, first, second) = match self.process {
            Process::Running { pid } => (0, pid, 0),
            Process::NotLaunched { stage, errno } => (stage, errno, 0),
            Process::Ended(exit) if layout == Layout::V1 => (0, wait_status(exit), 0),
            Process::Ended(exit) => (0, exit.code, exit.status),
        };
        record[4..6].copy_from_slice(&stage.to_ne_bytes());
        record[6..10].copy_from_slice(&first.to_ne_bytes());
        record[10..14].copy_from_slice(&second.to_ne_bytes());
        record[14..22].copy_from_slice(&self.modified.0.to_ne_bytes());
        record[22..30].copy_from_slice(&i64::from(self.modified.1).to_ne_bytes());
        record
    }

    pub(super) fn read(reader: &mut Reader<'_>, layout: Layout) -> Result<Self, Short> {
        let state = state_from(reader.u8()?).ok_or(Short::Bad)?;
        let target = state_from(reader.u8()?).ok_or(Short::Bad)?;
        let flags = reader.u8()?;
        let stop_reason = reason_from(reader.u8()?).ok_or(Short::Bad)?;
        let stage = reader.u16()?;
        let first = reader.i32()?;
        let second = if layout == Layout::V1 {
            0
        } else {
            reader.i32()?
        };
        let modified = if layout == Layout::V6 {
            let seconds = reader.i64()?;
            (seconds, u32::try_from(reader.i64()?).unwrap_or(u32::MAX))
        } else {
            (0, 0)
        };
        let process = if flags & 16 != 0 {
            Process::Running { pid: first }
        } else if stop_reason == StopReason::ExecFailed {
            let errno = first;
            Process::NotLaunched { stage, errno }
        } else if layout == Layout::V1 {
            Process::Ended(exit_of(first))
        } else {
            Process::Ended(Exit {
                code: first,
                status: second,
            })
        };
        Ok(Self {
            state,
            target,
            waits_for_console: flags & 1 != 0,
            has_console: flags & 2 != 0,
            skipped: flags & 4 != 0,
            explicit: flags & 8 != 0,
            stop_reason,
            process,
            modified,
        })
    }
}

/// CLD_EXITED (waitid(2)).
pub const EXITED: i32 = 1;
/// CLD_KILLED.
pub const KILLED: i32 = 2;
const DUMPED: i32 = 3;

/// As wait(2) on Linux has it. dinit itself says -1 for everything but success here; this says more.
fn wait_status(exit: Exit) -> i32 {
    match exit.code {
        EXITED => (exit.status & 0xff) << 8,
        KILLED => exit.status & 0x7f,
        DUMPED => exit.status & 0x7f | 0x80,
        _ => exit.status,
    }
}

fn exit_of(wait_status: i32) -> Exit {
    let (code, status) = match wait_status & 0x7f {
        0 if wait_status & !0xff00 == 0 => (EXITED, wait_status >> 8 & 0xff),
        signal @ 1..=0x7e if wait_status & !0xff == 0 => (KILLED + (wait_status >> 7 & 1), signal),
        _ => (0, wait_status),
    };
    Exit { code, status }
}

pub(super) fn state_from(byte: u8) -> Option<State> {
    [
        State::Stopped,
        State::Starting,
        State::Started,
        State::Stopping,
    ]
    .get(usize::from(byte))
    .copied()
}

pub(super) fn reason_from(byte: u8) -> Option<StopReason> {
    use StopReason::*;
    [
        Normal,
        DependencyRestarted,
        DependencyFailed,
        Failed,
        ExecFailed,
        TimedOut,
        Terminated,
    ]
    .get(usize::from(byte))
    .copied()
}

pub(super) fn event_from(byte: u8) -> Option<Event> {
    use Event::*;
    [Started, Stopped, FailedStart, StartCancelled, StopCancelled]
        .get(usize::from(byte))
        .copied()
}
