//! One entry as bytes: a header of hexadecimal numbers, the name, the data, each padded to 4 bytes.

use std::io::{self, Write};

use super::{Data, PATH_MAX, TRAILER};
use crate::{Error, Result, data};

/// Bytes of an entry's header: a magic number of 6 and 13 fields of 8.
pub(super) const HEADER: u64 = 110;

/// The header's fields that are not always zero.
#[derive(Default)]
pub(super) struct Header {
    pub(super) inode: u32,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) nlink: u32,
    pub(super) mtime: u32,
    pub(super) size: u32,
    pub(super) rdev_major: u32,
    pub(super) rdev_minor: u32,
}

impl Header {
    /// Writes the header and the name.
    pub(super) fn write(&self, out: &mut impl Write, name: &[u8]) -> io::Result<()> {
        let name_size = name.len() as u64 + 1;
        let fields = [
            self.inode,
            self.mode,
            self.uid,
            self.gid,
            self.nlink,
            self.mtime,
            self.size,
            // The device that the file stood on: no matter, since inode numbers are ours.
            0,
            0,
            self.rdev_major,
            self.rdev_minor,
            // At most PATH_MAX.
            name_size as u32,
            // A checksum only in archives of magic 070702.
            0,
        ];
        let mut text = String::with_capacity(HEADER as usize);
        text.push_str("070701");
        for field in fields {
            // The case is free; the kernel's own archives are in capitals.
            text.push_str(&format!("{field:08X}"));
        }
        out.write_all(text.as_bytes())?;
        out.write_all(name)?;
        out.write_all(&[0])?;
        zeros(out, HEADER + name_size)
    }
}

/// A length rounded up to 4.
pub(super) fn pad(length: u64) -> u64 {
    length.next_multiple_of(4)
}

/// Writes the padding that follows `length` bytes.
pub(super) fn zeros(out: &mut impl Write, length: u64) -> io::Result<()> {
    out.write_all(&[0; 3][..(pad(length) - length) as usize])
}

/// Writes a file's data with its padding.
pub(super) fn copy(
    data: &Data,
    out: &mut impl Write,
    written: &impl Fn(io::Error) -> Error,
) -> Result<()> {
    match data {
        Data::Bytes(bytes) => out.write_all(bytes).map_err(written)?,
        Data::Disk(path, length) => {
            data::copy(path, u64::from(*length), out, written)?;
        }
    }
    zeros(out, data.len().into()).map_err(written)
}

/// Why a path cannot name an entry.
pub(super) fn name_problem(name: &[u8]) -> Option<&'static str> {
    if name == b"." {
        return None;
    }
    if name.is_empty() || name.starts_with(b"/") {
        Some("a path in an archive is relative and not empty")
    } else if name
        .split(|b| *b == b'/')
        .any(|part| part.is_empty() || part == b"." || part == b"..")
    {
        Some("its path has an empty part, a '.' or a '..' in it")
    } else if name.contains(&0) {
        Some("its path has a zero byte in it")
    } else if name.len() >= PATH_MAX {
        Some("its path has more than 4095 bytes")
    } else if name == TRAILER.as_bytes() {
        Some("this name ends an archive: rename the file")
    } else {
        None
    }
}
