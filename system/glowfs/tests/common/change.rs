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

/// Does what a fuzzer's bytes say, six each: where (three bytes: from the begin, or from the end with the top bit set), what, and a value
/// of two bytes.
pub fn edit(bytes: &mut Vec<u8>, edits: &[u8]) {
    for edit in edits.chunks_exact(6) {
        let [low, middle, high, what, small, large] = *edit else {
            return;
        };
        let length = bytes.len();
        if length == 0 {
            return;
        }
        let place = usize::from(low) | usize::from(middle) << 8 | usize::from(high & 0x7f) << 16;
        let at = match high & 0x80 {
            0 => place % length,
            _ => length - 1 - place % length,
        };
        let value = u64::from(small) | u64::from(large) << 8;
        let number = match what & 0x0f {
            // A byte, one less or more than it was, a bit.
            0 => u64::from(small),
            1 => u64::from(bytes[at].wrapping_add(small)),
            2 => u64::from(bytes[at] ^ 1 << (small & 7)),
            // Small numbers, their complements, powers of two.
            3 | 4 => value,
            5 | 6 => !value,
            7 => 1_u64.checked_shl(u32::from(small)).unwrap_or(0),
            8 => {
                bytes.truncate(at);
                continue;
            }
            _ => {
                let from = value as usize % length;
                let count = usize::from(what >> 4) * 4 + 4;
                let count = count.min(length - from).min(length - at);
                bytes.copy_within(from..from + count, at);
                continue;
            }
        };
        let width = match what & 0x0f {
            0..=2 => 1,
            3 | 5 => 4,
            _ => 8,
        };
        let end = length.min(at + width);
        bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
    }
}
