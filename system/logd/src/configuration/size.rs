//! Sizes: bytes, or with `K`, `M`, `G` for powers of 1024.

/// Reads one.
pub fn parse(text: &str) -> Option<u64> {
    let (number, shift) = match text.as_bytes().last()? {
        b'K' => (&text[..text.len() - 1], 10),
        b'M' => (&text[..text.len() - 1], 20),
        b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let good = number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| good)?;
    number.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes() {
        assert_eq!(super::parse("64K"), Some(65_536));
        assert_eq!(super::parse("0"), Some(0));
        assert_eq!(super::parse("3G"), Some(3 << 30));
        for text in [
            "",
            "K",
            "-1",
            "+1",
            "1.5M",
            "1k",
            "1 K",
            "99999999999999999999",
            "99999999999G",
        ] {
            assert_eq!(super::parse(text), None, "{text}");
        }
    }
}
