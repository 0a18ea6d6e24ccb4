//! Images changed at random.

/// Numbers that are the same for the same seed, which is not 0.
pub struct Random(pub u64);

impl Random {
    /// The next one.
    pub fn next(&mut self) -> u64 {
        // xorshift64* (Vigna 2016).
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// One below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Changes a few bytes: most of them in what has structure.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let length = bytes.len();
    let values = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];
    for _ in 0..=random.below(4) {
        let at = match random.below(4) {
            0 => random.below(256),
            // The table, and the metadata before it.
            1 => length - 1 - random.below(length.min(8192)),
            2 => length - 1 - random.below(length.min(40_000)),
            _ => random.below(length),
        };
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = values[random.below(values.len())],
            2 => {
                let number = (random.next() >> random.below(64)).to_le_bytes();
                let end = length.min(at + 1 + random.below(8));
                bytes[at..end].copy_from_slice(&number[..end - at]);
            }
            3 => {
                let from = random.below(length - 64);
                let to = random.below(length - 64);
                let count = 1 + random.below(64);
                bytes.copy_within(from..from + count, to);
            }
            _ => {
                bytes[at] = bytes[at]
                    .wrapping_add(random.below(5) as u8)
                    .wrapping_sub(2)
            }
        }
    }
    if random.below(50) == 0 {
        bytes.truncate(random.below(length));
    }
}
