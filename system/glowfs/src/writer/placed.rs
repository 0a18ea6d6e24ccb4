//! Where files' data is in the image.

use super::hash::Key;

/// Where a file's content is to be found in the image.
#[derive(Clone, Debug, Default)]
pub enum Place {
    /// Nowhere: it is empty, or no regular file.
    #[default]
    Nothing,
    /// In the metadata.
    Inline(Vec<u8>),
    /// In these blocks, or holes, and then in that tail.
    Blocks(Vec<u32>, Rest),
}

/// Where what remains of a file after its full blocks is.
#[derive(Clone, Copy, Debug, Default)]
pub enum Rest {
    /// There is none, or it is a block as the others.
    #[default]
    None,
    /// One of [`Placed::tails`].
    Tail(usize),
    /// In this block, at that offset.
    Packed(u32, u32),
}

/// What remains of a file after its full blocks.
#[derive(Clone, Debug)]
pub struct Tail {
    /// The file, as a place in [`Tree::files`].
    pub file: usize,
    /// Where it begins in the file.
    pub at: u64,
    /// Its length.
    pub length: u32,
    /// Its hash, by [`Placed::key`].
    pub hash: u64,
    /// Block and offset, once it is packed.
    pub packed: Option<(u32, u32)>,
}

/// All data, by file.
pub struct Placed {
    /// By place in [`Tree::files`].
    pub places: Vec<Place>,
    /// The tails, each different from the others.
    pub tails: Vec<Tail>,
    /// Bytes of all files.
    pub total: u64,
    /// Bytes that were there already.
    pub shared: u64,
    /// Bytes of holes.
    pub holes: u64,
    /// What hashes of this image are made with.
    pub key: Key,
}
