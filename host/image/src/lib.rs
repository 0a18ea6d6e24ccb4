//! Turns a root, the tree of files that a system is made of, into the files that a machine boots from or a container
//! engine takes.
//!
//! ```text
//! root ──cpio::Archive──▶ initramfs::build ──compress──▶ one file
//!                         initramfs::append ◀── credential (one machine's own password)
//! root ──glowfs::build───▶ one file, for the initramfs of a system whose root it is
//! root ──tarball::build──▶ one file ──oci::build──▶ one file
//! ```
//!
//! The same root gives the same bytes: entries are sorted, times are `SOURCE_DATE_EPOCH`, inode numbers are our own.
#![forbid(unsafe_code)]

pub mod compress;
pub mod cpio;
pub mod credential;
mod data;
mod error;
pub mod formats;
pub mod glowfs;
pub mod initramfs;
pub mod oci;
mod output;
pub mod system;
pub mod tarball;

pub use compress::{Bcj, Compression};
pub use cpio::Archive;
pub use credential::Credential;
pub use error::{Error, Result};
pub use formats::{Format, Made};
pub use output::{packaged_time, source_date_epoch};
pub use system::System;
