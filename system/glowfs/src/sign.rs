//! Keys and signatures. A private key is what `openssl genpkey -algorithm ed25519` writes (RFC 8410: PKCS #8 in PEM), a public one what
//! `openssl pkey -pubout` makes of it.

use crate::error::{Error, Result};
use crate::format::superblock::{self, LENGTH, SIGNATURES, Signature};
#[cfg(feature = "sign")]
use ed25519_dalek::{Signer, SigningKey};

/// What stands before the 32 bytes of a private key (RFC 8410, section 7).
const PRIVATE: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
/// What stands before the 32 bytes of a public key (RFC 8410, section 4).
const PUBLIC: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
/// The letters of base64 (RFC 4648, section 4).
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = (0..3).fold(0_u32, |number, at| {
            number << 8 | u32::from(chunk.get(at).copied().unwrap_or(0))
        });
        for place in 0..4 {
            text.push(match place <= chunk.len() {
                true => char::from(LETTERS[(number >> (18 - 6 * place)) as usize & 63]),
                false => '=',
            });
        }
    }
    text
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut number, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        if letter == b'=' {
            continue;
        }
        let value = LETTERS.iter().position(|known| *known == letter)?;
        number = (number << 6 | value as u32) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((number >> bits) as u8);
        }
    }
    Some(bytes)
}

/// What is between the lines of PEM (RFC 7468) with this label.
fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    unbase64(body)
}

fn to_pem(label: &str, prefix: &[u8], key: &[u8; 32]) -> String {
    let body = base64(&[prefix, key].concat());
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// A private key, as PEM.
pub fn private_pem(seed: &[u8; 32]) -> String {
    to_pem("PRIVATE KEY", &PRIVATE, seed)
}

/// A public key, as PEM.
pub fn public_pem(key: &[u8; 32]) -> String {
    to_pem("PUBLIC KEY", &PUBLIC, key)
}

/// Reads a private key.
///
/// # Errors
/// [`Error::impossible`], to be put behind the file's name and a colon.
pub fn private(text: &str) -> Result<[u8; 32]> {
    pem(text, "PRIVATE KEY")
        .and_then(|der| der.strip_prefix(&PRIVATE[..])?.try_into().ok())
        .ok_or_else(|| {
            let what = "no private key of Ed25519 (`glowfsctl keygen` or `openssl genpkey -algorithm ed25519` makes one)";
            Error::impossible(format_args!("{what}"))
        })
}

/// Reads a public key: PEM, or 64 hexadecimal digits.
///
/// # Errors
/// [`Error::impossible`], to be put behind the file's name and a colon.
pub fn public(text: &str) -> Result<[u8; 32]> {
    hexadecimal(text.trim())
        .or_else(|| {
            let der = pem(text, "PUBLIC KEY")?;
            der.strip_prefix(&PUBLIC[..])?.try_into().ok()
        })
        .ok_or_else(|| {
            let what = "no public key of Ed25519 (64 hexadecimal digits, or what `openssl pkey -pubout` makes)";
            Error::impossible(format_args!("{what}"))
        })
}

/// 32 bytes of 64 hexadecimal digits.
pub fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; 32];
    for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(key)
}

/// The public key of a private one.
#[cfg(feature = "sign")]
pub fn public_of(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// The signatures of a superblock that was read.
pub fn signatures(header: &[u8; LENGTH]) -> Vec<Signature> {
    (0..SIGNATURES)
        .map_while(|index| superblock::signature(header, index))
        .collect()
}

/// Adds a signature to a superblock that was read, in place of one by the same key.
///
/// # Errors
/// [`Error::impossible`] when there are 32 by others.
#[cfg(feature = "sign")]
pub fn sign(header: &mut [u8; LENGTH], seed: &[u8; 32]) -> Result<[u8; 32]> {
    let signer = SigningKey::from_bytes(seed);
    let key = signer.verifying_key().to_bytes();
    let mut all = signatures(header);
    all.retain(|signature| signature.key != key);
    if all.len() >= SIGNATURES {
        let what = "it has 32 signatures by other keys: take one away first (sign --remove)";
        return Err(Error::impossible(format_args!("{what}")));
    }
    let signature = signer.sign(&superblock::message(header)).to_bytes();
    all.push(Signature { key, signature });
    superblock::put_signatures(header, &all);
    Ok(key)
}

/// Takes the signature by a key away; whether there was one.
pub fn unsign(header: &mut [u8; LENGTH], key: &[u8; 32]) -> bool {
    let mut all = signatures(header);
    let before = all.len();
    all.retain(|signature| signature.key != *key);
    superblock::put_signatures(header, &all);
    all.len() < before
}

#[cfg(all(test, feature = "sign"))]
mod tests {
    use super::*;

    /// RFC 8410, section 10.3 and 10.1: what others write.
    #[test]
    fn keys_of_the_rfc_are_read() {
        let text = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let seed = private(text).unwrap();
        assert_eq!(private_pem(&seed), text);
        let text = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let key = public(text).unwrap();
        assert_eq!(public_of(&seed), key);
        assert_eq!(public_pem(&key), text);
        assert_eq!(public(&crate::digest::hex(&key)).unwrap(), key);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "00",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            assert!(public(text).is_err() && private(text).is_err(), "{text}");
        }
    }
}
