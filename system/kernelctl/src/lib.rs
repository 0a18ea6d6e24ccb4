//! kernelctl: kernel policy that takes effect and can be trusted.
//!
//! ```text
//! sysctl.d, policy ──sysctl, policy──▶ steps ──run──▶ the kernel's files
//!                                                │
//!                          program ◀── report ◀──┘──▶ state (what was before)
//! ```
//!
//! `sysctl` and `policy` read what is wanted and give [`step::Step`]s: one value each, with the file and line that ask for
//! it. `run` does them, reads each back, keeps what was before, and takes all back when one fails. `cgroup` and `system` know
//! the kernel; `pressure` is what `watch` does; `program` is the command line. Every path is below a [`common::Root`], so that tests need no kernel.

#![deny(unsafe_code)]

pub mod cgroup;
pub mod error;
pub mod files;
pub mod glob;
pub mod marks;
pub mod now;
pub mod policy;
pub mod pressure;
pub mod program;
pub mod run;
pub mod step;
pub mod sysctl;
pub mod system;
