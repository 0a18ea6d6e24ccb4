//! DER (X.690), as much as a certificate and a signature of modules take: they are two fixed structures.

/// An element: its tag, its length, and what is in it.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let big = length.to_be_bytes();
        let skip = big.iter().take_while(|byte| **byte == 0).count();
        bytes.push(0x80 | (big.len() - skip) as u8);
        bytes.extend(&big[skip..]);
    }
    bytes.extend(content);
    bytes
}

/// SEQUENCE.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// SET of one element.
pub fn set(only: &[u8]) -> Vec<u8> {
    element(0x31, only)
}

/// INTEGER that is not negative, from its big-endian bytes.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let sign: &[u8] = match bytes.first() {
        Some(first) if *first < 0x80 => &[],
        _ => &[0],
    };
    element(0x02, &[sign, bytes].concat())
}

/// OBJECT IDENTIFIER, from its numbers.
pub fn object(numbers: &[u32]) -> Vec<u8> {
    let first = numbers[0] * 40 + numbers[1];
    let mut content = Vec::new();
    for number in std::iter::once(&first).chain(&numbers[2..]) {
        let groups = (1..5)
            .take_while(|group| number >> (7 * group) != 0)
            .count();
        for group in (1..=groups).rev() {
            content.push(0x80 | (number >> (7 * group)) as u8 & 0x7f);
        }
        content.push(*number as u8 & 0x7f);
    }
    element(0x06, &content)
}

/// OCTET STRING.
pub fn octets(bytes: &[u8]) -> Vec<u8> {
    element(0x04, bytes)
}

/// BIT STRING of which `unused` bits at its end do not count.
pub fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    element(0x03, &[&[unused], bytes].concat())
}

/// NULL.
pub const NULL: [u8; 2] = [0x05, 0x00];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_those_of_the_standard() {
        // X.690, 8.1.3 and 8.3; the identifier is that of RFC 8017, A.1.
        assert_eq!(element(4, &[7; 200])[..4], [4, 0x81, 200, 7]);
        assert_eq!(element(4, &[7; 300])[..5], [4, 0x82, 1, 44, 7]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        let rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
        assert_eq!(object(&[1, 2, 840, 113_549, 1, 1, 1]), rsa);
        assert_eq!(
            sequence(&[&NULL, &bits(&[0x80], 7)]),
            [0x30, 6, 5, 0, 3, 2, 7, 0x80]
        );
    }
}
