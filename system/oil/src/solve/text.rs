//! Identities as text.

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .enumerate()
            .fold(0_u32, |word, (place, &byte)| {
                word | u32::from(byte) << (16 - 8 * place)
            });
        for place in 0..4 {
            let digit = BASE64[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[digit as usize]))
        .collect()
}

/// Whether the text of an identity (`Q1` and base64) is that of these bytes. A text of 20 bytes matches the start of
/// longer ones.
pub fn identity_matches(text: &str, bytes: &[u8]) -> bool {
    if bytes.len() < 20 {
        return false;
    }
    let same =
        |length: usize| text.get(2..) == Some(base64(&bytes[..length.min(bytes.len())]).as_str());
    match text.get(..2) {
        Some("Q1") => same(20),
        Some("Q2") => bytes.len() == 32 && same(32),
        Some("X1") => text[2..] == hex(&bytes[..20]),
        Some("X2") => bytes.len() == 32 && text[2..] == hex(bytes),
        _ => false,
    }
}

/// Where apk's table of names has a name: lists that it makes by going over that table (who waits for a name, who
/// depends on it) are in the order of these numbers, and the order of changes shows it. Found by sorting three
/// hundred names as apk sorted them: MurmurHash3 (32 bits) from 5381, modulo 20,000.
pub fn bucket(name: &str) -> u32 {
    let mix = |word: u32| {
        word.wrapping_mul(0xcc9e_2d51)
            .rotate_left(15)
            .wrapping_mul(0x1b87_3593)
    };
    let mut chunks = name.as_bytes().chunks_exact(4);
    let mut hash = 5381_u32;
    for chunk in &mut chunks {
        hash ^= mix(u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]));
        hash = hash
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        hash ^= mix(rest
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u32::from(byte)));
    }
    hash ^= name.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    (hash ^ hash >> 16) % 20_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_the_order_seen() {
        let seen = [
            "w7uah22wt8zv",
            "x9cxe5f",
            "b-l",
            "h4gjymk7",
            "inu54vhiiq",
            "x369dkt9rwoz",
            "dnfyh2s65",
            "1prmek2",
        ];
        assert!(seen.map(bucket).is_sorted());
        assert!(["xa", "xc", "xe", "xb", "xd"].map(bucket).is_sorted());
    }

    #[test]
    fn texts() {
        assert_eq!(
            base64(b"0123456789abcdefghij"),
            "MDEyMzQ1Njc4OWFiY2RlZmdoaWo="
        );
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
    }
}
