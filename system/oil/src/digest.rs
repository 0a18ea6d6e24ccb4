//! Digests as packages, indexes and databases write them: `Q1` and base64 or `X1` and hexadecimal digits of a SHA-1,
//! `Q2` and `X2` of a SHA-256 (facts of the v2 index, apk-v2(5)).
//!
//! SHA-2 is calculated by ring: where a processor has no instructions for it, ring uses those that it has for vectors, which crates of Rust alone
//! do not. SHA-1 is what v2 names packages and files by.

use ring::digest::{Context, SHA256, SHA512};
use sha1::{Digest as _, Sha1};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};

/// How bytes are hashed. The numbers are those of v3 signatures (apk-v3(5), SIG block).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Algorithm {
    /// 20 bytes.
    Sha1 = 2,
    /// 32 bytes.
    Sha256 = 3,
    /// 64 bytes.
    Sha512 = 4,
    /// The first 20 bytes of a SHA-256.
    Sha256Short = 5,
}

impl Algorithm {
    /// The algorithm with this number in a v3 signature.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            2 => Some(Self::Sha1),
            3 => Some(Self::Sha256),
            4 => Some(Self::Sha512),
            5 => Some(Self::Sha256Short),
            _ => None,
        }
    }
}

/// A digest of 20, 32 or 64 bytes.
///
/// One of 20 bytes does not say whether it is a SHA-1 or a shortened SHA-256; the package that it belongs to does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    bytes: [u8; 64],
    length: u8,
}

impl Digest {
    /// From 20, 32 or 64 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        matches!(bytes.len(), 20 | 32 | 64).then(|| Self::new(bytes))
    }

    fn new(from: &[u8]) -> Self {
        let mut bytes = [0; 64];
        // Those that there are thousands of have lengths that are known beforehand.
        match (from.first_chunk::<20>(), from.first_chunk::<32>()) {
            (Some(short), _) if from.len() == 20 => bytes[..20].copy_from_slice(short),
            (_, Some(long)) if from.len() == 32 => bytes[..32].copy_from_slice(long),
            _ => bytes[..from.len()].copy_from_slice(from),
        }
        Self {
            bytes,
            length: from.len() as u8,
        }
    }

    /// The digest of `data`.
    pub fn of(algorithm: Algorithm, data: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(data);
        hasher.finish()
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Whether `self`, which may have been shortened, is of what `whole` is of. Twenty bytes at least are compared.
    pub fn agrees(&self, whole: &Digest) -> bool {
        let (short, long) = (self.as_bytes(), whole.as_bytes());
        short.len() >= 20 && long.len() >= short.len() && long[..short.len()] == *short
    }

    /// The first 20 bytes, as v2 places store it.
    pub fn short(&self) -> Self {
        Self::new(&self.bytes[..20])
    }

    /// Lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(self.as_bytes())
    }

    /// From hexadecimal digits without a prefix; 40, 64 or 128 of them.
    pub fn from_hex(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        let length = unhex(text, &mut bytes)?;
        Self::from_bytes(&bytes[..length])
    }

    /// From `Q1…`, `X1…`, `Q2…` or `X2…`. As apk does, a value under the prefix of SHA-1 that is 12 bytes too long is
    /// a SHA-256.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (prefix, value) = text.split_at_checked(2)?;
        let mut bytes = [0; 64];
        let length = match prefix[0] {
            b'Q' => unbase64(value, &mut bytes)?,
            b'X' => unhex(value, &mut bytes)?,
            _ => return None,
        };
        let good = match prefix[1] {
            b'1' => length == 20 || length == 32,
            b'2' => length == 32,
            _ => false,
        };
        good.then(|| Self::new(&bytes[..length]))
    }

    /// `X1` or `X2` and hexadecimal digits.
    pub fn hex_text(&self) -> String {
        format!("X{}{}", self.kind(), self.hex())
    }

    /// `Q1` or `Q2` and base64.
    pub fn text(&self) -> Text {
        let bytes = self.as_bytes();
        let length = 2 + bytes.len().div_ceil(3) * 4;
        let mut text = [0; 90];
        text[0] = b'Q';
        text[1] = self.kind() as u8;
        write_base64(bytes, &mut text[2..length]);
        Text { text, length }
    }

    fn kind(&self) -> char {
        if self.length == 20 { '1' } else { '2' }
    }
}

