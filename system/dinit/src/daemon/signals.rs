//! Signals as events: all that concern the daemon are held back and read from a signalfd(2).

use rustix::io::Errno;
use std::os::fd::{FromRawFd, OwnedFd};

pub const SIGINT: i32 = 2;
pub const SIGQUIT: i32 = 3;
pub const SIGKILL: i32 = 9;
pub const SIGUSR1: i32 = 10;
pub const SIGPIPE: i32 = 13;
pub const SIGTERM: i32 = 15;
pub const SIGCHLD: i32 = 17;
pub const SIGTSTP: i32 = 20;
pub const SIGTTIN: i32 = 21;
pub const SIGTTOU: i32 = 22;

/// `struct signalfd_siginfo` (`include/uapi/linux/signalfd.h`): its size, and its first member is the number.
const INFO: usize = 128;

/// Where signals arrive.
pub struct Signals(OwnedFd);

impl Signals {
    /// Holds signals back. The manager of the machine holds back every one but those of its own faults, which are
    /// handled (see [`crate::crash`]): none may suspend or end it.
    ///
    /// # Errors
    /// That of signalfd4(2).
    pub fn new(manager: bool) -> Result<Self, Errno> {
        let bit = |signal: i32| 1u64 << (signal - 1);
        let mut heard = bit(SIGCHLD) | bit(SIGINT) | bit(SIGTERM) | bit(SIGUSR1);
        // Writing to a terminal that somebody else controls, or to a pipe that nobody reads, is an error to be told,
        // not an end.
        let mut held = heard | bit(SIGPIPE) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
        // Services inherit what is ignored, and are to ignore nothing of what Rust's library or whoever started us
        // (nohup, say) ignores. What is held back leaves us as alone, and is not handed down.
        let ignored: Vec<i32> = (1..65)
            .filter(|signal| bare::sys::is_ignored(*signal as usize))
            .collect();
        held |= ignored.iter().fold(0, |set, signal| set | bit(*signal));
        if manager {
            heard |= bit(SIGQUIT);
            held = !crate::crash::faults();
        }
        bare::sys::block_signals(&held);
        for signal in ignored {
            bare::sys::default_signal(signal as usize);
        }
        let fd = bare::sys::signalfd(&heard);
        if fd < 0 {
            return Err(Errno::from_raw_os_error(-fd as i32));
        }
        // SAFETY: the kernel has just made it, for us alone.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd as i32) }))
    }

    pub fn fd(&self) -> &OwnedFd {
        &self.0
    }

    /// The signals that have come, as a bit set (bit N - 1 for signal N). A signal that came often is there once.
    pub fn read(&self) -> u64 {
        let mut signals = 0;
        let mut buffer = [0u8; INFO * 8];
        while let Ok(length) = rustix::io::read(&self.0, &mut buffer) {
            for info in buffer[..length.min(buffer.len())].chunks_exact(INFO) {
                let number = u32::from_ne_bytes([info[0], info[1], info[2], info[3]]);
                if (1..=64).contains(&number) {
                    signals |= 1 << (number - 1);
                }
            }
            if length < buffer.len() {
                break;
            }
        }
        signals
    }
}
