//! Random numbers from the last run for the next (systemd-random-seed(8) has what can go wrong).
//!
//! - A seed is used once: it is off the disk before it is used, so that a machine that is cut off does not start twice with the same
//!   numbers.
//! - A seed is only ever made of numbers that the kernel says are random. There is none rather than a bad one.
//! - It counts only for the machine that made it: an image that was copied with one in it has it mixed in, and no more. So it is with a
//!   file that others could have read.

use crate::system::{SEED, add_entropy};
use common::root::Root;
use common::{reason, words};
use rustix::rand::{GetRandomFlags, getrandom};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

const FILE: &str = "/var/lib/early/seed";
/// Who this machine is, as its firmware has it.
const MACHINE: &str = "/sys/class/dmi/id/product_uuid";
const HEAD: &str = "seed 1 ";

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    None,
    Seed {
        seed: [u8; SEED],
        /// Why it does not count, if it does not.
        doubt: Option<&'static str>,
    },
}

fn machine(root: &Root) -> String {
    root.value(MACHINE)
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "-".to_owned())
}

/// A file: a line with the machine, then the seed.
fn parse(bytes: &[u8], machine: &str) -> Found {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let parts =
        end.and_then(|end| Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..])));
    let parts = parts.and_then(|(line, seed)| {
        Some((line.strip_prefix(HEAD)?, <[u8; SEED]>::try_from(seed).ok()?))
    });
    match parts {
        None => Found::None,
        Some((made, seed)) => Found::Seed {
            seed,
            doubt: (made != machine).then_some("another machine made it"),
        },
    }
}

/// Takes the seed off the disk.
fn take(root: &Root) -> io::Result<Found> {
    let path = root.at(FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    (&file).take(4096).read_to_end(&mut bytes)?;
    let metadata = file.metadata()?;
    fs::remove_file(&path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    let found = parse(&bytes, &machine(root));
    let seen = metadata.mode() & 0o077 != 0;
    Ok(match found {
        Found::Seed { seed, doubt: None } if seen => Found::Seed {
            seed,
            doubt: Some("others could read it"),
        },
        found => found,
    })
}

/// Uses what was kept, and keeps a new one at once; what was done, in words.
///
/// # Errors
/// That of the file or the kernel. A seed that cannot be removed is not used.
pub fn load(root: &Root) -> Result<String, String> {
    let found = take(root).map_err(|error| format!("{FILE}: {}", reason(&error)))?;
    let mut told = "there was no seed".to_owned();
    if let Found::Seed { seed, doubt } = found {
        let bits = if doubt.is_none() { SEED as i32 * 8 } else { 0 };
        let random = File::options().write(true).open(root.at("/dev/urandom"));
        let random = random.map_err(|error| format!("/dev/urandom: {}", reason(&error)))?;
        add_entropy(random.as_fd(), &seed, bits)
            .map_err(|error| format!("/dev/urandom: {}: run it as root", reason(&error)))?;
        told = match doubt {
            None => "the seed counts".to_owned(),
            Some(doubt) => format!("the seed was mixed in and does not count: {doubt}"),
        };
    }
    match save(root) {
        Ok(()) => Ok(told),
        Err(error) => Ok(format!("{told}; no new one is kept yet: {error}")),
    }
}

/// Keeps a new seed, if the kernel has random numbers.
///
/// # Errors
/// It has none yet, or that of the file.
pub fn save(root: &Root) -> Result<(), String> {
    let mut seed = [0; SEED];
    match getrandom(&mut seed, GetRandomFlags::NONBLOCK) {
        Ok(length) if length == SEED => {}
        Ok(_) => return Err("the kernel gave too few random numbers".to_owned()),
        Err(errno) => {
            return Err(format!(
                "the kernel has no random numbers yet: {}",
                words(errno)
            ));
        }
    }
    let mut bytes = format!("{HEAD}{}\n", machine(root)).into_bytes();
    bytes.extend_from_slice(&seed);
    write(root, &bytes).map_err(|error| format!("{FILE}: {}", reason(&error)))
}

fn write(root: &Root, bytes: &[u8]) -> io::Result<()> {
    let path = root.at(FILE);
    let folder = path.parent().unwrap_or(&path);
    fs::create_dir_all(folder)?;
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    fn root() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        fs::create_dir_all(root.at("/sys/class/dmi/id")).unwrap();
        fs::write(root.at(MACHINE), "one\n").unwrap();
        (folder, root)
    }

    fn doubt(root: &Root) -> Option<&'static str> {
        match take(root).unwrap() {
            Found::Seed { doubt, .. } => doubt,
            Found::None => panic!("there is none"),
        }
    }

    #[test]
    fn a_seed_is_used_once_and_is_another_each_time() {
        let (_folder, root) = root();
        assert_eq!(take(&root).unwrap(), Found::None);
        save(&root).unwrap();
        assert_eq!(fs::metadata(root.at(FILE)).unwrap().mode() & 0o777, 0o600);
        let first = take(&root).unwrap();
        assert!(matches!(first, Found::Seed { doubt: None, .. }));
        assert!(!root.at(FILE).exists());
        save(&root).unwrap();
        assert_ne!(take(&root).unwrap(), first);
    }

    #[test]
    fn a_seed_of_another_machine_or_that_others_could_read_does_not_count() {
        let (_folder, root) = root();
        save(&root).unwrap();
        fs::write(root.at(MACHINE), "two\n").unwrap();
        assert_eq!(doubt(&root), Some("another machine made it"));
        save(&root).unwrap();
        fs::set_permissions(root.at(FILE), PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(doubt(&root), Some("others could read it"));
    }

    #[test]
    fn without_a_device_for_it_a_seed_is_gone_all_the_same() {
        let (_folder, root) = root();
        save(&root).unwrap();
        assert!(load(&root).unwrap_err().starts_with("/dev/urandom: "));
        assert!(!root.at(FILE).exists());
    }

    proptest! {
        #[test]
        fn any_file_will_do(bytes: Vec<u8>, head in "(seed 1 )?[a-z]{0,3}\n?") {
            parse(&bytes, "x");
            let whole = [head.as_bytes(), &bytes].concat();
            let found = parse(&whole, "x");
            prop_assert!(found == Found::None || whole.starts_with(b"seed 1 "));
        }
    }
}
