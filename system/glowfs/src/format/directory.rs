// SPDX-License-Identifier: MIT

//! Directories: entries sorted by name, with an index by hash where there are many.

use super::bytes::{get_u8, get_u16, get_u32, put_u8, put_u32};
use super::inode::{Inode, Kind, ROOT};
use super::superblock::Superblock;
use super::{Error, Metadata};
use core::cmp::Ordering;

/// Bytes before the entries.
pub const HEADER: usize = 16;
/// Bytes of an entry.
pub const ENTRY: usize = 12;
/// Bytes of the index for each entry.
pub const INDEX: usize = 8;
/// Bytes of a name at most.
pub const NAME_MAX: usize = 255;
/// Entries from which on a writer adds an index.
pub const INDEX_FROM: u32 = 128;
/// Flag of a directory with an index.
pub const INDEXED: u32 = 1;

/// A directory's header, checked.
#[derive(Clone, Copy, Debug)]
pub struct Directory {
    number: u32,
    inodes: u32,
    at: u64,
    entries: u32,
    indexed: bool,
    names: u32,
}

/// An entry of a directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The inode's number.
    pub inode: u32,
    /// Its kind.
    pub kind: Kind,
    name: u32,
    length: u8,
}

impl Entry {
    /// Where its name begins among the directory's names.
    pub fn name_at(&self) -> u32 {
        self.name
    }
}

/// The hash that the index is sorted by.
pub fn hash(name: &[u8]) -> u32 {
    let mut hash = name.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

/// Whether a directory may have an entry of this name.
pub fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= NAME_MAX
        && name != b"."
        && name != b".."
        && !has_separator(name)
}

/// Whether there is a zero byte or a slash, eight bytes at once: each entry that is shown is asked this.
fn has_separator(name: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    const SLASHES: u64 = u64::from_ne_bytes([b'/'; 8]);
    // A byte that is zero borrows from its top bit (Mycroft 1987); others that show a top bit then are above one that is.
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & TOPS != 0;
    let words = name.chunks_exact(8);
    let rest = words.remainder();
    rest.iter().any(|byte| matches!(byte, 0 | b'/'))
        || words
            .filter_map(|bytes| bytes.try_into().ok().map(u64::from_ne_bytes))
            .any(|word| has_zero(word) || has_zero(word ^ SLASHES))
}

/// A header's bytes.
pub fn encode_header(entries: u32, indexed: bool, names: u32) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    put_u32(&mut bytes, 0, entries);
    put_u32(&mut bytes, 4, if indexed { INDEXED } else { 0 });
    put_u32(&mut bytes, 8, names);
    bytes
}

/// An entry's bytes; its name has `length` bytes and begins at `name` among the names.
pub fn encode_entry(inode: u32, kind: Kind, name: u32, length: u8) -> [u8; ENTRY] {
    let mut bytes = [0; ENTRY];
    put_u32(&mut bytes, 0, inode);
    put_u32(&mut bytes, 4, name);
    put_u8(&mut bytes, 8, kind as u8);
    put_u8(&mut bytes, 9, length);
    bytes
}

impl Directory {
    /// Reads the header of the directory that is inode `number`.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] with what is wrong, and what `metadata` fails with.
    pub fn open<M: Metadata>(
        metadata: &M,
        superblock: &Superblock,
        number: u32,
        inode: &Inode,
    ) -> Result<Directory, M::Error> {
        let wrong = |what| Error::Directory { number, what };
        if inode.kind() != Kind::Directory {
            return Err(wrong("it is none").into());
        }
        let mut header = [0; HEADER];
        if inode.size < HEADER as u64 {
            return Err(wrong("too short").into());
        }
        metadata.read(inode.position, &mut header)?;
        let flags = get_u32(&header, 4);
        let directory = Directory {
            number,
            inodes: superblock.inodes,
            at: inode.position,
            entries: get_u32(&header, 0),
            indexed: flags & INDEXED != 0,
            names: get_u32(&header, 8),
        };
        if flags & !INDEXED != 0 || get_u32(&header, 12) != 0 {
            return Err(wrong("unknown flags").into());
        }
        if directory.names_at() - directory.at + u64::from(directory.names) != inode.size {
            return Err(wrong("its length is not that of its entries and names").into());
        }
        Ok(directory)
    }

