//! logd: the system's log.
//!
//! ```text
//! /dev/log ──message──┐
//! /dev/kmsg ──kmsg────┴──▶ record ──configuration──▶ store ──▶ files ──▶ ctl (logctl)
//!              limit ─┘              (which files)   (a thread)
//! ```
//!
//! `message` and `kmsg` understand what is said, whatever bytes it is; `record` is a line of a file, both ways; `limit` is how much
//! one sender may say; `store` has the files and a thread of its own, so that a slow disk makes nobody wait who says something.
//! `daemon` is the loop, `ctl` the reader.

#![deny(unsafe_code)]

pub mod configuration;
pub mod ctl;
pub mod daemon;
pub mod error;
pub mod escape;
pub mod kmsg;
pub mod limit;
pub mod message;
pub mod names;
pub mod program;
pub mod record;
pub mod store;
pub mod system;
pub mod time;
pub mod user;
