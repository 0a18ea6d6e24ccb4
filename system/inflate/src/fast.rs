//! The loops that most of it is: as many symbols as there are bytes for, without asking after each whether more must be
//! read.
//!
//! Where the next symbol begins is only known once the one before was looked up, and that takes a processor longer than
//! all else that is done for a symbol. Of two streams symbols are taken in turn: one is looked up while the other is.

use super::{Bits, Codes, INPUT};
use crate::tables::{
    DISTANCE_BITS, DISTANCES, END, LITERAL, LITERAL_BITS, LITERALS, NOTHING, OTHER,
};

/// Literals that are taken before more bits are: of eleven bits each, of 56.
const MANY: usize = 4;

/// A stream and where in it the loop is.
pub struct Fast<'s> {
    pub bits: Bits,
    pub input: &'s [u8],
    /// In `input`.
    pub at: usize,
    pub codes: &'s Codes,
    pub output: &'s mut [u8],
    /// In `output`: what can be repeated begins, what was made ends, and no more is to be made.
    pub begin: usize,
    pub end: usize,
    pub limit: usize,
}

/// Where the loop stopped.
pub struct Stopped {
    pub bits: Bits,
    /// In the input.
    pub at: usize,
    /// In the output.
    pub end: usize,
    /// Whether too little is left to be read for another round.
    pub starved: bool,
}

/// Why it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Too little is left to be read, or too little room; or the other stream stopped.
    Paused,
    Ended,
    Bad,
}

/// Runs the loop of one stream as this processor does it best.
pub fn run(stream: &mut Fast) -> How {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("bmi2") {
        // SAFETY: the processor has these instructions.
        #[allow(unsafe_code)]
        return unsafe { rounds_bmi2(stream) };
    }
    rounds(stream)
}

/// The same of two streams at once, until either stops.
pub fn run_both(first: &mut Fast, second: &mut Fast) -> [How; 2] {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("bmi2") {
        // SAFETY: as above.
        #[allow(unsafe_code)]
        return unsafe { rounds_of_both_bmi2(first, second) };
    }
    // Those that have no such shifts have few registers as well.
    if cfg!(target_arch = "x86_64") {
        return [rounds(first), How::Paused];
    }
    rounds_of_both(first, second)
}

/// With shifts by a count in any register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi2")]
fn rounds_bmi2(stream: &mut Fast) -> How {
    rounds(stream)
}

/// The same.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi2")]
fn rounds_of_both_bmi2(first: &mut Fast, second: &mut Fast) -> [How; 2] {
    rounds_of_both(first, second)
}

#[inline(always)]
fn rounds(stream: &mut Fast) -> How {
    let mut at = stream.turn();
    let how = 'all: loop {
        if !at.can_go_on() {
            break How::Paused;
        }
        at.refill();
        let mut entry = at.look();
        if entry & LITERAL != 0 {
            for nth in 0..MANY {
                at.literal(entry);
                entry = at.look();
                if entry & LITERAL == 0 {
                    break;
                }
                if nth + 1 == MANY {
                    continue 'all;
                }
            }
            at.refill();
        }
        if let Some(how) = at.other(entry) {
            break how;
        }
    };
    let (bits, place, end) = at.left();
    (stream.bits, stream.at, stream.end) = (bits, place, end);
    how
}

#[inline(always)]
fn rounds_of_both(first: &mut Fast, second: &mut Fast) -> [How; 2] {
    let (mut one, mut two) = (first.turn(), second.turn());
    let how = loop {
        if !one.can_go_on() || !two.can_go_on() {
            break [How::Paused; 2];
        }
        one.refill();
        two.refill();
        let (mut of_one, mut of_two) = (one.look(), two.look());
        for _ in 0..MANY {
            if of_one & of_two & LITERAL == 0 {
                break;
            }
            one.literal(of_one);
            two.literal(of_two);
            (of_one, of_two) = (one.look(), two.look());
        }
        // There are bits for one literal more.
        let how = [one.symbol(of_one), two.symbol(of_two)];
        if how != [None; 2] {
            break how.map(|how| how.unwrap_or(How::Paused));
        }
    };
    (first.bits, first.at, first.end) = one.left();
    (second.bits, second.at, second.end) = two.left();
    how
}

/// [`Fast`] with what changes in registers.
struct Turn<'t> {
    bits: u64,
    count: u32,
    input: &'t [u8],
    at: usize,
    codes: &'t Codes,
    output: &'t mut [u8],
    begin: usize,
    end: usize,
    limit: usize,
}

