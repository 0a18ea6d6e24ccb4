//! The control protocol: the bytes on the control socket, both ways, for the daemon's side and for the programs'.
//! Nothing here reads or writes anything; no bytes make it panic.
//!
//! A client sends requests: a command byte and what belongs to it. Each is answered, in order, by one reply: a byte and
//! what belongs to it. Between replies, never inside one, may come info: a byte from 100 on, a length and the rest.
//! Everything has the byte order and the sizes of the machine; the socket is a stream (AF_UNIX, SOCK_STREAM).
//! Facts: dinit's control-cmds.h and control.cc, protocol versions 1 to 7.

pub mod command;
pub mod details;
pub mod extension;
pub mod info;
pub mod reply;
pub mod request;
pub mod status;

use crate::memory::Room;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wire_tests;

/// The oldest protocol version that the daemon can still speak.
pub const MINIMUM_VERSION: u16 = 1;
/// The protocol version described here.
pub const VERSION: u16 = 7;
/// No request is longer than this, in bytes; a connection that has as much and no request in it is to be closed.
pub const MAX_REQUEST: usize = 1024;

/// A service as one connection knows it; given out by the replies to FIND and LOAD.
pub type Handle = u32;

/// What the start of a buffer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<T> {
    /// Part of something: look again when there are at least as many bytes in all.
    Incomplete(usize),
    /// Nothing that there is.
    Bad,
    /// That, and how many bytes it took.
    Done(T, usize),
}

/// Memory for an answer could not be had; nothing of it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl From<std::collections::TryReserveError> for OutOfMemory {
    fn from(_: std::collections::TryReserveError) -> Self {
        Self
    }
}

/// Reads one message from front to back; every read says how many bytes it needs when there are too few.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Why a message could not be read.
pub(crate) enum Short {
    Needs(usize),
    Bad,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Short> {
        let end = self.at.checked_add(length).ok_or(Short::Bad)?;
        let taken = self.bytes.get(self.at..end).ok_or(Short::Needs(end))?;
        self.at = end;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        self.take(N)?.try_into().map_err(|_| Short::Bad)
    }

    pub fn u8(&mut self) -> Result<u8, Short> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16, Short> {
        Ok(u16::from_ne_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32, Short> {
        Ok(u32::from_ne_bytes(self.array()?))
    }

    pub fn i32(&mut self) -> Result<i32, Short> {
        Ok(i32::from_ne_bytes(self.array()?))
    }

    pub fn i64(&mut self) -> Result<i64, Short> {
        Ok(i64::from_ne_bytes(self.array()?))
    }

    pub fn usize(&mut self) -> Result<usize, Short> {
        Ok(usize::from_ne_bytes(self.array()?))
    }

    pub fn text16(&mut self) -> Result<&'a [u8], Short> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    pub fn text32(&mut self) -> Result<&'a [u8], Short> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    pub fn done<T>(&self, outcome: Result<T, Short>) -> Parsed<T> {
        match outcome {
            Ok(value) => Parsed::Done(value, self.at),
            Err(Short::Needs(length)) => Parsed::Incomplete(length),
            Err(Short::Bad) => Parsed::Bad,
        }
    }
}

/// Appends all parts, or nothing when there is no memory.
pub(crate) fn append(out: &mut Vec<u8>, parts: &[&[u8]]) -> Result<(), OutOfMemory> {
    out.room(parts.iter().map(|part| part.len()).sum())?;
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(())
}
