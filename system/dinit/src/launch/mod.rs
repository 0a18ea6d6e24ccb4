//! Making one process of a service: what it is given, in which order, and how far it came when that fails.
//!
//! `prepare` makes everything ready, `spawn` makes a child that shares the daemon's memory while the daemon sleeps,
//! `child` does the rest in there and leaves in that memory how far it came. So a start needs neither a pipe for the
//! child's report nor a copy of the daemon's page tables.

mod child;
mod descriptors;
mod identity;
mod prepare;
pub mod sandbox;
mod spawn;
mod strings;
#[cfg(test)]
mod tests;

use crate::description::environment::Environment;
use crate::description::{Command, Description};
use crate::engine::{LaunchError, Stage};
use prepare::Job;
use std::os::fd::{BorrowedFd, OwnedFd};

/// What the process reads and writes.
#[derive(Clone, Copy)]
pub enum Io<'a> {
    /// In: the descriptor, or /dev/null. Out: the descriptor; or, if there is none, the description's `logfile`, which
    /// the child opens; or /dev/null.
    Detached {
        input: Option<BorrowedFd<'a>>,
        output: Option<BorrowedFd<'a>>,
    },
    /// The daemon's own standard input and output, in the foreground process group of that terminal.
    Console,
    /// The same without being in the foreground.
    SharedConsole,
}

/// How it says that it is ready.
#[derive(Clone, Copy)]
pub enum Notify<'a> {
    None,
    /// The write end of a pipe, at this number.
    Fd(BorrowedFd<'a>, i32),
    /// The write end of a pipe, at whatever number this variable will name.
    Variable(BorrowedFd<'a>, &'a [u8]),
    /// NOTIFY_SOCKET.
    Socket(&'a [u8]),
}

/// One process to make.
pub struct Order<'a> {
    pub description: &'a Description,
    /// `command` or `stop-command`.
    pub command: &'a Command,
    /// The daemon's environment; what the description adds (env-file, passwd variables, LISTEN_FDS …) is added here.
    pub environment: &'a Environment,
    pub io: Io<'a>,
    pub notify: Notify<'a>,
    pub listen: &'a [BorrowedFd<'a>],
    /// `pass-cs-fd`.
    pub control: Option<BorrowedFd<'a>>,
    /// The service's own cgroup, a folder of cgroup v2, entered by clone3.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// What relative `run-in-cgroup` paths begin with.
    pub cgroup_base: &'a [u8],
}

/// A process that runs the command.
pub struct Child {
    pub pid: i32,
    /// None where the kernel has none.
    pub pidfd: Option<OwnedFd>,
}

/// Makes the process. Returns once it runs the command, or could not.
///
/// Costs the daemon one system call; the rest is the child's.
pub fn launch(order: &Order<'_>) -> Result<Child, LaunchError> {
    let mut job = Job::prepare(order)?;
    let child = spawn::spawn(&mut job, order.cgroup).map_err(|errno| LaunchError {
        stage: Stage::ArrangeFds,
        errno: errno.raw_os_error(),
    })?;
    let Some(errno) = job.failure else {
        return Ok(child);
    };
    spawn::bury(child.pid);
    Err(LaunchError {
        stage: job.stage,
        errno: errno.raw_os_error(),
    })
}
