// SPDX-License-Identifier: GPL-2.0-only

//! GlowFS: an image, verified: how its superblock, its blocks and the nodes of its table are read.
//!
//! The format is the code that user space reads images with. Everything that leaves here was compared with its
//! digest, from a copy that nobody else can change.

mod calls;
mod files;
mod header;
mod window;

use core::{ffi::c_void, slice};
use format::{
    filter::Filter,
    superblock::{self, Superblock, DICTIONARY_MAX, LENGTH},
    table::{self, Compression, Entry, ENTRY, FANOUT, NODE},
    Error,
};
use header::{c, errno, About, ErrorText, Plain, Require};
use kernel::prelude::*;

#[allow(dead_code, unreachable_pub, clippy::all)]
#[path = "../../system/glowfs/src/format/mod.rs"]
mod format;

/// Why something could not be done.
pub(crate) enum Failure {
    /// The image is wrong.
    Image(Error),
    /// Something else is, or it was said already where it was found.
    Code(i32),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Image(error)
    }
}

impl Failure {
    /// The error number, after the words were put where they belong.
    pub(crate) fn into_code(self, error: &mut ErrorText) -> i32 {
        match self {
            Failure::Code(number) => number,
            Failure::Image(what) => {
                error.set(&what);
                match what {
                    Error::Magic | Error::Version(_) | Error::Features(_) => errno::EINVAL,
                    Error::Unsigned => errno::ENOKEY,
                    Error::Identity | Error::Signature => errno::EKEYREJECTED,
                    _ => errno::EIO,
                }
            }
        }
    }
}

/// The result of a function of C's: 0 or an error number.
pub(crate) fn check(result: i32) -> Result<(), Failure> {
    if result == 0 {
        Ok(())
    } else {
        Err(Failure::Code(result))
    }
}

/// An image that is mounted.
pub(crate) struct Image {
    pub(crate) sb: *mut c_void,
    pub(crate) file: *mut c_void,
    pub(crate) pool: *mut c_void,
    pub(crate) superblock: Superblock,
}

/// A worker, given back when it goes.
pub(crate) struct Worker(pub(crate) *mut c_void);

impl Drop for Worker {
    fn drop(&mut self) {
        // SAFETY: It was got by `Image::worker`, and is given back once.
        unsafe { c::glowfs_worker_put(self.0) }
    }
}

impl Worker {
    /// Hands it over to C, with what it has.
    fn into_plain(self, is_stored: bool, length: u32) -> Plain {
        let worker = self.0;
        core::mem::forget(self);
        // SAFETY: The worker is held.
        let data = unsafe {
            if is_stored {
                c::glowfs_worker_stored(worker).cast_const()
            } else {
                c::glowfs_worker_plain(worker).cast_const()
            }
        };
        Plain {
            worker,
            data,
            length,
        }
    }
}

impl Image {
    fn digest(&self, data: &[u8]) -> Result<[u8; 32], Failure> {
        digest(self.superblock.digest, data)
    }

    fn worker(&self) -> Result<Worker, Failure> {
        // SAFETY: The pool lives as long as the image.
        let worker = unsafe { c::glowfs_worker_get(self.pool) };
        if worker.is_null() {
            Err(Failure::Code(errno::ENOMEM))
        } else {
            Ok(Worker(worker))
        }
    }

    /// Nodes before those of `level`, counted as full ones.
    fn nodes_before(&self, level: u8) -> u64 {
        (0..level)
            .map(|level| u64::from(table::entries(self.superblock.blocks, level + 1)))
            .sum()
    }

    /// Entry `index` of a level, from the page cache's nodes or the superblock, checked.
    fn entry(&self, level: u8, index: u32) -> Result<Entry, Failure> {
        let top = self.superblock.levels;
        if level == top {
            return if index == 0 {
                Ok(self.superblock.top)
            } else {
                Err(Error::Block(index).into())
            };
        }
        if level > top || index >= table::entries(self.superblock.blocks, level) {
            return Err(Error::Block(index).into());
        }
        let node = self.nodes_before(level) + u64::from(index / FANOUT);
        let at = node * NODE as u64 + u64::from(index % FANOUT) * ENTRY as u64;
        let mut bytes = [0; ENTRY];
        // SAFETY: `sb` lives as long as the image, and `bytes` has this length.
        check(unsafe { c::glowfs_table_read(self.sb, at, bytes.as_mut_ptr(), ENTRY) })?;
        let entry = Entry::decode(&bytes);
        entry.check(level, index, &self.superblock)?;
        Ok(entry)
    }

    /// Reads what an entry says into a worker and compares it; `wrong` is what to say when it differs.
    fn stored(&self, entry: &Entry, wrong: Error) -> Result<Worker, Failure> {
        if entry.plain() > self.longest() {
            return Err(wrong.into());
        }
        let worker = self.worker()?;
        // SAFETY: A worker's buffer has `longest` bytes, nobody else uses it while the worker is held, and the file lives as
        // long as the image.
        let data = unsafe {
            let buffer = c::glowfs_worker_stored(worker.0);
            check(c::glowfs_pread(
                self.file,
                entry.offset,
                buffer,
                entry.stored as usize,
            ))?;
            slice::from_raw_parts(buffer, entry.stored as usize)
        };
        if self.digest(data)? != entry.digest {
            return Err(wrong.into());
        }
        Ok(worker)
    }