/// See [`Digest::text`].
pub struct Text {
    text: [u8; 90],
    length: usize,
}

impl Text {
    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// `Q1` or `Q2` and base64.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(self.text().as_bytes()).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

/// A digest in the making.
#[derive(Clone)]
pub enum Hasher {
    /// SHA-1.
    Sha1(Sha1),
    /// SHA-256 and SHA-512.
    Sha2(Context),
    /// SHA-256, shortened.
    Sha256Short(Context),
}

impl Hasher {
    /// Of nothing yet.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha2(Context::new(&SHA256)),
            Algorithm::Sha512 => Self::Sha2(Context::new(&SHA512)),
            Algorithm::Sha256Short => Self::Sha256Short(Context::new(&SHA256)),
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            Self::Sha1(one) => one.update(data),
            Self::Sha2(one) | Self::Sha256Short(one) => one.update(data),
        }
    }

    /// Adds all that is left of a file, to several at once.
    ///
    /// # Errors
    /// Those of reading.
    pub fn update_from(all: &mut [Self], file: &mut File) -> io::Result<()> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => all
                    .iter_mut()
                    .for_each(|hasher| hasher.update(&buffer[..length])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The digest of all that was added.
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha1(one) => Digest::new(&one.finalize()),
            Self::Sha2(one) => Digest::new(one.finish().as_ref()),
            Self::Sha256Short(one) => Digest::new(&one.finish().as_ref()[..20]),
        }
    }
}

/// Lower-case hexadecimal digits of any bytes.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = Vec::new();
    write_hex(bytes, &mut text);
    ascii(text)
}

/// The same behind what is in `text`.
pub fn write_hex(bytes: &[u8], text: &mut Vec<u8>) {
    let digits = b"0123456789abcdef";
    let before = text.len();
    text.resize(before + bytes.len() * 2, 0);
    for (byte, pair) in bytes.iter().zip(text[before..].as_chunks_mut::<2>().0) {
        *pair = [
            digits[usize::from(byte >> 4)],
            digits[usize::from(byte & 15)],
        ];
    }
}

/// The bytes of hexadecimal digits, or nothing if they are not such.
pub fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    unhex(text, &mut bytes)?;
    Some(bytes)
}

/// Text of what was written as such.
fn ascii(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

const NIBBLE: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut value = 0;
    while value < 16 {
        let digits = [b"0123456789abcdef"[value], b"0123456789ABCDEF"[value]];
        table[digits[0] as usize] = value as u8;
        table[digits[1] as usize] = value as u8;
        value += 1;
    }
    table
};

fn unhex(text: &[u8], into: &mut [u8]) -> Option<usize> {
    if !text.len().is_multiple_of(2) || text.len() / 2 > into.len() {
        return None;
    }
    for (pair, byte) in text.chunks_exact(2).zip(into) {
        let (high, low) = (NIBBLE[usize::from(pair[0])], NIBBLE[usize::from(pair[1])]);
        if high | low == 0xff {
            return None;
        }
        *byte = high << 4 | low;
    }
    Some(text.len() / 2)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    let mut text = vec![0; bytes.len().div_ceil(3) * 4];
    write_base64(bytes, &mut text);
    ascii(text)
}

