//! An image as a file system of FUSE (Linux, Documentation/filesystems/fuse): for machines without the kernel's own part.

mod attributes;
mod files;
mod session;
mod told;

pub use session::{Options, run};
pub use told::Told;
