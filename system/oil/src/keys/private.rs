//! Private keys: to sign with.

use super::pem::{pem, to_pem};
use super::random::System;
use super::{KeyId, KeyKind, key_id, padding};
use crate::digest::{Algorithm, Digest};
use crate::error::{Error, Result};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::TryRng as _;
use std::path::Path;
use std::{fmt, fs};

/// A private key.
#[derive(Clone)]
pub struct PrivateKey {
    name: String,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Rsa(Box<rsa::PrivateKey>),
    P256(p256::SecretKey),
    P384(p384::SecretKey),
}

/// Shows the name alone.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PrivateKey {
    /// From PEM text (PKCS#8, or the older forms of RSA and EC), for the public key whose file is called
    /// `public_name`.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub fn from_pem(public_name: &str, text: &[u8]) -> Result<Self> {
        let bad = |reason: &str| Error::Key {
            name: public_name.to_owned(),
            reason: reason.to_owned(),
        };
        let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
        let (label, der) =
            pem(text, &labels).ok_or_else(|| bad("not a private key in PEM form"))?;
        let secret = match label {
            0 => rsa::PrivateKey::from_pkcs8_der(&der)
                .map(|key| Secret::Rsa(Box::new(key)))
                .ok()
                .or_else(|| p256::SecretKey::from_pkcs8_der(&der).map(Secret::P256).ok())
                .or_else(|| p384::SecretKey::from_pkcs8_der(&der).map(Secret::P384).ok()),
            1 => rsa::PrivateKey::from_pkcs1_der(&der)
                .map(|key| Secret::Rsa(Box::new(key)))
                .ok(),
            _ => p256::SecretKey::from_sec1_der(&der)
                .map(Secret::P256)
                .ok()
                .or_else(|| p384::SecretKey::from_sec1_der(&der).map(Secret::P384).ok()),
        };
        Ok(Self {
            name: public_name.to_owned(),
            secret: secret.ok_or_else(|| bad("neither RSA nor of the curves P-256 and P-384"))?,
        })
    }

    /// From the file at `path`. The public key's name is the file's with `.pub` after it, as abuild has it.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Key`].
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::from_pem(&format!("{name}.pub"), &fs::read(path)?)
    }

    /// Makes one. RSA takes 4096 bits for packages that any apk can verify (v2 knows nothing else); P-256 is for v3
    /// alone, and hundreds of times quicker.
    ///
    /// # Errors
    /// [`Error::Key`] if the kind is not offered or the system gives no random numbers.
    pub fn generate(public_name: &str, kind: KeyKind) -> Result<Self> {
        let bad = |reason: &str| Error::Key {
            name: public_name.to_owned(),
            reason: reason.to_owned(),
        };
        let mut seed = [0; 48];
        let random = |into: &mut [u8]| {
            let none = |_| bad("the system gives no random numbers");
            System.try_fill_bytes(into).map_err(none)
        };
        let secret = match kind {
            KeyKind::Rsa(bits @ 2048..=8192) => rsa::PrivateKey::new(&mut System, bits)
                .map(|key| Secret::Rsa(Box::new(key)))
                .map_err(|error| bad(&error.to_string()))?,
            KeyKind::Rsa(_) => return Err(bad("RSA keys have 2048 to 8192 bits")),
            KeyKind::P256 => loop {
                random(&mut seed[..32])?;
                if let Ok(key) = p256::SecretKey::from_slice(&seed[..32]) {
                    break Secret::P256(key);
                }
            },
            KeyKind::P384 => loop {
                random(&mut seed)?;
                if let Ok(key) = p384::SecretKey::from_slice(&seed) {
                    break Secret::P384(key);
                }
            },
        };
        Ok(Self {
            name: public_name.to_owned(),
            secret,
        })
    }

    /// The name of its public key's file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is for RSA.
    pub fn is_rsa(&self) -> bool {
        matches!(self.secret, Secret::Rsa(_))
    }

    /// Its PEM text (PKCS#8).
    ///
    /// # Errors
    /// [`Error::Key`] if it cannot be encoded.
    pub fn to_pem(&self) -> Result<String> {
        let der = match &self.secret {
            Secret::Rsa(key) => key.to_pkcs8_der(),
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
        };
        let der = der.map_err(|error| self.bad(&error.to_string()))?;
        Ok(to_pem("PRIVATE KEY", der.as_bytes()))
    }

    /// The PEM text of its public key.
    ///
    /// # Errors
    /// [`Error::Key`] if it cannot be encoded.
    pub fn public_pem(&self) -> Result<String> {
        let der = match &self.secret {
            Secret::Rsa(key) => key.to_public_key().to_public_key_der(),
            Secret::P256(key) => key.public_key().to_public_key_der(),
            Secret::P384(key) => key.public_key().to_public_key_der(),
        };
        let der = der.map_err(|error| self.bad(&error.to_string()))?;
        Ok(to_pem("PUBLIC KEY", der.as_bytes()))
    }

    /// What v3 signatures call its public key.
    ///
    /// # Errors
    /// [`Error::Key`] if it cannot be encoded.
    pub fn id(&self) -> Result<KeyId> {
        Ok(match &self.secret {
            Secret::Rsa(key) => {
                let der = key.to_public_key().to_pkcs1_der();
                key_id(
                    der.map_err(|error| self.bad(&error.to_string()))?
                        .as_bytes(),
                )
            }
            Secret::P256(key) => key_id(
                p256::ecdsa::SigningKey::from(key)
                    .verifying_key()
                    .to_sec1_point(false)
                    .as_bytes(),
            ),
            Secret::P384(key) => key_id(
                p384::ecdsa::SigningKey::from(key)
                    .verifying_key()
                    .to_sec1_point(false)
                    .as_bytes(),
            ),
        })
    }

    /// Signs a message with this digest. The same message gets the same signature.
    ///
    /// # Errors
    /// [`Error::Key`] if the key cannot sign with that algorithm.
    pub fn sign(&self, algorithm: Algorithm, digest: &Digest) -> Result<Vec<u8>> {
        let prehash = digest.as_bytes();
        match &self.secret {
            Secret::Rsa(key) => {
                let padding =
                    padding(algorithm).ok_or_else(|| self.bad("cannot sign a shortened digest"))?;
                key.sign_with_rng(&mut System, padding, prehash)
                    .map_err(|error| self.bad(&error.to_string()))
            }
            Secret::P256(key) => {
                use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
                let signature: Signature = SigningKey::from(key)
                    .sign_prehash(prehash)
                    .map_err(|error| self.bad(&error.to_string()))?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Secret::P384(key) => {
                use p384::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
                let signature: Signature = SigningKey::from(key)
                    .sign_prehash(prehash)
                    .map_err(|error| self.bad(&error.to_string()))?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
        }
    }

    fn bad(&self, reason: &str) -> Error {
        Error::Key {
            name: self.name.clone(),
            reason: reason.to_owned(),
        }
    }
}
