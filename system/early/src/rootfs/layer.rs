//! The layer that is written to: memory, or a folder of a disk.

use super::words::Words;
use super::{LAYER, image, mounted};
use common::reason;
use common::root::Root;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::time::Duration;

/// What whoever boots the machine puts over the image: a tree of the initramfs, which another archive appended to it may have.
const GIVEN: &str = "/upper";

/// Mounts it, with the folders that an overlay needs, and copies what was given.
///
/// # Errors
/// What is wrong with the device, or the place.
pub fn prepare(root: &Root, words: &Words) -> Result<(), String> {
    match words.layer.as_deref() {
        None => mounted(root, "tmpfs", "tmpfs", LAYER, "mode=755")?,
        Some(named) => {
            let device = image::wait(root, named, Duration::from_secs(30))?;
            mounted(root, "auto", &device, LAYER, "")
                .map_err(|what| format!("glowfs.layer={named}: {what}"))?;
        }
    }
    for folder in ["upper", "work"] {
        let path = root.at(&format!("{LAYER}/{folder}"));
        fs::create_dir_all(&path)
            .map_err(|error| format!("{LAYER}/{folder}: {}", reason(&error)))?;
    }
    let given = root.at(GIVEN);
    if given.is_dir() {
        copy(&given, &root.at(&format!("{LAYER}/upper"))).map_err(|(path, error)| {
            format!("{}: {}", root.within(Path::new(&path)), reason(&error))
        })?;
    }
    Ok(())
}

type Failed = (String, io::Error);

/// Copies what is in a folder over what is in another: folders, files and links, with owners and modes.
fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |error| (path, error)
    };
    for entry in fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let about = fs::symlink_metadata(&source).map_err(at(&source))?;
        let kind = about.file_type();
        if kind.is_dir() {
            if !fs::symlink_metadata(&target).is_ok_and(|there| there.is_dir()) {
                fs::create_dir(&target).map_err(at(&target))?;
            }
            copy(&source, &target)?;
        } else {
            // What a disk's layer has there goes; what is given now is meant.
            match fs::remove_file(&target) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(at(&target)(error));
                }
                _ => {}
            }
            if kind.is_symlink() {
                let target_of = fs::read_link(&source).map_err(at(&source))?;
                symlink(target_of, &target).map_err(at(&target))?;
                continue;
            }
            if kind.is_char_device() || kind.is_block_device() || kind.is_fifo() || kind.is_socket()
            {
                return Err(at(&source)(io::Error::other(
                    "only folders, files and links can be given",
                )));
            }
            fs::copy(&source, &target).map_err(at(&target))?;
        }
        chown(&target, Some(about.uid()), Some(about.gid())).map_err(at(&target))?;
        fs::set_permissions(&target, fs::Permissions::from_mode(about.mode() & 0o7777))
            .map_err(at(&target))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_replaces_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("etc/deep")).unwrap();
        fs::create_dir_all(to.join("etc")).unwrap();
        fs::write(from.join("etc/shadow"), "new").unwrap();
        fs::set_permissions(from.join("etc/shadow"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("shadow", from.join("etc/deep/link")).unwrap();
        fs::write(to.join("etc/shadow"), "an old one").unwrap();
        fs::write(to.join("etc/kept"), "kept").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("etc/shadow")).unwrap(), b"new");
        assert_eq!(
            fs::metadata(to.join("etc/shadow")).unwrap().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_link(to.join("etc/deep/link")).unwrap(),
            Path::new("shadow")
        );
        assert_eq!(fs::read(to.join("etc/kept")).unwrap(), b"kept");
    }

    #[test]
    fn what_cannot_be_given_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        fs::create_dir_all(&from).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(from.join("s")).unwrap();
        let (path, _) = copy(&from, folder.path()).unwrap_err();
        assert!(path.ends_with("from/s"));
    }
}
