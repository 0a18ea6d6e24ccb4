//! How what is measured is scheduled: before all else that the computer does, or beside a busy program on each of its
//! processors.

use nix::libc;
use std::hint::spin_loop;
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, available_parallelism, spawn};

/// Puts this process, and what it will start, before everything of ordinary priority (sched(7), `SCHED_RR`): what else
/// the computer does then hardly changes what is measured. A twentieth of a processor is kept for the others.
///
/// # Errors
/// When the system does not allow it.
pub fn real_time() -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: 0 is this process, and the kernel reads the structure.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_RR, &raw const parameters) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A thread for each processor that does nothing, without a pause, until it is dropped.
#[derive(Debug)]
pub struct Crowd {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Begins.
    pub fn new() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let count = available_parallelism().map_or(1, NonZero::get);
        let busy = || {
            let over = Arc::clone(&over);
            spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    spin_loop();
                }
            })
        };
        let threads = (0..count).map(|_| busy()).collect();
        Self { over, threads }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crowd;

    #[test]
    fn a_crowd_ends() {
        let crowd = Crowd::new();
        assert!(!crowd.threads.is_empty());
        let over = crowd.over.clone();
        drop(crowd);
        assert!(over.load(std::sync::atomic::Ordering::Relaxed));
    }
}
