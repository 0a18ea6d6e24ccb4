//! Where the bytes of a file come from: a path, memory, an archive, or an image that is gone on from.

use super::base::Base;
use crate::error::{Error, Result};
use crate::tree::Data;
use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, pread};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// A file's bytes, one piece after the other.
pub enum Input<'a> {
    Base(&'a Base<'a>, u32, u64),
    Memory(&'a [u8]),
    File(OwnedFd, &'a Path, u64),
    Part(&'a File, u64),
}

impl Input<'_> {
    /// Begins to read at `at`.
    ///
    /// # Errors
    /// [`Error::file`].
    pub fn open<'a>(data: &'a Data, base: Option<&'a Base<'a>>, at: u64) -> Result<Input<'a>> {
        Ok(match data {
            Data::Base(number) => Input::Base(base.ok_or_else(baseless)?, *number, at),
            Data::Memory(bytes) => {
                Input::Memory(bytes.get(at as usize..).ok_or_else(changed_memory)?)
            }
            Data::Path(path) | Data::Changed(path, _) => {
                // By the system's call itself: musl makes two of it.
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let file = rustix::fs::open(&**path, flags, Mode::empty())
                    .map_err(|errno| Error::file(path, "opening")(errno.into()))?;
                Input::File(file, path, at)
            }
            Data::Part(file, begin) => Input::Part(file, begin + at),
        })
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// Those of [`Input::append`].
    pub fn read(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.append(&mut bytes, length)?;
        Ok(bytes)
    }

    /// Puts the next `length` bytes behind those that `to` has.
    ///
    /// # Errors
    /// [`Error::file`], also when they are not all there, and those of reading the base.
    pub fn append(&mut self, to: &mut Vec<u8>, length: usize) -> Result<()> {
        to.reserve(length);
        match self {
            Input::Base(base, number, at) => {
                to.extend_from_slice(&base.bytes(*number, *at, length)?);
                *at += length as u64;
            }
            Input::Memory(from) => {
                let (now, later) = from.split_at_checked(length).ok_or_else(changed_memory)?;
                to.extend_from_slice(now);
                *from = later;
            }
            Input::File(file, path, at) => {
                let doing = "reading (was it cut while the image was made?)";
                read_at(&*file, *at, to, length).map_err(Error::file(path, doing))?;
                *at += length as u64;
            }
            Input::Part(file, at) => {
                let path = Path::new("archive");
                read_at(*file, *at, to, length).map_err(Error::file(path, "reading"))?;
                *at += length as u64;
            }
        }
        Ok(())
    }
}

/// Puts `length` bytes of a file behind those that `to` has, for which it has room. Nothing is written there first; what room there is more is read
/// into too, and left out.
fn read_at(file: impl AsFd, at: u64, to: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let begin = to.len();
    let all = begin + length;
    while to.len() < all {
        let at = at + (to.len() - begin) as u64;
        match pread(&file, spare_capacity(to), at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => (),
            Err(errno) => return Err(errno.into()),
        }
    }
    to.truncate(all);
    Ok(())
}

/// There is no image to go on from, and a file that is in one.
pub fn baseless() -> Error {
    Error::impossible(format_args!("a file of an image that is not there"))
}

fn changed_memory() -> Error {
    Error::impossible(format_args!("a file in memory is shorter than its size"))
}
