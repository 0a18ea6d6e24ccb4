//! A device or an image that is read at places.

use rustix::fs::{FileType, Mode, OFlags, fstat, major, minor, open};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// No superblock and no table is longer, in bytes.
const LONGEST: usize = 1 << 20;

pub enum Source {
    File(File),
    Bytes(Vec<u8>),
}

impl Source {
    /// A device, if its node is there, is its own, and has a medium. Opening never waits for one.
    pub fn device(node: &Path, wanted_major: u32, wanted_minor: u32) -> Option<Self> {
        let flags =
            OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
        // Opening something else may do something: it is looked at first, and again when it is open.
        let is_own = |stat: &rustix::fs::Stat| {
            FileType::from_raw_mode(stat.st_mode) == FileType::BlockDevice
                && (major(stat.st_rdev), minor(stat.st_rdev)) == (wanted_major, wanted_minor)
        };
        rustix::fs::lstat(node).ok().filter(is_own)?;
        let file = open(node, flags, Mode::empty()).ok()?;
        fstat(&file).ok().filter(is_own)?;
        Some(Self::File(file.into()))
    }

    /// A device or an image by its path.
    ///
    /// # Errors
    /// That of opening it.
    pub fn path(path: &Path) -> std::io::Result<Self> {
        File::open(path).map(Self::File)
    }

    /// So many bytes at a place; none if they are not all there.
    pub fn read(&self, at: u64, length: usize) -> Option<Vec<u8>> {
        if length > LONGEST {
            return None;
        }
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, at).ok()?;
                Some(bytes)
            }
            Self::Bytes(bytes) => {
                let at = usize::try_from(at).ok()?;
                bytes.get(at..at.checked_add(length)?).map(<[u8]>::to_vec)
            }
        }
    }
}

/// Numbers in bytes; beyond the end they are 0.
pub fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(part(bytes, at))
}

pub fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(part(bytes, at))
}

pub fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(part(bytes, at))
}

pub fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(part(bytes, at))
}

pub fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(part(bytes, at))
}

/// Bytes at a place; what is beyond the end is 0.
pub fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let there = bytes.get(at..).unwrap_or_default();
    let mut part = [0; N];
    let length = N.min(there.len());
    part[..length].copy_from_slice(&there[..length]);
    part
}
