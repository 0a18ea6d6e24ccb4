//! Extension: the text of a DETAILS reply. Lines of a word and its value, in blocks that an empty line parts: one about
//! the daemon, then one a service.
//!
//! ```text
//! dinit 0.1.0              service sshd             depends depends-on network
//! now 2000000000           state started            waiting waits-for ntp
//! boot 0                   target started           file /lib/dinit.d/sshd
//! services 1               pid 42                   status Listening on port 22
//! ```
//!
//! Times are CLOCK_MONOTONIC in nanoseconds; one that never came is left out. A reader passes over words it does not know.

use super::status::EXITED;
use super::{OutOfMemory, extension};
use crate::engine::{DependencyKind, Exit, State};
use crate::memory::Room;
use std::fmt::{self, Write as _};

/// A kind as settings name it.
pub fn kind_name(kind: DependencyKind) -> &'static str {
    match kind {
        DependencyKind::Need => "depends-on",
        DependencyKind::Milestone => "depends-ms",
        DependencyKind::WaitsFor => "waits-for",
        DependencyKind::PreparedBy => "prepared-by",
        DependencyKind::After => "after",
        DependencyKind::Before => "before",
    }
}

fn kind_named(name: &[u8]) -> Option<DependencyKind> {
    use DependencyKind::*;
    [Need, Milestone, WaitsFor, PreparedBy, After, Before]
        .into_iter()
        .find(|kind| kind_name(*kind).as_bytes() == name)
}

/// A state as a word.
pub fn state_name(state: State) -> &'static str {
    match state {
        State::Stopped => "stopped",
        State::Starting => "starting",
        State::Started => "started",
        State::Stopping => "stopping",
    }
}

fn state_named(name: &[u8]) -> Option<State> {
    use State::*;
    [Stopped, Starting, Started, Stopping]
        .into_iter()
        .find(|state| state_name(*state).as_bytes() == name)
}

/// About the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header<'a> {
    pub version: &'a [u8],
    /// When this was written.
    pub now: u64,
    /// When the daemon began.
    pub boot: u64,
    /// How many services are loaded.
    pub services: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    Has,
    Waits,
}

/// About one service; what it depends on comes beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service<'a> {
    pub name: &'a [u8],
    pub state: State,
    pub target: State,
    pub explicit: bool,
    pub pid: Option<i32>,
    /// The process of `stop-command`.
    pub stop_pid: Option<i32>,
    pub exit: Option<Exit>,
    /// A number of [`crate::engine::StopReason`].
    pub reason: u8,
    /// A stage and an error's number: the last attempt to make a process failed.
    pub launch_error: Option<(u16, i32)>,
    pub skipped: bool,
    pub failed: bool,
    pub pinned_started: bool,
    pub pinned_stopped: bool,
    pub console: Option<Console>,
    /// When it was last asked to start; 0: never, as below.
    pub requested: u64,
    /// When its process was made.
    pub launched: u64,
    pub started: u64,
    pub stopped: u64,
    pub file: Option<&'a [u8]>,
    pub cgroup: Option<&'a [u8]>,
    /// What the service says of itself (sd_notify(3), `STATUS=`).
    pub status: Option<&'a [u8]>,
}

impl<'a> Service<'a> {
    /// A stopped service.
    pub fn new(name: &'a [u8]) -> Self {
        Self {
            name,
            state: State::Stopped,
            target: State::Stopped,
            explicit: false,
            pid: None,
            stop_pid: None,
            exit: None,
            reason: 0,
            launch_error: None,
            skipped: false,
            failed: false,
            pinned_started: false,
            pinned_stopped: false,
            console: None,
            requested: 0,
            launched: 0,
            started: 0,
            stopped: 0,
            file: None,
            cgroup: None,
            status: None,
        }
    }

    /// It ended by itself, with success.
    pub fn exited_well(&self) -> bool {
        self.exit
            == Some(Exit {
                code: EXITED,
                status: 0,
            })
    }
}

