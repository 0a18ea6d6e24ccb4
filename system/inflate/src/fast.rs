//! The loop that most of it is: as many symbols as there are bytes for, without asking after each whether more must be read.

use super::{Bits, Codes, INPUT, MADE, OUTPUT, WINDOW};
use crate::tables::{
    DISTANCE_BITS, DISTANCES, END, LITERAL, LITERAL_BITS, LITERALS, NOTHING, OTHER,
};

/// Where the fast loop is.
pub struct Fast {
    pub bits: Bits,
    pub at: usize,
    pub end: usize,
}

/// Why it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Too little is left to be read, or too little room.
    Paused,
    Ended,
    Bad,
}

/// Runs the fast loop as this processor does it best.
pub fn run(
    state: &mut Fast,
    input: &[u8],
    codes: &Codes,
    output: &mut [u8; OUTPUT],
    begin: usize,
) -> How {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("bmi2") {
        // SAFETY: the processor has these instructions.
        #[allow(unsafe_code)]
        return unsafe { run_bmi2(state, input, codes, output, begin) };
    }
    rounds(state, input, codes, output, begin)
}

/// With shifts by a count in any register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi2")]
fn run_bmi2(
    state: &mut Fast,
    input: &[u8],
    codes: &Codes,
    output: &mut [u8; OUTPUT],
    begin: usize,
) -> How {
    rounds(state, input, codes, output, begin)
}

#[inline(always)]
fn rounds(
    state: &mut Fast,
    input: &[u8],
    codes: &Codes,
    output: &mut [u8; OUTPUT],
    begin: usize,
) -> How {
    const LITERAL_MASK: u64 = (1 << LITERAL_BITS) - 1;
    const DISTANCE_MASK: u64 = (1 << DISTANCE_BITS) - 1;
    let Bits {
        mut bits,
        mut count,
    } = state.bits;
    let (mut at, mut end) = (state.at, state.end);
    let literals = &codes.literals;
    // At least 56 bits; more than `count` says may be in `bits`, and will be there again.
    macro_rules! refill {
        () => {
            let bytes: [u8; 8] = input[at..at + 8].try_into().expect("eight");
            bits |= u64::from_le_bytes(bytes) << count;
            at += ((63 - count) >> 3) as usize;
            count |= 56;
        };
    }
    macro_rules! take {
        ($entry:ident) => {
            bits >>= $entry & 0x3f;
            count -= $entry & 0xff;
        };
    }
    let how = 'all: loop {
        if at + INPUT > input.len() || end >= WINDOW + MADE {
            break How::Paused;
        }
        refill!();
        let mut entry = literals[(bits & LITERAL_MASK) as usize];
        if entry & LITERAL != 0 {
            // Four of these take 44 bits at most.
            for nth in 0..4 {
                take!(entry);
                output[end] = (entry >> 16) as u8;
                end += 1;
                entry = literals[(bits & LITERAL_MASK) as usize];
                if entry & LITERAL == 0 {
                    break;
                }
                if nth == 3 {
                    continue 'all;
                }
            }
            // A length and a distance take 48 bits at most.
            refill!();
        }
        if entry & OTHER != 0 {
            if entry & (END | NOTHING) == 0 {
                take!(entry);
                let place =
                    (entry >> 16) as usize + (bits & ((1 << (entry >> 8 & 0xf)) - 1)) as usize;
                entry = literals[place & (LITERALS - 1)];
                if entry & LITERAL != 0 {
                    take!(entry);
                    output[end] = (entry >> 16) as u8;
                    end += 1;
                    continue;
                }
            }
            if entry & OTHER != 0 {
                if entry & END == 0 {
                    break How::Bad;
                }
                take!(entry);
                break How::Ended;
            }
        }
        let value = |entry: u32, bits: u64| {
            let extra = (bits & ((1 << (entry & 0x3f)) - 1)) >> (entry >> 8 & 0xf);
            (entry >> 16) as usize + extra as usize
        };
        let length = value(entry, bits);
        take!(entry);
        let mut entry = codes.distances[(bits & DISTANCE_MASK) as usize];
        if entry & OTHER != 0 {
            if entry & NOTHING == 0 {
                take!(entry);
                let place =
                    (entry >> 16) as usize + (bits & ((1 << (entry >> 8 & 0xf)) - 1)) as usize;
                entry = codes.distances[place & (DISTANCES - 1)];
            }
            if entry & OTHER != 0 {
                break How::Bad;
            }
        }
        let distance = value(entry, bits);
        take!(entry);
        if distance > end - begin {
            break How::Bad;
        }
        repeat(output, end, distance, length);
        end += length;
    };
    // What is above was put there by the last refill.
    bits &= (1 << count) - 1;
    *state = Fast {
        bits: Bits { bits, count },
        at,
        end,
    };
    how
}

/// Repeats what is `distance` before `end`. Up to fifteen bytes behind are written too.
#[inline(always)]
pub fn repeat(output: &mut [u8; OUTPUT], end: usize, distance: usize, length: usize) {
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
