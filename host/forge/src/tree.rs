//! Trees of files: what is in them, whether two are the same, and bringing one to the form that
//! every package has.

use crate::error::{Error, Result};
use alpenglow_builder::debian::hex;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use walkdir::WalkDir;

/// The time that every packaged file bears, in seconds since 1970: 2026-01-01T00:00:00Z.
/// Builds get it as SOURCE_DATE_EPOCH.
pub const EPOCH: u64 = 1_767_225_600;

/// One file of a tree as it is compared: kind, mode, owner and content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `st_mode`, owner and group.
    pub mode: (u32, u32, u32),
    /// SHA-256 of a file's bytes or of a link's target; empty for a folder.
    pub content: String,
    /// Bytes, for a file.
    pub bytes: u64,
}

/// All that is below `dir`, by path relative to it.
///
/// # Errors
/// [`Error::Io`](alpenglow_builder::Error::Io).
pub fn entries(dir: &Path) -> Result<BTreeMap<PathBuf, Entry>> {
    let mut entries = BTreeMap::new();
    for (path, metadata) in walk(dir)? {
        let full = dir.join(&path);
        let failed = |e| Error::io("read", &full, e);
        let content = if metadata.is_symlink() {
            let target = fs::read_link(&full).map_err(failed)?;
            hex(&Sha256::digest(target.as_os_str().as_encoded_bytes()))
        } else if metadata.is_file() {
            let mut digest = Sha256::new();
            let mut file = File::open(&full).map_err(failed)?;
            io::copy(&mut file, &mut Hasher(&mut digest)).map_err(failed)?;
            hex(&digest.finalize())
        } else {
            String::new()
        };
        let entry = Entry {
            mode: (metadata.mode(), metadata.uid(), metadata.gid()),
            content,
            bytes: if metadata.is_file() {
                metadata.len()
            } else {
                0
            },
        };
        entries.insert(path, entry);
    }
    Ok(entries)
}

/// Bytes of all files below `dir`, each name of a file with several counted once.
///
/// # Errors
/// [`Error::Io`](alpenglow_builder::Error::Io).
pub fn size(dir: &Path) -> Result<u64> {
    let mut seen = BTreeSet::new();
    let mut bytes = 0;
    for (_, metadata) in walk(dir)? {
        if metadata.is_file() && seen.insert((metadata.dev(), metadata.ino())) {
            bytes += metadata.len();
        }
    }
    Ok(bytes)
}

struct Hasher<'a>(&'a mut Sha256);

impl io::Write for Hasher<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything below `dir`, sorted by path, folders before what is in them.
///
/// # Errors
/// [`Error::Io`](alpenglow_builder::Error::Io).
pub fn walk(dir: &Path) -> Result<Vec<(PathBuf, Metadata)>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(dir).min_depth(1).sort_by_file_name() {
        let failed = |e: walkdir::Error| {
            let path = e.path().unwrap_or(dir).to_owned();
            Error::io("read", path, e.into())
        };
        let entry = entry.map_err(failed)?;
        let metadata = entry.metadata().map_err(failed)?;
        let path = entry
            .path()
            .strip_prefix(dir)
            .unwrap_or(entry.path())
            .to_owned();
        found.push((path, metadata));
    }
    Ok(found)
}

/// A digest of a folder of this repository: names, the executable bit and contents.
/// Build output (`target`) does not count.
///
/// # Errors
/// [`Error::Io`](alpenglow_builder::Error::Io).
pub fn digest(dir: &Path) -> Result<String> {
    let mut digest = Sha256::new();
    for (path, metadata) in walk(dir)? {
        if path.components().any(|part| part.as_os_str() == "target") || !metadata.is_file() {
            continue;
        }
        let full = dir.join(&path);
        let bytes = fs::read(&full).map_err(|e| Error::io("read", &full, e))?;
        let executable = metadata.mode() & 0o111 != 0;
        digest.update(format!("{} {executable} {}\n", path.display(), bytes.len()));
        digest.update(&bytes);
    }
    Ok(hex(&digest.finalize()))
}

/// Gives every file the owner, the time and the cleared write bits that packaged files have.
///
/// # Errors
/// [`Error::Io`](alpenglow_builder::Error::Io).
pub fn normalise(dir: &Path) -> Result<()> {
    let times = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(EPOCH));
    let mut all = walk(dir)?;
    all.reverse(); // A folder's time changes with what is in it.
    let root = fs::symlink_metadata(dir).map_err(|e| Error::io("read", dir, e))?;
    all.push((PathBuf::new(), root));
    for (path, metadata) in all {
        let full = dir.join(&path);
        let failed = |e: io::Error| Error::io("set the owner and mode of", &full, e);
        std::os::unix::fs::lchown(&full, Some(0), Some(0)).map_err(failed)?;
        if metadata.is_symlink() {
            continue;
        }
        let mode = metadata.permissions().mode() & 0o7755;
        fs::set_permissions(&full, PermissionsExt::from_mode(mode)).map_err(failed)?;
        File::open(&full)
            .and_then(|file| file.set_times(times))
            .map_err(failed)?;
    }
    Ok(())
}

/// Copies one entry, with mode, owner, time and, for a folder, nothing in it.
///
/// # Errors
/// [`Error::Io`](alpenglow_builder::Error::Io).
pub fn copy_entry(from: &Path, metadata: &Metadata, to: &Path) -> Result<()> {
    let copy = || -> io::Result<()> {
        if metadata.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(from)?, to)?;
            return std::os::unix::fs::lchown(to, Some(metadata.uid()), Some(metadata.gid()));
        }
        if metadata.is_dir() {
            if let Err(error) = fs::create_dir(to)
                && error.kind() != io::ErrorKind::AlreadyExists
            {
                return Err(error);
            }
        } else {
            fs::copy(from, to)?;
            let times = FileTimes::new().set_modified(metadata.modified()?);
            File::open(to)?.set_times(times)?;
        }
        std::os::unix::fs::chown(to, Some(metadata.uid()), Some(metadata.gid()))?;
        fs::set_permissions(to, metadata.permissions())
    };
    copy().map_err(|e| Error::io("write", to, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_changes_with_content_and_not_with_build_output() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "1").unwrap();
        let first = digest(dir.path()).unwrap();
        fs::create_dir(dir.path().join("target")).unwrap();
        fs::write(dir.path().join("target/x"), "1").unwrap();
        assert_eq!(digest(dir.path()).unwrap(), first);
        fs::write(dir.path().join("a"), "2").unwrap();
        assert_ne!(digest(dir.path()).unwrap(), first);
    }

    #[test]
    fn entries_see_a_changed_mode() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        fs::write(&file, "1").unwrap();
        let first = entries(dir.path()).unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        assert_ne!(entries(dir.path()).unwrap(), first);
    }
}
