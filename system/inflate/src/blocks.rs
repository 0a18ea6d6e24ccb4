//! What stands before a block's symbols: its kind, and its codes or its bytes as they are (RFC 1951, 3.2.3 to 3.2.7).

use crate::tables::{self, DISTANCE_BITS, LENGTH_SYMBOLS, LITERAL_BITS, OTHER};
use crate::{Inflate, Next};
use std::io::{self, BufRead};

/// The order in which the lengths of the code of lengths come (RFC 1951, 3.2.7).
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

impl<R: BufRead> Inflate<R> {
    pub(super) fn header(&mut self) -> io::Result<()> {
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

    pub(super) fn stored(&mut self, left: usize, limit: usize) -> io::Result<()> {
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
}
