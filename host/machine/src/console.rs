//! A serial console: bytes in, lines out, and a sense of when the guest has gone wrong.
//!
//! A thread reads, so that waiting can always end at a limit. Carriage returns are dropped: a
//! terminal's newline is CR LF.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::spec::Stop;

/// Bytes of the console's past that are kept for messages.
const KEPT: usize = 64 * 1024;
/// Lines of it that a message shows.
const SHOWN: usize = 20;
/// Bytes that may come before what is awaited.
pub const MOST: usize = 64 * 1024 * 1024;
/// How long a panicking kernel may go on writing before it is taken at its word.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How a kernel begins to tell of a fault of its own that it goes on after (lib/bug.c, arch/x86/mm/fault.c, arch/*/kernel/traps.c).
const FAULTS: [&str; 4] = [
    "kernel BUG at ",
    "BUG: ",
    "Oops: ",
    "general protection fault",
];
/// What looks like one, and comes of a computer that is too busy.
const LATE: &str = "BUG: workqueue lockup";
/// How often the stop flag is looked at.
const PULSE: Duration = Duration::from_millis(100);

/// Why what was awaited did not come.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The console was closed: the machine ended.
    Ended,
    /// The kernel's panic line.
    Panic(String),
    /// The limit passed.
    TimedOut(Duration),
    /// Nothing at all came for this long.
    Silent(Duration),
    /// More than [`MOST`] bytes came.
    TooMuch,
    /// The stop flag was raised.
    Interrupted,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which of the patterns.
    pub which: usize,
    /// Everything since the last find, up to the pattern.
    pub before: String,
}

/// A console's two directions.
pub struct Console {
    input: Receiver<Vec<u8>>,
    output: Box<dyn Write + Send>,
    stop: Stop,
    silence: Option<Duration>,
    /// Arrived and not yet consumed by a find.
    pending: Vec<u8>,
    /// The last of everything that arrived, consumed or not.
    past: VecDeque<u8>,
    /// The line that is being written, for the search for what a kernel says of itself.
    line: Vec<u8>,
    panic: Option<(String, Instant)>,
    fault: Option<String>,
    last_byte: Instant,
    ended: bool,
}

impl Console {
    /// A console that reads from and writes to the machine's ends.
    pub fn new(
        from_machine: impl Read + Send + 'static,
        to_machine: impl Write + Send + 'static,
        stop: Stop,
        silence: Option<Duration>,
    ) -> Console {
        Console {
            input: reader(from_machine),
            output: Box::new(to_machine),
            stop,
            silence,
            pending: Vec::new(),
            past: VecDeque::new(),
            line: Vec::new(),
            panic: None,
            fault: None,
            last_byte: Instant::now(),
            ended: false,
        }
    }

