//! Where trees come from: a directory, an archive.

mod directory;
mod tar;
mod tar_header;

pub use directory::{Folder, attributes, directory};
pub use tar::tar;
