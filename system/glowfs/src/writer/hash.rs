//! A quick hash that tells whether bytes may have been there already, by a key that is drawn anew for each image. What it says is the same is compared
//! before anything is made of it: the key changes nothing of the image, and who writes files cannot choose some that have one hash.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// The key.
#[derive(Clone, Copy, Debug)]
pub struct Key([u64; 4]);

impl Key {
    /// A new one, by chance.
    pub fn new() -> Key {
        let state = RandomState::new();
        Key([0, 1, 2, 3].map(|word: u64| state.hash_one(word)))
    }

    /// One by which much has the same hash.
    #[cfg(test)]
    pub fn of_zeros() -> Key {
        Key([0; 4])
    }

    /// The hash of `bytes`: each 16 of them are two factors of a product, all of whose bits count.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let Key([first, second, one, other]) = *self;
        let (mut even, mut odd) = (first, second ^ bytes.len() as u64);
        let (chunks, rest) = bytes.as_chunks::<32>();
        let mut last = [0; 32];
        last[..rest.len()].copy_from_slice(rest);
        for chunk in chunks.iter().chain([&last]) {
            let (words, _) = chunk.as_chunks::<8>();
            let [a, b, c, d] = [0, 1, 2, 3].map(|word: usize| u64::from_le_bytes(words[word]));
            even = fold(even ^ a, one ^ b);
            odd = fold(odd ^ c, other ^ d);
        }
        fold(even ^ one, odd ^ other)
    }
}

/// Both halves of a product, in one word.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::Key;
    use std::collections::HashSet;

    #[test]
    fn a_byte_that_is_changed_or_added_changes_it() {
        let key = Key::new();
        let mut bytes: Vec<u8> = (0..100).collect();
        let mut seen = HashSet::from([key.hash(&bytes)]);
        for at in 0..bytes.len() {
            bytes[at] ^= 0x55;
            assert!(seen.insert(key.hash(&bytes)), "byte {at}");
            bytes[at] ^= 0x55;
        }
        for length in 0..bytes.len() {
            assert!(seen.insert(key.hash(&bytes[..length])), "length {length}");
        }
        assert!(!seen.insert(key.hash(&bytes)));
    }

    #[test]
    fn zeros_of_different_lengths_differ() {
        let key = Key::new();
        let hashes: HashSet<u64> = (0..200).map(|length| key.hash(&vec![0; length])).collect();
        assert_eq!(hashes.len(), 200);
    }
}