/// Writes the reply. When it is dropped unfinished nothing of the reply is left.
pub struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    finished: bool,
}

/// Formats into a vector without ever aborting for want of memory.
struct Fallible<'o>(&'o mut Vec<u8>);

impl fmt::Write for Fallible<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.room(text.len()).map_err(|_| fmt::Error)?;
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

const HEAD: usize = 5;

impl<'o> Writer<'o> {
    pub fn begin(out: &'o mut Vec<u8>, header: &Header<'_>) -> Result<Self, OutOfMemory> {
        let start = out.len();
        super::append(out, &[&[extension::DETAILS, 0, 0, 0, 0]])?;
        let mut writer = Self {
            out,
            start,
            finished: false,
        };
        writer.text("dinit", header.version)?;
        writer.number("now", header.now)?;
        writer.number("boot", header.boot)?;
        writer.number("services", header.services as u64)?;
        Ok(writer)
    }

    /// One service; `depends` is what it depends on, `waiting` those of them that keep it from starting or stopping.
    pub fn service<'n>(
        &mut self,
        service: &Service<'_>,
        depends: impl Iterator<Item = (DependencyKind, &'n [u8])>,
        waiting: impl Iterator<Item = (DependencyKind, &'n [u8])>,
    ) -> Result<(), OutOfMemory> {
        super::append(self.out, &[b"\n"])?;
        self.text("service", service.name)?;
        self.text("state", state_name(service.state).as_bytes())?;
        self.text("target", state_name(service.target).as_bytes())?;
        for (word, holds) in [
            ("explicit", service.explicit),
            ("skipped", service.skipped),
            ("failed", service.failed),
            ("pinned-started", service.pinned_started),
            ("pinned-stopped", service.pinned_stopped),
        ] {
            if holds {
                super::append(self.out, &[word.as_bytes(), b"\n"])?;
            }
        }
        if let Some(pid) = service.pid {
            self.line(format_args!("pid {pid}\n"))?;
        }
        if let Some(pid) = service.stop_pid {
            self.line(format_args!("stop-pid {pid}\n"))?;
        }
        if let Some(Exit { code, status }) = service.exit {
            self.line(format_args!("exit {code} {status}\n"))?;
        }
        self.number("reason", u64::from(service.reason))?;
        if let Some((stage, errno)) = service.launch_error {
            self.line(format_args!("stage {stage} {errno}\n"))?;
        }
        match service.console {
            Some(Console::Has) => self.text("console", b"has")?,
            Some(Console::Waits) => self.text("console", b"waits")?,
            None => (),
        }
        for (word, time) in [
            ("requested", service.requested),
            ("launched", service.launched),
            ("started", service.started),
            ("stopped", service.stopped),
        ] {
            if time != 0 {
                self.number(word, time)?;
            }
        }
        for (kind, name) in depends {
            self.dependency("depends", kind, name)?;
        }
        for (kind, name) in waiting {
            self.dependency("waiting", kind, name)?;
        }
        for (word, text) in [
            ("file", service.file),
            ("cgroup", service.cgroup),
            ("status", service.status),
        ] {
            if let Some(text) = text {
                self.text(word, text)?;
            }
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), OutOfMemory> {
        let length = self.out.len() - self.start - HEAD;
        let length = u32::try_from(length).map_err(|_| OutOfMemory)?;
        self.out[self.start + 1..self.start + HEAD].copy_from_slice(&length.to_ne_bytes());
        self.finished = true;
        Ok(())
    }

    fn line(&mut self, line: fmt::Arguments<'_>) -> Result<(), OutOfMemory> {
        Fallible(self.out).write_fmt(line).map_err(|_| OutOfMemory)
    }

    fn number(&mut self, word: &str, number: u64) -> Result<(), OutOfMemory> {
        self.line(format_args!("{word} {number}\n"))
    }

    fn dependency(
        &mut self,
        word: &str,
        kind: DependencyKind,
        name: &[u8],
    ) -> Result<(), OutOfMemory> {
        self.line(format_args!("{word} {} ", kind_name(kind)))?;
        self.value(name)
    }

    fn text(&mut self, word: &str, text: &[u8]) -> Result<(), OutOfMemory> {
        super::append(self.out, &[word.as_bytes(), b" "])?;
        self.value(text)
    }

    /// A value to the end of its line: what would end the line early becomes a blank.
    fn value(&mut self, value: &[u8]) -> Result<(), OutOfMemory> {
        let from = self.out.len();
        super::append(self.out, &[value, b"\n"])?;
        let end = from + value.len();
        for byte in &mut self.out[from..end] {
            if *byte == b'\n' {
                *byte = b' ';
            }
        }
        Ok(())
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.out.truncate(self.start);
        }
    }
}

/// A service as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub service: Service<'a>,
    pub depends: Vec<(DependencyKind, &'a [u8])>,
    pub waiting: Vec<(DependencyKind, &'a [u8])>,
}

/// Reads the text of the reply. What cannot be understood is passed over.
pub fn parse(text: &[u8]) -> (Header<'_>, Vec<Entry<'_>>) {
    let mut header = Header::default();
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let (word, value) = split(line);
        if word == b"service" {
            entries.push(Entry {
                service: Service::new(value),
                depends: Vec::new(),
                waiting: Vec::new(),
            });
            continue;
        }
        match entries.last_mut() {
            Some(entry) => understand(entry, word, value),
            None => match word {
                b"dinit" => header.version = value,
                b"now" => header.now = number(value).unwrap_or(0),
                b"boot" => header.boot = number(value).unwrap_or(0),
                b"services" => header.services = number(value).unwrap_or(0),
                _ => (),
            },
        }
    }
    (header, entries)
}

fn understand<'a>(entry: &mut Entry<'a>, word: &[u8], value: &'a [u8]) {
    let service = &mut entry.service;
    match word {
        b"state" => service.state = state_named(value).unwrap_or(service.state),
        b"target" => service.target = state_named(value).unwrap_or(service.target),
        b"explicit" => service.explicit = true,
        b"skipped" => service.skipped = true,
        b"failed" => service.failed = true,
        b"pinned-started" => service.pinned_started = true,
        b"pinned-stopped" => service.pinned_stopped = true,
        b"pid" => service.pid = number(value),
        b"stop-pid" => service.stop_pid = number(value),
        b"exit" => {
            let (code, status) = split(value);
            if let (Some(code), Some(status)) = (number(code), number(status)) {
                service.exit = Some(Exit { code, status });
            }
        }
        b"reason" => service.reason = number(value).unwrap_or(0),
        b"stage" => {
            let (stage, errno) = split(value);
            service.launch_error = number(stage).zip(number(errno));
        }
        b"console" => {
            service.console = match value {
                b"has" => Some(Console::Has),
                b"waits" => Some(Console::Waits),
                _ => None,
            }
        }
        b"requested" => service.requested = number(value).unwrap_or(0),
        b"launched" => service.launched = number(value).unwrap_or(0),
        b"started" => service.started = number(value).unwrap_or(0),
        b"stopped" => service.stopped = number(value).unwrap_or(0),
        b"depends" | b"waiting" => {
            let (kind, name) = split(value);
            if let Some(kind) = kind_named(kind) {
                match word {
                    b"depends" => entry.depends.push((kind, name)),
                    _ => entry.waiting.push((kind, name)),
                }
            }
        }
        b"file" => service.file = Some(value),
        b"cgroup" => service.cgroup = Some(value),
        b"status" => service.status = Some(value),
        _ => (),
    }
}

/// The first word, and what follows the blank behind it.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == b' ') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &[]),
    }
}

fn number<N: std::str::FromStr>(text: &[u8]) -> Option<N> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