    /// Bytes that a worker's buffers have.
    fn longest(&self) -> u32 {
        longest(&self.superblock)
    }

    /// Block `block`, plain.
    pub(crate) fn block(&self, block: u32) -> Result<Plain, Failure> {
        let entry = self.entry(0, block)?;
        let worker = self.stored(&entry, Error::BlockDigest(block))?;
        let (stored, plain) = (entry.stored, entry.plain());
        // SAFETY: The worker is held and its first `stored` bytes are filled; both lengths are within its buffers.
        let result = unsafe {
            match entry.compression() {
                Some(Compression::None) => return Ok(worker.into_plain(true, plain)),
                Some(Compression::Lz4) => c::glowfs_unlz4(worker.0, stored, plain),
                Some(Compression::Zstd) => c::glowfs_unzstd(worker.0, stored, plain, false),
                Some(Compression::ZstdDictionary) => {
                    c::glowfs_unzstd(worker.0, stored, plain, true)
                }
                None => errno::EIO,
            }
        };
        if result == errno::ENOMEM {
            return Err(Failure::Code(result));
        }
        if result != 0 {
            return Err(Error::Compression(block).into());
        }
        match entry.filter() {
            Some(Filter::None) => {}
            // SAFETY: The worker is held, and `plain` bytes of its buffer are filled.
            Some(filter) => filter.decode(unsafe {
                slice::from_raw_parts_mut(c::glowfs_worker_plain(worker.0), plain as usize)
            }),
            None => return Err(Error::Compression(block).into()),
        }
        Ok(worker.into_plain(false, plain))
    }

    /// Node `index` of all nodes, counted from level 0 on.
    pub(crate) fn node(&self, index: u64) -> Result<Plain, Failure> {
        let mut before = 0;
        for level in 0..self.superblock.levels {
            let nodes = u64::from(table::entries(self.superblock.blocks, level + 1));
            if index < before + nodes {
                let node = (index - before) as u32;
                let wrong = Error::NodeDigest { level, index: node };
                let entry = self.entry(level + 1, node)?;
                if u64::from(entry.stored)
                    != table::node_length(self.superblock.blocks, level, node)
                {
                    return Err(Error::Entry {
                        level: level + 1,
                        index: node,
                        what: "length of the node",
                    }
                    .into());
                }
                let worker = self.stored(&entry, wrong)?;
                return Ok(worker.into_plain(true, entry.stored));
            }
            before += nodes;
        }
        Err(Failure::Code(errno::EIO))
    }
}

fn digest(kind: superblock::Digest, data: &[u8]) -> Result<[u8; 32], Failure> {
    let mut out = [0; 32];
    // SAFETY: Both are as long as is said.
    check(unsafe { c::glowfs_digest(kind as u32, data.as_ptr(), data.len(), out.as_mut_ptr()) })?;
    Ok(out)
}

pub(crate) fn longest(superblock: &Superblock) -> u32 {
    let dictionary = if superblock.has_dictionary() {
        DICTIONARY_MAX
    } else {
        0
    };
    superblock
        .block_size()
        .max(superblock.meta_size())
        .max(NODE as u32)
        .max(dictionary)
}

/// Reads and checks a superblock.
pub(crate) fn open(
    file: *mut c_void,
    size: u64,
    require: &Require,
    about: &mut About,
) -> Result<Superblock, Failure> {
    if size < LENGTH as u64 {
        return Err(Error::Magic.into());
    }
    let mut bytes = KBox::new([0; LENGTH], GFP_KERNEL).map_err(|_| Failure::Code(errno::ENOMEM))?;
    // SAFETY: The file is open, and there is room for this length.
    check(unsafe { c::glowfs_pread(file, 0, bytes.as_mut_ptr(), LENGTH) })?;
    let found = Superblock::parse(&bytes)?;
    let signed = bytes.get(..superblock::SIGNED).unwrap_or(&[]);
    let digest = digest(found.digest, signed)?;
    if require.has_digest && digest != require.digest {
        return Err(Error::Identity.into());
    }
    let keys = require
        .keys
        .get(..require.key_count as usize)
        .unwrap_or(&[]);
    if !keys.is_empty() {
        superblock::verify(&bytes, keys)?;
    }
    if size < found.length {
        return Err(Error::Truncated {
            found: size,
            length: found.length,
        }
        .into());
    }
    let nodes: u64 = (0..found.levels)
        .map(|level| u64::from(table::entries(found.blocks, level + 1)))
        .sum();
    *about = About {
        length: found.length,
        metadata: found.metadata,
        data: found.data,
        table: nodes * NODE as u64,
        inodes: found.inodes,
        blocks: found.blocks,
        block_log: found.block_log,
        meta_log: found.meta_log,
        is_signed: !keys.is_empty(),
        digest,
    };
    Ok(found)
}
