//! Control connections: reading requests, sending what is answered, and telling events.

use super::manager::Manager;
use super::poll::{Interest, Token};
use crate::engine::{Event, Id};
use crate::memory::Room;
use crate::protocol::{Handle, MAX_REQUEST, OutOfMemory, Parsed, info, reply, request};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Bytes that may wait for a client that does not read. One that lets more pile up is cut off: it would otherwise hold
/// the memory of process 1.
const MAX_WAITING: usize = 4 << 20;

/// Connections at once. Only who may write to the socket can make one.
const MAX_CONNECTIONS: usize = 256;

/// A client.
pub struct Connection {
    fd: OwnedFd,
    input: Vec<u8>,
    output: Vec<u8>,
    /// How far `output` is sent.
    sent: usize,
    /// Services that the client knows, in the order in which it came to know them.
    pub handles: Vec<(Handle, Id)>,
    pub listens_to_environment: bool,
    /// Services whose output is sent as it comes, by their handle.
    pub follows: Vec<(Handle, Id)>,
    /// Why the last load failed.
    pub last_error: Vec<u8>,
    /// To be closed once all is sent.
    closing: bool,
    /// Waited for until it can be written to.
    blocked: bool,
    dead: bool,
}

impl Connection {
    fn new(fd: OwnedFd) -> Self {
        Self {
            fd,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            handles: Vec::new(),
            listens_to_environment: false,
            follows: Vec::new(),
            last_error: Vec::new(),
            closing: false,
            blocked: false,
            dead: false,
        }
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// What waits to be sent.
    pub fn unsent(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// What came and is no whole request yet.
    pub fn unread(&self) -> &[u8] {
        &self.input
    }

    /// Puts back what [`Self::unsent`] and [`Self::unread`] gave.
    pub fn restore(&mut self, unsent: Vec<u8>, unread: Vec<u8>) {
        self.output = unsent;
        self.input = unread;
    }

    /// The service behind a handle.
    pub fn service(&self, handle: Handle) -> Option<Id> {
        self.handles
            .iter()
            .find(|(known, _)| *known == handle)
            .map(|(_, id)| *id)
    }

    /// A new handle for a service: the lowest number that is free.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn give_handle(&mut self, id: Id) -> Result<Handle, OutOfMemory> {
        self.handles.room(1)?;
        let mut used: Vec<Handle> = Vec::new();
        used.room(self.handles.len())?;
        used.extend(self.handles.iter().map(|(handle, _)| *handle));
        used.sort_unstable();
        let gap = used
            .iter()
            .enumerate()
            .find(|(place, handle)| *place as Handle != **handle);
        let handle = gap.map_or(used.len(), |(place, _)| place) as Handle;
        self.handles.push((handle, id));
        Ok(handle)
    }

    pub fn forget_handle(&mut self, handle: Handle) {
        self.handles.retain(|(known, _)| *known != handle);
        self.follows.retain(|(known, _)| *known != handle);
    }

    /// Writes something to be sent. A failure closes the connection.
    pub fn answer(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), OutOfMemory>) {
        if self.closing || self.dead {
            return;
        }
        if write(&mut self.output).is_err() {
            let room = self.output.room(1).is_ok();
            if room {
                self.output.push(reply::Code::OutOfMemory as u8);
            }
            self.closing = true;
        } else if self.output.len() - self.sent > MAX_WAITING {
            self.dead = true;
        }
    }

    pub fn code(&mut self, code: reply::Code) {
        self.answer(|out| reply::code(out, code));
    }

    /// What came was no request: says so and closes.
    pub fn refuse(&mut self) {
        self.code(reply::Code::BadRequest);
        self.closing = true;
    }

