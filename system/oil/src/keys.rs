//! Keys: a directory of trusted public ones, and private ones to sign with.
//!
//! PEM files (apk-keys(5)): RSA, and elliptic curves P-256 and P-384. v2 signatures name a key by its file, v3 ones
//! by an identifier that is computed from the key.

mod pem;
mod private;
pub(crate) mod random;

pub use private::PrivateKey;

use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use pem::pem;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::ObjectIdentifier;
use rsa::pkcs8::der::Decode;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use std::path::Path;
use std::{fmt, fs, io};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// Key files are smaller than this.
const MAX_FILE: u64 = 64 << 10;

/// What mathematics a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA of so many bits.
    Rsa(usize),
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
}

/// How v3 signatures name a key: the first 16 bytes of the SHA-512 of its bare DER form.
pub type KeyId = [u8; 16];

fn key_id(bare: &[u8]) -> KeyId {
    let digest = Digest::of(Algorithm::Sha512, bare);
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    id
}

/// A public key.
#[derive(Clone)]
pub struct PublicKey {
    name: String,
    id: KeyId,
    bare: Vec<u8>,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Rsa,
    P256,
    P384,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.name, self.form)
    }
}

impl PublicKey {
    /// From the PEM text of a file called `name`.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub fn from_pem(name: &str, text: &[u8]) -> Result<Self> {
        let bad = |reason: &str| Error::Key {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        let der = pem(text, &["PUBLIC KEY"]).ok_or_else(|| bad("not a public key in PEM form"))?;
        let info = SubjectPublicKeyInfoRef::from_der(&der.1)
            .map_err(|_| bad("not a public key in PEM form"))?;
        let curve = info
            .algorithm
            .parameters
            .and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        let form = match (info.algorithm.oid, curve) {
            (RSA, _) => Form::Rsa,
            (EC, Some(P256)) => Form::P256,
            (EC, Some(P384)) => Form::P384,
            _ => return Err(bad("neither RSA nor of the curves P-256 and P-384")),
        };
        let bare = info.subject_public_key.raw_bytes().to_vec();
        let key = Self {
            name: name.to_owned(),
            id: key_id(&bare),
            bare,
            form,
        };
        Ok(key)
    }

    /// The name of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What v3 signatures call it.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whether it is for RSA, which is all that v2 knows.
    pub fn is_rsa(&self) -> bool {
        self.form == Form::Rsa
    }

    /// Whether `signature` is this key's over a message whose digest by `algorithm` this is. Elliptic curves sign
    /// SHA-512 alone here.
    pub fn verify(&self, algorithm: Algorithm, digest: &Digest, signature: &[u8]) -> bool {
        let prehash = digest.as_bytes();
        match self.form {
            Form::Rsa => rsa::PublicKey::from_pkcs1_der(&self.bare).is_ok_and(|key| {
                padding(algorithm)
                    .is_some_and(|padding| key.verify(padding, prehash, signature).is_ok())
            }),
            Form::P256 => {
                use p256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
                VerifyingKey::from_sec1_bytes(&self.bare).is_ok_and(|key| {
                    Signature::from_der(signature)
                        .is_ok_and(|one| key.verify_prehash(prehash, &one).is_ok())
                })
            }
            Form::P384 => {
                use p384::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
                VerifyingKey::from_sec1_bytes(&self.bare).is_ok_and(|key| {
                    Signature::from_der(signature)
                        .is_ok_and(|one| key.verify_prehash(prehash, &one).is_ok())
                })
            }
        }
    }
}

fn padding(algorithm: Algorithm) -> Option<rsa::Pkcs1v15Sign> {
    match algorithm {
        Algorithm::Sha1 => Some(rsa::Pkcs1v15Sign::new::<sha1::Sha1>()),
        Algorithm::Sha256 => Some(rsa::Pkcs1v15Sign::new::<sha2::Sha256>()),
        Algorithm::Sha512 => Some(rsa::Pkcs1v15Sign::new::<sha2::Sha512>()),
        Algorithm::Sha256Short => None,
    }
}

/// Public keys that are trusted.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    keys: Vec<PublicKey>,
    skipped: Vec<String>,
}

impl Keys {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the keys of a directory, in the order of their names. A directory that is not there has none; a file that
    /// is no key of ours is skipped, and [`Keys::skipped`] says why. A name that is there already stays as it is, so
    /// that etc/apk/keys comes before lib/apk/keys.
    ///
    /// # Errors
    /// [`Error::Io`] if a file or the directory cannot be read.
    pub fn add_directory(&mut self, directory: &Path) -> Result<()> {
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let mut names: Vec<_> = entries
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<_>>()?;
        names.sort();
        for name in names {
            let path = directory.join(&name);
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                continue;
            };
            let metadata = fs::metadata(&path)?;
            if !metadata.is_file() || metadata.len() > MAX_FILE || self.by_name(name).is_some() {
                continue;
            }
            match PublicKey::from_pem(name, &fs::read(&path)?) {
                Ok(key) => self.keys.push(key),
                Err(error) => self.skipped.push(error.to_string()),
            }
        }
        Ok(())
    }

    /// Adds one.
    pub fn add(&mut self, key: PublicKey) {
        self.keys.push(key);
    }

    /// Why files were skipped.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// All.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.iter()
    }

    /// The one of this file name.
    pub fn by_name(&self, name: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The one of this identifier.
    pub fn by_id(&self, id: &KeyId) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// A digest of all keys and their names: what was verified by other keys has to be verified again.
    pub fn fingerprint(&self) -> Digest {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        for key in &self.keys {
            hasher.update(key.name.as_bytes());
            hasher.update(&[0]);
            hasher.update(&key.id);
        }
        hasher.finish()
    }
}
