//! An image that was opened. What it hands out was verified, down from the superblock.

mod cache;
mod source;
mod walk;

use crate::codec::Decoder;
use crate::digest::digest;
use crate::error::Result;
use crate::format::superblock::{self, LENGTH, NONE, Superblock};
use crate::format::table::{self, Compression, Entry};
use crate::format::{Error, Metadata};
use cache::Cache;
pub use source::Source;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
pub use walk::{Attributes, Visit};

/// Bytes of plain blocks that are kept.
const BLOCKS: usize = 16 << 20;
/// Bytes of verified nodes that are kept.
const NODES: usize = 8 << 20;

/// An image.
pub struct Image<S> {
    source: S,
    header: [u8; LENGTH],
    superblock: Superblock,
    dictionary: Vec<u8>,
    nodes: Mutex<Cache>,
    blocks: Mutex<Cache>,
    decoders: Mutex<Vec<Decoder>>,
}

/// What is behind a lock is whole at all times, so a thread that panicked with it did not break it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Source> Image<S> {
    /// Opens an image. Nobody's signature is asked for: see [`Image::require`].
    ///
    /// # Errors
    /// What [`Superblock::parse`] gives, [`Error::Truncated`], and what the dictionary's block gives.
    pub fn open(source: S) -> Result<Image<S>> {
        let mut header = [0; LENGTH];
        let length = source.length()?;
        if length < LENGTH as u64 {
            let mut begin = [0; 8];
            let known = (length as usize).min(8);
            source.read(0, &mut begin[..known])?;
            return Err(match begin == superblock::MAGIC {
                true => Error::Truncated {
                    found: length,
                    length: LENGTH as u64,
                }
                .into(),
                false => Error::Magic.into(),
            });
        }
        source.read(0, &mut header)?;
        let superblock = Superblock::parse(&header)?;
        if length < superblock.length {
            return Err(Error::Truncated {
                found: length,
                length: superblock.length,
            }
            .into());
        }
        let mut image = Image {
            source,
            header,
            superblock,
            dictionary: Vec::new(),
            nodes: Mutex::new(Cache::new(NODES)),
            blocks: Mutex::new(Cache::new(BLOCKS)),
            decoders: Mutex::new(Vec::new()),
        };
        if superblock.has_dictionary() {
            let number = superblock.dictionary;
            if image.entry(number)?.plain() > superblock::DICTIONARY_MAX {
                return Err(Error::Block(number).into());
            }
            image.dictionary = image.uncached(number)?;
        }
        Ok(image)
    }

    /// Looks for a right signature by one of `keys`; which key it was.
    ///
    /// # Errors
    /// [`Error::Unsigned`], [`Error::Signature`].
    pub fn require(&self, keys: &[[u8; 32]]) -> Result<[u8; 32]> {
        Ok(superblock::verify(&self.header, keys)?)
    }

    /// The image's digest, which names its whole content.
    pub fn identity(&self) -> [u8; 32] {
        digest(self.superblock.digest, &self.header[..superblock::SIGNED])
    }

    /// The superblock.
    pub fn superblock(&self) -> &Superblock {
        &self.superblock
    }

    /// The superblock's bytes, signatures among them.
    pub fn header(&self) -> &[u8; LENGTH] {
        &self.header
    }

    /// Where it is read from.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The dictionary; no bytes when there is none.
    pub fn dictionary(&self) -> &[u8] {
        &self.dictionary
    }

    /// The entry of a block.
    ///
    /// # Errors
    /// [`Error::Block`], [`Error::Entry`], [`Error::NodeDigest`], and those of reading.
    pub fn entry(&self, block: u32) -> Result<Entry> {
        let sb = &self.superblock;
        if block >= sb.blocks {
            return Err(Error::Block(block).into());
        }
        let mut entry = sb.top;
        for level in (0..sb.levels).rev() {
            let (node, slot) = table::place(block, level);
            let bytes = self.node(level, node, &entry)?;
            entry = table::entry_of(&bytes, slot, block)?;
            let index = node * table::FANOUT + slot;
            entry.check(level, index, sb)?;
        }
        Ok(entry)
    }

    /// A node, verified against its entry in the level above.
    ///
    /// # Errors
    /// [`Error::Entry`], [`Error::NodeDigest`], and those of reading.
    pub fn node(&self, level: u8, node: u32, entry: &Entry) -> Result<Arc<[u8]>> {
        let key = u64::from(level) << 32 | u64::from(node);
        if let Some(bytes) = lock(&self.nodes).get(key) {
            return Ok(bytes);
        }
        let length = table::node_length(self.superblock.blocks, level, node);
        if u64::from(entry.stored) != length {
            return Err(Error::Entry {
                level: level + 1,
                index: node,
                what: "length of the node",
            }
            .into());
        }
        let mut bytes = vec![0; length as usize];
        self.source.read(entry.offset, &mut bytes)?;
        if digest(self.superblock.digest, &bytes) != entry.digest {
            return Err(Error::NodeDigest { level, index: node }.into());
        }
        let bytes: Arc<[u8]> = bytes.into();
        lock(&self.nodes).put(key, &bytes);
        Ok(bytes)
    }

    /// The stored bytes of a block, verified.
    ///
    /// # Errors
    /// [`Error::BlockDigest`], those of [`Image::entry`] and of reading.
    pub fn stored(&self, block: u32) -> Result<(Entry, Vec<u8>)> {
        let entry = self.entry(block)?;
        let mut stored = vec![0; entry.stored as usize];
        self.source.read(entry.offset, &mut stored)?;
        if digest(self.superblock.digest, &stored) != entry.digest {
            return Err(Error::BlockDigest(block).into());
        }
        Ok((entry, stored))
    }

    /// The plain bytes of a block.
    ///
    /// # Errors
    /// [`Error::Compression`] and those of [`Image::stored`].
    pub fn block(&self, block: u32) -> Result<Arc<[u8]>> {
        if let Some(bytes) = lock(&self.blocks).get(u64::from(block)) {
            return Ok(bytes);
        }
        let plain: Arc<[u8]> = self.uncached(block)?.into();
        lock(&self.blocks).put(u64::from(block), &plain);
        Ok(plain)
    }

    /// The plain bytes of a block that nobody needs again soon.
    ///
    /// # Errors
    /// Those of [`Image::block`].
    pub fn uncached(&self, block: u32) -> Result<Vec<u8>> {
        let (entry, stored) = self.stored(block)?;
        if entry.compression() == Some(Compression::None) {
            return Ok(stored);
        }
        let mut decoder = lock(&self.decoders).pop().unwrap_or_default();
        let plain = decoder.decode(block, &entry, &stored, &self.dictionary);
        lock(&self.decoders).push(decoder);
        Ok(plain?)
    }
}

impl<S: Source> Metadata for Image<S> {
    type Error = crate::Error;

    fn read(&self, at: u64, mut out: &mut [u8]) -> Result<()> {
        let sb = &self.superblock;
        let end = at.checked_add(out.len() as u64);
        if end.is_none_or(|end| end > sb.metadata) {
            return Err(Error::Metadata(at).into());
        }
        let mut at = at;
        while !out.is_empty() {
            let (index, offset) = (at >> sb.meta_log, at & u64::from(sb.meta_size() - 1));
            // `Superblock::parse` has seen that all blocks of the metadata are there.
            let number = sb.first_meta.saturating_add(index as u32).min(NONE - 1);
            let block = self.block(number)?;
            if block.len() as u64 != sb.meta_length(index) {
                return Err(Error::Block(number).into());
            }
            let found = block.get(offset as usize..).unwrap_or_default();
            let length = found.len().min(out.len());
            let (now, later) = out.split_at_mut(length);
            now.copy_from_slice(&found[..length]);
            out = later;
            at += length as u64;
        }
        Ok(())
    }
}
