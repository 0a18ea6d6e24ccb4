//! What the daemon itself says: to the console, and to syslog or a file.
//!
//! Nothing here can make process 1 wait: what cannot be written at once is kept, up to a limit, and what is over the
//! limit is dropped with a line that says so.

use super::options::Level;
use crate::memory::Room;
use crate::text::Show;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::fmt::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Bytes that are kept for a console or log that does not take them.
const KEPT: usize = 16 * 1024;

/// Bytes written to a terminal at a time: what it has room for when poll(2) says that it has any.
const CHUNK: usize = 256;

/// What became of a service, on the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Started,
    Stopped,
    Failed {
        /// One that it needs failed, which is told already.
        by_dependency: bool,
    },
}

/// Where the log goes besides the console.
enum Sink {
    /// Nowhere yet.
    None,
    /// /dev/log: one datagram a message, with the priority of syslog(3) before it.
    Syslog(OwnedFd),
    File(OwnedFd),
}

/// The daemon's log.
pub struct Log {
    console: Option<OwnedFd>,
    console_level: Level,
    /// Whether services' states are shown whatever the level.
    show_states: bool,
    /// Somebody else has the console.
    handed_over: bool,
    console_text: Vec<u8>,
    console_lost: bool,
    sink: Sink,
    level: Level,
    /// Messages for a log that is not there yet: priority, text.
    waiting: Vec<(u8, Box<[u8]>)>,
    waiting_bytes: usize,
    lost: bool,
    /// A file in place of syslog.
    path: Option<Box<Path>>,
}

/// syslog(3): LOG_DAEMON.
const DAEMON: u8 = 3 << 3;

impl Level {
    /// The priority of syslog(3).
    fn priority(self) -> u8 {
        DAEMON
            | match self {
                Self::Debug => 7,
                Self::Info => 5,
                Self::Warn => 4,
                Self::Error => 3,
                Self::None => 2,
            }
    }
}

impl Log {
    /// A log to the console, from these levels on; `path` is a file to log to in place of syslog.
    pub fn new(console_level: Level, level: Level, quiet: bool, path: Option<&Path>) -> Self {
        Self {
            console: None,
            console_level,
            show_states: !quiet,
            handed_over: false,
            console_text: Vec::new(),
            console_lost: false,
            sink: Sink::None,
            level,
            waiting: Vec::new(),
            waiting_bytes: 0,
            lost: false,
            path: path.map(Box::from),
        }
    }

    /// The console to write to.
    pub fn set_console(&mut self, console: OwnedFd) {
        self.console = Some(console);
    }

    /// The console, to wait for it, while there is something left to write.
    pub fn pending_console(&self) -> Option<&OwnedFd> {
        self.console
            .as_ref()
            .filter(|_| !self.handed_over && !self.console_text.is_empty())
    }

    pub fn console(&self) -> Option<&OwnedFd> {
        self.console.as_ref()
    }

    /// Opens the log if it is not open: the file, or /dev/log once somebody listens there.
    ///
    /// # Errors
    /// That of opening the file. Nobody listening at /dev/log is no error.
    pub fn open(&mut self) -> Result<(), Errno> {
        if !matches!(self.sink, Sink::None) {
            return Ok(());
        }
        self.sink = match &self.path {
            Some(path) => {
                let flags = OFlags::WRONLY
                    | OFlags::CREATE
                    | OFlags::APPEND
                    | OFlags::NONBLOCK
                    | OFlags::CLOEXEC;
                Sink::File(rustix::fs::open(
                    &**path,
                    flags,
                    Mode::from_raw_mode(0o644),
                )?)
            }
            None => match connect_syslog() {
                Ok(socket) => Sink::Syslog(socket),
                Err(_) => return Ok(()),
            },
        };
        for (priority, text) in std::mem::take(&mut self.waiting) {
            self.write_sink(priority, &text);
        }
        self.waiting_bytes = 0;
        Ok(())
    }

    /// Says something to both.
    pub fn say(&mut self, level: Level, message: fmt::Arguments<'_>) {
        self.line(level >= self.console_level, level, message);
    }

    /// Says something to the log alone.
    pub fn note(&mut self, level: Level, message: fmt::Arguments<'_>) {
        self.line(false, level, message);
    }

    fn line(&mut self, console: bool, level: Level, message: fmt::Arguments<'_>) {
        let log = level >= self.level;
        if level == Level::None || !(console || log) {
            return;
        }
        let mut text = Line(Vec::new());
        if writeln!(text, "dinit: {message}").is_err() {
            return;
        }
        if console {
            self.put_console(&text.0);
        }
        if log {
            self.put_sink(level.priority(), &text.0);
        }
    }

    /// Says what became of a service.
    pub fn state(&mut self, name: &[u8], outcome: Outcome) {
        let (mark, level, console_level, words) = match outcome {
            Outcome::Started => ("[  OK  ] ", Level::Info, Level::Info, " started."),
            Outcome::Stopped => ("[STOPPD] ", Level::Info, Level::Info, " stopped."),
            Outcome::Failed { by_dependency } => {
                let console = if by_dependency {
                    Level::Warn
                } else {
                    Level::Error
                };
                ("[FAILED] ", Level::Error, console, " failed to start.")
            }
        };
        if self.show_states || console_level >= self.console_level {
            let mut text = Line(Vec::new());
            if writeln!(text, "{mark}{}", Show(name)).is_ok() {
                self.put_console(&text.0);
            }
        }
        if level >= self.level {
            let mut text = Line(Vec::new());
            if writeln!(text, "dinit: service {}{words}", Show(name)).is_ok() {
                self.put_sink(level.priority(), &text.0);
            }
        }
    }

