//! Waiting for descriptors: epoll(7), with what each descriptor is for as its token.

use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};

/// What a descriptor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Signals,
    /// The control socket.
    Control,
    /// A control connection, by its place.
    Connection(u32),
    /// The readiness pipe of a service.
    Ready(u32),
    /// The output of a service.
    Output(u32),
    /// A process that is not our child (a daemon's pid file named it).
    Process(u32),
    /// A socket that a service is started for on its first connection.
    Demand(u32),
    /// The socket of sd_notify(3).
    Notify,
    /// The console can be written to again.
    Console,
    /// Somebody typed something on the console.
    Keyboard,
    /// The clock was set.
    Clock,
}

impl Token {
    fn pack(self) -> u64 {
        let (kind, value) = match self {
            Self::Signals => (0, 0),
            Self::Control => (1, 0),
            Self::Connection(place) => (2, place),
            Self::Ready(id) => (3, id),
            Self::Output(id) => (4, id),
            Self::Process(id) => (5, id),
            Self::Demand(id) => (6, id),
            Self::Notify => (7, 0),
            Self::Console => (8, 0),
            Self::Keyboard => (9, 0),
            Self::Clock => (10, 0),
        };
        kind << 32 | u64::from(value)
    }

    fn unpack(packed: u64) -> Option<Self> {
        let value = packed as u32;
        Some(match packed >> 32 {
            0 => Self::Signals,
            1 => Self::Control,
            2 => Self::Connection(value),
            3 => Self::Ready(value),
            4 => Self::Output(value),
            5 => Self::Process(value),
            6 => Self::Demand(value),
            7 => Self::Notify,
            8 => Self::Console,
            9 => Self::Keyboard,
            10 => Self::Clock,
            _ => return None,
        })
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    Read,
    Write,
    Both,
}

impl Interest {
    fn flags(self) -> epoll::EventFlags {
        match self {
            Self::Read => epoll::EventFlags::IN,
            Self::Write => epoll::EventFlags::OUT,
            Self::Both => epoll::EventFlags::IN | epoll::EventFlags::OUT,
        }
    }
}

/// An epoll instance.
pub struct Poll {
    fd: OwnedFd,
    events: Vec<epoll::Event>,
}

/// Descriptors looked at in one wait; more are seen in the next.
const BATCH: usize = 32;

impl Poll {
    /// # Errors
    /// That of epoll_create1(2).
    pub fn new() -> Result<Self, Errno> {
        Ok(Self {
            fd: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(BATCH),
        })
    }

    /// # Errors
    /// That of epoll_ctl(2): EMFILE-like ENOSPC and ENOMEM, or EPERM for a regular file.
    pub fn add(&self, fd: impl AsFd, token: Token, interest: Interest) -> Result<(), Errno> {
        epoll::add(
            &self.fd,
            fd,
            epoll::EventData::new_u64(token.pack()),
            interest.flags(),
        )
    }

    /// Waits for something else at a descriptor that was added.
    pub fn change(&self, fd: impl AsFd, token: Token, interest: Interest) {
        // It was added, so there is nothing that could be wrong.
        let _ = epoll::modify(
            &self.fd,
            fd,
            epoll::EventData::new_u64(token.pack()),
            interest.flags(),
        );
    }

    /// Must be called before the last copy of the descriptor is closed where a child may hold another.
    pub fn remove(&self, fd: impl AsFd) {
        let _ = epoll::delete(&self.fd, fd);
    }

    /// Waits until something happens or `timeout` (nanoseconds; None: for ever) is over, and hands each event on:
    /// what it is about, whether it can be read, whether it can be written or is closed.
    pub fn wait(&mut self, timeout: Option<u64>, found: &mut Vec<(Token, bool, bool)>) {
        let timeout = timeout.map(|nanos| Timespec {
            tv_sec: (nanos / 1_000_000_000) as i64,
            tv_nsec: (nanos % 1_000_000_000) as i64,
        });
        self.events.clear();
        // EINTR is the only error that can come, and is nothing.
        let _ = epoll::wait(
            &self.fd,
            rustix::buffer::spare_capacity(&mut self.events),
            timeout.as_ref(),
        );
        for event in &self.events {
            let flags = event.flags;
            let closed = flags.intersects(epoll::EventFlags::HUP | epoll::EventFlags::ERR);
            if let Some(token) = Token::unpack(event.data.u64()) {
                let read = flags.contains(epoll::EventFlags::IN) || closed;
                found.push((
                    token,
                    read,
                    flags.contains(epoll::EventFlags::OUT) || closed,
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_packing() {
        for token in [
            Token::Signals,
            Token::Control,
            Token::Connection(7),
            Token::Ready(u32::MAX),
            Token::Output(0),
            Token::Process(3),
            Token::Demand(4),
            Token::Notify,
            Token::Console,
            Token::Keyboard,
            Token::Clock,
        ] {
            assert_eq!(Token::unpack(token.pack()), Some(token));
        }
        assert_eq!(Token::unpack(u64::MAX), None);
    }

    #[test]
    fn a_pipe_is_seen_and_a_closed_one_too() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut poll = Poll::new().unwrap();
        poll.add(&read, Token::Output(5), Interest::Read).unwrap();
        let mut found = Vec::new();
        poll.wait(Some(0), &mut found);
        assert!(found.is_empty());
        rustix::io::write(&write, b"x").unwrap();
        poll.wait(None, &mut found);
        assert_eq!(found, [(Token::Output(5), true, false)]);
        drop(write);
        found.clear();
        poll.wait(None, &mut found);
        assert_eq!(found, [(Token::Output(5), true, true)]);
    }
}
