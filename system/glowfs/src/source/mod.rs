//! Where trees come from: a directory, an archive.

mod directory;
mod tar;
mod tar_header;

pub use directory::{attributes, directory, names, node};
pub use tar::tar;
