//! DEFLATE (RFC 1951), undone as bytes are asked for, from what can be read to its exact end.
//!
//! It is most of what installing a package takes a processor, so it is written for speed: bits are taken eight bytes at a
//! time, literals are looked up one from the other, and what was made stays in place until it is consumed. It is a crate of
//! its own so that it can be compiled for speed, and all else for size. What is accepted is what zlib accepts.

#![deny(unsafe_code)]

mod fast;
mod tables;

use fast::{Fast, How, Stopped, repeat, run, run_both};
use std::fmt::{self, Display, Formatter};
use std::io::{self, BufRead, Read};
use tables::{
    DISTANCE_BITS, DISTANCES, END, LENGTH_SYMBOLS, LITERAL, LITERAL_BITS, LITERALS, NOTHING, OTHER,
};

/// How far back bytes are repeated from at most.
const WINDOW: usize = 32 << 10;
/// Bytes that are made at once, beside the window and what one more symbol may make.
const MADE: usize = 128 << 10;
/// What a round of the fast loop makes at most: literals, the longest match, and what copying it writes too much.
const ROUND: usize = 4 + 258 + 8;
/// Bytes that are looked at in a round of the fast loop.
const INPUT: usize = 16;

/// The order in which the lengths of the code of lengths come (RFC 1951, 3.2.7).
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

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
                Next::Header => self.header()?,
                Next::Stored(left) => self.stored(left, WINDOW + MADE)?,
                Next::Symbols => self.symbols()?,
                Next::End => {}
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

    /// Symbols of two streams.
    fn both(&mut self, other: &mut Self, limits: [usize; 2]) {
        let (mut ours, mut theirs) = match (self.start(limits[0]), other.start(limits[1])) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (ours, theirs) => {
                let failed = (ours.err(), theirs.err());
                (self.failed, other.failed) = failed;
                return;
            }
        };
        let how = run_both(&mut ours, &mut theirs);
        let (ours, theirs) = (ours.stop(), theirs.stop());
        self.failed = self.take_over(ours, how[0], limits[0]).err();
        other.failed = other.take_over(theirs, how[1], limits[1]).err();
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

    fn header(&mut self) -> io::Result<()> {
        if self.is_last {
            self.next = Next::End;
            return Ok(());
        }
        self.is_last = self.take(1)? == 1;
        self.next = match self.take(2)? {
            0 => {
                let rest = self.bits.count % 8;
                self.take(rest)?;
                let word = self.take(32)?;
                let (length, complement) = (word & 0xffff, word >> 16);
                if length != !complement & 0xffff {
                    return Err(self.bad().into());
                }
                Next::Stored(length as usize)
            }
            1 => {
                self.fixed();
                Next::Symbols
            }
            2 => {
                self.dynamic()?;
                Next::Symbols
            }
            _ => return Err(self.bad().into()),
        };
        Ok(())
    }

    fn stored(&mut self, left: usize, limit: usize) -> io::Result<()> {
        if left == 0 {
            self.next = Next::Header;
            return Ok(());
        }
        // The header ended with a byte.
        debug_assert_eq!(self.bits.count, 0);
        let input = self.input.fill_buf()?;
        let room = limit - self.end;
        let length = left.min(input.len()).min(room);
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.buffers.output[self.end..self.end + length].copy_from_slice(&input[..length]);
        self.input.consume(length);
        self.taken += length as u64;
        self.end += length;
        self.next = Next::Stored(left - length);
        Ok(())
    }

    fn fixed(&mut self) {
        if self.buffers.codes.fixed {
            return;
        }
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        let codes = &mut *self.buffers.codes;
        let made = tables::make(
            &mut codes.literals,
            LITERAL_BITS,
            &lengths,
            false,
            &tables::LITERAL_SYMBOLS,
        ) && tables::make(
            &mut codes.distances,
            DISTANCE_BITS,
            &[5; 32],
            false,
            &tables::DISTANCE_SYMBOLS,
        );
        debug_assert!(made, "they are codes");
        codes.fixed = true;
    }

    fn dynamic(&mut self) -> io::Result<()> {
        let literals = self.take(5)? as usize + 257;
        let distances = self.take(5)? as usize + 1;
        let count = self.take(4)? as usize + 4;
        if literals > 286 || distances > 30 {
            return Err(self.bad().into());
        }
        let mut own = [0; 19];
        for &symbol in &ORDER[..count] {
            own[symbol] = self.take(3)? as u8;
        }
        // Of these codes none is longer than 7 bits.
        let mut table = [0; 128];
        let longest = own.iter().max();
        if longest == Some(&0) || !tables::make(&mut table, 7, &own, false, &LENGTH_SYMBOLS) {
            return Err(self.bad().into());
        }
        let mut lengths = [0_u8; 286 + 30];
        let all = literals + distances;
        let mut at = 0;
        while at < all {
            let entry = self.look(&table, 7)?;
            if entry & OTHER != 0 {
                return Err(self.bad().into());
            }
            self.bits.take(entry & 0xff);
            let (length, times) = match entry >> 16 {
                16 if at == 0 => return Err(self.bad().into()),
                16 => (lengths[at - 1], self.take(2)? + 3),
                17 => (0, self.take(3)? + 3),
                18 => (0, self.take(7)? + 11),
                length => (length as u8, 1),
            };
            let Some(part) = lengths[..all].get_mut(at..at + times as usize) else {
                return Err(self.bad().into());
            };
            part.fill(length);
            at += times as usize;
        }
        let codes = &mut *self.buffers.codes;
        codes.fixed = false;
        let (first, second) = lengths[..all].split_at(literals);
        // A block must have an end.
        let good = first[256] != 0
            && tables::make(
                &mut codes.literals,
                LITERAL_BITS,
                first,
                true,
                &tables::LITERAL_SYMBOLS,
            )
            && tables::make(
                &mut codes.distances,
                DISTANCE_BITS,
                second,
                true,
                &tables::DISTANCE_SYMBOLS,
            );
        match good {
            true => Ok(()),
            false => Err(self.bad().into()),
        }
    }

    /// The entry of the next code, which is not taken, but all bits of which are there.
    fn look(&mut self, table: &[u32], bits: u32) -> io::Result<u32> {
        loop {
            let entry = table[(self.bits.bits as usize) & ((1 << bits) - 1)];
            let length = match entry & OTHER {
                0 => entry >> 8 & 0xf,
                _ => entry & 0xff,
            };
            if length <= self.bits.count {
                return Ok(entry);
            }
            self.pull()?;
        }
    }

    /// Takes the next code of a table that may have second ones, with its extra bits: the entry, and what it stands for.
    fn symbol(&mut self, is_literal: bool) -> io::Result<(u32, usize)> {
        let (mut entry, bits) = match is_literal {
            true => (0, LITERAL_BITS),
            false => (0, DISTANCE_BITS),
        };
        let mut from = (0, bits);
        // Twice at most: what a second table has is no third.
        for _ in 0..2 {
            loop {
                let place = from.0 + ((self.bits.bits as usize) & ((1 << from.1) - 1));
                entry = match is_literal {
                    true => self.buffers.codes.literals[place & (LITERALS - 1)],
                    false => self.buffers.codes.distances[place & (DISTANCES - 1)],
                };
                let length = match entry & (OTHER | END) {
                    0 => entry >> 8 & 0xf,
                    _ => entry & 0xff,
                };
                if length <= self.bits.count {
                    break;
                }
                self.pull()?;
            }
            if entry & (OTHER | END | NOTHING) != OTHER {
                break;
            }
            self.bits.take(entry & 0xff);
            from = ((entry >> 16) as usize, entry >> 8 & 0xf);
        }
        if entry & NOTHING != 0 && entry & OTHER != 0 {
            return Err(self.bad().into());
        }
        if entry & (OTHER | LITERAL) != 0 {
            self.bits.take(entry & 0xff);
            return Ok((entry, (entry >> 16 & 0xff) as usize));
        }
        let length = entry >> 8 & 0xf;
        self.bits.take(length);
        let extra = self.take((entry & 0xff) - length)?;
        Ok((entry, ((entry >> 16) + extra) as usize))
    }

    /// Goes on with the block until enough was made, or it ends.
    fn symbols(&mut self) -> io::Result<()> {
        while self.end < WINDOW + MADE && self.next == Next::Symbols {
            let mut stream = self.start(WINDOW + MADE)?;
            let how = run(&mut stream);
            let stopped = stream.stop();
            self.take_over(stopped, how, WINDOW + MADE)?;
        }
        Ok(())
    }

    /// For the fast loops.
    fn start(&mut self, limit: usize) -> io::Result<Fast<'_>> {
        Ok(Fast {
            bits: self.bits,
            input: self.input.fill_buf()?,
            at: 0,
            codes: &self.buffers.codes,
            output: &mut self.buffers.output,
            begin: self.begin,
            end: self.end,
            limit,
        })
    }

    /// What a fast loop did. Where it can not go on for what there is to be read, one symbol is taken bit by bit.
    fn take_over(&mut self, stopped: Stopped, how: How, limit: usize) -> io::Result<()> {
        let Stopped {
            mut bits,
            at,
            end,
            starved,
        } = stopped;
        // Whole bytes that were not taken are given back. Those that were there before can be more than what was read here.
        let back = ((bits.count / 8) as usize).min(at);
        bits.count -= 8 * back as u32;
        bits.bits &= (1 << bits.count) - 1;
        (self.bits, self.end) = (bits, end);
        self.input.consume(at - back);
        self.taken += (at - back) as u64;
        match how {
            How::Bad => Err(self.bad().into()),
            How::Ended => {
                self.next = Next::Header;
                Ok(())
            }
            How::Paused if starved && end < limit => self.one(),
            How::Paused => Ok(()),
        }
    }

    /// One symbol, bit by bit: near the end of what was read.
    fn one(&mut self) -> io::Result<()> {
        let (entry, value) = self.symbol(true)?;
        if entry & LITERAL != 0 {
            self.buffers.output[self.end] = value as u8;
            self.end += 1;
            return Ok(());
        }
        if entry & OTHER != 0 {
            self.next = Next::Header;
            return Ok(());
        }
        let (_, distance) = self.symbol(false)?;
        if distance > self.end - self.begin {
            return Err(self.bad().into());
        }
        repeat(&mut self.buffers.output, self.end, distance, value);
        self.end += value;
        Ok(())
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
