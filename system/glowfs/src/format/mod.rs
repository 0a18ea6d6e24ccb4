// SPDX-License-Identifier: MIT

//! The format of GlowFS images, version 1: `docs/glowfs-format.md` as code.
//!
//! Slices in, slices and values out: nothing here allocates, does input or output, or needs more than `core`, so that a
//! program, a fuzzer and the kernel module (`kernel/glowfs`, which includes these files by their path) read an image with
//! the same code. Whoever uses it brings the digests, the decompressors and the bytes.
//!
//! What is parsed here comes from an image that may have been made by an enemy: every number is checked before it is used, and nothing
//! panics.

mod bytes;
pub mod directory;
pub mod ed25519;
mod error;
pub mod extent;
pub mod filter;
pub mod inode;
pub mod sha512;
pub mod superblock;
pub mod table;
pub mod xattr;

pub use error::Error;

use core::cmp::Ordering;

/// Where plain and verified metadata comes from.
pub trait Metadata {
    /// What reading fails with.
    type Error: From<Error>;

    /// Fills `out` with the bytes from position `at` on.
    ///
    /// # Errors
    ///
    /// [`Error::Metadata`] when the metadata does not reach that far, and what reading a block of it gives.
    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), Self::Error>;

    /// How the `length` bytes from position `at` on, 255 at most, are ordered beside others.
    ///
    /// # Errors
    ///
    /// As [`Metadata::read`].
    fn compare(&self, at: u64, length: usize, with: &[u8]) -> Result<Ordering, Self::Error> {
        let mut buffer = [0; directory::NAME_MAX];
        let bytes = buffer.get_mut(..length).ok_or(Error::Metadata(at))?;
        self.read(at, bytes)?;
        Ok((*bytes).cmp(with))
    }
}
