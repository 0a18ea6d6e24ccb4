//! The hash that a sidecar knows its file and its paths by.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

/// A hash of bytes; not meant to withstand anyone, as whoever writes here could write `installed` as well.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = Hasher::default();
    let whole = bytes.len() - bytes.len() % CHUNK;
    hasher.add(&bytes[..whole]);
    hasher.finish(&bytes[whole..])
}

/// The same of a file of this length.
pub fn hash_file(file: &File, length: u64) -> Option<u64> {
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; usize::try_from(length).ok()?.min(64 << 10)];
    let mut at = 0;
    loop {
        let rest = usize::try_from(length - at).ok()?;
        let size = rest.min(buffer.len());
        let part = &mut buffer[..size];
        file.read_exact_at(part, at).ok()?;
        if size == rest {
            let whole = size - size % CHUNK;
            hasher.add(&part[..whole]);
            return Some(hasher.finish(&part[whole..]));
        }
        hasher.add(part);
        at += size as u64;
    }
}

const FACTORS: [u64; 4] = [
    0x9e37_79b9_7f4a_7c15,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
];

/// Bytes that are hashed at once.
const CHUNK: usize = 32;

/// See [`hash`].
struct Hasher {
    lanes: [u64; 4],
    length: u64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            lanes: FACTORS,
            length: 0,
        }
    }
}

impl Hasher {
    /// Adds whole chunks.
    fn add(&mut self, bytes: &[u8]) {
        let word = |chunk: &[u8]| u64::from_le_bytes(chunk.try_into().expect("eight bytes"));
        for chunk in bytes.chunks_exact(CHUNK) {
            for (lane, part) in self.lanes.iter_mut().zip(chunk.chunks_exact(8)) {
                *lane = (lane.rotate_left(29) ^ word(part)).wrapping_mul(FACTORS[0]);
            }
        }
        self.length += bytes.len() as u64;
    }

    /// The hash, with what is left.
    fn finish(self, rest: &[u8]) -> u64 {
        let mut sum = self.length + rest.len() as u64;
        for (lane, factor) in self.lanes.into_iter().zip(FACTORS) {
            sum = (sum.rotate_left(23) ^ lane ^ (lane >> 31)).wrapping_mul(factor);
        }
        for chunk in rest.chunks(8) {
            let mut last = [0; 8];
            last[..chunk.len()].copy_from_slice(chunk);
            sum = (sum.rotate_left(23) ^ u64::from_le_bytes(last)).wrapping_mul(FACTORS[1]);
        }
        sum ^= sum >> 32;
        sum.wrapping_mul(FACTORS[2]) ^ (sum >> 29)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_in_pieces_as_in_whole() {
        for length in [0, 5, 32, (64 << 10) - 1, 64 << 10, (64 << 10) + 33, 200_001] {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
            let file = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(file.path(), &bytes).expect("written");
            let file = File::open(file.path()).expect("there");
            assert_eq!(hash_file(&file, length as u64), Some(hash(&bytes)));
        }
    }
}
