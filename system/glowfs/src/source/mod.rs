//! Where trees come from: a directory, an archive.

mod directory;

pub use directory::directory;
