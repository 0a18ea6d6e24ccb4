//! Digests, by the kind that an image uses.

use crate::format::superblock::Digest;
#[cfg(any(not(feature = "small"), feature = "make"))]
use blake2b_simd::Params;

/// The digest of `bytes`.
#[cfg(feature = "small")]
pub fn digest(kind: Digest, bytes: &[u8]) -> [u8; 32] {
    match kind {
        Digest::Sha256 => crate::compact::sha256(bytes),
        Digest::Blake2b => crate::compact::blake2b(bytes),
    }
}

/// The digest of `bytes`.
#[cfg(not(feature = "small"))]
pub fn digest(kind: Digest, bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    match kind {
        Digest::Sha256 => sha2::Sha256::digest(bytes).into(),
        Digest::Blake2b => array(blake2b().hash(bytes)),
    }
}

/// The digests of several blocks, in their order. Where the processor has AVX2 four of BLAKE2b are made side by side, which takes half of the time.
#[cfg(feature = "make")]
pub fn digests(kind: Digest, blocks: &[&[u8]]) -> Vec<[u8; 32]> {
    use blake2b_simd::many::{HashManyJob, hash_many};
    match kind {
        Digest::Sha256 => blocks.iter().map(|block| digest(kind, block)).collect(),
        Digest::Blake2b => {
            let mut jobs: Vec<(usize, HashManyJob<'_>)> = blocks
                .iter()
                .map(|block| HashManyJob::new(&blake2b(), block))
                .enumerate()
                .collect();
            // The longest first: what is left at the end is made alone.
            jobs.sort_unstable_by_key(|(block, _)| std::cmp::Reverse(blocks[*block].len()));
            hash_many(jobs.iter_mut().map(|(_, job)| job));
            let mut digests = vec![[0; 32]; blocks.len()];
            for (block, job) in jobs {
                digests[block] = array(job.to_hash());
            }
            digests
        }
    }
}

/// BLAKE2b with 32 bytes of digest (RFC 7693).
#[cfg(any(not(feature = "small"), feature = "make"))]
fn blake2b() -> Params {
    let mut params = Params::new();
    params.hash_length(32);
    params
}

#[cfg(any(not(feature = "small"), feature = "make"))]
fn array(hash: blake2b_simd::Hash) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.as_bytes());
    digest
}

/// A digest as it is written: 64 hexadecimal digits.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(all(test, feature = "make"))]
mod tests {
    use super::{digest, digests, hex};
    use crate::format::superblock::Digest;

    #[test]
    fn digests_are_those_of_others() {
        // b2sum -l 256 and sha256sum of three letters.
        let blake2b = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&digest(Digest::Blake2b, b"abc")), blake2b);
        assert_eq!(hex(&digest(Digest::Sha256, b"abc")), sha256);
    }

    #[test]
    fn several_are_as_one_by_one() {
        let bytes: Vec<u8> = (0..5000_u32).map(|number| (number * 7 / 8) as u8).collect();
        let lengths = [300, 0, 5000, 128, 129, 1, 4096, 127, 2000, 256, 5000];
        for count in 0..=lengths.len() {
            let blocks: Vec<&[u8]> = lengths[..count].iter().map(|end| &bytes[..*end]).collect();
            for kind in [Digest::Blake2b, Digest::Sha256] {
                let alone: Vec<_> = blocks.iter().map(|block| digest(kind, block)).collect();
                assert_eq!(digests(kind, &blocks), alone);
            }
        }
    }
}
