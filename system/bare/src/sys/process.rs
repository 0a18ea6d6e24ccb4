//! Processes.

use crate::abi::{
    CLONE_FILES, CLONE_INTO_CGROUP, CLONE_PIDFD, CLONE_SETTLS, CLONE_THREAD, CLONE_VFORK, CLONE_VM,
    SIGCHLD, WNOHANG,
};
use crate::arch::*;
use crate::text::Text;

/// What a child started by [`vfork`] does before it becomes another program.
pub trait Child {
    /// Runs in the child, on the parent's memory. Only `job` is passed; the other two are the system call's own.
    ///
    /// # Safety
    /// To be called by [`vfork`] alone.
    unsafe extern "C" fn run(_flags: usize, _stack: usize, job: &mut Self) -> !;
}

/// Runs `job` in a child and waits until the child has become another program or ended. Its process id.
#[inline(always)]
pub fn vfork<C: Child>(job: &mut C) -> isize {
    // SAFETY: the flags are the two that are asked for, and SIGCHLD as the signal of its end.
    unsafe { crate::arch::vfork(nr::CLONE, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, job) }
}

/// `struct clone_args` (`include/uapi/linux/sched.h`) as far as [`vfork_with`] uses it. A kernel that knows fewer fields
/// takes it while those are 0, and says E2BIG otherwise.
#[repr(C, align(8))]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// [`vfork`] by clone3(2): beside the process id it gives the child's pidfd, which is closed when this process runs another
/// program. `flags` are more flags of clone3; `cgroup` is the open folder of the cgroup in which the child begins.
#[inline(always)]
pub fn vfork_with<C: Child>(
    flags: u64,
    cgroup: Option<u32>,
    pidfd: &mut i32,
    job: &mut C,
) -> isize {
    let vfork = (CLONE_VM | CLONE_VFORK | CLONE_PIDFD) as u64;
    // What would have the child run elsewhere or the parent go on.
    let own = flags & !((CLONE_THREAD | CLONE_SETTLS | CLONE_FILES) as u64);
    let mut args = CloneArgs {
        flags: own | vfork,
        pidfd: pidfd as *mut i32 as u64,
        exit_signal: SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if let Some(folder) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = folder.into();
    }
    let pointer = &raw const args as usize;
    // SAFETY: flags as asked for and no stack; the kernel writes the pidfd where it may.
    unsafe { crate::arch::vfork(nr::CLONE3, pointer, size_of::<CloneArgs>(), job) }
}

/// execve(2); returns only in case of error.
///
/// # Safety
/// `argv` and `envp` must end in a null pointer and point to strings that end in NUL.
#[inline(always)]
pub unsafe fn execve(path: Text, argv: &[*const u8], envp: *const *const u8) -> isize {
    // SAFETY: the caller's promise.
    unsafe {
        syscall3(
            nr::EXECVE,
            path.as_ptr() as usize,
            argv.as_ptr() as usize,
            envp as usize,
        )
    }
}

/// exit(2).
#[inline(always)]
pub fn exit(status: usize) -> ! {
    loop {
        // SAFETY: does not come back; the loop is for the compiler.
        unsafe { syscall1(nr::EXIT, status) };
    }
}

/// wait4(2) for any child, without its status and without waiting; 0 when children live but none has ended.
#[inline(always)]
pub fn reap() -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall4(nr::WAIT4, usize::MAX, 0, WNOHANG, 0) }
}

/// kill(2); -1 is every process but PID 1 and the caller.
#[inline(always)]
pub fn kill(process: isize, signal: usize) -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall2(nr::KILL, process as usize, signal) }
}

/// setsid(2).
#[inline(always)]
pub fn setsid() -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall0(nr::SETSID) }
}
