//! Makes an image of a tree.
//!
//! One thread reads, decides, digests and writes, and compresses while it would have to wait; the others compress. At most
//! [`Options::in_flight`] blocks are under way, whatever the tree, and the order in which they are done changes nothing: the bytes are the same for any
//! number of threads.

mod base;
mod compress;
mod compressed;
mod data;
mod dictionary;
mod hash;
mod input;
mod metadata;
mod number;
mod out;
mod pack;
mod placed;
mod pool;

use crate::digest::digest;
use crate::error::{Error, Result};
use crate::format::filter::Filter;
use crate::format::superblock::{Digest, NONE, SIGNED, Superblock, feature};
use crate::format::table::{self, Compression};
use crate::reader::Image;
use crate::tree::Tree;
pub use compress::Codec;
use std::fs::File;
use std::io::{Seek, Write};

/// How an image is to be made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Kind of digest.
    pub digest: Digest,
    /// How blocks are compressed.
    pub codec: Codec,
    /// log2 of the size of data blocks: 12 to 20.
    pub block_log: u8,
    /// log2 of the size of metadata blocks: 12 to 16.
    pub meta_log: u8,
    /// Plain bytes at most of a block with several files' tails; at most the size of data blocks.
    pub pack: u32,
    /// Bytes of a file's content at most that lie in the metadata: at most 65,536.
    pub inline: u32,
    /// Bytes of the dictionary: 0 for none.
    pub dictionary: u32,
    /// Whether blocks may be filtered, where that makes them smaller.
    pub filter: bool,
    /// Threads that compress, the caller's among them: 1 or more.
    pub threads: usize,
    /// The image's label: UTF-8 of at most 32 bytes.
    pub label: String,
    /// Time of making, seconds since 1970 and nanoseconds.
    pub made: (i64, u32),
}

impl Default for Options {
    fn default() -> Options {
        Options {
            digest: Digest::Blake2b,
            codec: Codec::Zstd(19),
            block_log: 17,
            meta_log: 13,
            pack: 1 << 17,
            inline: 128,
            dictionary: 0,
            filter: true,
            threads: 1,
            label: String::new(),
            made: (0, 0),
        }
    }
}

impl Options {
    /// Blocks that are read and not yet written at most.
    pub fn in_flight(&self) -> usize {
        2 * self.threads + out::TOGETHER
    }

    fn check(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::impossible(format_args!("{what}")));
        if !(12..=20).contains(&self.block_log) {
            return wrong("the size of data blocks must be a power of 2 from 4 KiB to 1 MiB");
        }
        if !(12..=16).contains(&self.meta_log) {
            return wrong("the size of metadata blocks must be a power of 2 from 4 KiB to 64 KiB");
        }
        if !(4096..=1 << self.block_log).contains(&self.pack) {
            return wrong(
                "blocks of tails must have 4 KiB or more, and no more than blocks of data",
            );
        }
        if self.inline > 65_536 {
            return wrong("at most 65536 bytes of a file can lie in the metadata");
        }
        if self.dictionary > 1 << 17 {
            return wrong("a dictionary has at most 128 KiB");
        }
        if self.label.len() > 32 || self.label.contains('\0') {
            return wrong("a label has at most 32 bytes, and none of them is zero");
        }
        if self.made.1 >= 1_000_000_000 {
            return wrong("the time of making has more than 999999999 nanoseconds");
        }
        Ok(())
    }
}

/// What was made.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// The image's digest.
    pub identity: [u8; 32],
    /// The image's superblock.
    pub superblock: Superblock,
    /// Bytes of files that lie in the metadata.
    pub inline: u64,
    /// Bytes of data that were there already.
    pub shared: u64,
    /// Bytes of data that are zeros, and stored nowhere.
    pub holes: u64,
}

/// Writes an image of `tree` to `file`, which is empty and at its beginning, and calls `progress` with the bytes of
/// data done and all there are.
///
/// # Errors
/// Those of reading the tree's files and of writing; [`Error::impossible`] for options and for what the format cannot hold.
pub fn write<W: Write + Seek>(
    tree: &Tree,
    options: &Options,
    file: W,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Made> {
    make(tree, options, None, file, progress)
}

/// As [`write`], for a tree that has files of the image `base`, whose blocks are taken over as they are stored. The new image has the sizes of
/// blocks, the kind of digest and the dictionary of `base`, whatever the options say.
///
/// # Errors
/// Those of [`write`] and of reading `base`.
pub fn write_over<W: Write + Seek>(
    tree: &Tree,
    options: &Options,
    base: &Image<File>,
    file: W,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Made> {
    let sb = base.superblock();
    let options = Options {
        digest: sb.digest,
        block_log: sb.block_log,
        meta_log: sb.meta_log,
        pack: options.pack.min(sb.block_size()),
        dictionary: 0,
        ..options.clone()
    };
    make(tree, &options, Some(base), file, progress)
}

fn make<W: Write + Seek>(
    tree: &Tree,
    options: &Options,
    base: Option<&Image<File>>,
    file: W,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Made> {
    options.check()?;
    let numbers = number::number(tree)?;
    std::thread::scope(|scope| {
        let pool = pool::Pool::new(scope, options);
        let mut out = out::Out::new(pool, file, options)?;
        let mut base = match base {
            Some(image) => Some(base::Base::new(image, tree, &numbers, &mut out)?),
            None => None,
        };
        let key = hash::Key::new();
        let mut data = data::data(tree, &numbers, options, key, &mut base, &mut out, progress)?;
        if pack::waits(options) {
            pack::pack(tree, &mut data, options, &mut out)?;
        }
        let metadata = metadata::build(tree, &numbers, &data)?;
        let first_meta = out.blocks();
        for piece in metadata.bytes.chunks(1 << options.meta_log) {
            out.add(piece.to_vec(), pool::How::Compress)?;
        }
        let finished = out.finish()?;
        let mut features = finished.features;
        if metadata.has_attributes {
            features |= feature::XATTR;
        }
        let mut label = [0; 32];
        label[..options.label.len()].copy_from_slice(options.label.as_bytes());
        let superblock = Superblock {
            features,
            block_log: options.block_log,
            meta_log: options.meta_log,
            digest: options.digest,
            levels: table::levels(finished.blocks),
            length: finished.length,
            inodes: numbers.count(),
            metadata: metadata.bytes.len() as u64,
            blocks: finished.blocks,
            first_meta,
            dictionary: finished.dictionary.unwrap_or(NONE),
            made: options.made,
            label,
            top: finished.top,
            data: data.total,
        };
        let header = superblock.encode();
        // What this writer makes, every reader takes.
        Superblock::parse(&header)?;
        finished.write(&header)?;
        Ok(Made {
            identity: digest(options.digest, &header[..SIGNED]),
            superblock,
            inline: metadata.inline,
            shared: data.shared,
            holes: data.holes,
        })
    })
}

/// The bits that say that there are blocks like this.
fn feature_of(compression: Compression, filter: Filter) -> u32 {
    let compression = match compression {
        Compression::None => 0,
        Compression::Lz4 => feature::LZ4,
        Compression::Zstd => feature::ZSTD,
        Compression::ZstdDictionary => feature::ZSTD | feature::DICTIONARY,
    };
    match filter {
        Filter::None => compression,
        Filter::X86 => compression | feature::FILTER,
    }
}
