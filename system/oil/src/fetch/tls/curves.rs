//! The curves P-256 and P-384 in TLS (RFC 8422, RFC 8446): signatures of certificates and handshakes, the exchange of keys,
//! and our own signature where a server asks for a certificate. They are calculated by the crates that check packages'
//! signatures.

use crate::keys::random::System;
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm,
    SubjectPublicKeyInfoDer, alg_id,
};
use rustls::sign::{Signer, SigningKey, public_key_to_spki};
use rustls::{Error, NamedGroup, PeerMisbehaved, SignatureAlgorithm, SignatureScheme};
use sha2::{Digest as _, Sha256, Sha384};
use std::sync::Arc;

/// How a point begins that is written with both of its coordinates: the only form that TLS takes (RFC 8446, 4.2.8.2), and
/// that certificates have (RFC 8422, 5.3: what was not agreed upon must not be used). The crates read others as well.
const UNCOMPRESSED: u8 = 4;

/// A way to sign: whose key, over which digest.
#[derive(Debug)]
pub struct Algorithm {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    /// Whether a signature in DER is that of a key, a point, over a message.
    verify: fn(&[u8], &[u8], &[u8]) -> bool,
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match (self.verify)(key, message, signature) {
            true => Ok(()),
            false => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// A private key of either curve.
///
/// # Errors
/// [`Error::General`] if it is of neither.
pub fn key(key: &PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
    let other = || Error::General("it is neither RSA nor of the curves P-256 and P-384".into());
    let first = p256::key(key).map(|key| Arc::new(key) as Arc<dyn SigningKey>);
    let second = || p384::key(key).map(|key| Arc::new(key) as Arc<dyn SigningKey>);
    first.or_else(second).ok_or_else(other)
}

/// One curve: the crate, its name in algorithms of keys, in groups, and the scheme of its own signatures with the digest.
macro_rules! curve {
    ($curve:ident, $id:ident, $group:ident, $scheme:ident, $digest:ident) => {
        pub mod $curve {
            use super::*;
            use ::$curve::ecdh::EphemeralSecret;
            use ::$curve::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
            use ::$curve::ecdsa::{Signature, SigningKey as Secret, VerifyingKey};
            use ::$curve::elliptic_curve::Generate as _;
            use ::$curve::elliptic_curve::sec1::ToSec1Point as _;
            use ::$curve::{PublicKey, SecretKey};

            /// Over SHA-256.
            pub static SHA256: Algorithm = Algorithm {
                key: alg_id::$id,
                signature: alg_id::ECDSA_SHA256,
                verify: |key, message, signature| verify(key, &Sha256::digest(message), signature),
            };
            /// Over SHA-384.
            pub static SHA384: Algorithm = Algorithm {
                key: alg_id::$id,
                signature: alg_id::ECDSA_SHA384,
                verify: |key, message, signature| verify(key, &Sha384::digest(message), signature),
            };

            fn verify(key: &[u8], digest: &[u8], signature: &[u8]) -> bool {
                if key.first() != Some(&UNCOMPRESSED) {
                    return false;
                }
                let key = VerifyingKey::from_sec1_bytes(key);
                let signature = Signature::from_der(signature);
                key.is_ok_and(|key| {
                    signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
                })
            }

            /// The exchange of keys.
            #[derive(Debug)]
            pub struct Group;

            impl SupportedKxGroup for Group {
                fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
                    let secret = EphemeralSecret::try_generate_from_rng(&mut System)
                        .map_err(|_| Error::FailedToGetRandomBytes)?;
                    let public = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
                    Ok(Box::new(Exchange { secret, public }))
                }

                fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
                    None
                }

                fn name(&self) -> NamedGroup {
                    NamedGroup::$group
                }
            }

            struct Exchange {
                secret: EphemeralSecret,
                public: Vec<u8>,
            }

            impl ActiveKeyExchange for Exchange {
                fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
                    // A point that is none of the curve's is an error here too.
                    let peer = match peer.first() {
                        Some(&UNCOMPRESSED) => PublicKey::from_sec1_bytes(peer).ok(),
                        _ => None,
                    };
                    let peer = peer.ok_or(PeerMisbehaved::InvalidKeyShare)?;
                    let shared = self.secret.diffie_hellman(&peer);
                    Ok(SharedSecret::from(&shared.raw_secret_bytes()[..]))
                }

                fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
                    None
                }

                fn group(&self) -> NamedGroup {
                    NamedGroup::$group
                }

                fn pub_key(&self) -> &[u8] {
                    &self.public
                }
            }

            /// A private key, in PKCS #8 or as RFC 5915 has it.
            pub(super) fn key(key: &PrivateKeyDer<'static>) -> Option<Own> {
                use ::$curve::pkcs8::DecodePrivateKey as _;
                let secret = match key {
                    PrivateKeyDer::Pkcs8(der) => {
                        SecretKey::from_pkcs8_der(der.secret_pkcs8_der()).ok()
                    }
                    PrivateKeyDer::Sec1(der) => {
                        SecretKey::from_sec1_der(der.secret_sec1_der()).ok()
                    }
                    _ => None,
                };
                secret.map(|secret| Own(secret.into()))
            }

            /// Our own key.
            #[derive(Clone, Debug)]
            pub(super) struct Own(Secret);

            impl SigningKey for Own {
                fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
                    let offered = offered.contains(&SignatureScheme::$scheme);
                    offered.then(|| Box::new(self.clone()) as Box<dyn Signer>)
                }

                /// For it to be told when it is not the certificate's.
                fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
                    let point = self.0.verifying_key().to_sec1_point(false);
                    Some(public_key_to_spki(&alg_id::$id, point.as_bytes()))
                }

                fn algorithm(&self) -> SignatureAlgorithm {
                    SignatureAlgorithm::ECDSA
                }
            }

            impl Signer for Own {
                fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
                    let digest = $digest::digest(message);
                    let signature: Result<Signature, _> = self.0.sign_prehash(&digest);
                    let failed = |_| Error::General("it cannot be signed with the own key".into());
                    Ok(signature.map_err(failed)?.to_der().as_bytes().to_vec())
                }

                fn scheme(&self) -> SignatureScheme {
                    SignatureScheme::$scheme
                }
            }
        }
    };
}

curve!(p256, ECDSA_P256, secp256r1, ECDSA_NISTP256_SHA256, Sha256);
curve!(p384, ECDSA_P384, secp384r1, ECDSA_NISTP384_SHA384, Sha384);

#[cfg(test)]
mod tests;
