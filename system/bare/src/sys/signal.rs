//! Signals and the timer that sends one.

use crate::abi::{ITIMER_REAL, O_CLOEXEC, O_NONBLOCK, SIG_SETMASK, SIGSET_SIZE};
use crate::arch::*;

/// rt_sigprocmask(2): holds back the signals of `set` and lets all others come.
#[inline(always)]
pub fn block_signals(set: &u64) {
    // SAFETY: the kernel reads eight bytes.
    unsafe {
        syscall4(
            nr::RT_SIGPROCMASK,
            SIG_SETMASK,
            set as *const u64 as usize,
            0,
            SIGSET_SIZE,
        )
    };
}

/// rt_sigaction(2): what the kernel does by itself when the signal comes.
#[inline(always)]
pub fn default_signal(signal: usize) -> isize {
    /// `struct kernel_sigaction`: handler, flags, restorer (not on every architecture) and mask, in whatever order.
    const DEFAULT: [usize; 4] = [0; 4];
    // SAFETY: the kernel reads at most the structure.
    unsafe {
        syscall4(
            nr::RT_SIGACTION,
            signal,
            &DEFAULT as *const [usize; 4] as usize,
            0,
            SIGSET_SIZE,
        )
    }
}

/// Whether the process ignores the signal; rt_sigaction(2).
#[inline(always)]
pub fn is_ignored(signal: usize) -> bool {
    const SIG_IGN: usize = 1;
    // `struct kernel_sigaction`, as above: the handler comes first.
    let mut old = [0usize; 4];
    // SAFETY: the kernel writes at most the structure.
    let result = unsafe {
        syscall4(
            nr::RT_SIGACTION,
            signal,
            0,
            &mut old as *mut [usize; 4] as usize,
            SIGSET_SIZE,
        )
    };
    result == 0 && old[0] == SIG_IGN
}

/// rt_sigtimedwait(2) without a time limit; the number of a held back signal of `set`.
#[inline(always)]
pub fn wait_signal(set: &u64) -> isize {
    // SAFETY: the kernel reads eight bytes.
    unsafe {
        syscall4(
            nr::RT_SIGTIMEDWAIT,
            set as *const u64 as usize,
            0,
            0,
            SIGSET_SIZE,
        )
    }
}

/// `struct itimerval` (`include/uapi/linux/time.h`): how often and when, in seconds and microseconds.
#[repr(C)]
pub struct Timer {
    pub interval: [usize; 2],
    pub first: [usize; 2],
}

/// setitimer(2) in real time: SIGALRM once it is due.
#[inline(always)]
pub fn set_timer(timer: &Timer) {
    // SAFETY: the kernel reads the structure.
    unsafe {
        syscall3(
            nr::SETITIMER,
            ITIMER_REAL,
            timer as *const Timer as usize,
            0,
        )
    };
}

/// signalfd4(2): a new descriptor, closed on exec and not blocking, at which the held back signals of `set` can be read.
#[inline(always)]
pub fn signalfd(set: &u64) -> isize {
    // SAFETY: the kernel reads eight bytes.
    unsafe {
        syscall4(
            nr::SIGNALFD4,
            usize::MAX,
            set as *const u64 as usize,
            SIGSET_SIZE,
            O_CLOEXEC | O_NONBLOCK,
        )
    }
}
