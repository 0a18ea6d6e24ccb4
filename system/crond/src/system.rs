//! System calls that neither rustix nor std has a safe form of.

#![allow(unsafe_code)]

use crate::users::User;
use rustix::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

fn failed() -> Errno {
    Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// Seconds that local time is before UTC at a moment, by TZ or /etc/localtime as the C library reads them.
pub fn offset(moment: i64) -> i64 {
    let mut fields = MaybeUninit::<libc::tm>::uninit();
    // SAFETY: the time is read and the fields are written; where they are not, nothing of them is read.
    unsafe {
        if libc::localtime_r(&raw const moment, fields.as_mut_ptr()).is_null() {
            return 0;
        }
        fields.assume_init().tm_gmtoff
    }
}

/// Has a command run as a user, with its groups, in a session of its own.
///
/// Whoever is no root becomes nobody: the command runs as whoever we are.
pub fn run_as(command: &mut Command, user: &User) {
    let (uid, gid, groups) = (user.uid, user.gid, user.groups.clone());
    let become_user = rustix::process::geteuid().is_root();
    let good = |result: i32| match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    let child = move || {
        // SAFETY: system calls alone, which is all that may be done between fork and exec; the list was made before.
        unsafe {
            good(libc::setsid())?;
            if become_user {
                good(libc::setgroups(groups.len() as _, groups.as_ptr()))?;
                good(libc::setgid(gid))?;
                good(libc::setuid(uid))?;
            }
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls alone.
    unsafe {
        command.pre_exec(child);
    }
}

/// The descriptor of a number that was handed over, as ours; none if it is not open.
pub fn handed_over(number: u32) -> Option<OwnedFd> {
    let number = RawFd::try_from(number).ok().filter(|number| *number > 2)?;
    // SAFETY: it was handed over by whoever started us, and nothing else of ours has it.
    unsafe {
        if libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) == -1 {
            return None;
        }
        Some(OwnedFd::from_raw_fd(number))
    }
}

/// SIGCHLD, SIGTERM, SIGINT and SIGHUP as a descriptor (signalfd(2)).
pub struct Signals(OwnedFd);

impl Signals {
    /// # Errors
    /// When there is no descriptor left.
    pub fn take() -> Result<Self, Errno> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: sigemptyset fills the set before it is used by the others, and none keeps it.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            if libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) != 0 {
                return Err(failed());
            }
            match libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
                -1 => Err(failed()),
                // It is new and ours.
                fd => Ok(Self(OwnedFd::from_raw_fd(fd))),
            }
        }
    }

    /// The number of a signal that has come.
    pub fn next(&self) -> Option<i32> {
        let mut info = [0u8; 128];
        let length = rustix::io::read(&self.0, &mut info).ok()?;
        let number = info[..length].first_chunk::<4>()?;
        i32::try_from(u32::from_ne_bytes(*number)).ok()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
