//! The key that modules of the kernels of this cache are signed with, the certificate by which a kernel knows it, and what is
//! appended to a module.
//!
//! RSA with PKCS#1 v1.5: the same key and module give the same signature, byte for byte.

use super::der::{NULL, bits, element, integer, object, octets, sequence, set};
use super::{make, read};
use crate::error::{Error, Result};
use alpenglow_builder::Cache;
use oil::digest::{Algorithm, Digest, base64, from_base64};
use oil::keys::PrivateKey;

/// Bits of RSA: a kernel pays for them at each module that it loads, and at its start.
const BITS: usize = 2048;
/// The private key's file.
const FILE: &str = "modules.pem";
/// What a message calls it.
const WHAT: &str = "the key that signs kernel modules";
/// Where the build of a kernel finds the certificate: what `CONFIG_SYSTEM_TRUSTED_KEYS` says.
pub const CERTIFICATE: &str = "/build/certificate/modules.pem";

/// What ends a signed module (`include/uapi/linux/module_signature.h`).
const MARKER: &[u8] = b"~Module signature appended~\n";
/// From here on the certificate is good (UTCTime), and it never ends to be (GeneralizedTime; RFC 5280, 4.1.2.5).
const FROM: &[u8] = b"260101000000Z";
const UNTIL: &[u8] = b"99991231235959Z";

const SHA512: [u32; 9] = [2, 16, 840, 1, 101, 3, 4, 2, 3];
const RSA: [u32; 7] = [1, 2, 840, 113_549, 1, 1, 1];
const SHA512_WITH_RSA: [u32; 7] = [1, 2, 840, 113_549, 1, 1, 13];
const DATA: [u32; 7] = [1, 2, 840, 113_549, 1, 7, 1];
const SIGNED_DATA: [u32; 7] = [1, 2, 840, 113_549, 1, 7, 2];
const COMMON_NAME: [u32; 4] = [2, 5, 4, 3];
const SUBJECT_KEY: [u32; 4] = [2, 5, 29, 14];
const KEY_USAGE: [u32; 4] = [2, 5, 29, 15];
const BASIC_CONSTRAINTS: [u32; 4] = [2, 5, 29, 19];
const AUTHORITY_KEY: [u32; 4] = [2, 5, 29, 35];

/// Signs modules.
#[derive(Debug)]
pub struct ModuleSigner {
    key: PrivateKey,
    /// What the certificate and signatures call the key: 20 bytes of a digest of it (RFC 7093, 2).
    id: Vec<u8>,
    certificate: Vec<u8>,
}

/// The signer of this cache, its key made if there is none. The cache's lock must be held.
///
/// # Errors
/// [`Error::Builder`] and [`Error::Package`].
pub fn of(cache: &Cache) -> Result<ModuleSigner> {
    let path = cache.sub("keys")?.join(FILE);
    make(&path, BITS, WHAT)?;
    ModuleSigner::new(read(&path)?)
}

/// The same; none if there is no key yet. Needs no lock.
///
/// # Errors
/// [`Error::Builder`] and [`Error::Package`].
pub fn known(cache: &Cache) -> Result<Option<ModuleSigner>> {
    let path = cache.sub("keys")?.join(FILE);
    match path.exists() {
        true => ModuleSigner::new(read(&path)?).map(Some),
        false => Ok(None),
    }
}

impl ModuleSigner {
    /// For a key of RSA.
    ///
    /// # Errors
    /// [`Error::Package`].
    pub fn new(key: PrivateKey) -> Result<Self> {
        let pem = key.public_pem().map_err(Error::package(WHAT))?;
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let public = from_base64(body.as_bytes()).unwrap_or_default();
        let id = Digest::of(Algorithm::Sha256, &public).as_bytes()[..20].to_vec();
        let body = body_of_certificate(&public, &id);
        let mut signer = Self {
            key,
            id,
            certificate: Vec::new(),
        };
        let signature = signer.signature(&body)?;
        let algorithm = sequence(&[&object(&SHA512_WITH_RSA), &NULL]);
        signer.certificate = sequence(&[&body, &algorithm, &bits(&signature, 0)]);
        Ok(signer)
    }

