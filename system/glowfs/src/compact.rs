//! SHA-256 and BLAKE2b, written to be small: 2.9 KB, where the crates that are made to be quick have 23.
//!
//! Both begin with numbers that SHA-512 has, which is there for signatures: SHA-256's are the upper halves of them (FIPS 180-4, sections 4.2.2 and 5.3.3),
//! BLAKE2b's the same (RFC 7693, section 2.6).

use crate::format::sha512::{INITIAL, ROUNDS};

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut state = INITIAL.map(|word| (word >> 32) as u32);
    let (blocks, rest) = bytes.as_chunks::<64>();
    for block in blocks {
        rounds(&mut state, block);
    }
    // The bit behind the last one, and the length, which may need a block of its own.
    let mut end = [0; 128];
    end[..rest.len()].copy_from_slice(rest);
    end[rest.len()] = 0x80;
    let length = if rest.len() < 56 { 64 } else { 128 };
    end[length - 8..length].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    for block in end[..length].as_chunks::<64>().0 {
        rounds(&mut state, block);
    }
    let mut out = [0; 32];
    for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *place = word.to_be_bytes();
    }
    out
}

/// FIPS 180-4, section 6.2.2, with the message schedule in a ring of 16 words.
#[inline(never)]
fn rounds(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut ring = [0_u32; 16];
    for (word, bytes) in ring.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (round, constant) in ROUNDS[..64].iter().enumerate() {
        let here = ring[round % 16];
        let one = h
            .wrapping_add(e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25))
            .wrapping_add((e & f) ^ (!e & g))
            .wrapping_add((constant >> 32) as u32)
            .wrapping_add(here);
        let two = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22))
            .wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(one), c, b, a, one.wrapping_add(two));
        let (early, late) = (ring[(round + 1) % 16], ring[(round + 14) % 16]);
        ring[round % 16] = here
            .wrapping_add(early.rotate_right(7) ^ early.rotate_right(18) ^ early >> 3)
            .wrapping_add(ring[(round + 9) % 16])
            .wrapping_add(late.rotate_right(17) ^ late.rotate_right(19) ^ late >> 10);
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(more);
    }
}

/// BLAKE2b (RFC 7693) with 32 bytes of digest and no key.
pub fn blake2b(bytes: &[u8]) -> [u8; 32] {
    let mut state = INITIAL;
    // The parameters: 32 bytes of digest, a fanout and a depth of 1.
    state[0] ^= 0x0101_0020;
    let mut rest = bytes;
    let mut done = 0;
    // The last block, full or not, is told to be so: also where there are no bytes.
    while let Some((block, behind)) = rest
        .split_first_chunk::<128>()
        .filter(|(_, behind)| !behind.is_empty())
    {
        done += 128;
        mix(&mut state, block, done, 0);
        rest = behind;
    }
    let mut block = [0; 128];
    block[..rest.len()].copy_from_slice(rest);
    mix(&mut state, &block, bytes.len() as u64, u64::MAX);
    let mut out = [0; 32];
    for (place, word) in out.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *place = word.to_le_bytes();
    }
    out
}

/// The function F of RFC 7693, section 3.2: `end` is all ones for the last block.
#[inline(never)]
fn mix(state: &mut [u64; 8], block: &[u8; 128], done: u64, end: u64) {
    let mut message = [0; 16];
    for (word, bytes) in message.iter_mut().zip(block.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    let mut v = [0; 16];
    v[..8].copy_from_slice(state);
    v[8..].copy_from_slice(&INITIAL);
    v[12] ^= done;
    v[14] ^= end;
    for round in 0..12 {
        let mut order = ORDER[round % 10];
        let mut word = || {
            let word = message[order as usize % 16];
            order >>= 4;
            word
        };
        // Columns, then diagonals.
        step::<0, 4, 8, 12>(&mut v, word(), word());
        step::<1, 5, 9, 13>(&mut v, word(), word());
        step::<2, 6, 10, 14>(&mut v, word(), word());
        step::<3, 7, 11, 15>(&mut v, word(), word());
        step::<0, 5, 10, 15>(&mut v, word(), word());
        step::<1, 6, 11, 12>(&mut v, word(), word());
        step::<2, 7, 8, 13>(&mut v, word(), word());
        step::<3, 4, 9, 14>(&mut v, word(), word());
    }
    for (index, word) in state.iter_mut().enumerate() {
        *word ^= v[index] ^ v[index + 8];
    }
}

/// The function G of RFC 7693, section 3.1. Inline and with places that are known when it is compiled, or words would be written to memory and read again.
#[inline(always)]
fn step<const A: usize, const B: usize, const C: usize, const D: usize>(
    v: &mut [u64; 16],
    x: u64,
    y: u64,
) {
    let (mut a, mut b, mut c, mut d) = (v[A], v[B], v[C], v[D]);
    a = a.wrapping_add(b).wrapping_add(x);
    d = (d ^ a).rotate_right(32);
    c = c.wrapping_add(d);
    b = (b ^ c).rotate_right(24);
    a = a.wrapping_add(b).wrapping_add(y);
    d = (d ^ a).rotate_right(16);
    c = c.wrapping_add(d);
    b = (b ^ c).rotate_right(63);
    (v[A], v[B], v[C], v[D]) = (a, b, c, d);
}

/// RFC 7693, section 2.7: which word of the message comes when, a hexadecimal digit each, the first the lowest.
const ORDER: [u64; 10] = [
    0xfedc_ba98_7654_3210,
    0x357b_20c1_6df9_84ae,
    0x4917_63ea_df25_0c8b,
    0x8f04_a562_ebcd_1397,
    0xd386_cb1e_fa42_7509,
    0x91ef_57d4_38b0_a6c2,
    0xb829_3670_a4de_f15c,
    0xa268_4f05_931c_e7bd,
    0x5a41_7d2c_803b_9ef6,
    0x0dc3_e9bf_5167_482a,
];

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn digests_are_those_of_the_crates() {
        let bytes: Vec<u8> = (0..1000_u32).map(|number| (number * 7 / 3) as u8).collect();
        let mut params = blake2b_simd::Params::new();
        params.hash_length(32);
        for end in 0..=bytes.len() {
            let bytes = &bytes[..end];
            assert_eq!(sha256(bytes), *Sha256::digest(bytes), "{end}");
            assert_eq!(blake2b(bytes), params.hash(bytes).as_bytes(), "{end}");
        }
    }
}
