//! The curves beside ring's own: what one agrees upon, signs, accepts and refuses, the other does.

use super::*;
use ::p256::ecdsa::signature::hazmat::PrehashSigner as _;
use ::p256::elliptic_curve::Generate as _;
use ::p256::elliptic_curve::sec1::ToSec1Point as _;
use rustls::crypto::ring::kx_group;
use rustls::pki_types::{PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use webpki::ring as theirs;

/// The groups: ours, ring's, bytes of a coordinate, and the field's prime (FIPS 186-4, D.1.2.3 and D.1.2.4).
fn groups() -> [(
    &'static dyn SupportedKxGroup,
    &'static dyn SupportedKxGroup,
    Vec<u8>,
); 2] {
    let prime = |hex: &str| crate::digest::from_hex(hex.as_bytes()).expect("digits");
    [
        (
            &p256::Group,
            kx_group::SECP256R1,
            prime("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
        ),
        (
            &p384::Group,
            kx_group::SECP384R1,
            prime(
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
            ),
        ),
    ]
}

#[test]
fn both_sides_agree() {
    for (ours, theirs, prime) in groups() {
        assert_eq!(ours.name(), theirs.name());
        let (one, other) = (ours.start().unwrap(), theirs.start().unwrap());
        assert_eq!(one.group(), ours.name());
        assert_eq!(one.pub_key().len(), 1 + 2 * prime.len());
        let (public, peer) = (one.pub_key().to_vec(), other.pub_key().to_vec());
        let secret = one.complete(&peer).unwrap();
        let same = other.complete(&public).unwrap();
        assert_eq!(secret.secret_bytes(), same.secret_bytes());
        assert_eq!(secret.secret_bytes().len(), prime.len());
        // Each exchange has a key of its own.
        assert_ne!(public, ours.start().unwrap().pub_key());
    }
}

#[test]
fn points_that_are_none() {
    for (ours, theirs, prime) in groups() {
        let size = prime.len();
        let good = theirs.start().unwrap().pub_key().to_vec();
        let (x, y) = good[1..].split_at(size);
        let mut off = good.clone();
        off[2 * size] ^= 1;
        let point = |mark: u8, parts: &[&[u8]]| [&[mark], &parts.concat()[..]].concat();
        for bad in [
            Vec::new(),
            // Infinity, also at full length.
            vec![0],
            vec![0; 1 + 2 * size],
            point(4, &[&vec![0; 2 * size]]),
            // One coordinate, one whose parity is told twice, and one of a form that is in no standard of TLS.
            point(2 + (y[size - 1] & 1), &[x]),
            point(6 + (y[size - 1] & 1), &[x, y]),
            point(5, &[x]),
            // No form at all, a wrong one, too short, too long.
            [x, y].concat(),
            point(3, &[x, y]),
            good[..2 * size].to_vec(),
            [&good[..], &[0]].concat(),
            // Not on the curve; a coordinate beyond the field.
            off,
            point(4, &[&prime, y]),
            point(4, &[&vec![0xff; size], y]),
        ] {
            let error = ours.start().unwrap().complete(&bad).err();
            let expected = Some(PeerMisbehaved::InvalidKeyShare.into());
            assert_eq!(error, expected, "{bad:02x?}");
            assert!(
                theirs.start().unwrap().complete(&bad).is_err(),
                "{bad:02x?}"
            );
        }
    }
}

/// An integer of DER, and two of them as a signature.
fn integer(bytes: &[u8]) -> Vec<u8> {
    [&[2, bytes.len() as u8], bytes].concat()
}

fn signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    let inside = [integer(r), integer(s)].concat();
    [&[0x30, inside.len() as u8], &inside[..]].concat()
}

/// Signatures that are none, of a good one.
fn damaged(good: &[u8], order: &[u8]) -> Vec<Vec<u8>> {
    let length = usize::from(good[3]);
    let (r, s) = (&good[4..4 + length], &good[6 + length..]);
    let zero = |part: &[u8]| [&[0], part].concat();
    let order = zero(order);
    let mut all = vec![
        Vec::new(),
        vec![0x30, 0],
        good[..good.len() - 1].to_vec(),
        [good, &[0]].concat(),
        signature(&[0], s),
        signature(r, &[0]),
        signature(&order, s),
        signature(r, &order),
        signature(r, &[]),
        // More zeros than are needed, a negative number, both numbers without DER.
        signature(&[0, 0, 1], s),
        signature(r, &zero(&zero(s))),
        signature(&[0x80], s),
        [r, s].concat(),
        signature(s, r),
    ];
    for bit in (0..good.len() * 8).step_by(7) {
        let mut other = good.to_vec();
        other[bit / 8] ^= 1 << (bit % 8);
        all.push(other);
    }
    all
}

/// Signs by each curve over each digest, and compares ours with ring's on good and bad signatures and keys.
macro_rules! signatures {
    ($curve:ident, $sha256:ident, $sha384:ident, $order:literal) => {{
        let secret = ::$curve::ecdsa::SigningKey::generate();
        let point = |compressed| {
            let point = secret.verifying_key().to_sec1_point(compressed);
            point.as_bytes().to_vec()
        };
        let message = b"what is signed";
        let order = crate::digest::from_hex($order).expect("digits");
        let sign = |digest: &[u8]| {
            let signature: ::$curve::ecdsa::Signature = secret.sign_prehash(digest).unwrap();
            signature.to_der().as_bytes().to_vec()
        };
        for (ours, theirs, good) in [
            (
                $curve::SHA256.dynamic(),
                theirs::$sha256,
                sign(&Sha256::digest(message)),
            ),
            (
                $curve::SHA384.dynamic(),
                theirs::$sha384,
                sign(&Sha384::digest(message)),
            ),
        ] {
            assert_eq!(ours.public_key_alg_id(), theirs.public_key_alg_id());
            assert_eq!(ours.signature_alg_id(), theirs.signature_alg_id());
            let both = |key: &[u8], message: &[u8], signature: &[u8]| {
                let found = ours.verify_signature(key, message, signature).is_ok();
                let expected = theirs.verify_signature(key, message, signature).is_ok();
                assert_eq!(found, expected, "{key:02x?} {signature:02x?}");
                found
            };
            let key = point(false);
            assert!(both(&key, message, &good));
            assert!(!both(&key, b"what is not", &good));
            for bad in damaged(&good, &order) {
                assert!(!both(&key, message, &bad), "{bad:02x?}");
            }
            let compact = [&[5], &key[1..=order.len()]].concat();
            for key in [point(true), compact, vec![0], Vec::new(), key[1..].to_vec()] {
                assert!(!both(&key, message, &good), "{key:02x?}");
            }
            let mut off = key.clone();
            off[9] ^= 1;
            assert!(!both(&off, message, &good));
        }
    }};
}

impl Algorithm {
    fn dynamic(&self) -> &dyn SignatureVerificationAlgorithm {
        self
    }
}

#[test]
fn signatures_as_ring_sees_them() {
    signatures!(
        p256,
        ECDSA_P256_SHA256,
        ECDSA_P256_SHA384,
        b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    );
    signatures!(
        p384,
        ECDSA_P384_SHA256,
        ECDSA_P384_SHA384,
        b"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    );
}

/// Our own key of a curve signs by its scheme alone, and says whose it is.
macro_rules! own {
    ($curve:ident, $scheme:ident, $other:ident, $algorithm:ident) => {{
        use ::$curve::pkcs8::EncodePrivateKey as _;
        let secret = ::$curve::SecretKey::generate();
        let pkcs8 = secret.to_pkcs8_der().unwrap();
        let sec1 = secret.to_sec1_der().unwrap();
        for der in [
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.as_bytes().to_vec())),
            PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(sec1.to_vec())),
        ] {
            let key = key(&der).unwrap();
            assert_eq!(key.algorithm(), SignatureAlgorithm::ECDSA);
            let none =
                key.choose_scheme(&[SignatureScheme::$other, SignatureScheme::RSA_PSS_SHA256]);
            assert!(none.is_none());
            let signer = key
                .choose_scheme(&[SignatureScheme::$other, SignatureScheme::$scheme])
                .unwrap();
            assert_eq!(signer.scheme(), SignatureScheme::$scheme);
            let signature = signer.sign(b"a message").unwrap();
            let point = secret.public_key().to_sec1_point(false);
            let verified =
                theirs::$algorithm.verify_signature(point.as_bytes(), b"a message", &signature);
            assert!(verified.is_ok());
            let expected = rustls::crypto::ring::sign::any_ecdsa_type(&der).unwrap();
            assert_eq!(key.public_key(), expected.public_key());
            assert!(key.public_key().is_some());
        }
    }};
}

#[test]
fn own_keys() {
    own!(
        p256,
        ECDSA_NISTP256_SHA256,
        ECDSA_NISTP384_SHA384,
        ECDSA_P256_SHA256
    );
    own!(
        p384,
        ECDSA_NISTP384_SHA384,
        ECDSA_NISTP256_SHA256,
        ECDSA_P384_SHA384
    );
    for bad in [&b""[..], b"\x30\x00", &[0x30; 40]] {
        let bad = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bad.to_vec()));
        assert!(key(&bad).is_err());
    }
}