/// The same into `text`, which has the length for it.
fn write_base64(bytes: &[u8], text: &mut [u8]) {
    let letters = |word: u32| [18, 12, 6, 0].map(|by| ALPHABET[(word >> by & 63) as usize]);
    let mut fours = text.chunks_exact_mut(4);
    let mut threes = bytes.chunks_exact(3);
    for (three, four) in threes.by_ref().zip(fours.by_ref()) {
        let word = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        four.copy_from_slice(&letters(word));
    }
    let (rest, padding) = match *threes.remainder() {
        [one] => ([0, one, 0, 0], 2),
        [one, two] => ([0, one, two, 0], 1),
        _ => return,
    };
    if let Some(four) = fours.next() {
        four.copy_from_slice(&letters(u32::from_be_bytes(rest)));
        four[4 - padding..].fill(b'=');
    }
}

/// The bytes of base64 with its padding, or nothing if it is not such.
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 4 * 3];
    let length = unbase64(text, &mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

const SIX: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut index = 0;
    while index < 64 {
        table[ALPHABET[index] as usize] = index as u8;
        index += 1;
    }
    table
};

fn unbase64(text: &[u8], into: &mut [u8]) -> Option<usize> {
    let (fours, []) = text.as_chunks::<4>() else {
        return None;
    };
    let Some((last, fours)) = fours.split_last() else {
        return Some(0);
    };
    let padding = match last {
        [_, _, b'=', b'='] => 2,
        [_, _, _, b'='] => 1,
        _ => 0,
    };
    let mut last = *last;
    last[4 - padding..].fill(b'A');
    let whole = into.get_mut(..text.len() / 4 * 3)?;
    let fours = fours.iter().chain(std::iter::once(&last));
    // What is no letter has bits that no letter has.
    let mut bits = 0;
    for (four, three) in fours.zip(whole.as_chunks_mut::<3>().0) {
        let six = |nth: usize| u32::from(SIX[usize::from(four[nth])]);
        let (first, second, third, fourth) = (six(0), six(1), six(2), six(3));
        bits |= first | second | third | fourth;
        let all = first << 18 | second << 12 | third << 6 | fourth;
        let [_, first, second, third] = all.to_be_bytes();
        *three = [first, second, third];
    }
    let (bytes, rest) = whole.split_at(whole.len() - padding);
    // Bits that no byte holds are zero in the one right writing.
    (bits & 0xc0 == 0 && rest.iter().all(|byte| *byte == 0)).then_some(bytes.len())
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_forms() {
        let one = Digest::of(Algorithm::Sha1, b"abc");
        assert_eq!(one.hex_text(), "X1a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(one.to_string(), "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
        assert_eq!(one.to_string().len(), 30);
        let two = Digest::of(Algorithm::Sha256, b"abc");
        assert_eq!(Digest::parse(two.to_string().as_bytes()), Some(two));
        assert!(two.to_string().starts_with("Q2"));
        assert_eq!(Digest::of(Algorithm::Sha256Short, b"abc"), two.short());
        assert!(two.short().agrees(&two) && !two.agrees(&two.short()) && two.agrees(&two));
    }

    #[test]
    fn texts() {
        assert_eq!(
            base64(b"0123456789abcdefghij"),
            "MDEyMzQ1Njc4OWFiY2RlZmdoaWo="
        );
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
    }

    #[test]
    fn sha256_under_the_prefix_of_sha1() {
        let two = Digest::of(Algorithm::Sha256, b"x");
        let text = format!("Q1{}", base64(two.as_bytes()));
        assert_eq!(Digest::parse(text.as_bytes()), Some(two));
        let text = format!("X1{}", two.hex());
        assert_eq!(Digest::parse(text.as_bytes()), Some(two));
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "Q",
            "Q1",
            "Q1====",
            "Q1AAAA",
            "Q3qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            "X1a9",
            "Z1",
            "Q2qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J1=",
            "Q1qZk=NkcGgWq6PiVxeFDCbJzQ2J0=",
        ] {
            assert_eq!(Digest::parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn base64_and_back(bytes: Vec<u8>) {
            prop_assert_eq!(from_base64(base64(&bytes).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(from_hex(hex(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn any_text(text: Vec<u8>) {
            let _ = (Digest::parse(&text), from_base64(&text), from_hex(&text));
        }
    }
}