    /// Reads what has come; false at the end of it.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; MAX_REQUEST];
        loop {
            match rustix::io::read(&self.fd, &mut buffer) {
                Ok(0) => return false,
                Ok(length) => {
                    if self.input.room(length).is_err() {
                        return false;
                    }
                    self.input.extend_from_slice(&buffer[..length]);
                    return true;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Sends what the client takes.
    fn send(&mut self) {
        while self.sent < self.output.len() {
            let flags = rustix::net::SendFlags::NOSIGNAL | rustix::net::SendFlags::DONTWAIT;
            match rustix::net::send(&self.fd, &self.output[self.sent..], flags) {
                Ok(length) => self.sent += length,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => {
                    self.dead = true;
                    return;
                }
            }
        }
        self.output.clear();
        self.output.shrink_to(4096);
        self.sent = 0;
    }

    fn is_over(&self) -> bool {
        self.dead || (self.closing && self.output.is_empty())
    }
}

impl Manager {
    /// Makes a connection of a socket; its place, or nothing when there is no room.
    pub(super) fn connect(&mut self, fd: OwnedFd) -> Option<usize> {
        let free = self.connections.iter().position(Option::is_none);
        let place = free.unwrap_or(self.connections.len());
        if place >= MAX_CONNECTIONS || self.connections.room(1).is_err() {
            return None;
        }
        self.poll
            .add(&fd, Token::Connection(place as u32), Interest::Read)
            .ok()?;
        let connection = Some(Connection::new(fd));
        match free {
            Some(place) => self.connections[place] = connection,
            None => self.connections.push(connection),
        }
        Some(place)
    }

    pub(super) fn connection(&mut self, place: usize) -> Option<&mut Connection> {
        self.connections.get_mut(place)?.as_mut()
    }

    /// Reads from a client and does what it asks.
    pub(super) fn serve(&mut self, place: usize, read: bool, write: bool) {
        let Some(connection) = self.connection(place) else {
            return;
        };
        if write {
            connection.send();
        }
        if !read {
            return;
        }
        let mut open = connection.receive();
        let mut input = std::mem::take(&mut connection.input);
        let mut start = 0;
        while start < input.len() {
            match request::parse(&input[start..]) {
                Parsed::Incomplete(_) => break,
                Parsed::Bad => {
                    if let Some(connection) = self.connection(place) {
                        connection.refuse();
                    }
                    start = input.len();
                }
                Parsed::Done(request, length) => {
                    self.answer(place, &request);
                    start += length;
                }
            }
            if self
                .connection(place)
                .is_none_or(|connection| connection.closing || connection.dead)
            {
                break;
            }
        }
        let Some(connection) = self.connection(place) else {
            return;
        };
        if input.len() - start >= MAX_REQUEST {
            connection.refuse();
        }
        input.drain(..start);
        connection.input = input;
        open &= !connection.dead;
        if !open {
            connection.dead = true;
        }
    }

    /// Sends what waits to be sent, and closes connections that are over.
    pub(super) fn flush_connections(&mut self) {
        for place in 0..self.connections.len() {
            let Some(connection) = &mut self.connections[place] else {
                continue;
            };
            if !connection.output.is_empty() && !connection.dead {
                connection.send();
            }
            if connection.is_over() {
                self.poll.remove(&connection.fd);
                self.connections[place] = None;
                continue;
            }
            let blocked = !connection.output.is_empty();
            if blocked != connection.blocked {
                connection.blocked = blocked;
                let interest = if blocked {
                    Interest::Both
                } else {
                    Interest::Read
                };
                self.poll
                    .change(&connection.fd, Token::Connection(place as u32), interest);
            }
        }
        while matches!(self.connections.last(), Some(None)) {
            self.connections.pop();
        }
    }

    /// Tells an event to every client that has a handle of the service, once a handle.
    pub(super) fn send_event(&mut self, id: Id, event: Event) {
        if self.connections.is_empty() {
            return;
        }
        let status = self.status(id);
        for connection in self.connections.iter_mut().flatten() {
            for place in 0..connection.handles.len() {
                let (handle, known) = connection.handles[place];
                if known == id {
                    connection.answer(|out| info::service_event(out, handle, event, &status));
                }
            }
        }
    }

    /// Tells clients that asked for it that a variable was set or unset.
    pub(super) fn send_environment(&mut self, entry: &[u8], overridden: bool) {
        for connection in self.connections.iter_mut().flatten() {
            if connection.listens_to_environment {
                connection.answer(|out| info::environment_event(out, entry, overridden));
            }
        }
    }

    /// Hands output of a service to who follows it.
    pub(super) fn send_output(&mut self, id: Id, bytes: &[u8]) {
        for connection in self.connections.iter_mut().flatten() {
            for place in 0..connection.follows.len() {
                let (handle, known) = connection.follows[place];
                if known == id {
                    connection.answer(|out| info::log_data(out, handle, bytes));
                }
            }
        }
    }

    /// A service is unloaded: nobody knows it any more.
    pub(super) fn forget_service(&mut self, id: Id) {
        for connection in self.connections.iter_mut().flatten() {
            connection.handles.retain(|(_, known)| *known != id);
            connection.follows.retain(|(_, known)| *known != id);
        }
    }
}
