//! GlowFS: a read-only file system in one file, verified at every read.
//!
//! [`mod@format`] is `docs/glowfs-format.md` as code, which the kernel module compiles too.

#![forbid(unsafe_code)]

pub mod format;
