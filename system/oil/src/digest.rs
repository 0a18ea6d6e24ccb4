//! Digests as packages, indexes and databases write them.

/// An algorithm and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    length: u8,
    bytes: [u8; 32],
}
