//! Where the image of the root is.

use super::download;
use super::drivers::Drivers;
use super::words::Words;
use crate::device;
use crate::fstab;
use common::root::Root;
use std::time::{Duration, Instant};

/// The one that is in the initramfs, or was appended to it.
const OWN: &str = "/root.glowfs";
/// How long a device is waited for that the kernel has not found yet.
const PATIENCE: Duration = Duration::from_secs(30);

/// The path to mount.
///
/// # Errors
/// Where it was looked for, and what would be another place.
pub fn find(root: &Root, words: &Words) -> Result<String, String> {
    match words.image.as_deref() {
        None if root.at(OWN).exists() => Ok(OWN.to_owned()),
        None => Err(format!(
            "there is no image of the root: neither {OWN} in the initramfs, nor the kernel word glowfs.image=PATH, LABEL=NAME or http://ADDRESS/PATH"
        )),
        Some(url) if url.starts_with("http://") => download::fetch(root, url, words.ip.as_deref()),
        Some(named) => wait(root, named, PATIENCE),
    }
}

/// The device of a name, or the path itself, once it is there.
///
/// # Errors
/// It has not come.
pub fn wait(root: &Root, named: &str, patience: Duration) -> Result<String, String> {
    let source = fstab::named(named)?;
    let end = Instant::now() + patience;
    let mut drivers = None;
    loop {
        if let Some(path) = device::find(root, &source).filter(|path| root.at(path).exists()) {
            return Ok(path);
        }
        if Instant::now() >= end {
            return Err(format!(
                "{named} has not come within {} s: see whether its driver is in the kernel or in the initramfs (linux-standard-modules), and how it is called",
                patience.as_secs()
            ));
        }
        if drivers.is_none() {
            super::say(&format!("early: waiting for {named}"));
        }
        drivers.get_or_insert_with(|| Drivers::new(root)).look();
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initramfs_own_image_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(
            find(&root, &Words::default())
                .unwrap_err()
                .contains("neither /root.glowfs")
        );
        std::fs::write(root.at(OWN), "").unwrap();
        assert_eq!(find(&root, &Words::default()).unwrap(), OWN);
    }

    #[test]
    fn what_does_not_come_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(
            wait(&root, "LABEL=none", Duration::ZERO)
                .unwrap_err()
                .starts_with("LABEL=none has not come")
        );
        assert!(wait(&root, "/disk.glowfs", Duration::ZERO).is_err());
        std::fs::write(root.at("/disk.glowfs"), "").unwrap();
        assert_eq!(
            wait(&root, "/disk.glowfs", Duration::ZERO).unwrap(),
            "/disk.glowfs"
        );
    }
}
