//! What one image has that another has not, by block: the basis of small updates.
//!
//! A delta is, little endian: the magic [`MAGIC`], the digest of the image that is there before (32 bytes), the superblock of the image that is made
//! (4,096 bytes), then parts, each with a number (4 bytes) whose highest bit says which kind it is:
//!
//! - set: so many blocks of the old image, from the one whose number follows (4 bytes) on, as they are stored; then, for each of them, the second word
//!   of its new entry (4 bytes: plain length and compression);
//! - not set: so many blocks that follow, each with its stored length (4 bytes), the second word of its entry (4 bytes) and its stored bytes.
//!
//! The table is in no delta: it follows from the blocks. Its top is compared with the one in the superblock, so that what is made
//! is the image that the superblock names, or nothing.

use crate::digest::{digest, hex};
use crate::error::{Error, Result};
use crate::format;
use crate::format::superblock::{BLOCK_MAX, LENGTH, SIGNED, Superblock};
use crate::format::table::{Compression, ENTRY, Entry, NODE};
use crate::reader::{Image, Source};
use std::io::{Read, Write};
use std::path::Path;

/// What a delta begins with.
pub const MAGIC: [u8; 8] = *b"GLOWDLT1";
const OLD: u32 = 1 << 31;

/// What a delta is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Made {
    /// Blocks that the old image has.
    pub old: u64,
    /// Blocks that are in the delta.
    pub new: u64,
    /// Bytes of the delta.
    pub length: u64,
}

fn writing(error: std::io::Error) -> Error {
    Error::io(Path::new("output"), "writing", error)
}

/// Writes what turns `old` into `new`.
///
/// # Errors
/// Those of reading the images and of writing.
pub fn make<S: Source, W: Write>(old: &Image<S>, new: &Image<S>, mut out: W) -> Result<Made> {
    if old.superblock().digest != new.superblock().digest {
        let what = "the images use different digests: nothing can be compared (mkfs --digest)";
        return Err(Error::impossible(format_args!("{what}")));
    }
    let mut there = Vec::new();
    for block in 0..old.superblock().blocks {
        let entry = old.entry(block)?;
        there.push((entry.digest, entry.stored, block));
    }
    there.sort_unstable();
    // The first that has these bytes.
    let find = |entry: &Entry| {
        let wanted = (entry.digest, entry.stored, 0);
        let found = there.get(there.partition_point(|other| *other < wanted));
        let found = found.filter(|found| (found.0, found.1) == (entry.digest, entry.stored));
        found.map(|found| found.2)
    };
    let mut made = Made {
        length: (MAGIC.len() + 32 + LENGTH) as u64,
        ..Made::default()
    };
    let mut put = |bytes: &[u8]| out.write_all(bytes).map_err(writing);
    put(&MAGIC)?;
    put(&old.identity())?;
    put(new.header())?;
    let mut block = 0;
    let all = new.superblock().blocks;
    while block < all {
        let entry = new.entry(block)?;
        let first = find(&entry);
        let begin = block;
        block += 1;
        // As many as go on in the same way.
        while block < all {
            let entry = new.entry(block)?;
            let goes_on = match first {
                // The same bytes may lie elsewhere too: what counts is what lies there.
                Some(first) => follows(old, first, block - begin, &entry)?,
                None => find(&entry).is_none(),
            };
            if !goes_on {
                break;
            }
            block += 1;
        }
        let count = block - begin;
        match first {
            Some(first) => {
                put(&(count | OLD).to_le_bytes())?;
                put(&first.to_le_bytes())?;
                // How a block is compressed is in its entry, not in its bytes.
                for index in 0..count {
                    put(&packed(&new.entry(begin + index)?))?;
                }
                made.old += u64::from(count);
                made.length += 8 + 4 * u64::from(count);
            }
            None => {
                put(&count.to_le_bytes())?;
                made.length += 4;
                for index in begin..block {
                    let (entry, bytes) = new.stored(index)?;
                    put(&entry.stored.to_le_bytes())?;
                    put(&packed(&entry))?;
                    put(&bytes)?;
                    made.length += 8 + bytes.len() as u64;
                }
                made.new += u64::from(count);
            }
        }
    }
    out.flush().map_err(writing)?;
    Ok(made)
}