    /// The certificate, in PEM.
    pub fn certificate(&self) -> String {
        let text = base64(&self.certificate);
        let lines: Vec<&str> = (0..text.len())
            .step_by(64)
            .map(|begin| &text[begin..text.len().min(begin + 64)])
            .collect();
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            lines.join("\n")
        )
    }

    /// A module with its signature behind it, as `scripts/sign-file` of the kernel appends one
    /// (Documentation/admin-guide/module-signing.rst).
    ///
    /// # Errors
    /// [`Error::Package`].
    pub fn sign(&self, module: &[u8]) -> Result<Vec<u8>> {
        let message = self.message(module)?;
        let mut signed = [module, &message].concat();
        // struct module_signature: a message of PKCS#7, which says itself what it is.
        signed.extend([0, 0, 2, 0, 0, 0, 0, 0]);
        signed.extend((message.len() as u32).to_be_bytes());
        signed.extend(MARKER);
        Ok(signed)
    }

    /// A message of CMS (RFC 5652, 5) that signs what it does not hold, without attributes or certificates.
    fn message(&self, content: &[u8]) -> Result<Vec<u8>> {
        let digest = sequence(&[&object(&SHA512)]);
        let signer = sequence(&[
            &integer(&[3]),
            &element(0x80, &self.id),
            &digest,
            &sequence(&[&object(&RSA), &NULL]),
            &octets(&self.signature(content)?),
        ]);
        let signed = sequence(&[
            &integer(&[3]),
            &set(&digest),
            &sequence(&[&object(&DATA)]),
            &set(&signer),
        ]);
        Ok(sequence(&[&object(&SIGNED_DATA), &element(0xa0, &signed)]))
    }

    fn signature(&self, content: &[u8]) -> Result<Vec<u8>> {
        let digest = Digest::of(Algorithm::Sha512, content);
        let signature = self.key.sign(Algorithm::Sha512, &digest);
        signature.map_err(Error::package(WHAT))
    }
}

/// What a certificate signs (RFC 5280, 4.1): of a key that signs, and signs no certificates but its own.
fn body_of_certificate(public: &[u8], id: &[u8]) -> Vec<u8> {
    let hex: String = id[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let name = element(0x0c, format!("Alpenglow modules {hex}").as_bytes());
    let name = sequence(&[&set(&sequence(&[&object(&COMMON_NAME), &name]))]);
    let extension = |object: &[u8], critical: &[u8], value: &[u8]| {
        sequence(&[object, critical, &octets(value)])
    };
    let critical = [0x01, 0x01, 0xff];
    let extensions = sequence(&[
        &extension(&object(&BASIC_CONSTRAINTS), &critical, &sequence(&[])),
        // digitalSignature is its first bit.
        &extension(&object(&KEY_USAGE), &critical, &bits(&[0x80], 7)),
        &extension(&object(&SUBJECT_KEY), &[], &octets(id)),
        &extension(
            &object(&AUTHORITY_KEY),
            &[],
            &sequence(&[&element(0x80, id)]),
        ),
    ]);
    sequence(&[
        &element(0xa0, &integer(&[2])),
        &integer(&id[..8]),
        &sequence(&[&object(&SHA512_WITH_RSA), &NULL]),
        &name,
        &sequence(&[&element(0x17, FROM), &element(0x18, UNTIL)]),
        &name,
        public,
        &element(0xa3, &extensions),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use oil::keys::KeyKind;
    use std::path::Path;
    use std::process::Command;

    fn signer() -> ModuleSigner {
        let key = PrivateKey::generate("test", KeyKind::Rsa(2048)).unwrap();
        ModuleSigner::new(key).unwrap()
    }

    fn openssl(folder: &Path, words: &str) -> Option<bool> {
        let mut command = Command::new("openssl");
        command.current_dir(folder).args(words.split(' '));
        Some(command.output().ok()?.status.success())
    }

    #[test]
    fn what_is_appended_has_its_length_and_is_the_same_again() {
        let signer = signer();
        let signed = signer.sign(b"module").unwrap();
        assert_eq!(signed, signer.sign(b"module").unwrap());
        let rest = signed.strip_suffix(MARKER).unwrap();
        let (rest, length) = rest.split_at(rest.len() - 4);
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        let (rest, about) = rest.split_at(rest.len() - 8);
        assert_eq!(about, [0, 0, 2, 0, 0, 0, 0, 0]);
        assert_eq!(rest.len() - length, b"module".len());
        assert_eq!(signer.message(b"module").unwrap(), rest[b"module".len()..]);
    }

    /// By another's reading of the standards, where there is one.
    #[test]
    fn openssl_verifies_certificate_and_signature() {
        let dir = tempfile::tempdir().unwrap();
        let signer = signer();
        let write =
            |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        write("certificate", signer.certificate().as_bytes());
        write("module", b"module");
        write("altered", b"modulf");
        write("signature", &signer.message(b"module").unwrap());
        let Some(verifies) = openssl(dir.path(), "verify -CAfile certificate certificate") else {
            return;
        };
        assert!(verifies);
        for (content, expected) in [("module", true), ("altered", false)] {
            let words = format!(
                "cms -verify -binary -inform DER -in signature -content {content} -certfile certificate \
                 -CAfile certificate -purpose any"
            );
            assert_eq!(openssl(dir.path(), &words), Some(expected), "{content}");
        }
    }
}
