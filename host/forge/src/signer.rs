//! The keys of this cache: that which packages are signed with, and that which kernels' modules are ([`modules`]). Each is
//! made once and kept in the cache's `keys`; no build sees them.

use crate::error::{Error, Result};
use alpenglow_builder::Cache;
use alpenglow_builder::debian::hex;
use oil::keys::{KeyKind, PrivateKey};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

mod der;
pub mod modules;

pub use modules::CERTIFICATE;

/// The private key's file; the public one has `.pub` behind it where it is installed.
const FILE: &str = "private.pem";
/// Bits of RSA: what both formats of packages and indexes can be signed with, as Alpine's are.
const BITS: usize = 4096;
/// What a message calls it.
const WHAT: &str = "the key that signs packages";

/// The key of this cache, made if there is none. The cache's lock must be held.
///
/// # Errors
/// [`Error::Builder`] and [`Error::Package`].
pub fn of(cache: &Cache) -> Result<PrivateKey> {
    let path = cache.sub("keys")?.join(FILE);
    make(&path, BITS, WHAT)?;
    read(&path)
}

/// Makes a key of RSA with so many bits at `path` if there is none.
fn make(path: &Path, bits: usize, what: &str) -> Result<()> {
    let failed = Error::package(what);
    if !path.exists() {
        let key = PrivateKey::generate("new", KeyKind::Rsa(bits)).map_err(&failed)?;
        let pem = key.to_pem().map_err(&failed)?;
        let beside = path.with_extension("new");
        let mut options = File::options();
        options.write(true).create(true).truncate(true).mode(0o600);
        options
            .open(&beside)
            .and_then(|mut file| file.write_all(pem.as_bytes()))
            .and_then(|()| fs::rename(&beside, path))
            .map_err(|e| Error::io("write", path, e))?;
    }
    Ok(())
}

/// The name of the key of this cache; none if there is no key yet. Needs no lock.
///
/// # Errors
/// [`Error::Builder`] and [`Error::Package`].
pub fn name(cache: &Cache) -> Result<Option<String>> {
    let path = cache.sub("keys")?.join(FILE);
    match path.exists() {
        true => Ok(Some(read(&path)?.name().to_owned())),
        false => Ok(None),
    }
}

fn read(path: &Path) -> Result<PrivateKey> {
    let failed = Error::package(WHAT);
    let pem = fs::read(path).map_err(|e| Error::io("read", path, e))?;
    let key = PrivateKey::from_pem("alpenglow", &pem).map_err(&failed)?;
    // Keys of several caches may be trusted by one root: what a key is names it.
    let id = hex(&key.id().map_err(&failed)?[..4]);
    PrivateKey::from_pem(&format!("alpenglow-{id}.rsa.pub"), &pem).map_err(failed)
}