fn follows<S: Source>(old: &Image<S>, first: u32, index: u32, entry: &Entry) -> Result<bool> {
    let Some(block) = first
        .checked_add(index)
        .filter(|block| *block < old.superblock().blocks)
    else {
        return Ok(false);
    };
    let found = old.entry(block)?;
    Ok((found.digest, found.stored) == (entry.digest, entry.stored))
}

/// The second word of an entry.
fn packed(entry: &Entry) -> [u8; 4] {
    let bytes = entry.encode();
    [bytes[12], bytes[13], bytes[14], bytes[15]]
}

/// A delta that is read.
struct Delta<R>(R);

impl<R: Read> Delta<R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<()> {
        self.0
            .read_exact(out)
            .map_err(|error| Error::io(Path::new("delta"), "reading", error))
    }
}

/// Makes the new image of the old one and a delta.
///
/// # Errors
/// [`Error::impossible`] when the delta is none, or for another image, or does not make the image that it says; those of
/// reading and writing.
pub fn apply<S: Source, R: Read, W: Write>(
    old: &Image<S>,
    delta: R,
    mut out: W,
) -> Result<[u8; 32]> {
    let wrong = |what: &str| Error::impossible(format_args!("the delta is broken: {what}"));
    let mut delta = Delta(delta);
    if delta.bytes::<8>()? != MAGIC {
        return Err(Error::impossible(format_args!("the delta is none")));
    }
    let identity = delta.bytes::<32>()?;
    if identity != old.identity() {
        return Err(Error::impossible(format_args!(
            "the delta is for the image {}, this one is {}",
            hex(&identity),
            hex(&old.identity())
        )));
    }
    let header = delta.bytes::<LENGTH>()?;
    let sb = Superblock::parse(&header)?;
    let mut put = |bytes: &[u8]| out.write_all(bytes).map_err(writing);
    put(&header)?;
    let mut offset = LENGTH as u64;
    let mut entries: Vec<Entry> = Vec::new();
    while (entries.len() as u64) < u64::from(sb.blocks) {
        let count = delta.number()?;
        let first = match count & OLD {
            0 => None,
            _ => Some(delta.number()?),
        };
        let count = count & !OLD;
        if count == 0 || u64::from(count) > u64::from(sb.blocks) - entries.len() as u64 {
            return Err(wrong("a number of blocks"));
        }
        for index in 0..count {
            let (bytes, packed) = match first {
                Some(first) => {
                    let block = first.checked_add(index);
                    let block = block.ok_or_else(|| wrong("a number of a block"))?;
                    let packed = delta.bytes::<4>()?;
                    (old.stored(block)?.1, packed)
                }
                None => {
                    let length = delta.number()?;
                    if length == 0 || length > BLOCK_MAX {
                        return Err(wrong("the length of a block"));
                    }
                    let packed = delta.bytes::<4>()?;
                    let mut bytes = vec![0; length as usize];
                    delta.fill(&mut bytes)?;
                    (bytes, packed)
                }
            };
            let mut record = [0; ENTRY];
            record[..8].copy_from_slice(&offset.to_le_bytes());
            record[8..12].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
            record[12..16].copy_from_slice(&packed);
            record[16..].copy_from_slice(&digest(sb.digest, &bytes));
            let entry = Entry::decode(&record);
            entry.check(0, entries.len() as u32, &sb)?;
            put(&bytes)?;
            offset += bytes.len() as u64;
            entries.push(entry);
        }
    }
    let mut rest = [0];
    if delta.0.read(&mut rest).ok() != Some(0) {
        return Err(wrong("bytes after its end"));
    }
    let mut level = entries;
    let top = loop {
        let mut above = Vec::new();
        for nodes in level.chunks(NODE / ENTRY) {
            let node: Vec<u8> = nodes.iter().flat_map(Entry::encode).collect();
            let length = node.len() as u32;
            let digest = digest(sb.digest, &node);
            above.push(Entry::new(
                offset,
                length,
                length,
                Compression::None,
                digest,
            ));
            put(&node)?;
            offset += node.len() as u64;
        }
        match *above {
            [top] => break top,
            _ => level = above,
        }
    };
    let end = offset.next_multiple_of(LENGTH as u64);
    put(&[0; LENGTH][..(end - offset) as usize])?;
    if top != sb.top || end != sb.length {
        return Err(wrong("it does not make the image that it says"));
    }
    out.flush().map_err(writing)?;
    Ok(digest(
        sb.digest,
        header.get(..SIGNED).ok_or(format::Error::Magic)?,
    ))
}
