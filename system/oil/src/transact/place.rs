//! Paths below the root, resolved inside it whatever links lead out of it, by directories that stay open.

use crate::error::{Error, Result};
use crate::inside::{self, Links};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Statx, StatxFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Directories that are kept open at most.
const OPEN: usize = 200;

/// A root.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    fd: OwnedFd,
}

/// A file system, or a part of one, that files cannot be renamed out of: the mount and the device (which differs
/// between subvolumes of one mount).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Volume {
    mount: u64,
    device: (u32, u32),
}

impl Volume {
    fn of(statx: &Statx) -> Self {
        Self {
            mount: statx.stx_mnt_id,
            device: (statx.stx_dev_major, statx.stx_dev_minor),
        }
    }
}

impl Root {
    /// Opens it.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|error| Error::file(path)(error.into()))?;
        let path = path.to_owned();
        Ok(Self { path, fd })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error at a path below it.
    pub fn error(&self, path: &[u8], error: impl Into<io::Error>) -> Error {
        Error::file(&self.path.join(OsStr::from_bytes(path)))(error.into())
    }

    /// Opens what is at `path`. Links on the way, absolute ones too, stay in the root.
    pub fn open_at(&self, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        inside::open(&self.fd, path, flags, mode, Links::InRoot)
    }

    /// Opens a directory, for names in it.
    pub fn directory(&self, path: &[u8]) -> Result<OwnedFd, Errno> {
        self.open_at(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())
    }

    /// The volume that an open directory is on.
    pub fn volume(fd: impl AsFd) -> Result<Volume, Errno> {
        let statx = rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
        Ok(Volume::of(&statx))
    }

    /// The same of a directory in an open one; none if something else has its name, a link as well.
    pub fn volume_below(above: impl AsFd, name: &[u8]) -> Result<Option<Volume>, Errno> {
        let wanted = StatxFlags::TYPE | StatxFlags::MNT_ID;
        let statx = rustix::fs::statx(above, name, AtFlags::SYMLINK_NOFOLLOW, wanted)?;
        let kind = FileType::from_raw_mode(statx.stx_mode.into());
        Ok((kind == FileType::Directory).then(|| Volume::of(&statx)))
    }
}

/// The directory part and the last part of a path; the directory of a path without a slash is empty.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memrchr(b'/', path) {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&[], path),
    }
}

/// Directories of a root that stay open, so that its files are reached by their names.
#[derive(Debug)]
pub struct Directories<'r> {
    root: &'r Root,
    open: HashMap<Vec<u8>, Rc<OwnedFd>>,
}

impl<'r> Directories<'r> {
    /// Of a root; none open yet.
    pub fn new(root: &'r Root) -> Self {
        Self {
            root,
            open: HashMap::new(),
        }
    }

    /// The root.
    pub fn root(&self) -> &'r Root {
        self.root
    }

    /// An open directory.
    pub fn get(&mut self, path: &[u8]) -> Result<Rc<OwnedFd>, Errno> {
        if let Some(fd) = self.open.get(path) {
            return Ok(fd.clone());
        }
        let fd = Rc::new(self.root.directory(path)?);
        if self.open.len() >= OPEN {
            self.open.clear();
        }
        self.open.insert(path.to_vec(), fd.clone());
        Ok(fd)
    }

    /// Forgets what is open: directories go, or links lead elsewhere.
    pub fn forget(&mut self) {
        self.open.clear();
    }

    /// What is at a path, if anything: links at its end are not followed.
    pub fn look(&mut self, path: &[u8]) -> Result<Option<Statx>, Errno> {
        let (directory, name) = split(path);
        let looked = self.get(directory).and_then(|fd| {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            rustix::fs::statx(&*fd, name, flags, StatxFlags::BASIC_STATS)
        });
        match looked {
            Ok(statx) => Ok(Some(statx)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_stay_in_the_root() {
        let folder = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(folder.path().join("usr/lib")).expect("a directory");
        symlink("/usr/lib", folder.path().join("lib")).expect("a link");
        symlink("../../..", folder.path().join("usr/up")).expect("a link");
        fs::write(folder.path().join("usr/lib/f"), "").expect("a file");
        let root = Root::open(folder.path()).expect("there");
        let mut directories = Directories::new(&root);
        assert!(directories.look(b"lib/f").expect("looked").is_some());
        assert!(
            directories
                .look(b"usr/up/usr/lib/f")
                .expect("looked")
                .is_some()
        );
        assert!(directories.look(b"none/f").expect("looked").is_none());
        let here = |path: &[u8]| Root::volume(root.directory(path).expect("open")).expect("known");
        assert_eq!(here(b""), here(b"lib"));
    }

    #[test]
    fn parts() {
        assert_eq!(split(b"usr/bin/x"), (&b"usr/bin"[..], &b"x"[..]));
        assert_eq!(split(b"x"), (&b""[..], &b"x"[..]));
    }
}
