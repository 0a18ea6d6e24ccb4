//! What is written: blocks in their order, the table, the superblock.

use super::Options;
use super::compress::Stored;
use super::feature_of;
use super::pool::{How, Pool};
use crate::digest::{digest, digests};
use crate::error::{Error, Result};
use crate::format::superblock::{Digest, LENGTH, NONE};
use crate::format::table::{Compression, ENTRY, Entry, NODE};
use std::collections::VecDeque;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// Buffers that are kept at most.
const FREE: usize = 8;

/// Blocks whose digests are made together.
pub const TOGETHER: usize = 8;

/// The image as far as it is written. Kept in memory are the table, 48 bytes a block, and what is under way.
pub struct Out<W> {
    pool: Pool,
    file: W,
    digest: Digest,
    offset: u64,
    entries: Vec<Entry>,
    /// For each block that has a number and is not written: whether it is with the threads, or is to be written as it is.
    waiting: VecDeque<Option<Stored>>,
    features: u32,
    dictionary: Option<u32>,
    /// Buffers that are free again, of at least `room` bytes: taking new ones from the system costs as much as hashing what comes into them.
    free: Vec<Vec<u8>>,
    /// Bytes that a block has at most when it is compressed.
    room: usize,
}

/// All blocks and the table, written.
pub struct Finished<W> {
    file: W,
    pub features: u32,
    pub blocks: u32,
    pub length: u64,
    pub dictionary: Option<u32>,
    pub top: Entry,
}

fn writing(error: std::io::Error) -> Error {
    Error::io(Path::new("image"), "writing", error)
}

impl<W: Write + Seek> Out<W> {
    pub fn new(pool: Pool, mut file: W, options: &Options) -> Result<Out<W>> {
        file.write_all(&[0; LENGTH]).map_err(writing)?;
        Ok(Out {
            pool,
            file,
            digest: options.digest,
            offset: LENGTH as u64,
            entries: Vec::new(),
            waiting: VecDeque::new(),
            features: 0,
            dictionary: None,
            free: Vec::new(),
            room: options.codec.room(1 << options.block_log),
        })
    }

    /// A buffer for a block, empty.
    pub fn buffer(&mut self) -> Vec<u8> {
        let free = self.free.pop();
        free.unwrap_or_else(|| Vec::with_capacity(self.room))
    }

    /// Takes back a buffer that is not needed any more.
    pub fn recycle(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() >= self.room && self.free.len() < FREE {
            buffer.clear();
            self.free.push(buffer);
        }
    }

    /// Blocks that have a number: the number of the next one.
    pub fn blocks(&self) -> u32 {
        // `number` has seen that they fit.
        (self.entries.len() + self.waiting.len()) as u32
    }

    fn number(&mut self) -> Result<u32> {
        let number = self.entries.len() + self.waiting.len();
        if number >= NONE as usize - 2 {
            let what = "more than 4294967293 blocks: take larger ones (--block-size)";
            return Err(Error::impossible(format_args!("{what}")));
        }
        Ok(number as u32)
    }

    /// Adds a block; its number.
    ///
    /// # Errors
    /// Those of compressing and of writing an earlier one.
    pub fn add(&mut self, bytes: Vec<u8>, how: How) -> Result<u32> {
        let number = self.number()?;
        while self.pool.is_full() {
            self.write_some()?;
        }
        self.pool.give(bytes, how);
        self.waiting.push_back(None);
        Ok(number)
    }

    /// Adds a block as it is to be stored; its number.
    ///
    /// # Errors
    /// Those of compressing and of writing an earlier one.
    pub fn add_stored(&mut self, stored: Stored) -> Result<u32> {
        let number = self.number()?;
        // What waits here waits for at most as many blocks as are with the threads.
        while self.waiting.len() >= 64 {
            self.write_some()?;
        }
        self.waiting.push_back(Some(stored));
        Ok(number)
    }

    /// Adds the dictionary.
    ///
    /// # Errors
    /// Those of [`Out::add`].
    pub fn add_dictionary(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.dictionary = Some(self.add(bytes, How::Compress)?);
        Ok(())
    }

    /// Writes some of what waits, the longest waiting first.
    fn write_some(&mut self) -> Result<()> {
        let mut some = Vec::with_capacity(TOGETHER);
        while some.len() < TOGETHER {
            match self.waiting.pop_front() {
                Some(Some(stored)) => some.push(stored),
                Some(None) => some.push(self.pool.take()?),
                None => break,
            }
        }
        let unknown = some.iter().filter(|stored| stored.digest.is_none());
        let unknown: Vec<&[u8]> = unknown.map(|stored| &stored.bytes[..]).collect();
        let mut made = digests(self.digest, &unknown).into_iter();
        for stored in some {
            // There is one for each that has none.
            let digest = stored.digest.or_else(|| made.next()).unwrap_or_default();
            self.put(stored, digest)?;
        }
        Ok(())
    }

    fn put(&mut self, stored: Stored, digest: [u8; 32]) -> Result<()> {
        self.features |= feature_of(stored.compression, stored.filter);
        let entry = Entry::new(
            self.offset,
            stored.bytes.len() as u32,
            stored.plain,
            stored.compression,
            digest,
        )
        .with_filter(stored.filter);
        self.append(&stored.bytes)?;
        self.entries.push(entry);
        self.recycle(stored.bytes);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(writing)?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Writes what is under way, the table, and zeros to the end.
    ///
    /// # Errors
    /// Those of compressing and writing.
    pub fn finish(mut self) -> Result<Finished<W>> {
        while !self.waiting.is_empty() {
            self.write_some()?;
        }
        let blocks = self.entries.len() as u32;
        let mut level = std::mem::take(&mut self.entries);
        let top = loop {
            let mut above = Vec::with_capacity(level.len() / 256 + 1);
            for entries in level.chunks(NODE / ENTRY) {
                let node: Vec<u8> = entries.iter().flat_map(Entry::encode).collect();
                let (offset, length) = (self.offset, node.len() as u32);
                let digest = digest(self.digest, &node);
                self.append(&node)?;
                above.push(Entry::new(
                    offset,
                    length,
                    length,
                    Compression::None,
                    digest,
                ));
            }
            match *above {
                [top] => break top,
                _ => level = above,
            }
        };
        let rest = self.offset.next_multiple_of(LENGTH as u64) - self.offset;
        self.append(&[0; LENGTH][..rest as usize])?;
        Ok(Finished {
            features: self.features,
            blocks,
            length: self.offset,
            dictionary: self.dictionary,
            top,
            file: self.file,
        })
    }
}

impl<W: Write + Seek> Finished<W> {
    /// Puts the superblock where it belongs: last, so that what is not whole is no image.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(mut self, header: &[u8; LENGTH]) -> Result<()> {
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(header))
            .and_then(|()| self.file.flush())
            .map_err(writing)
    }
}
