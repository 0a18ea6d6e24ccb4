//! The one system call that makes a process, and what stands in for it where the kernel has less.

use super::Child;
use super::descriptors::check;
use super::prepare::Job;
use bare::abi::{CLONE_CLEAR_SIGHAND, SIG_SETMASK, SIGSET_SIZE};
use bare::arch::{nr, syscall4};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitOptions};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Runs the job in a child, in the cgroup given. The child has become another program or ended when this returns.
pub fn spawn<'a>(job: &mut Job<'a>, cgroup: Option<BorrowedFd<'a>>) -> Result<Child, Errno> {
    if let Some(folder) = cgroup {
        match clone3(job, Some(folder)) {
            Err(errno) if !lacking(errno) => {}
            done => return done,
        }
        // The child enters by itself, or finds out why it cannot.
        job.cgroup = Some(folder);
    }
    match clone3(job, None) {
        Err(errno) if !lacking(errno) => vfork(job),
        done => done,
    }
}

/// Whether there is no process to be had, however it is asked for. All else can be a kernel that knows less (clone3 with
/// CLONE_CLEAR_SIGHAND: Linux 5.5; CLONE_INTO_CGROUP: 5.7), a filter that forbids the call, or no number left for a
/// pidfd.
fn lacking(errno: Errno) -> bool {
    matches!(errno, Errno::AGAIN | Errno::NOMEM)
}

#[inline(never)]
fn clone3(job: &mut Job<'_>, cgroup: Option<BorrowedFd<'_>>) -> Result<Child, Errno> {
    let mut pidfd = -1;
    let folder = cgroup.map(|folder| folder.as_raw_fd().unsigned_abs());
    let pid = bare::sys::vfork_with(CLONE_CLEAR_SIGHAND, folder, &mut pidfd, job);
    check(pid)?;
    // SAFETY: the kernel has just made it for us.
    let pidfd = (pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) });
    Ok(Child {
        pid: pid as i32,
        pidfd,
    })
}

/// The same by clone(2), for kernels without clone3. A handler of a signal would run in the child, on this memory, so
/// none may come.
#[inline(never)]
pub fn vfork(job: &mut Job<'_>) -> Result<Child, Errno> {
    let before = set_signals(u64::MAX);
    let pid = bare::sys::vfork(job);
    set_signals(before);
    check(pid)?;
    let pid = pid as i32;
    let pidfd = Pid::from_raw(pid)
        .and_then(|pid| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok());
    Ok(Child { pid, pidfd })
}

/// rt_sigprocmask(2); the set that was held back before.
fn set_signals(held: u64) -> u64 {
    let mut before = 0_u64;
    let (new, old) = (&raw const held as usize, &raw mut before as usize);
    // SAFETY: the kernel reads one set and writes the other, each as long as said.
    unsafe { syscall4(nr::RT_SIGPROCMASK, SIG_SETMASK, new, old, SIGSET_SIZE) };
    before
}

/// Takes the end of a child that failed: nobody else knows of it.
pub fn bury(pid: i32) {
    let Some(pid) = Pid::from_raw(pid) else {
        return;
    };
    while let Err(Errno::INTR) = rustix::process::waitpid(Some(pid), WaitOptions::empty()) {}
}
