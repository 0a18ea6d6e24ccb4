//! Making one process of a service: what it is given, in which order, and how far it came when that fails.

use crate::description::environment::Environment;
use crate::description::{Command, Description};
use crate::engine::LaunchError;
use std::os::fd::{BorrowedFd, OwnedFd};

/// What the process reads and writes.
#[derive(Clone, Copy)]
pub enum Io<'a> {
    /// /dev/null in, and out to the descriptor (None: /dev/null too).
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
pub fn launch(order: &Order<'_>) -> Result<Child, LaunchError> {
    let _ = order;
    todo!()
}
