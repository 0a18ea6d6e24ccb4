//! GlowFS: a read-only file system in one file, verified at every read.
//!
//! [`mod@format`] is `docs/glowfs-format.md` as code, which the kernel module compiles too. [`reader`] is an image that was opened,
//! [`mod@verify`] looks at all of one; [`tree`] is what an image has, in memory, [`source`] where such a tree comes from, and [`writer`] makes an
//! image of it.

#![forbid(unsafe_code)]

pub mod codec;
#[cfg(any(feature = "small", test))]
mod compact;
pub mod delta;
pub mod diff;
pub mod digest;
mod error;
pub mod extract;
pub mod format;
#[cfg(feature = "make")]
pub mod overlay;
pub mod reader;
pub mod sign;
#[cfg(feature = "make")]
pub mod source;
pub mod tree;
pub mod verify;
#[cfg(feature = "make")]
pub mod writer;

pub use error::{Error, Result};
