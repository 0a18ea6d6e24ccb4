//! The layout of a compiled index: a header, then parts at multiples of eight bytes.
//!
//! All numbers are little-endian. A name is a record of 32 bytes: the value word of its text in the payload, its
//! hash, then for packages, providers and `install_if` where its list begins and how long it is. Lists are numbers of
//! packages, 32 bits each. Buckets lead from a name's hash to its number plus one. Nothing here is trusted: what does
//! not fit reads as nothing, and what it leads to in the payload is checked there.

use crate::digest::{Algorithm, Digest};
use crate::error::{Error, Result};
use crate::format::adb::reader::Value;
use std::ops::Range;

/// Changes with the layout and with the meaning of anything in it.
const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"oilindex";
/// Bytes of the header.
pub const HEADER: usize = 256;
/// Bytes of a name's record.
pub const NAME: usize = 32;

/// A package's flag: it cannot be installed.
pub const BROKEN: u8 = 1;
/// A package's flag: it says something that we do not know.
pub const NEWER: u8 = 2;

/// What a file was when it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    pub size: u64,
    pub inode: u64,
    pub mtime: i64,
    pub nanoseconds: i64,
}

/// Records of one size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part {
    pub begin: usize,
    pub count: usize,
}

/// A name's record.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    pub text: Value,
    pub hash: u32,
    /// Where lists begin and how long they are.
    pub lists: [(u32, u32); 3],
}

/// Where parts are.
#[derive(Clone, Debug)]
pub struct Layout {
    pub stamp: Stamp,
    pub source: Digest,
    /// The keys' fingerprint; none if nobody vouches for it.
    pub keys: Option<Digest>,
    pub payload: Range<usize>,
    pub names: Part,
    pub buckets: Part,
    pub lists: Part,
    pub packages: Part,
    /// It was there, and nothing was compiled.
    pub untouched: bool,
}

/// A name's hash (FNV-1a, 64 bits folded to 32).
pub fn hash(name: &[u8]) -> u32 {
    let hash = name.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    (hash ^ hash >> 32) as u32
}

impl Layout {
    /// Writes the header.
    pub fn header(&self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            header[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(MAGIC);
        put(&VERSION.to_le_bytes());
        put(&u32::from(self.keys.is_some()).to_le_bytes());
        put(&self.stamp.size.to_le_bytes());
        put(&self.stamp.inode.to_le_bytes());
        put(&self.stamp.mtime.to_le_bytes());
        put(&self.stamp.nanoseconds.to_le_bytes());
        put(self.source.as_bytes());
        put(self.keys.as_ref().map_or(&[0; 32], |keys| keys.as_bytes()));
        put(&(self.payload.start as u64).to_le_bytes());
        put(&(self.payload.end as u64).to_le_bytes());
        for part in [self.names, self.buckets, self.lists, self.packages] {
            put(&(part.begin as u64).to_le_bytes());
            put(&(part.count as u64).to_le_bytes());
        }
        let sum = Digest::of(Algorithm::Sha256, &header[..HEADER - 32]);
        header[HEADER - 32..].copy_from_slice(sum.as_bytes());
        header
    }

    /// Reads the header of a compiled index.
    pub fn read(file: &[u8]) -> Result<Self> {
        let bad = || Error::Missing("a header of a compiled index");
        let header = file.get(..HEADER).ok_or_else(bad)?;
        let sum = Digest::of(Algorithm::Sha256, &header[..HEADER - 32]);
        if !header.starts_with(MAGIC) || header[HEADER - 32..] != *sum.as_bytes() {
            return Err(bad());
        }
        if word(header, 8) != VERSION {
            return Err(bad());
        }
        let number = |at: usize| {
            let low = u64::from(word(header, at));
            low | u64::from(word(header, at + 4)) << 32
        };
        let part = |at: usize, size: usize| -> Result<Part> {
            let begin = usize::try_from(number(at)).map_err(|_| bad())?;
            let count = usize::try_from(number(at + 8)).map_err(|_| bad())?;
            let end = count
                .checked_mul(size)
                .and_then(|bytes| bytes.checked_add(begin));
            if end.is_none_or(|end| end > file.len()) {
                return Err(bad());
            }
            Ok(Part { begin, count })
        };
        let payload = number(112) as usize..number(120) as usize;
        if payload.start > payload.end || payload.end > file.len() {
            return Err(bad());
        }
        let layout = Self {
            stamp: Stamp {
                size: number(16),
                inode: number(24),
                mtime: number(32) as i64,
                nanoseconds: number(40) as i64,
            },
            source: Digest::from_bytes(&header[48..80]).ok_or_else(bad)?,
            keys: match word(header, 12) {
                0 => None,
                _ => Digest::from_bytes(&header[80..112]),
            },
            payload,
            names: part(128, NAME)?,
            buckets: part(144, 4)?,
            lists: part(160, 4)?,
            packages: part(176, 1)?,
            untouched: true,
        };
        if !layout.buckets.count.is_power_of_two() {
            return Err(bad());
        }
        Ok(layout)
    }

    /// A name's record.
    pub fn name(&self, file: &[u8], number: usize) -> Name {
        let at = self.names.begin + number.min(self.names.count.saturating_sub(1)) * NAME;
        let pair = |at| (word(file, at), word(file, at + 4));
        Name {
            text: Value(word(file, at)),
            hash: word(file, at + 4),
            lists: [pair(at + 8), pair(at + 16), pair(at + 24)],
        }
    }

    /// The number of the name in a bucket.
    pub fn bucket(&self, file: &[u8], number: usize) -> Option<usize> {
        let name = word(file, self.buckets.begin + 4 * number) as usize;
        name.checked_sub(1).filter(|name| *name < self.names.count)
    }

    /// The numbers of a list.
    pub fn list<'a>(
        &self,
        file: &'a [u8],
        (begin, count): (u32, u32),
    ) -> impl ExactSizeIterator<Item = usize> + use<'a> {
        let (begin, count) = (begin as usize, count as usize);
        let good = begin
            .checked_add(count)
            .is_some_and(|end| end <= self.lists.count);
        let at = self.lists.begin + 4 * begin;
        let bytes = if good { &file[at..at + 4 * count] } else { &[] };
        bytes.chunks_exact(4).map(|number| word(number, 0) as usize)
    }
}

/// The number at a place; 0 beyond the end.
fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes
        .get(at..at.saturating_add(4))
        .and_then(|word| word.try_into().ok());
    u32::from_le_bytes(word.unwrap_or([0; 4]))
}
