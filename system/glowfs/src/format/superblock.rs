// SPDX-License-Identifier: MIT

//! The superblock: what an image is, where its table begins, and who signed it.

use super::bytes::{
    get_array, get_i64, get_u8, get_u16, get_u32, get_u64, is_zero, put_array, put_i64, put_u8,
    put_u16, put_u32, put_u64,
};
use super::table::{self, Entry};
use super::{Error, ed25519};

/// Bytes of the superblock, and what an image's length is a multiple of.
pub const LENGTH: usize = 4096;
/// Bytes of it that the image's digest and signatures cover.
pub const SIGNED: usize = 256;
/// What an image begins with.
pub const MAGIC: [u8; 8] = *b"GLOWFS\r\n";
/// What stands before the signed bytes in what is signed.
pub const CONTEXT: [u8; 16] = *b"GlowFS image v1\0";
/// No block.
pub const NONE: u32 = u32::MAX;
/// Signatures at most.
pub const SIGNATURES: usize = 32;
/// Length of a block at most, stored or plain.
pub const BLOCK_MAX: u32 = 1 << 20;
/// Length of the dictionary at most.
pub const DICTIONARY_MAX: u32 = 1 << 17;
/// Length of an inode's record.
pub const INODE: u64 = 64;

const VERSION: u16 = 1;
const SIGNATURES_AT: usize = 272;
const SIGNATURE: usize = 96;

/// Bits of what a reader must know.
pub mod feature {
    /// Blocks of LZ4.
    pub const LZ4: u32 = 1;
    /// Blocks of Zstandard.
    pub const ZSTD: u32 = 2;
    /// A dictionary for Zstandard.
    pub const DICTIONARY: u32 = 4;
    /// Extended attributes.
    pub const XATTR: u32 = 8;
    /// Filters.
    pub const FILTER: u32 = 16;
    /// All that are defined.
    pub const KNOWN: u32 = LZ4 | ZSTD | DICTIONARY | XATTR | FILTER;
}

/// How digests are made; all have 32 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Digest {
    /// FIPS 180-4.
    Sha256 = 1,
    /// RFC 7693 with 32 bytes of output and no key.
    Blake2b = 2,
}

/// A superblock's fields, checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Superblock {
    /// Bits of [`feature`].
    pub features: u32,
    /// log2 of the size of data blocks.
    pub block_log: u8,
    /// log2 of the size of metadata blocks.
    pub meta_log: u8,
    /// The digest that all of the image uses.
    pub digest: Digest,
    /// Levels of the table.
    pub levels: u8,
    /// Length of the image in bytes.
    pub length: u64,
    /// Number of inodes.
    pub inodes: u32,
    /// Length of the metadata in bytes.
    pub metadata: u64,
    /// Number of blocks.
    pub blocks: u32,
    /// First block of the metadata.
    pub first_meta: u32,
    /// Block of the dictionary, or [`NONE`].
    pub dictionary: u32,
    /// When it was made, seconds since 1970 and nanoseconds.
    pub made: (i64, u32),
    /// Its label, filled up with zeros.
    pub label: [u8; 32],
    /// The node on top.
    pub top: Entry,
    /// Plain bytes of all files.
    pub data: u64,
}

