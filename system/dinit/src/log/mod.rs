//! What services write, when it goes through the daemon: into memory, or into files that rotate.

pub mod buffer;
pub mod file;
