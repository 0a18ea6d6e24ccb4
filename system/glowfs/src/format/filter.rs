// SPDX-License-Identifier: MIT

//! Filters: what is done to a block's bytes before they are compressed, and undone after they were decompressed.
//!
//! [`Filter::X86`] makes calls and jumps of x86 programs, and what they address relative to the instruction, say a place in the block instead of a distance:
//! two calls of one function are the same bytes then. Which bytes are a distance is seen from the bytes before them, none of which a later change touches; that is why the way
//! back finds the same places.

/// A filter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Filter {
    /// None.
    None = 0,
    /// Programs for x86 of 64 bits.
    X86 = 1,
}

impl Filter {
    /// The filter of this number.
    pub fn from_number(number: u8) -> Option<Filter> {
        match number {
            0 => Some(Filter::None),
            1 => Some(Filter::X86),
            _ => None,
        }
    }

    /// What is done before a block is compressed.
    pub fn encode(self, bytes: &mut [u8]) {
        if self == Filter::X86 {
            x86(bytes, u32::wrapping_add);
        }
    }

    /// The way back, after it was decompressed.
    pub fn decode(self, bytes: &mut [u8]) {
        if self == Filter::X86 {
            x86(bytes, u32::wrapping_sub);
        }
    }
}

/// Bytes that an instruction with its distance has at most, as far as these are known.
const LONGEST: usize = 8;

/// Where the distance of the instruction at the begin of `bytes` is, if it is one of those that have one.
fn distance(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        // CALL and JMP.
        [0xe8 | 0xe9, ..] => Some(1),
        // Jcc; CALL and JMP of what lies relative to the instruction.
        [0x0f, 0x80..=0x8f, ..] | [0xff, 0x15 | 0x25, ..] => Some(2),
        // REX, MOV, LEA, ADD, CMP, SUB, TEST, MOVSXD with what lies relative to the instruction.
        [
            0x48..=0x4f,
            0x03 | 0x2b | 0x39 | 0x3b | 0x63 | 0x83 | 0x85 | 0x89 | 0x8b | 0x8d | 0xc7,
            mode,
            ..,
        ] if mode & 0xc7 == 0x05 => Some(3),
        _ => None,
    }
}

/// What bytes can be in an instruction with a distance, as [`distance`] knows them: the first, the second and the third one. Of three bytes that are none, the three
/// have no bit in common: [`NEAR`], [`CONDITIONAL`], [`INDIRECT`] and [`RELATIVE`] are the bits.
const KINDS: [[u8; 256]; 3] = {
    let mut kinds = [[0; 256], [NEAR; 256], [NEAR | CONDITIONAL | INDIRECT; 256]];
    let mut byte = 0;
    while byte < 256 {
        kinds[0][byte] = match byte {
            0xe8 | 0xe9 => NEAR,
            0x0f => CONDITIONAL,
            0xff => INDIRECT,
            0x48..=0x4f => RELATIVE,
            _ => 0,
        };
        kinds[1][byte] |= match byte {
            0x80..=0x8f => CONDITIONAL,
            0x15 | 0x25 => INDIRECT,
            _ => 0,
        };
        if matches!(
            byte,
            0x03 | 0x2b | 0x39 | 0x3b | 0x63 | 0x83 | 0x85 | 0x89 | 0x8b | 0x8d | 0xc7
        ) {
            kinds[1][byte] |= RELATIVE;
        }
        if byte & 0xc7 == 0x05 {
            kinds[2][byte] |= RELATIVE;
        }
        byte += 1;
    }
    kinds
};
const NEAR: u8 = 1;
const CONDITIONAL: u8 = 2;
const INDIRECT: u8 = 4;
const RELATIVE: u8 = 8;

/// Whether an instruction with a distance begins with these bytes, without asking for one after the other: the processor cannot foresee the answers.
fn begins(bytes: &[u8]) -> bool {
    let [first, second, third] = *bytes else {
        return false;
    };
    let [one, two, three] = &KINDS;
    one[usize::from(first)] & two[usize::from(second)] & three[usize::from(third)] != 0
}

fn x86(bytes: &mut [u8], turn: fn(u32, u32) -> u32) {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let Some(skip) = rest.windows(3).position(begins) else {
            return;
        };
        at += skip;
        let Some(window) = bytes.get(at..at + LONGEST) else {
            return;
        };
        let Some(from) = distance(window) else {
            at += 1;
            continue;
        };
        at += from + 4;
        let Some(field) = bytes
            .get_mut(at - 4..at)
            .and_then(|field| <&mut [u8; 4]>::try_from(field).ok())
        else {
            return;
        };
        // Distances of 16 MiB or more are no distances.
        if matches!(field[3], 0 | 0xff) {
            let turned = turn(u32::from_le_bytes(*field), at as u32);
            // The sign goes on through the upper byte.
            let signed = ((turned << 7) as i32 >> 7) as u32;
            *field = signed.to_le_bytes();
        }
    }
}
