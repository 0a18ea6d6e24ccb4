//! The verifier of signatures, beside known answers and another implementation.

use ed25519_dalek::{Signer, SigningKey};
use glowfs::format::{ed25519, sha512};
use proptest::prelude::*;
use sha2::Digest;

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let digits = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    digits.collect::<Vec<u8>>().try_into().unwrap()
}

/// RFC 8032, section 7.1, tests 1 to 3.
#[test]
fn signatures_of_the_rfc_are_right() {
    let cases = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            &[][..],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72][..],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            &[0xaf, 0x82][..],
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (key, message, signature) in cases {
        assert!(
            ed25519::verify(&bytes(key), message, &bytes(signature)),
            "{key}"
        );
    }
}

/// Keys of small order accept whatever is signed with a neutral R and S = 0, unless they are refused.
#[test]
fn keys_of_small_order_are_refused() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(!ed25519::verify(&neutral, b"anything", &signature));
    for key in [
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0000000000000000000000000000000000000000000000000000000000000000",
    ] {
        assert!(
            !ed25519::verify(&bytes(key), b"anything", &signature),
            "{key}"
        );
    }
}

/// A key or a point has one encoding: y is below p, and x = 0 has no sign.
#[test]
fn other_encodings_are_refused() {
    for key in [
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000080",
    ] {
        assert!(!ed25519::verify(&bytes(key), b"", &[0; 64]), "{key}");
    }
}

proptest! {
    #[test]
    fn digests_are_those_of_sha2(message in prop::collection::vec(any::<u8>(), 0..600), cut in 0_usize..600) {
        let cut = cut.min(message.len());
        prop_assert_eq!(sha512::digest(&[&message[..cut], &message[cut..]]).to_vec(), sha2::Sha512::digest(&message).to_vec());
    }

    #[test]
    fn what_another_signs_is_right_and_nothing_else(seed: [u8; 32], message in prop::collection::vec(any::<u8>(), 0..300), flip in 0_usize..1000) {
        let key = SigningKey::from_bytes(&seed);
        let public = key.verifying_key().to_bytes();
        let signature = key.sign(&message).to_bytes();
        prop_assert!(ed25519::verify(&public, &message, &signature));

        let mut all = [&public[..], &signature, &message].concat();
        let bit = flip % (all.len() * 8);
        all[bit / 8] ^= 1 << (bit % 8);
        let (changed_key, rest) = all.split_at(32);
        let (changed_signature, changed) = rest.split_at(64);
        prop_assert!(!ed25519::verify(changed_key.try_into().unwrap(), changed, changed_signature.try_into().unwrap()));
    }

    /// S + the group's order signs the same, but is not canonical.
    #[test]
    fn signatures_are_not_malleable(seed: [u8; 32]) {
        let key = SigningKey::from_bytes(&seed);
        let mut signature = key.sign(b"image").to_bytes();
        let order: [u8; 32] = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut carry = 0;
        for (byte, more) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(more) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        prop_assert!(!ed25519::verify(&key.verifying_key().to_bytes(), b"image", &signature));
    }

    /// Neither does anything that is no key, or no signature, stop it.
    #[test]
    fn any_bytes_are_taken(key: [u8; 32], first: [u8; 32], second: [u8; 32]) {
        let signature = [first, second].concat().try_into().unwrap();
        prop_assert!(!ed25519::verify(&key, b"image", &signature));
    }
}
