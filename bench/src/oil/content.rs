//! Bytes that are the same in every run, and that compress as programs do: to a little more than half.

/// A generator of numbers (xorshift64*, Vigna 2016), good enough for bytes and choices.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, which is above 0.
    #[allow(clippy::cast_possible_truncation)] // It is below a usize.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// What stands between the bytes that do not compress.
const PLAIN: &[u8; 8] = b"the same";

/// `length` bytes of the file with this number.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = Vec::with_capacity(length + 16);
    while bytes.len() < length {
        bytes.extend_from_slice(&random.next().to_le_bytes());
        bytes.extend_from_slice(PLAIN);
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_each_time_and_different_for_each() {
        assert_eq!(bytes(7, 1000), bytes(7, 1000));
        assert_ne!(bytes(7, 1000), bytes(8, 1000));
        assert_eq!(bytes(7, 1000).len(), 1000);
        let mut random = Random::new(3);
        assert!((0..1000).all(|_| random.below(10) < 10));
    }
}
