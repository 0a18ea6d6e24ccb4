//! Where damage is told.

use crate::program::complain;
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::sync::{Mutex, PoisonError};

/// Lines at most: an image that is damaged all over fills no log.
const MOST: usize = 1000;

/// Tells each thing once: on standard error, or to the system's log, or to the kernel's where there is none.
pub struct Told {
    known: Mutex<HashSet<String>>,
    log: bool,
}

impl Told {
    /// With `log`, standard error is nobody's.
    pub fn new(log: bool) -> Told {
        Told {
            known: Mutex::default(),
            log,
        }
    }

    pub fn tell(&self, text: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST || known.contains(&text) {
            return;
        }
        match self.log {
            false => complain(&text),
            true => to_log(&text),
        }
        known.insert(text);
    }
}

/// A line by syslog(3)'s protocol, from a daemon, an error.
fn to_log(text: &str) {
    let line = format!("<27>glowfsctl[{}]: {text}", std::process::id());
    let sent =
        UnixDatagram::unbound().and_then(|socket| socket.send_to(line.as_bytes(), "/dev/log"));
    if sent.is_err()
        && let Ok(mut kernel) = OpenOptions::new().write(true).open("/dev/kmsg")
    {
        let _ = kernel.write_all(format!("<3>glowfsctl: {text}\n").as_bytes());
    }
}
