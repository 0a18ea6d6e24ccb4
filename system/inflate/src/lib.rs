//! DEFLATE (RFC 1951), undone as bytes are asked for, from what can be read to its exact end.
//!
//! It is most of what installing a package takes a processor, so it is written for speed: bits are taken eight bytes at a
//! time, literals are looked up one from the other, and what was made stays in place until it is consumed. It is a crate of
//! its own so that it can be compiled for speed, and all else for size. What is accepted is what zlib accepts.

#![deny(unsafe_code)]

mod blocks;
mod fast;
mod symbols;
mod tables;

use std::fmt::{self, Display, Formatter};
use std::io::{self, BufRead, Read};
use tables::{DISTANCES, LITERALS};

/// How far back bytes are repeated from at most.
const WINDOW: usize = 32 << 10;
/// Bytes that are made at once, beside the window and what one more symbol may make.
const MADE: usize = 128 << 10;
/// What a round of the fast loop makes at most: literals, the longest match, and what copying it writes too much.
const ROUND: usize = 4 + 258 + 8;
/// Bytes that are looked at in a round of the fast loop.
const INPUT: usize = 16;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A block's header.
    Header,
    /// So many bytes as they are.
    Stored(usize),
    /// Symbols by the tables.
    Symbols,
    /// Nothing.
    End,
}

/// Bits that were read and not yet taken, the next being the lowest. Above `count` is nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Bits {
    bits: u64,
    count: u32,
}

/// What a stream is undone with.
pub struct Buffers {
    codes: Box<Codes>,
    /// The window, and behind it what was made.
    output: Box<[u8]>,
}

impl Buffers {
    /// With room for so many bytes that are made ahead of what is read.
    pub fn with_room(ahead: usize) -> Self {
        Self {
            codes: Box::new(Codes {
                literals: [0; LITERALS],
                distances: [0; DISTANCES],
                fixed: false,
            }),
            output: vec![0; WINDOW + ahead.max(MADE) + ROUND].into_boxed_slice(),
        }
    }
}

struct Codes {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
    /// Whether the tables are those of fixed codes.
    fixed: bool,
}

/// What is not DEFLATE, inside an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Bytes that were read before it was noticed.
    pub offset: u64,
}

impl Display for Damaged {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "damaged DEFLATE data at byte {}", self.offset)
    }
}

impl std::error::Error for Damaged {}

impl From<Damaged> for io::Error {
    fn from(damaged: Damaged) -> Self {
        Self::new(io::ErrorKind::InvalidData, damaged)
    }
}

/// The bytes that DEFLATE made `input` of; its reader is at the first byte behind once all are given.
pub struct Inflate<R> {
    input: R,
    /// Bytes that were read.
    taken: u64,
    bits: Bits,
    next: Next,
    /// Whether the block is the last one.
    is_last: bool,
    buffers: Buffers,
    /// Of what was made: what is in the window, where bytes that were not consumed begin, and their end.
    begin: usize,
    given: usize,
    end: usize,
    /// What went wrong while it was made ahead, for whoever reads it.
    failed: Option<io::Error>,
}

impl<R: BufRead> Inflate<R> {
    /// Of a reader before the first block.
    pub fn new(input: R) -> Self {
        Self::with(input, Buffers::with_room(0))
    }

    /// The same with buffers that another stream may have been undone with.
    pub fn with(input: R, buffers: Buffers) -> Self {
        Self {
            input,
            taken: 0,
            bits: Bits::default(),
            next: Next::Header,
            is_last: false,
            buffers,
            begin: 0,
            given: 0,
            end: 0,
            failed: None,
        }
    }

    /// What it is read from, and its buffers.
    pub fn into_parts(self) -> (R, Buffers) {
        (self.input, self.buffers)
    }

    /// Begins anew, with what follows in its reader.
    pub fn restart(&mut self) {
        self.bits = Bits::default();
        (self.next, self.is_last) = (Next::Header, false);
        (self.begin, self.given, self.end) = (0, 0, 0);
        self.failed = None;
    }

    /// What it is read from.
    pub fn input(&mut self) -> &mut R {
        &mut self.input
    }

    fn bad(&self) -> Damaged {
        let offset = self.taken;
        Damaged { offset }
    }

    /// Makes more, if there is more.
    fn make(&mut self) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.wrap();
        while self.given == self.end && self.next != Next::End {
            match self.next {
                Next::Symbols => self.symbols()?,
                _ => self.step(WINDOW + MADE)?,
            }
        }
        Ok(())
    }

    /// Of what was consumed only the window stays, where there is no more room.
    fn wrap(&mut self) {
        if self.given == self.end && self.end >= WINDOW + MADE {
            let from = self.end - WINDOW;
            self.buffers.output.copy_within(from..self.end, 0);
            (self.begin, self.given, self.end) = (0, WINDOW, WINDOW);
        }
    }

    /// Makes more of a stream all of which was consumed, and of another as long as it has room, both at once: they take less
    /// time so than one after the other. What is wrong with either is told when it is read.
    pub fn make_beside(&mut self, other: &mut Self) {
        if self.given < self.end {
            return;
        }
        self.wrap();
        let limits = [WINDOW + MADE, other.buffers.output.len() - ROUND];
        while self.is_to_go_on(limits[0]) && other.is_to_go_on(limits[1]) {
            if self.next != Next::Symbols {
                self.failed = self.step(limits[0]).err();
            } else if other.next != Next::Symbols {
                other.failed = other.step(limits[1]).err();
            } else {
                self.both(other, limits);
            }
        }
    }

    fn is_to_go_on(&self, limit: usize) -> bool {
        self.next != Next::End && self.end < limit && self.failed.is_none()
    }

    /// What is between symbols.
    fn step(&mut self, limit: usize) -> io::Result<()> {
        match self.next {
            Next::Header => self.header(),
            Next::Stored(left) => self.stored(left, limit),
            Next::Symbols | Next::End => Ok(()),
        }
    }

    /// One more byte of the input.
    fn pull(&mut self) -> io::Result<()> {
        let Some(&byte) = self.input.fill_buf()?.first() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        self.input.consume(1);
        self.taken += 1;
        self.bits.bits |= u64::from(byte) << self.bits.count;
        self.bits.count += 8;
        Ok(())
    }

    /// Takes up to 32 bits. Never more bytes are read than these bits are in.
    fn take(&mut self, count: u32) -> io::Result<u32> {
        while self.bits.count < count {
            self.pull()?;
        }
        Ok(self.bits.take(count))
    }
}

impl Bits {
    fn take(&mut self, count: u32) -> u32 {
        let taken = self.bits & ((1 << count) - 1);
        self.bits >>= count;
        self.count -= count;
        taken as u32
    }
}

impl<R: BufRead> BufRead for Inflate<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given == self.end {
            self.make()?;
        }
        Ok(&self.buffers.output[self.given..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.given = (self.given + amount).min(self.end);
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let length = bytes.len().min(into.len());
        into[..length].copy_from_slice(&bytes[..length]);
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests;
