//! By which mathematics certificates are believed and connections kept secret: ring's, but for what no server of packages
//! needs, which rustls' own list would bring along.
//!
//! The curves P-256 and P-384 are those of the crates that check packages' signatures (`curves`): ring has a table of
//! 150 KB for the first, and one of 24 KB for X25519 (`x25519`). Left out are ChaCha20, for the sake of speed on processors without instructions for AES: every server of TLS 1.3 has
//! AES-GCM (RFC 8446, 9.1); and Ed25519, in which no public authority signs.

use super::curves::{self, p256, p384};
use super::x25519;
use crate::keys::random;
use rsa::rand_core::TryRng as _;
use rustls::Error;
use rustls::SignatureScheme as Scheme;
use rustls::crypto::ring::{cipher_suite, sign};
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use std::sync::Arc;
use webpki::ring as algorithm;

/// Everything that rustls asks for.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![
            cipher_suite::TLS13_AES_128_GCM_SHA256,
            cipher_suite::TLS13_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        ],
        kx_groups: vec![&x25519::Group, &p256::Group, &p384::Group],
        signature_verification_algorithms: SIGNATURES,
        secure_random: &System,
        key_provider: &System,
    }
}

/// What signatures of certificates and of handshakes are understood. In TLS 1.2 a scheme says nothing of the curve.
static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &p256::SHA256,
        &p256::SHA384,
        &p384::SHA256,
        &p384::SHA384,
        algorithm::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        algorithm::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        algorithm::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        algorithm::RSA_PKCS1_2048_8192_SHA256,
        algorithm::RSA_PKCS1_2048_8192_SHA384,
        algorithm::RSA_PKCS1_2048_8192_SHA512,
        algorithm::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        algorithm::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        algorithm::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    mapping: &[
        (
            Scheme::ECDSA_NISTP384_SHA384,
            &[&p384::SHA384, &p256::SHA384],
        ),
        (
            Scheme::ECDSA_NISTP256_SHA256,
            &[&p256::SHA256, &p384::SHA256],
        ),
        (
            Scheme::RSA_PSS_SHA512,
            &[algorithm::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        ),
        (
            Scheme::RSA_PSS_SHA384,
            &[algorithm::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
        ),
        (
            Scheme::RSA_PSS_SHA256,
            &[algorithm::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
        ),
        (
            Scheme::RSA_PKCS1_SHA512,
            &[algorithm::RSA_PKCS1_2048_8192_SHA512],
        ),
        (
            Scheme::RSA_PKCS1_SHA384,
            &[algorithm::RSA_PKCS1_2048_8192_SHA384],
        ),
        (
            Scheme::RSA_PKCS1_SHA256,
            &[algorithm::RSA_PKCS1_2048_8192_SHA256],
        ),
    ],
};

/// The system's random numbers, and keys of its own certificate.
#[derive(Debug)]
struct System;

impl SecureRandom for System {
    fn fill(&self, into: &mut [u8]) -> Result<(), GetRandomFailed> {
        let filled = random::System.try_fill_bytes(into);
        filled.map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for System {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        match (sign::RsaSigningKey::new(&key), &key) {
            (Ok(rsa), _) => Ok(Arc::new(rsa)),
            // Of no other kind, but not to be used.
            (Err(error), PrivateKeyDer::Pkcs1(_)) => Err(error),
            (Err(_), _) => curves::key(&key),
        }
    }
}
