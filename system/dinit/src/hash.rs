//! FNV-1a (RFC 9923), for tables of names and process numbers. Names come from the administrator's own folders, numbers
//! from the kernel: nobody gains by making them collide.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from names, or from numbers of processes.
pub type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

/// The hash of what was written to it.
pub struct Fnv(u32);

/// The hash of a name.
pub fn hash(name: &[u8]) -> u32 {
    let mut hash = Fnv::default();
    hash.write(name);
    hash.0
}

impl Default for Fnv {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    /// The standard library's table takes its place from the low bits and a tag from the high ones.
    fn finish(&self) -> u64 {
        u64::from(self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_rfc() {
        // RFC 9923, test vectors of FNV-1a 32.
        for (name, expected) in [
            ("", 0x811c_9dc5),
            ("a", 0xe40c_292c),
            ("foobar", 0xbf9c_f968),
        ] {
            assert_eq!(hash(name.as_bytes()), expected);
        }
    }
}