    /// Entries in it, without `.` and `..`.
    pub fn len(&self) -> u32 {
        self.entries
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Whether it has an index.
    pub fn is_indexed(&self) -> bool {
        self.indexed
    }

    /// Bytes of all names.
    pub fn names_length(&self) -> u32 {
        self.names
    }

    fn index_at(&self) -> u64 {
        self.at + HEADER as u64 + u64::from(self.entries) * ENTRY as u64
    }

    fn names_at(&self) -> u64 {
        self.index_at()
            + if self.indexed {
                u64::from(self.entries) * INDEX as u64
            } else {
                0
            }
    }

    /// Entry `index`, in the order of names.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] with what is wrong, and what `metadata` fails with.
    #[inline]
    pub fn entry<M: Metadata>(&self, metadata: &M, index: u32) -> Result<Entry, M::Error> {
        if index >= self.entries {
            return Err(self.wrong("no such entry").into());
        }
        let mut bytes = [0; ENTRY];
        metadata.read(
            self.at + HEADER as u64 + u64::from(index) * ENTRY as u64,
            &mut bytes,
        )?;
        let inode = get_u32(&bytes, 0);
        let (name, length) = (get_u32(&bytes, 4), get_u8(&bytes, 9));
        let Some(kind) = Kind::from_type(get_u8(&bytes, 8)) else {
            return Err(self.wrong("an entry of unknown type").into());
        };
        if inode <= ROOT || inode > self.inodes {
            return Err(self.wrong("an entry without an inode").into());
        }
        if kind == Kind::Directory && inode <= self.number {
            return Err(self.wrong("it leads back up: a loop").into());
        }
        if get_u16(&bytes, 10) != 0 {
            return Err(self.wrong("reserved bytes").into());
        }
        if length == 0
            || name
                .checked_add(u32::from(length))
                .is_none_or(|end| end > self.names)
        {
            return Err(self.wrong("an entry's name is outside").into());
        }
        Ok(Entry {
            inode,
            kind,
            name,
            length,
        })
    }

    /// An entry's name, read into `buffer`.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] for what is no name, and what `metadata` fails with.
    pub fn name<'b, M: Metadata>(
        &self,
        metadata: &M,
        entry: &Entry,
        buffer: &'b mut [u8; NAME_MAX],
    ) -> Result<&'b [u8], M::Error> {
        let Some(name) = buffer.get_mut(..usize::from(entry.length)) else {
            return Err(self.wrong("an entry's name is outside").into());
        };
        metadata.read(self.names_at() + u64::from(entry.name), name)?;
        if !is_name(name) {
            return Err(self.wrong("an entry's name is none").into());
        }
        Ok(name)
    }

    /// How an entry's name is ordered beside another one.
    fn compare<M: Metadata>(
        &self,
        metadata: &M,
        index: u32,
        name: &[u8],
    ) -> Result<(Ordering, Entry), M::Error> {
        let entry = self.entry(metadata, index)?;
        let at = self.names_at() + u64::from(entry.name);
        let order = metadata.compare(at, usize::from(entry.length), name)?;
        Ok((order, entry))
    }

    /// The entry of a name.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] with what is wrong, and what `metadata` fails with.
    pub fn find<M: Metadata>(&self, metadata: &M, name: &[u8]) -> Result<Option<Entry>, M::Error> {
        let found = self.find_near(metadata, name, u32::MAX)?;
        Ok(found.map(|(_, entry)| entry))
    }

    /// The entry of a name, and its number. Entry number `near` is looked at first, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Directory::find`].
    pub fn find_near<M: Metadata>(
        &self,
        metadata: &M,
        name: &[u8],
        near: u32,
    ) -> Result<Option<(u32, Entry)>, M::Error> {
        let (mut low, mut high) = (0, self.entries);
        if near < high {
            match self.compare(metadata, near, name)? {
                (Ordering::Less, _) => low = near + 1,
                (Ordering::Greater, _) => high = near,
                (Ordering::Equal, entry) => return Ok(Some((near, entry))),
            }
        }
        if self.indexed {
            return self.find_by_hash(metadata, name);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match self.compare(metadata, middle, name)? {
                (Ordering::Less, _) => low = middle + 1,
                (Ordering::Greater, _) => high = middle,
                (Ordering::Equal, entry) => return Ok(Some((middle, entry))),
            }
        }
        Ok(None)
    }

    /// Hashes are spread evenly: the first guess is near, and a few steps with growing strides enclose the place.
    fn find_by_hash<M: Metadata>(
        &self,
        metadata: &M,
        name: &[u8],
    ) -> Result<Option<(u32, Entry)>, M::Error> {
        let wanted = hash(name);
        let guess = ((u64::from(wanted) * u64::from(self.entries)) >> 32) as u32;
        // All places before `low` are below `wanted`, none from `high` on is.
        let (mut low, mut high) = (0, self.entries);
        let mut stride = 8_u32;
        if guess < high && self.indexed_hash(metadata, guess)?.0 < wanted {
            low = guess + 1;
            while let Some(probe) = low.checked_add(stride).filter(|probe| *probe < high) {
                if self.indexed_hash(metadata, probe)?.0 >= wanted {
                    high = probe;
                    break;
                }
                low = probe + 1;
                stride = stride.saturating_mul(4);
            }
        } else {
            high = guess;
            while let Some(probe) = high.checked_sub(stride) {
                if self.indexed_hash(metadata, probe)?.0 < wanted {
                    low = probe + 1;
                    break;
                }
                high = probe;
                stride = stride.saturating_mul(4);
            }
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.indexed_hash(metadata, middle)?.0 < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        while low < self.entries {
            let (hash, number) = self.indexed_hash(metadata, low)?;
            if hash != wanted {
                break;
            }
            if let (Ordering::Equal, entry) = self.compare(metadata, number, name)? {
                return Ok(Some((number, entry)));
            }
            low += 1;
        }
        Ok(None)
    }

    /// Hash and number of the entry at `place` of the index.
    ///
    /// # Errors
    ///
    /// What `metadata` fails with.
    pub fn indexed_hash<M: Metadata>(
        &self,
        metadata: &M,
        place: u32,
    ) -> Result<(u32, u32), M::Error> {
        let mut bytes = [0; INDEX];
        metadata.read(
            self.index_at() + u64::from(place) * INDEX as u64,
            &mut bytes,
        )?;
        Ok((get_u32(&bytes, 0), get_u32(&bytes, 4)))
    }

    fn wrong(&self, what: &'static str) -> Error {
        Error::Directory {
            number: self.number,
            what,
        }
    }
}
