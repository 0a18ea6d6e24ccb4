//! The root as one file that the kernel verifies at every read (`docs/glowfs-format.md`), and the key that signs it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::thread;

use alpenglow_builder::Cache;
use alpenglow_builder::debian::hex;
use glowfs::format::superblock::LENGTH;
use glowfs::writer::{self, Options};
use glowfs::{sign, source};

use crate::{Error, Result};

/// The private key's file among the cache's keys.
const FILE: &str = "images.pem";

/// The key that images of one cache are signed with: Ed25519, made once.
pub struct Key {
    seed: [u8; 32],
}

impl Key {
    /// The key of this cache, made if there is none. The cache's lock must be held.
    ///
    /// # Errors
    /// What is wrong with its file, or with writing it.
    pub fn of(cache: &Cache) -> Result<Key> {
        let path = cache.sub("keys")?.join(FILE);
        if !path.exists() {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|e| Error::Random(e.to_string()))?;
            let beside = path.with_extension("new");
            let mut options = File::options();
            options.write(true).create(true).truncate(true).mode(0o600);
            options
                .open(&beside)
                .and_then(|mut file| file.write_all(sign::private_pem(&seed).as_bytes()))
                .and_then(|()| fs::rename(&beside, &path))
                .map_err(Error::write(&path))?;
        }
        Key::read(&path)
    }

    /// The public key of this cache as 64 hexadecimal digits; none if there is no key yet. Needs no lock.
    ///
    /// # Errors
    /// What is wrong with its file.
    pub fn known(cache: &Cache) -> Result<Option<String>> {
        let path = cache.sub("keys")?.join(FILE);
        match path.exists() {
            true => Ok(Some(Key::read(&path)?.public())),
            false => Ok(None),
        }
    }

    fn read(path: &Path) -> Result<Key> {
        let text = fs::read_to_string(path).map_err(Error::read(path))?;
        let seed = sign::private(&text).map_err(|e| Error::entry(path, e.to_string()))?;
        Ok(Key { seed })
    }

    /// The public key as 64 hexadecimal digits.
    pub fn public(&self) -> String {
        hex(&sign::public_of(&self.seed))
    }
}

/// Makes a signed image of everything below `root` and returns its length in bytes. Its time of making is `time`, as are those of
/// all files.
///
/// # Errors
/// What cannot be read, or written, or is not for such an image.
pub fn build(root: &Path, out: &Path, label: &str, time: u32, key: &Key) -> Result<u64> {
    let wrong = |e: glowfs::Error| Error::entry(root, e.to_string());
    let mut tree = source::directory(root).map_err(wrong)?;
    for node in &mut tree.files {
        node.modified = (time.into(), 0);
    }
    let options = Options {
        threads: thread::available_parallelism().map_or(1, usize::from),
        label: label.to_owned(),
        made: (time.into(), 0),
        ..Options::default()
    };
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(out)
        .map_err(Error::write(out))?;
    writer::write(&tree, &options, &mut file, &mut |_, _| {}).map_err(wrong)?;
    endorse(&mut file, key).map_err(Error::write(out))?;
    file.metadata()
        .map(|about| about.len())
        .map_err(Error::read(out))
}

/// Puts the key's signature into an image's superblock.
fn endorse(file: &mut File, key: &Key) -> io::Result<()> {
    let mut header = [0; LENGTH];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut header)?;
    sign::sign(&mut header, &key.seed).map_err(io::Error::other)?;
    file.write_all_at(&header, 0)
}
