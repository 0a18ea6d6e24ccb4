//! A password for one machine: made when it boots, shown once, and never in an image. With it, the keys of whoever boots it.

use std::fmt;

use sha_crypt::{CustomizedPasswordHasher as _, Params, ShaCrypt};

use crate::cpio::Meta;
use crate::{Archive, Error, Result};

/// Characters that nobody mistakes for others: no 0 O 1 I l.
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/// 16 of 57 characters: 93 bits.
const LENGTH: usize = 16;
/// Bytes of salt: 16 characters, all that SHA-crypt uses.
const SALT: usize = 12;
/// Rounds of hashing, the scheme's default, as every crypt(3) takes them.
const ROUNDS: u32 = 5000;

/// A random password for root and its hash.
pub struct Credential {
    password: String,
    hash: String,
}

impl Credential {
    /// Makes a new one.
    pub fn random() -> Result<Credential> {
        let mut password = String::with_capacity(LENGTH);
        // A byte above the last whole multiple would make the first characters likelier.
        let fair = 256 / ALPHABET.len() * ALPHABET.len();
        while password.len() < LENGTH {
            let mut bytes = [0; LENGTH];
            fill(&mut bytes)?;
            for byte in bytes.map(usize::from) {
                if byte < fair && password.len() < LENGTH {
                    password.push(char::from(ALPHABET[byte % ALPHABET.len()]));
                }
            }
        }
        let mut salt = [0; SALT];
        fill(&mut salt)?;
        let hash = hash(&password, &salt)?;
        Ok(Credential { password, hash })
    }

    /// The password, to be shown on the user's terminal.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Its hash as crypt(5) writes it: `$6$SALT$…`, SHA-512 with 5000 rounds.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The archive to append to a machine's initramfs: /etc/shadow, of which `shadow` is the image's own text, with
    /// this password for root; every other line and field stays as it is. With `keys`, also root's file of keys that may log in
    /// (sshd(8), AUTHORIZED_KEYS FILE FORMAT). `layer` is the folder of the initramfs that is put over the root, where the initramfs is not
    /// the root itself (`docs/early.md`).
    pub fn archive(
        &self,
        shadow: &str,
        keys: Option<&str>,
        layer: Option<&str>,
    ) -> Result<Vec<u8>> {
        let mut archive = Archive::new(0);
        let text = replace(shadow, &self.hash)?;
        let at = |path: &str| layer.map_or(path.to_owned(), |layer| format!("{layer}/{path}"));
        if let Some(layer) = layer {
            archive.add_dir(layer, Meta::root(0o755))?;
            archive.add_dir(at("etc"), Meta::root(0o755))?;
        }
        archive.add_file(at("etc/shadow"), Meta::root(0o600), text)?;
        if let Some(keys) = keys {
            if layer.is_some() {
                archive.add_dir(at("root"), Meta::root(0o700))?;
            }
            archive.add_dir(at("root/.ssh"), Meta::root(0o700))?;
            archive.add_file(at("root/.ssh/authorized_keys"), Meta::root(0o600), keys)?;
        }
        archive.to_bytes()
    }
}

/// Shows nothing of the secret.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|e| Error::Random(e.to_string()))
}

fn hash(password: &str, salt: &[u8]) -> Result<String> {
    let failed = |e: &dyn fmt::Display| Error::Random(format!("SHA-crypt failed: {e}"));
    let params = Params::new(ROUNDS).map_err(|e| failed(&e))?;
    let hash: sha_crypt::PasswordHash = ShaCrypt::SHA512
        .hash_password_customized(password.as_bytes(), salt, None, None, params)
        .map_err(|e| failed(&e))?;
    // Said or not said, 5000 rounds give the same hash; unsaid is the form that every reader knows.
    Ok(hash.as_str().replace(&format!("rounds={ROUNDS}$"), ""))
}

/// The shadow(5) file with root's password field replaced.
fn replace(shadow: &str, hash: &str) -> Result<String> {
    let mut found = 0;
    let mut text = String::with_capacity(shadow.len() + hash.len() + 1);
    for line in shadow.lines() {
        match line.strip_prefix("root:") {
            None => text.push_str(line),
            Some(rest) => {
                found += 1;
                let (_, others) = rest.split_once(':').ok_or_else(|| {
                    Error::Shadow(format!(
                        "root's line has fewer fields than shadow(5): 'root:{rest}'"
                    ))
                })?;
                text.push_str("root:");
                text.push_str(hash);
                text.push(':');
                text.push_str(others);
            }
        }
        text.push('\n');
    }
    match found {
        1 => Ok(text),
        0 => Err(Error::Shadow("it has no line for root".to_owned())),
        _ => Err(Error::Shadow("it has several lines for root".to_owned())),
    }
}

#[cfg(test)]
mod tests;
