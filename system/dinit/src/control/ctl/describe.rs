//! Words for what the protocol has numbers for. What goes to standard output is worded as dinitctl(8) words it.

use crate::control::output::Errno;
use crate::engine::{Exit, State, StopReason};
use crate::protocol::status::{EXITED, Process, Status};
use std::fmt;

/// A state in capitals.
pub fn state(state: State) -> &'static str {
    match state {
        State::Stopped => "STOPPED",
        State::Starting => "STARTING",
        State::Started => "STARTED",
        State::Stopping => "STOPPING",
    }
}

/// A stop reason as JSON names it.
pub fn reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Normal => "normal",
        StopReason::DependencyRestarted => "dependency-restarted",
        StopReason::DependencyFailed => "dependency-failed",
        StopReason::Failed => "failed",
        StopReason::ExecFailed => "exec-failed",
        StopReason::TimedOut => "timed-out",
        StopReason::Terminated => "terminated",
    }
}

/// CLD_KILLED and CLD_DUMPED (waitid(2)).
pub fn by_signal(exit: Exit) -> bool {
    matches!(exit.code, 2 | 3)
}

/// How a process ended.
pub struct Ended(pub Exit);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            exit if by_signal(exit) => write!(f, "signalled - signal {}", exit.status),
            Exit {
                code: EXITED,
                status,
            } => write!(f, "exited - status {status}"),
            _ => f.write_str("unknown reason"),
        }
    }
}

/// How far the making of a process came (the numbers of [`crate::engine::Stage`]).
pub struct Stage(pub u16);

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            0 => "arranging file descriptors",
            1 => "reading environment file",
            2 => "setting environment variable",
            3 => "setting up activation socket",
            4 => "setting up control socket",
            5 => "changing directory",
            6 => "setting up standard input/output descriptors",
            7 => "entering cgroup",
            8 => "setting resource limits",
            9 => "setting user/group ID",
            10 => "opening log file",
            11 => "setting capabilities",
            12 => "setting I/O priority",
            13 => "setting up the sandbox",
            18 => "executing command",
            other => return write!(f, "unknown stage {other}"),
        };
        f.write_str(text)
    }
}

/// Whether it stopped although it should not have, or could not start.
pub fn failed(status: &Status) -> bool {
    match (status.stop_reason, status.process) {
        (StopReason::Normal, _) => false,
        (StopReason::Terminated, Process::Ended(exit)) => exit.code != EXITED || exit.status != 0,
        _ => true,
    }
}

/// Why a service failed to start: one line or three, to print below "failed to start".
pub struct StartFailure<'s>(pub &'s Status);

impl fmt::Display for StartFailure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.stop_reason, self.0.process) {
            (StopReason::DependencyFailed, _) => f.write_str(
                "Reason: a dependency of the service failed to start. Check dinit log.\n",
            ),
            (StopReason::TimedOut, _) => f.write_str("Reason: start timed out.\n"),
            (StopReason::ExecFailed, Process::NotLaunched { stage, errno }) => write!(
                f,
                "Reason: execution of service process failed:\n        Stage: {}\n        Error: {}\n",
                Stage(stage),
                Errno(errno)
            ),
            (StopReason::Failed, Process::Ended(exit)) => writeln!(
                f,
                "Reason: service process terminated before ready: {}",
                Ended(exit)
            ),
            _ => f.write_str("Reason unknown/unrecognised. Check dinit log.\n"),
        }
    }
}
