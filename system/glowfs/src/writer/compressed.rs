//! What is compressed already, and is stored as it is without looking for more: searching and counting would take as long as for what becomes smaller, and find nothing.
//! Both must say so, how the file begins and how even its bytes are. Where both are wrong, the block is larger than it could be, and nothing else.

/// How files of these begin: Zstandard (RFC 8878), xz (its format, 2.1.1.1), gzip with DEFLATE (RFC 1952), bzip2. LZ4 is not among them: it leaves something to others.
const BEGINS: [&[u8]; 4] = [
    &[0x28, 0xb5, 0x2f, 0xfd],
    &[0xfd, b'7', b'z', b'X', b'Z', 0],
    &[0x1f, 0x8b, 8],
    b"BZh",
];

/// Places in a block at which bytes are counted, and how many at each.
const PLACES: usize = 32;
const COUNTED: usize = 128;
/// What the squares of how often each byte was counted add up to at most. Of 4,096 bytes by chance that is 69,616 on average, and rarely 1,000 more. At this bound codes for bytes would save
/// some six thousandths.
const EVEN: u32 = 73_728;

/// Whether a file that begins with these bytes says that it is compressed.
pub fn says_so(bytes: &[u8]) -> bool {
    BEGINS.iter().any(|begin| bytes.starts_with(begin))
}

/// Whether each byte is about as frequent as the others, in a sample from all over the block. Short blocks are not.
pub fn is_even(bytes: &[u8]) -> bool {
    if bytes.len() < PLACES * COUNTED {
        return false;
    }
    let mut counts = [0_u32; 256];
    for piece in bytes.chunks_exact(bytes.len() / PLACES).take(PLACES) {
        for byte in &piece[..COUNTED] {
            counts[usize::from(*byte)] += 1;
        }
    }
    counts.iter().map(|count| count * count).sum::<u32>() <= EVEN
}

#[cfg(test)]
mod tests {
    use super::{is_even, says_so};

    /// Bytes by chance.
    fn noise(length: usize, mut state: u64) -> Vec<u8> {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn noise_is_even_and_other_things_are_not() {
        for (seed, length) in (1..).zip([4096, 4097, 10_000, 65_535, 131_072, 1 << 20]) {
            let bytes = noise(length, seed);
            assert!(is_even(&bytes), "{length}");
            assert!(!is_even(&bytes[..4095]), "too short");
            // One byte of eight is the same one.
            let often = bytes.iter().zip((0..8).cycle());
            let often: Vec<u8> = often
                .map(|(byte, at)| if at == 0 { 0 } else { *byte })
                .collect();
            assert!(!is_even(&often), "{length}: zeros");
            let half: Vec<u8> = bytes.iter().map(|byte| byte & 0x7f).collect();
            assert!(!is_even(&half), "{length}: seven bits");
        }
        // What a compressor makes of letters.
        let text: Vec<u8> = noise(200_000, 7)
            .iter()
            .map(|byte| b'0' + byte % 64)
            .collect();
        let compressed = zstd::bulk::compress(&text, 3).expect("it compresses");
        assert!(says_so(&compressed) && is_even(&compressed));
        assert!(!says_so(&text) && !is_even(&text));
    }
}