impl Fast<'_> {
    pub fn stop(self) -> Stopped {
        Stopped {
            bits: self.bits,
            at: self.at,
            end: self.end,
            starved: self.at + INPUT > self.input.len(),
        }
    }

    #[inline(always)]
    fn turn(&mut self) -> Turn<'_> {
        let Bits { bits, count } = self.bits;
        Turn {
            bits,
            count,
            input: self.input,
            at: self.at,
            codes: self.codes,
            output: self.output,
            begin: self.begin,
            end: self.end,
            limit: self.limit,
        }
    }
}

impl Turn<'_> {
    /// Whether there are bytes and room for another round.
    #[inline(always)]
    fn can_go_on(&self) -> bool {
        self.at + INPUT <= self.input.len() && self.end < self.limit
    }

    /// At least 56 bits; more than `count` says may be in `bits`, and will be there again.
    #[inline(always)]
    fn refill(&mut self) {
        let bytes = self.input[self.at..self.at + 8].try_into().expect("eight");
        self.bits |= u64::from_le_bytes(bytes) << self.count;
        self.at += ((63 - self.count) >> 3) as usize;
        self.count |= 56;
    }

    #[inline(always)]
    fn take(&mut self, entry: u32) {
        self.bits >>= entry & 0x3f;
        self.count -= entry & 0xff;
    }

    /// What the next bits are, of literals and lengths.
    #[inline(always)]
    fn look(&self) -> u32 {
        self.codes.literals[(self.bits & ((1 << LITERAL_BITS) - 1)) as usize]
    }

    #[inline(always)]
    fn literal(&mut self, entry: u32) {
        self.take(entry);
        self.output[self.end] = (entry >> 16) as u8;
        self.end += 1;
    }

    /// The entry of the second table that an entry of the first leads to.
    #[inline(always)]
    fn place(&mut self, entry: u32) -> usize {
        self.take(entry);
        (entry >> 16) as usize + (self.bits & ((1 << (entry >> 8 & 0xf)) - 1)) as usize
    }

    /// The length or distance of an entry, with its extra bits.
    #[inline(always)]
    fn value(&mut self, entry: u32) -> usize {
        let extra = (self.bits & ((1 << (entry & 0x3f)) - 1)) >> (entry >> 8 & 0xf);
        self.take(entry);
        (entry >> 16) as usize + extra as usize
    }

    /// Any symbol, the bits of which may have to be read.
    #[inline(always)]
    fn symbol(&mut self, entry: u32) -> Option<How> {
        if entry & LITERAL != 0 {
            self.literal(entry);
            return None;
        }
        self.refill();
        self.other(entry)
    }

    /// What is no literal of the first table, all bits of which are there: a length and a distance take 48 at most.
    #[inline(always)]
    fn other(&mut self, mut entry: u32) -> Option<How> {
        if entry & OTHER != 0 {
            if entry & (END | NOTHING) == 0 {
                let place = self.place(entry);
                entry = self.codes.literals[place & (LITERALS - 1)];
                if entry & LITERAL != 0 {
                    self.literal(entry);
                    return None;
                }
            }
            if entry & OTHER != 0 {
                if entry & END == 0 {
                    return Some(How::Bad);
                }
                self.take(entry);
                return Some(How::Ended);
            }
        }
        let length = self.value(entry);
        let mut entry = self.codes.distances[(self.bits & ((1 << DISTANCE_BITS) - 1)) as usize];
        if entry & OTHER != 0 {
            if entry & NOTHING == 0 {
                let place = self.place(entry);
                entry = self.codes.distances[place & (DISTANCES - 1)];
            }
            if entry & OTHER != 0 {
                return Some(How::Bad);
            }
        }
        let distance = self.value(entry);
        if distance > self.end - self.begin {
            return Some(How::Bad);
        }
        repeat(self.output, self.end, distance, length);
        self.end += length;
        None
    }

    /// Where it is, without the bits that the last refill put above those that are counted.
    #[inline(always)]
    fn left(self) -> (Bits, usize, usize) {
        let (bits, count) = (self.bits & ((1 << self.count) - 1), self.count);
        (Bits { bits, count }, self.at, self.end)
    }
}

/// Repeats what is `distance` before `end`. Up to fifteen bytes behind are written too.
#[inline(always)]
pub fn repeat(output: &mut [u8], end: usize, distance: usize, length: usize) {
    let from = end - distance;
    if distance >= 8 {
        let mut eight = |done: usize| {
            let part: [u8; 8] = output[from + done..from + done + 8]
                .try_into()
                .expect("eight");
            output[end + done..end + done + 8].copy_from_slice(&part);
        };
        // Most are no longer than sixteen, and whether they are longer than eight cannot be foreseen.
        eight(0);
        eight(8);
        let mut done = 16;
        while done < length {
            eight(done);
            done += 8;
        }
    } else if distance == 1 {
        let byte = output[from];
        output[end..end + length].fill(byte);
    } else {
        for place in from..from + length {
            output[place + distance] = output[place];
        }
    }
}