    /// Sends a line, with its newline.
    ///
    /// # Errors
    /// The machine's input is closed.
    pub fn send_line(&mut self, line: &str) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self.output.write_all(&bytes)?;
        self.output.flush()
    }

    /// Waits until one of the patterns has come, and consumes everything up to its end. When
    /// several are there, the one that begins first is found.
    ///
    /// # Errors
    /// See [`Trouble`]. Nothing is consumed then.
    pub fn expect(&mut self, patterns: &[&str], limit: Duration) -> Result<Found, Trouble> {
        let deadline = Instant::now() + limit;
        let longest = patterns.iter().map(|p| p.len()).max().unwrap_or(0);
        let mut from = 0;
        self.last_byte = Instant::now();
        loop {
            if let Some((which, at)) = first_of(&self.pending, from, patterns) {
                let before = String::from_utf8_lossy(&self.pending[..at]).into_owned();
                self.pending.drain(..at + patterns[which].len());
                return Ok(Found { which, before });
            }
            from = self.pending.len().saturating_sub(longest.saturating_sub(1));
            self.wait(deadline, limit)?;
        }
    }

    /// Waits until the machine closes its console, that is, ends.
    ///
    /// # Errors
    /// See [`Trouble`]; never `Ended`.
    pub fn expect_end(&mut self, limit: Duration) -> Result<(), Trouble> {
        let deadline = Instant::now() + limit;
        self.last_byte = Instant::now();
        loop {
            match self.wait(deadline, limit) {
                Ok(()) => {}
                Err(Trouble::Ended) => return Ok(()),
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// Takes in what comes within `limit`; `Ok` after some bytes or after the limit.
    ///
    /// # Errors
    /// See [`Trouble`]; never `TimedOut`.
    pub fn listen(&mut self, limit: Duration) -> Result<(), Trouble> {
        match self.wait(Instant::now() + limit, limit) {
            Err(Trouble::TimedOut(_)) => Ok(()),
            other => other,
        }
    }

    /// Everything that has come and was not consumed.
    pub fn take(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }

    /// The console's last lines, for a message.
    pub fn last_lines(&self) -> Vec<String> {
        let bytes: Vec<u8> = self.past.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
        let skipped = lines.len().saturating_sub(SHOWN);
        lines[skipped..].iter().map(|l| printable(l)).collect()
    }

    /// The first line in which the kernel told of a fault of its own.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// One step of waiting: returns after some bytes, after a pulse, or with the trouble there is.
    fn wait(&mut self, deadline: Instant, limit: Duration) -> Result<(), Trouble> {
        if self.stop.raised() {
            return Err(Trouble::Interrupted);
        }
        let now = Instant::now();
        if let Some((line, since)) = &self.panic
            && (self.ended || now.duration_since(*since) >= LAST_WORDS)
        {
            return Err(Trouble::Panic(line.clone()));
        }
        if self.ended {
            return Err(Trouble::Ended);
        }
        if self.pending.len() > MOST {
            return Err(Trouble::TooMuch);
        }
        if now >= deadline {
            return Err(Trouble::TimedOut(limit));
        }
        if let Some(silence) = self.silence
            && now.duration_since(self.last_byte) >= silence
        {
            return Err(Trouble::Silent(silence));
        }
        match self.input.recv_timeout(PULSE.min(deadline - now)) {
            Ok(bytes) => self.take_in(&bytes),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.ended = true,
        }
        Ok(())
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.last_byte = Instant::now();
        for &byte in bytes.iter().filter(|&&b| b != b'\r') {
            self.pending.push(byte);
            if self.past.len() == KEPT {
                self.past.pop_front();
            }
            self.past.push_back(byte);
            if byte == b'\n' {
                self.look_for_faults();
                self.line.clear();
            } else if self.line.len() < 1024 {
                self.line.push(byte);
            }
        }
    }

    /// A kernel's panic is a line of its own, with or without a time stamp; a command's output that
    /// only mentions one is not. The first such line is the reason, what follows are its last words.
    fn look_for_faults(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        let mut said = line.trim_start();
        if let Some((_, rest)) = said
            .strip_prefix('[')
            .and_then(|stamped| stamped.split_once("] "))
        {
            said = rest.trim_start();
        }
        if self.fault.is_none()
            && FAULTS.iter().any(|fault| said.starts_with(fault))
            && !said.starts_with(LATE)
        {
            self.fault = Some(said.trim_end().to_owned());
        }
        let panics = said.starts_with("Kernel panic - not syncing");
        if self.panic.is_none() && (panics || said.starts_with("Attempted to kill init")) {
            self.panic = Some((said.trim_end().to_owned(), Instant::now()));
        } else if said.starts_with("---[ end Kernel panic")
            && let Some((_, since)) = &mut self.panic
        {
            *since = since.checked_sub(LAST_WORDS).unwrap_or(*since);
        }
    }
}

/// A thread that reads until the end; few pieces may wait, so that a flood is held back.
fn reader(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, receive) = sync_channel(256);
    thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    if send.send(buffer[..n].to_vec()).is_err() {
                        break;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // A pseudo-terminal whose other end is closed says EIO.
                Err(_) => break,
            }
        }
    });
    receive
}

/// The pattern that begins first at or after `from`, and where.
fn first_of(text: &[u8], from: usize, patterns: &[&str]) -> Option<(usize, usize)> {
    patterns
        .iter()
        .enumerate()
        .filter_map(|(which, pattern)| {
            let pattern = pattern.as_bytes();
            if pattern.is_empty() {
                return Some((which, from));
            }
            text[from..]
                .windows(pattern.len())
                .position(|window| window == pattern)
                .map(|at| (which, from + at))
        })
        .min_by_key(|&(_, at)| at)
}

/// A line without what would move a terminal's cursor, and not endless.
fn printable(line: &str) -> String {
    line.chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .take(400)
        .collect()
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;
