//! A block's symbols: by the fast loops as long as there are bytes for, and one bit by bit where what was read ends.

use crate::fast::{Fast, How, Stopped, repeat, run, run_both};
use crate::tables::{
    DISTANCE_BITS, DISTANCES, END, LITERAL, LITERAL_BITS, LITERALS, NOTHING, OTHER,
};
use crate::{Inflate, MADE, Next, WINDOW};
use std::io::{self, BufRead};

impl<R: BufRead> Inflate<R> {
    /// Symbols of two streams.
    pub(super) fn both(&mut self, other: &mut Self, limits: [usize; 2]) {
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
    pub(super) fn symbols(&mut self) -> io::Result<()> {
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
