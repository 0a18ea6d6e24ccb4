//! Signals as a descriptor (signalfd(2)).

#![allow(unsafe_code)]

use rustix::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use rustix::io::Errno;
use std::mem::MaybeUninit;

/// Those that end a daemon, or have it read its files anew.
pub const ENDING: [i32; 3] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

fn failed() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// Signals that were taken. Reading does not wait.
pub struct Signals(OwnedFd);

impl Signals {
    /// Takes signals, by their numbers (signal(7)): they end nothing by themselves from now on, in threads that are begun
    /// later neither.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub fn take(numbers: &[i32]) -> Result<Self, Errno> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: sigemptyset fills the set before it is used by the others, and none keeps it.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for number in numbers {
                libc::sigaddset(set.as_mut_ptr(), *number);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_was_taken_is_told_by_its_number() {
        let signals = Signals::take(&[libc::SIGUSR1]).unwrap();
        assert_eq!(signals.next(), None);
        // SAFETY: it is for this thread, which has just blocked it.
        assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
        assert_eq!(signals.next(), Some(libc::SIGUSR1));
        assert_eq!(signals.next(), None);
    }
}
