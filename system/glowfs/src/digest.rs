//! Digests, by the kind that an image uses.

use crate::format::superblock::Digest;
use blake2::Blake2b256;
use sha2::Digest as _;
use sha2::Sha256;

/// The digest of `bytes`.
pub fn digest(kind: Digest, bytes: &[u8]) -> [u8; 32] {
    match kind {
        Digest::Sha256 => Sha256::digest(bytes).into(),
        Digest::Blake2b => Blake2b256::digest(bytes).into(),
    }
}

/// A digest as it is written: 64 hexadecimal digits.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