impl Superblock {
    /// Reads the first bytes of an image.
    ///
    /// # Errors
    ///
    /// [`Error::Magic`], [`Error::Version`], [`Error::Features`], and [`Error::Superblock`] with the field that is wrong.
    pub fn parse(bytes: &[u8; LENGTH]) -> Result<Superblock, Error> {
        if get_array::<LENGTH, 8>(bytes, 0) != MAGIC {
            return Err(Error::Magic);
        }
        let version = get_u16(bytes, 8);
        if version != VERSION {
            return Err(Error::Version(version));
        }
        if usize::from(get_u16(bytes, 10)) != SIGNED {
            return Err(Error::Superblock("length of the signed part"));
        }
        let features = get_u32(bytes, 12);
        if features & !feature::KNOWN != 0 {
            return Err(Error::Features(features & !feature::KNOWN));
        }
        let digest = match get_u8(bytes, 22) {
            1 => Digest::Sha256,
            2 => Digest::Blake2b,
            _ => return Err(Error::Superblock("unknown kind of digest")),
        };
        let Ok(inodes) = u32::try_from(get_u64(bytes, 32)) else {
            return Err(Error::Superblock("number of inodes"));
        };
        let found = Superblock {
            features,
            block_log: get_u8(bytes, 20),
            meta_log: get_u8(bytes, 21),
            digest,
            levels: get_u8(bytes, 23),
            length: get_u64(bytes, 24),
            inodes,
            metadata: get_u64(bytes, 40),
            blocks: get_u32(bytes, 48),
            first_meta: get_u32(bytes, 52),
            dictionary: get_u32(bytes, 56),
            made: (get_i64(bytes, 64), get_u32(bytes, 60)),
            label: get_array(bytes, 72),
            top: Entry::decode(&get_array(bytes, 104)),
            data: get_u64(bytes, 152),
        };
        found.check()?;
        if !is_zero(bytes, 160, SIGNED) || !is_zero(bytes, 260, SIGNATURES_AT) {
            return Err(Error::Superblock("reserved bytes"));
        }
        let signatures = get_u32(bytes, 256) as usize;
        if signatures > SIGNATURES {
            return Err(Error::Superblock("number of signatures"));
        }
        if !is_zero(bytes, SIGNATURES_AT + signatures * SIGNATURE, LENGTH) {
            return Err(Error::Superblock("bytes after the signatures"));
        }
        Ok(found)
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |what| Err(Error::Superblock(what));
        if !(12..=20).contains(&self.block_log) {
            return wrong("size of data blocks");
        }
        if !(12..=16).contains(&self.meta_log) {
            return wrong("size of metadata blocks");
        }
        if self.length & (LENGTH as u64 - 1) != 0
            || self.length < 2 * LENGTH as u64
            || self.length > i64::MAX as u64
        {
            return wrong("length of the image");
        }
        if self.inodes == 0 {
            return wrong("number of inodes");
        }
        if self.metadata < u64::from(self.inodes) * INODE || self.metadata > 1 << 48 {
            return wrong("length of the metadata");
        }
        if self.blocks == NONE || self.levels == 0 || self.levels != table::levels(self.blocks) {
            return wrong("levels of the table");
        }
        let end = u64::from(self.first_meta) + self.meta_blocks();
        if end > u64::from(self.blocks) {
            return wrong("blocks of the metadata");
        }
        if self.has_dictionary() != (self.features & feature::DICTIONARY != 0)
            || (self.has_dictionary() && self.dictionary >= self.blocks)
        {
            return wrong("dictionary");
        }
        if self.made.1 >= 1_000_000_000 {
            return wrong("time of making");
        }
        if u64::from(self.top.stored) != table::node_length(self.blocks, self.levels - 1, 0) {
            return wrong("length of the node on top");
        }
        self.top.check(self.levels, 0, self)
    }

