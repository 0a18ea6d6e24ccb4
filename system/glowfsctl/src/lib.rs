//! `glowfsctl`: makes, shows, verifies, signs and changes GlowFS images.

#![forbid(unsafe_code)]

mod command;
#[cfg(feature = "mount")]
mod fuse;
pub mod program;
