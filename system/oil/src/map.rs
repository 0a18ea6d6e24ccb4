//! A file mapped into memory: its pages are read when they are looked at, and shared.

#![allow(unsafe_code)]

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::fs::File;
use std::ops::Deref;
use std::{io, ptr, slice};

/// A file's bytes, or some that never were in a file.
pub enum Map {
    /// Mapped.
    File(Mapping),
    /// In memory.
    Memory(Vec<u8>),
}

/// A mapping.
pub struct Mapping {
    begin: *mut core::ffi::c_void,
    length: usize,
}

// SAFETY: the mapping is read only and owned by this value alone.
unsafe impl Send for Mapping {}
// SAFETY: as above; nobody writes.
unsafe impl Sync for Mapping {}

impl Map {
    /// Maps all of a file that nobody changes in place: one that was written beside and renamed, and is only ever
    /// replaced so. An empty file is no mapping but an error.
    pub fn file(file: &File) -> io::Result<Self> {
        let length =
            usize::try_from(file.metadata()?.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: the kernel chooses a free place; a length of 0 is an error that it tells.
        let begin = unsafe {
            mmap(
                ptr::null_mut(),
                length,
                ProtFlags::READ,
                MapFlags::PRIVATE,
                file,
                0,
            )?
        };
        Ok(Self::File(Mapping { begin, length }))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is of this place and length, and no borrow of it outlives this value.
        let _ = unsafe { munmap(self.begin, self.length) };
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            // SAFETY: the mapping is readable for its length as long as this value lives, and its file keeps its
            // content by the rule of `Map::file`.
            Self::File(map) => unsafe { slice::from_raw_parts(map.begin.cast(), map.length) },
            Self::Memory(bytes) => bytes,
        }
    }
}
