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
            x86(bytes, 1);
        }
    }

    /// The way back, after it was decompressed.
    pub fn decode(self, bytes: &mut [u8]) {
        if self == Filter::X86 {
            x86(bytes, u32::MAX);
        }
    }
}

/// Bytes that an instruction with its distance has at most, as far as these are known.
const LONGEST: usize = 8;

/// What bytes can be in an instruction with a distance: the first, the second and the third one. Three bytes that begin one have one bit in common, others none:
/// [`NEAR`] for CALL and JMP; [`CONDITIONAL`] for Jcc; [`INDIRECT`] for CALL and JMP of what lies relative to the instruction; [`RELATIVE`] for REX, MOV, LEA, ADD, CMP,
/// SUB, TEST, MOVSXD with what lies relative to it.
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

/// Where the distance is in an instruction of each kind; 0 for none.
const PLACE: [u8; 16] = {
    let mut place = [0; 16];
    place[NEAR as usize] = 1;
    place[CONDITIONAL as usize] = 2;
    place[INDIRECT as usize] = 2;
    place[RELATIVE as usize] = 3;
    place
};

/// Places that are looked at together.
const STEP: usize = 64;

/// Adds to each distance where its instruction ends in `bytes`, `times` times: once, or -1 times. Nothing here asks for one kind after the other: the
/// processor cannot foresee the answers.
fn x86(bytes: &mut [u8], times: u32) {
    let [one, two, three] = &KINDS;
    // Where the last instruction ended: none begins before that.
    let mut end = 0_usize;
    for begin in (0..bytes.len()).step_by(STEP) {
        let mut last = [0; STEP + 2];
        let chunk = match bytes[begin..].first_chunk() {
            Some(chunk) => chunk,
            None => {
                let rest = &bytes[begin..];
                last[..rest.len()].copy_from_slice(rest);
                &last
            }
        };
        let from = |place: usize| u64::MAX.checked_shl(place as u32).unwrap_or(0);
        let mut found = begins(chunk) & from(end.saturating_sub(begin));
        while found != 0 {
            let at = begin + found.trailing_zeros() as usize;
            found &= found - 1;
            let Some(window) = bytes[at..].first_chunk_mut::<LONGEST>() else {
                return;
            };
            let [first, second, third, ..] = window.map(usize::from);
            let place = usize::from(PLACE[usize::from(one[first] & two[second] & three[third])]);
            if place == 0 {
                continue;
            }
            end = at + place + 4;
            found &= from(end - begin);
            let distance = (u64::from_le_bytes(*window) >> (8 * place)) as u32;
            let turned = distance.wrapping_add(times.wrapping_mul(end as u32));
            // The sign goes on through the upper byte.
            let signed = ((turned << 7) as i32 >> 7) as u32;
            // Distances of 16 MiB or more are no distances.
            let near = matches!(distance >> 24, 0 | 0xff);
            let field = if near { signed } else { distance };
            window[place..place + 4].copy_from_slice(&field.to_le_bytes());
        }
    }
}

/// A bit for each of the first [`STEP`] places where an instruction with a distance may begin; few others have one too. Where the compiler has registers of many bytes
/// it makes sixteen comparisons of one.
#[cfg(any(target_feature = "sse2", target_feature = "neon"))]
fn begins(bytes: &[u8; STEP + 2]) -> u64 {
    let mut each = [0_u8; STEP];
    for (at, begins) in each.iter_mut().enumerate() {
        let [first, second, third] = [bytes[at], bytes[at + 1], bytes[at + 2]];
        let near = first & 0xfe == 0xe8;
        let conditional = (first == 0x0f) & (second & 0xf0 == 0x80);
        let indirect = (first == 0xff) & (second & 0xcf == 0x05);
        let relative = (first & 0xf8 == 0x48) & (third & 0xc7 == 0x05);
        *begins = u8::from(near | conditional | indirect | relative);
    }
    let (words, _) = each.as_chunks();
    let words = words.iter().zip((0..).step_by(8));
    words.fold(0, |found, (word, at)| {
        found | gather(u64::from_le_bytes(*word)) << at
    })
}

/// The same, eight places at a time, for who has no wider registers: the kernel among others.
#[cfg(not(any(target_feature = "sse2", target_feature = "neon")))]
fn begins(bytes: &[u8; STEP + 2]) -> u64 {
    /// A byte, eight times.
    fn each(byte: u8) -> u64 {
        u64::from(byte) * 0x0101_0101_0101_0101
    }
    /// The highest bit of each byte that is zero, and no other.
    fn is_zero(bytes: u64) -> u64 {
        let low = each(0x7f);
        !((bytes & low) + low | bytes | low)
    }
    let mut found = 0;
    for at in (0..STEP).step_by(8) {
        let [first, second, third] = [0, 1, 2].map(|more| {
            let word = bytes[at + more..].first_chunk();
            word.map_or(0, |word| u64::from_le_bytes(*word))
        });
        let other = |bytes: u64, mask: u8, byte: u8| bytes & each(mask) ^ each(byte);
        let near = is_zero(other(first, 0xfe, 0xe8));
        let conditional = is_zero(other(first, 0xff, 0x0f) | other(second, 0xf0, 0x80));
        let indirect = is_zero(other(first, 0xff, 0xff) | other(second, 0xcf, 0x05));
        let relative = is_zero(other(first, 0xf8, 0x48) | other(third, 0xc7, 0x05));
        found |= gather((near | conditional | indirect | relative) >> 7) << at;
    }
    found
}

/// The lowest bits of eight bytes, which have no others, side by side.
fn gather(bytes: u64) -> u64 {
    bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56
}
