// SPDX-License-Identifier: MIT

//! The table of blocks, which is the hash tree too: entries, and in which node each of them is.

use super::Error;
use super::bytes::{get_array, get_u32, get_u64, put_array, put_u32, put_u64};
use super::filter::Filter;
use super::superblock::{BLOCK_MAX, LENGTH, Superblock, feature};

/// Bytes of an entry.
pub const ENTRY: usize = 48;
/// Entries of a full node.
pub const FANOUT: u32 = 256;
/// Bytes of a full node.
pub const NODE: usize = ENTRY * FANOUT as usize;

/// How a block is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Compression {
    /// As it is.
    None = 0,
    /// One raw block of LZ4.
    Lz4 = 1,
    /// One frame of Zstandard.
    Zstd = 2,
    /// One frame of Zstandard that was made with the image's dictionary.
    ZstdDictionary = 3,
}

/// What the table says of a block or a node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Where its stored bytes are in the image.
    pub offset: u64,
    /// How many they are.
    pub stored: u32,
    /// Bits 0 to 23 the plain length, bits 24 to 27 the compression, bits 28 to 31 the filter.
    packed: u32,
    /// Digest of the stored bytes.
    pub digest: [u8; 32],
}

impl Entry {
    /// An entry with these fields; `plain` is at most [`BLOCK_MAX`].
    pub fn new(
        offset: u64,
        stored: u32,
        plain: u32,
        compression: Compression,
        digest: [u8; 32],
    ) -> Entry {
        Entry {
            offset,
            stored,
            packed: plain & 0xff_ffff | (compression as u32) << 24,
            digest,
        }
    }

    /// Plain length in bytes.
    pub fn plain(&self) -> u32 {
        self.packed & 0xff_ffff
    }

    /// How it is compressed; `None` for what is unknown.
    pub fn compression(&self) -> Option<Compression> {
        match self.packed >> 24 & 15 {
            0 => Some(Compression::None),
            1 => Some(Compression::Lz4),
            2 => Some(Compression::Zstd),
            3 => Some(Compression::ZstdDictionary),
            _ => None,
        }
    }

    /// What is undone after it was decompressed; `None` for what is unknown.
    pub fn filter(&self) -> Option<Filter> {
        Filter::from_number((self.packed >> 28) as u8)
    }

    /// The same entry with another filter.
    #[must_use]
    pub fn with_filter(self, filter: Filter) -> Entry {
        Entry {
            packed: self.packed & 0x0fff_ffff | (filter as u32) << 28,
            ..self
        }
    }

    /// Reads an entry, without a check.
    pub fn decode(bytes: &[u8; ENTRY]) -> Entry {
        Entry {
            offset: get_u64(bytes, 0),
            stored: get_u32(bytes, 8),
            packed: get_u32(bytes, 12),
            digest: get_array(bytes, 16),
        }
    }

    /// The entry's bytes.
    pub fn encode(&self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        put_u64(&mut bytes, 0, self.offset);
        put_u32(&mut bytes, 8, self.stored);
        put_u32(&mut bytes, 12, self.packed);
        put_array(&mut bytes, 16, &self.digest);
        bytes
    }

    /// Checks what can be checked of an entry alone: entry `index` of `level`, which describes a node below it unless that is 0.
    ///
    /// # Errors
    ///
    /// [`Error::Entry`].
    pub fn check(&self, level: u8, index: u32, superblock: &Superblock) -> Result<(), Error> {
        let wrong = |what| Err(Error::Entry { level, index, what });
        let end = self.offset.checked_add(u64::from(self.stored));
        if self.offset < LENGTH as u64 || end.is_none_or(|end| end > superblock.length) {
            return wrong("outside the image");
        }
        if self.plain() == 0 || self.plain() > BLOCK_MAX {
            return wrong("plain length");
        }
        if self.stored == 0 || self.stored > self.plain() {
            return wrong("stored length");
        }
        let allowed = match self.compression() {
            Some(Compression::None) if self.stored != self.plain() => {
                return wrong("stored length");
            }
            Some(Compression::None) => true,
            _ if level > 0 => false,
            Some(Compression::Lz4) => superblock.features & feature::LZ4 != 0,
            Some(Compression::Zstd) => superblock.features & feature::ZSTD != 0,
            Some(Compression::ZstdDictionary) => {
                superblock.has_dictionary() && index != superblock.dictionary
            }
            None => false,
        };
        if !allowed {
            return wrong("compression");
        }
        match self.filter() {
            Some(Filter::None) => (),
            Some(_)
                if superblock.features & feature::FILTER != 0
                    && self.compression() != Some(Compression::None) => {}
            _ => return wrong("filter"),
        }
        Ok(())
    }
}

/// Levels of a table of this many blocks: 1 to 4.
pub fn levels(blocks: u32) -> u8 {
    let mut nodes = blocks.div_ceil(FANOUT);
    let mut levels = 1;
    while nodes > 1 {
        nodes = nodes.div_ceil(FANOUT);
        levels += 1;
    }
    levels
}

/// Entries of a level: blocks on level 0, the nodes of the level below on the others.
pub fn entries(blocks: u32, level: u8) -> u32 {
    (0..level).fold(blocks, |entries, _| entries.div_ceil(FANOUT))
}

/// Length in bytes of node `node` of `level`; 0 when there is none.
pub fn node_length(blocks: u32, level: u8, node: u32) -> u64 {
    let first = u64::from(node) * u64::from(FANOUT);
    u64::from(entries(blocks, level))
        .saturating_sub(first)
        .min(u64::from(FANOUT))
        * ENTRY as u64
}

/// Which node of `level` leads to `block`, and which of its entries.
pub fn place(block: u32, level: u8) -> (u32, u32) {
    let entry = block.checked_shr(8 * u32::from(level)).unwrap_or(0);
    (entry / FANOUT, entry % FANOUT)
}

/// Entry `slot` of a node's bytes.
///
/// # Errors
///
/// [`Error::Block`] when the node has none.
pub fn entry_of(node: &[u8], slot: u32, block: u32) -> Result<Entry, Error> {
    let at = slot as usize * ENTRY;
    match node
        .get(at..at + ENTRY)
        .and_then(|bytes| <&[u8; ENTRY]>::try_from(bytes).ok())
    {
        Some(bytes) => Ok(Entry::decode(bytes)),
        None => Err(Error::Block(block)),
    }
}
