//! Changes to bytes, and what makes them whole again where a sum would hide everything behind it.

use oil::digest::{Algorithm, Digest};
use oil::format::gzip;
use oil::format::v2::tar::BLOCK;
use oil::format::v2::tar_writer::{Header, write_end, write_entry};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fmt;

#[derive(Clone, Debug)]
enum Change {
    Bit(Index, u8),
    Byte(Index, u8),
    Word(Index, Vec<u8>),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Copy(Index, usize, Index),
    Cut(Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |index: &Index| index.index(bytes.len() + 1);
        let over = |bytes: &mut Vec<u8>, at: usize, with: &[u8]| {
            let end = bytes.len().min(at + with.len());
            bytes.splice(at..end, with.iter().copied());
        };
        match self {
            Self::Bit(at, bit) => {
                let at = place(at);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Self::Byte(at, byte) => {
                let at = place(at);
                over(bytes, at, &[*byte]);
            }
            // Numbers stand at multiples of four.
            Self::Word(at, word) => {
                let at = place(at) & !3;
                over(bytes, at, word);
            }
            Self::Insert(at, more) => {
                let at = place(at);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Remove(at, length) => {
                let at = place(at);
                let end = bytes.len().min(at + length);
                bytes.drain(at..end);
            }
            Self::Copy(from, length, to) => {
                let (from, to) = (place(from), place(to));
                let part = bytes[from..bytes.len().min(from + length)].to_vec();
                bytes.splice(to..to, part);
            }
            Self::Cut(at) => bytes.truncate(place(at)),
        }
    }
}

fn change(words: &[&[u8]]) -> impl Strategy<Value = Change> + use<> {
    let index = any::<Index>;
    let numbers = prop_oneof![
        any::<u32>(),
        0u32..64,
        Just(u32::MAX),
        Just(1 << 31),
        Just(0xe000_0008),
    ];
    let mut words: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
    words.push(vec![0]);
    prop_oneof![
        4 => (index(), any::<u8>()).prop_map(|(at, bit)| Change::Bit(at, bit)),
        4 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        4 => (index(), numbers).prop_map(|(at, word)| Change::Word(at, word.to_le_bytes().to_vec())),
        6 => (index(), select(words)).prop_map(|(at, word)| Change::Insert(at, word)),
        2 => (index(), prop::collection::vec(any::<u8>(), 0..9)).prop_map(|(at, more)| Change::Insert(at, more)),
        3 => (index(), 0usize..40).prop_map(|(at, length)| Change::Remove(at, length)),
        3 => (index(), 0usize..700, index()).prop_map(|(from, length, to)| Change::Copy(from, length, to)),
        1 => index().prop_map(Change::Cut),
    ]
}

/// Bytes that are shown as text with escapes.
#[derive(Clone)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// One of `seeds` after a few changes, `words` among them.
pub fn mutated(seeds: Vec<Vec<u8>>, words: &[&[u8]]) -> impl Strategy<Value = Bytes> + use<> {
    let changes = prop::collection::vec(change(words), 0..8);
    let seeds: Vec<Bytes> = seeds.into_iter().map(Bytes).collect();
    (select(seeds), changes).prop_map(|(mut bytes, changes)| {
        changes.iter().for_each(|change| change.apply(&mut bytes.0));
        bytes
    })
}

/// A tar archive whose headers have the sums that they should.
pub fn with_sums(mut archive: Vec<u8>) -> Vec<u8> {
    for block in archive.chunks_exact_mut(BLOCK) {
        if &block[257..262] == b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        }
    }
    archive
}

/// A v2 package whose data is this archive.
pub fn as_v2(archive: Vec<u8>) -> Vec<u8> {
    let data = gzip::compress(&with_sums(archive), 1);
    let hash = Digest::of(Algorithm::Sha256, &data).hex();
    let info = format!("pkgname = x\npkgver = 1\narch = noarch\ndatahash = {hash}\n");
    let mut control = Vec::new();
    let header = Header::new(b".PKGINFO", b'0', 0o644);
    write_entry(&mut control, &header, info.as_bytes()).expect("in memory");
    [gzip::compress(&control, 1), data].concat()
}

/// An `APKINDEX.tar.gz` of this text.
pub fn as_v2_index(text: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    let header = Header::new(b"APKINDEX", b'0', 0o644);
    write_entry(&mut archive, &header, text).expect("in memory");
    write_end(&mut archive).expect("in memory");
    gzip::compress(&archive, 1)
}
