//! Processes.

use crate::abi::{CLONE_VFORK, CLONE_VM, SIGCHLD, WNOHANG};
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
    unsafe { crate::arch::vfork(CLONE_VM | CLONE_VFORK | SIGCHLD, job) }
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
