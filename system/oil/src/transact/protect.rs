//! Files that belong to the administrator: what is done where a package has another version of them.

use super::manifest::Action;
use super::place::{Directories, split};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::Result;
use crate::protected_paths::{ProtectedPaths, Protection};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;

/// A digest in the database, and how it is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub digest: Option<Digest>,
    pub sha256: bool,
    /// Permission bits.
    pub mode: u32,
}

/// Whether a path is protected in any way.
pub fn is_protected(paths: &ProtectedPaths, path: &[u8]) -> bool {
    paths.of(path) != Protection::None
}

/// SHA-1 and SHA-256 of what is at a path: a file's content or a link's target. None if nothing or something else is
/// there.
pub fn on_disk(directories: &mut Directories, path: &[u8]) -> Result<Option<[Digest; 2]>> {
    let root = directories.root();
    let at = |error: Errno| root.error(path, error);
    let Some(statx) = directories.look(path).map_err(at)? else {
        return Ok(None);
    };
    let (directory, name) = split(path);
    let fd = directories.get(directory).map_err(at)?;
    let mut hashers = [Algorithm::Sha1, Algorithm::Sha256].map(Hasher::new);
    match FileType::from_raw_mode(statx.stx_mode.into()) {
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(&*fd, name, Vec::new()).map_err(at)?;
            hashers
                .iter_mut()
                .for_each(|hasher| hasher.update(target.as_bytes()));
        }
        FileType::RegularFile => {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let file = rustix::fs::openat(&*fd, name, flags, Mode::empty()).map_err(at)?;
            let mut file = File::from(file);
            Hasher::update_from(&mut hashers, &mut file)
                .map_err(|error| root.error(path, error))?;
        }
        _ => return Ok(None),
    }
    Ok(Some(hashers.map(Hasher::finish)))
}

/// Whether what is on the disk is what the database knows.
pub fn agrees(known: Known, found: &[Digest; 2]) -> bool {
    let whole = &found[usize::from(known.sha256)];
    known
        .digest
        .is_some_and(|digest| digest.short().agrees(whole))
}

/// What is done with a new protected file. `old` is what the database has of the path, if anything.
pub fn action(
    directories: &mut Directories,
    path: &[u8],
    old: Option<Known>,
    new: Known,
    clean: bool,
) -> Result<Action> {
    let Some(found) = on_disk(directories, path)? else {
        return Ok(Action::Place);
    };
    Ok(if old.is_some_and(|old| agrees(old, &found)) {
        Action::Place
    } else if clean || agrees(new, &found) {
        Action::Leave
    } else {
        Action::Beside
    })
}
