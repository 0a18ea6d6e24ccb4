//! The control socket: a line with a command comes, an answer goes: the exit status of the program in a line, then the text.

use super::online::{Demand, word};
use crate::error::{Error, Result};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, connect, listen, recv, send, socket_with, sockopt,
};
use std::fs;
use std::path::Path;

/// A line may be so long, and what a reader leaves unread so much.
const LINE: usize = 4096;
const UNREAD: usize = 1 << 20;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Status {
        json: bool,
    },
    Plan {
        json: bool,
    },
    /// Seconds in which it must be confirmed; 0: it needs not be.
    Apply {
        json: bool,
        confirm: u32,
    },
    Confirm,
    Rollback,
    Watch,
    /// Seconds, and what is asked for besides the files.
    WaitOnline {
        timeout: u32,
        demands: Vec<Demand>,
    },
}

impl Command {
    /// Reads a line.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let command = words.next()?;
        let words: Vec<&str> = words.collect();
        let json = words.contains(&"json");
        let number = || words.iter().find_map(|word| word.parse().ok());
        Some(match command {
            "status" => Self::Status { json },
            "plan" => Self::Plan { json },
            "apply" => Self::Apply {
                json,
                confirm: number().unwrap_or(0),
            },
            "confirm" => Self::Confirm,
            "rollback" => Self::Rollback,
            "watch" => Self::Watch,
            "wait-online" => Self::WaitOnline {
                timeout: number().unwrap_or(0),
                demands: words
                    .iter()
                    .skip(1)
                    .map(|text| demand(text))
                    .collect::<Option<_>>()?,
            },
            _ => return None,
        })
    }

    /// Whether it changes something: for root alone.
    pub fn changes(&self) -> bool {
        matches!(self, Self::Apply { .. } | Self::Confirm | Self::Rollback)
    }
}

/// `LINK` or `LINK:PREDICATE`.
pub fn demand(text: &str) -> Option<Demand> {
    let (link, online) = match text.rsplit_once(':') {
        Some((link, online)) => (link, Some(word(online)?)),
        None => (text, None),
    };
    Some(Demand {
        link: link.to_owned(),
        online,
    })
}

/// Makes the socket, in place of one that nobody answers at.
///
/// # Errors
/// Another netd answers, or that of the file.
pub fn open(path: &Path) -> Result<OwnedFd> {
    let shown = path.display().to_string();
    let wrong = |doing| {
        let shown = shown.clone();
        move |errno: Errno| Error::file(&shown, doing)(errno.into())
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file(&shown, "making its folder"))?;
    }
    if call(path).is_ok() {
        return Err(Error::impossible(format_args!(
            "{shown}: a netd runs already: stop it first, or speak to it with 'netd status'"
        )));
    }
    let _ = fs::remove_file(path);
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .map_err(wrong("making it"))?;
    let address = SocketAddrUnix::new(path).map_err(wrong("its name"))?;
    bind(&socket, &address).map_err(wrong("making it"))?;
    // All may ask; who may change something is asked of the kernel.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    fs::set_permissions(path, mode).map_err(Error::file(&shown, "its mode"))?;
    listen(&socket, 64).map_err(wrong("listening"))?;
    Ok(socket)
}

/// Connects to the daemon.
///
/// # Errors
/// There is none.
pub fn call(path: &Path) -> Result<OwnedFd, Errno> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

/// What a connection is for, once that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    Asking,
    Watching,
    /// Until when, in milliseconds.
    Waiting {
        until: u64,
        demands: Vec<Demand>,
    },
    /// It ends when all is written.
    Answered,
}

pub struct Connection {
    pub id: u32,
    pub fd: OwnedFd,
    pub used: Use,
    root: bool,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Connection {
    /// The next that waits at the socket.
    pub fn accept(listener: &OwnedFd, id: u32) -> Option<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = accept_with(listener, flags).ok()?;
        let root = sockopt::socket_peercred(&fd).is_ok_and(|peer| peer.uid.is_root());
        Some(Self {
            id,
            fd,
            used: Use::Asking,
            root,
            input: Vec::new(),
            output: Vec::new(),
        })
    }

    /// Reads on; a whole line is a command. `Err`: it is to be closed.
    pub fn read(&mut self) -> Result<Option<String>, Errno> {
        let mut buffer = [0; 512];
        loop {
            match recv(&self.fd, &mut buffer, RecvFlags::empty()) {
                Ok((0, _)) => return Err(Errno::PIPE),
                Ok((length, _)) if self.used == Use::Asking => {
                    self.input.extend_from_slice(&buffer[..length]);
                    if let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                        let line = String::from_utf8_lossy(&self.input[..end]).into_owned();
                        return Ok(Some(line));
                    }
                    if self.input.len() > LINE {
                        return Err(Errno::MSGSIZE);
                    }
                }
                // One command is all that a connection has.
                Ok(_) => {}
                Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
                Err(errno) => return Err(errno),
            }
        }
    }

    pub fn may_change(&self) -> bool {
        self.root
    }

    /// Answers, and ends.
    pub fn answer(&mut self, status: u8, text: &str) {
        self.used = Use::Answered;
        self.tell(&format!("{status}\n{text}"));
    }

    pub fn tell(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
        self.write();
    }

    /// Writes what can be written.
    pub fn write(&mut self) {
        while !self.output.is_empty() {
            match send(&self.fd, &self.output, SendFlags::NOSIGNAL) {
                Ok(length) => drop(self.output.drain(..length)),
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        if self.output.is_empty() {
            self.output = Vec::new();
        }
    }

    /// Whether more is to be written when that can be.
    pub fn has_more(&self) -> bool {
        !self.output.is_empty()
    }

    /// Whether it is done, or its reader does not read.
    pub fn is_over(&self) -> bool {
        self.used == Use::Answered && self.output.is_empty() || self.output.len() > UNREAD
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> rustix::fd::BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
