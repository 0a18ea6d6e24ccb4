//! Descriptors that whoever starts a program hands over to it.

#![allow(unsafe_code)]

use rustix::fd::{FromRawFd, OwnedFd};
use std::os::fd::RawFd;

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