    /// The first bytes of an image that has these fields, without signatures.
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        put_array(&mut bytes, 0, &MAGIC);
        put_u16(&mut bytes, 8, VERSION);
        put_u16(&mut bytes, 10, SIGNED as u16);
        put_u32(&mut bytes, 12, self.features);
        put_u8(&mut bytes, 20, self.block_log);
        put_u8(&mut bytes, 21, self.meta_log);
        put_u8(&mut bytes, 22, self.digest as u8);
        put_u8(&mut bytes, 23, self.levels);
        put_u64(&mut bytes, 24, self.length);
        put_u64(&mut bytes, 32, u64::from(self.inodes));
        put_u64(&mut bytes, 40, self.metadata);
        put_u32(&mut bytes, 48, self.blocks);
        put_u32(&mut bytes, 52, self.first_meta);
        put_u32(&mut bytes, 56, self.dictionary);
        put_u32(&mut bytes, 60, self.made.1);
        put_i64(&mut bytes, 64, self.made.0);
        put_array(&mut bytes, 72, &self.label);
        put_array(&mut bytes, 104, &self.top.encode());
        put_u64(&mut bytes, 152, self.data);
        bytes
    }

    /// Blocks that have the metadata.
    pub fn meta_blocks(&self) -> u64 {
        self.metadata.div_ceil(1 << self.meta_log)
    }

    /// Bytes of a full data block.
    pub fn block_size(&self) -> u32 {
        1 << self.block_log
    }

    /// Bytes of a full metadata block.
    pub fn meta_size(&self) -> u32 {
        1 << self.meta_log
    }

    /// Whether there is a dictionary.
    pub fn has_dictionary(&self) -> bool {
        self.dictionary != NONE
    }

    /// The label's text, without what fills it up.
    pub fn label(&self) -> &[u8] {
        let end = self
            .label
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(self.label.len());
        self.label.get(..end).unwrap_or(&[])
    }

    /// Plain length that block `index` of the metadata must have, `index` counted from its first.
    pub fn meta_length(&self, index: u64) -> u64 {
        self.metadata
            .saturating_sub(index << self.meta_log)
            .min(u64::from(self.meta_size()))
    }
}

/// A key and what it signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signature {
    /// Public key (RFC 8032).
    pub key: [u8; 32],
    /// Signature over [`message`].
    pub signature: [u8; 64],
}

/// What is signed: [`CONTEXT`] and the signed part.
pub fn message(bytes: &[u8; LENGTH]) -> [u8; 16 + SIGNED] {
    let mut message = [0; 16 + SIGNED];
    put_array(&mut message, 0, &CONTEXT);
    put_array(&mut message, 16, &get_array::<LENGTH, SIGNED>(bytes, 0));
    message
}

/// Signature number `index` of a superblock that [`Superblock::parse`] took.
pub fn signature(bytes: &[u8; LENGTH], index: usize) -> Option<Signature> {
    if index >= (get_u32(bytes, 256) as usize).min(SIGNATURES) {
        return None;
    }
    let at = SIGNATURES_AT + index * SIGNATURE;
    Some(Signature {
        key: get_array(bytes, at),
        signature: get_array(bytes, at + 32),
    })
}

/// Puts signatures, at most [`SIGNATURES`], into a superblock in place of those that are there.
pub fn put_signatures(bytes: &mut [u8; LENGTH], signatures: &[Signature]) {
    let count = signatures.len().min(SIGNATURES);
    put_array(bytes, 256, &[0; LENGTH - 256]);
    put_u32(bytes, 256, count as u32);
    for (index, signature) in signatures.iter().take(count).enumerate() {
        put_array(bytes, SIGNATURES_AT + index * SIGNATURE, &signature.key);
        put_array(
            bytes,
            SIGNATURES_AT + index * SIGNATURE + 32,
            &signature.signature,
        );
    }
}

/// Looks for a right signature by one of `keys`.
///
/// # Errors
///
/// [`Error::Unsigned`] when none of the keys signed, [`Error::Signature`] when one did and nothing that it and the others signed is right.
pub fn verify(bytes: &[u8; LENGTH], keys: &[[u8; 32]]) -> Result<[u8; 32], Error> {
    let message = message(bytes);
    let mut outcome = Err(Error::Unsigned);
    let mut index = 0;
    while let Some(found) = signature(bytes, index) {
        index += 1;
        if !keys.contains(&found.key) {
            continue;
        }
        if ed25519::verify(&found.key, &message, &found.signature) {
            return Ok(found.key);
        }
        outcome = Err(Error::Signature);
    }
    outcome
}
