//! `keygen` and `sign`.

use super::key::{behind, public, text_of};
use super::open;
use crate::program::{DONE, Failed, Given, Outcome, print};
use glowfs::digest::hex;
use glowfs::{Error, Result, sign as signing};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Writes a new private key, which only its owner can read, and the public one beside it.
pub fn keygen(given: &Given) -> Outcome {
    let path = Path::new(&given.words[0]);
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let beside = PathBuf::from(name);
    let mut seed = [0; 32];
    let random = Path::new("/dev/urandom");
    File::open(random)
        .and_then(|mut file| file.read_exact(&mut seed))
        .map_err(Error::file(random, "reading"))?;
    let key = signing::public_of(&seed);
    write_new(path, 0o600, &signing::private_pem(&seed))?;
    write_new(&beside, 0o644, &signing::public_pem(&key))?;
    print(&format!("{}\n", hex(&key)))
}

fn write_new(path: &Path, mode: u32, text: &str) -> Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path);
    file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    })
    .map_err(Error::file(path, "creating"))
}

/// Adds signatures to an image, in its place, or takes one away.
pub fn sign(given: &Given) -> Outcome {
    let path = Path::new(&given.words[0]);
    let image = open(path)?;
    let mut header = *image.header();
    let mut keys = Vec::new();
    for file in given.values("key") {
        let seed = signing::private(&text_of(file)?).map_err(|error| behind(file, &error))?;
        keys.push(signing::sign(&mut header, &seed)?);
    }
    for key in given.values("remove") {
        let key = public(key)?;
        if !signing::unsign(&mut header, &key) {
            let what = format!("{}: not signed by {}", path.display(), hex(&key));
            return Err(Error::impossible(format_args!("{what}")).into());
        }
    }
    if header == *image.header() {
        if keys.is_empty() {
            let what = "sign needs --key FILE or --remove KEY";
            return Err(Failed::Usage(what.to_owned()));
        }
        return Ok(DONE);
    }
    let writing = || OpenOptions::new().write(true).open(path);
    writing()
        .and_then(|file| {
            // One sector on most disks: what a power cut leaves is the old signatures or the new ones, and the rest is not touched.
            file.write_all_at(&header, 0)?;
            file.sync_all()
        })
        .map_err(Error::file(path, "writing"))?;
    keys.iter()
        .try_for_each(|key| print(&format!("{}\n", hex(key))).map(drop))?;
    Ok(DONE)
}