    /// Writes to the console whatever the level, at once as far as it takes it.
    pub fn print(&mut self, text: &str) {
        self.put_console(text.as_bytes());
        self.flush();
    }

    /// A service gets the console: what is left is written now or later, and nothing in between.
    pub fn hand_over(&mut self) {
        self.flush();
        self.handed_over = true;
    }

    /// The console is the daemon's again.
    pub fn take_back(&mut self) {
        self.handed_over = false;
    }

    fn put_console(&mut self, text: &[u8]) {
        if self.console.is_none() {
            return;
        }
        if self.console_text.len() + text.len() > KEPT
            || self.console_text.room(text.len()).is_err()
        {
            self.console_lost = true;
            return;
        }
        self.console_text.extend_from_slice(text);
    }

    fn put_sink(&mut self, priority: u8, text: &[u8]) {
        if !matches!(self.sink, Sink::None) {
            return self.write_sink(priority, text);
        }
        if self.waiting_bytes + text.len() > KEPT || self.waiting.room(1).is_err() {
            self.lost = true;
            return;
        }
        self.waiting_bytes += text.len();
        self.waiting.push((priority, text.into()));
    }

    fn write_sink(&mut self, priority: u8, text: &[u8]) {
        let lost = std::mem::take(&mut self.lost);
        let written = match &self.sink {
            Sink::None => return,
            Sink::File(file) => {
                if lost {
                    let _ = rustix::io::write(file, LOST);
                }
                rustix::io::write(file, text)
            }
            Sink::Syslog(socket) => {
                let mut datagram = Line(Vec::new());
                if write!(datagram, "<{priority}>").is_err() || datagram.0.room(text.len()).is_err()
                {
                    return;
                }
                datagram.0.extend_from_slice(text);
                rustix::net::send(socket, &datagram.0, rustix::net::SendFlags::DONTWAIT)
            }
        };
        match written {
            Ok(_) => {}
            // A full disk, a log daemon that does not keep up: what is said now is lost, and told later.
            Err(Errno::AGAIN | Errno::NOSPC | Errno::NOBUFS) => self.lost = true,
            // The log daemon went away; its successor is asked when a service with `starts-log` starts.
            Err(_) if matches!(self.sink, Sink::Syslog(_)) => {
                self.sink = Sink::None;
                self.put_sink(priority, text);
                let _ = self.open();
            }
            Err(_) => self.lost = true,
        }
    }

    /// Writes to the console what it takes without waiting.
    pub fn flush(&mut self) {
        if self.handed_over || self.console_text.is_empty() {
            return;
        }
        let Some(console) = &self.console else { return };
        let mut done = 0;
        while done < self.console_text.len() && can_write(console) {
            let end = self.console_text.len().min(done + CHUNK);
            match rustix::io::write(console, &self.console_text[done..end]) {
                Ok(0) => break,
                Ok(length) => done += length,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                // There is no console any more.
                Err(_) => done = self.console_text.len(),
            }
        }
        self.console_text.drain(..done);
        if self.console_text.is_empty() && std::mem::take(&mut self.console_lost) {
            self.console_text.extend_from_slice(LOST);
        }
    }
}

const LOST: &[u8] = b"dinit: (some messages were dropped here)\n";

fn can_write(fd: impl AsFd) -> bool {
    let mut fds = [PollFd::new(&fd, PollFlags::OUT)];
    rustix::event::poll(
        &mut fds,
        Some(&Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        }),
    )
    .is_ok_and(|ready| ready > 0)
}

fn connect_syslog() -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new("/dev/log")?)?;
    Ok(socket)
}

/// A line of text whose growing can fail.
struct Line(Vec<u8>);

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.room(text.len()).map_err(|_| fmt::Error)?;
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn with_pipe(level: Level, quiet: bool) -> (Log, OwnedFd) {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::NONBLOCK).unwrap();
        let mut log = Log::new(level, Level::None, quiet, None);
        log.set_console(write);
        (log, read)
    }

    fn read(fd: &OwnedFd) -> String {
        let mut buffer = [0; 65536];
        let length = rustix::io::read(fd, &mut buffer).unwrap_or(0);
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn levels_are_kept_and_states_are_shown() {
        let (mut log, console) = with_pipe(Level::Error, false);
        log.say(Level::Warn, format_args!("careful"));
        log.say(Level::Error, format_args!("broken"));
        log.state(b"web", Outcome::Started);
        log.flush();
        assert_eq!(read(&console), "dinit: broken\n[  OK  ] web\n");
        let (mut log, console) = with_pipe(Level::None, true);
        log.state(
            b"web",
            Outcome::Failed {
                by_dependency: false,
            },
        );
        log.flush();
        assert_eq!(read(&console), "");
    }

    #[test]
    fn a_console_that_takes_nothing_loses_lines_and_says_so() {
        let (mut log, console) = with_pipe(Level::Info, false);
        log.hand_over();
        for _ in 0..2000 {
            log.state(b"a-service-with-a-name", Outcome::Started);
        }
        assert!(log.console_text.len() <= KEPT);
        assert_eq!(read(&console), "");
        log.take_back();
        log.flush();
        log.flush();
        assert!(read(&console).ends_with("(some messages were dropped here)\n"));
    }

    #[test]
    fn what_is_said_before_the_file_is_open_stands_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = Log::new(Level::None, Level::Info, true, Some(&path));
        log.say(Level::Info, format_args!("early"));
        log.open().unwrap();
        log.state(b"web", Outcome::Stopped);
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "dinit: early\ndinit: service web stopped.\n"
        );
        let mut log = Log::new(
            Level::None,
            Level::Info,
            true,
            Some(&dir.path().join("no/log")),
        );
        assert_eq!(log.open(), Err(Errno::NOENT));
    }
}
