//! early: what a system needs once when it starts.
//!
//! ```text
//! /etc/fstab ──fstab──▶ entries ──▶ check, mount, swap      /dev/rtc0 ──clock──▶ the time
//! tmpfiles.d    ──files──▶ folders, files and links
//!                device: UUID=… ──▶ a node                  seed kept ──seed──▶ random numbers
//! ```
//!
//! Each command does one of these and ends. What fails is told, the rest is done, and the status says so: whoever starts the
//! system goes on by soft dependencies.

#![deny(unsafe_code)]

pub mod check;
pub mod clock;
pub mod device;
pub mod files;
pub mod fstab;
pub mod mount;
pub mod mounted;
pub mod program;
pub mod rootfs;
pub mod seed;
pub mod swap;
mod system;
