//! `lib/apk/oil/store`: content that was replaced or removed, by digest.
//!
//! Nothing is copied: a file that goes is renamed into the store, one that is replaced is linked into it before the
//! new one is renamed over it. A directory that goes with all that is in it is renamed as a whole, under the name that
//! [`crate::transact::trees`] gives it, and stays as long as its generation. What a generation of the past consists of
//! is therefore either here or still in its place, so that the history costs what changed and no more. What lies here
//! is believed to be what its name says only until it is used: then it is hashed.

use crate::digest::{self, Digest};
use crate::transact::place::Root;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};

/// The store's directory, below the root.
pub const DIRECTORY: &[u8] = b"lib/apk/oil/store";

/// Which content: a file's digest does not say whether it is that of a link's target, but links have all permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Content {
    pub digest: Digest,
    pub link: bool,
}

impl Content {
    /// Of a file of the database, if it has a digest.
    pub fn of(digest: Option<Digest>, mode: u32) -> Option<Self> {
        let digest = digest?.short();
        let link = Self::is_link(mode);
        Some(Self { digest, link })
    }

    /// Whether a file with these permissions is a link, as far as the database tells.
    pub fn is_link(mode: u32) -> bool {
        mode == 0o777
    }

    /// Its name in the store.
    pub fn name(&self) -> String {
        let mut name = Vec::new();
        self.write_name(&mut name);
        String::from_utf8_lossy(&name).into_owned()
    }

    /// The same behind what is in `text`.
    pub fn write_name(&self, text: &mut Vec<u8>) {
        digest::write_hex(self.digest.as_bytes(), text);
        if self.link {
            text.extend_from_slice(LINK.as_bytes());
        }
    }

    /// From that.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        let hex = name.strip_suffix(LINK.as_bytes());
        let digest = Digest::from_hex(hex.unwrap_or(name))?;
        let link = hex.is_some();
        Some(Self { digest, link })
    }
}

const LINK: &str = ".link";

/// The open store.
#[derive(Debug)]
pub struct Store {
    fd: OwnedFd,
}

impl Store {
    /// Opens it; made if it is not there.
    pub fn open(root: &Root) -> Result<Self, Errno> {
        let fd = match root.directory(DIRECTORY) {
            Err(Errno::NOENT) => {
                let above = root.directory(crate::transact::area::DIRECTORY)?;
                rustix::fs::mkdirat(above, "store", Mode::from_raw_mode(0o700))?;
                root.directory(DIRECTORY)?
            }
            other => other?,
        };
        Ok(Self { fd })
    }

    /// Opens it if it is there.
    pub fn open_existing(root: &Root) -> Option<Self> {
        let fd = root.directory(DIRECTORY).ok()?;
        Some(Self { fd })
    }

    /// Its directory.
    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Keeps a file that is about to be replaced.
    pub fn link(&self, directory: impl AsFd, name: &[u8], content: &Content) -> Result<(), Errno> {
        let kept = content.name();
        match rustix::fs::linkat(&directory, name, &self.fd, &kept, AtFlags::empty()) {
            Err(Errno::EXIST | Errno::NOENT) => Ok(()),
            Err(Errno::XDEV | Errno::MLINK | Errno::PERM) => self.copy(directory, name, &kept),
            other => other,
        }
    }

    /// Keeps a file that goes, and takes it away.
    pub fn take(&self, directory: impl AsFd, name: &[u8], content: &Content) -> Result<(), Errno> {
        let kept = content.name();
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(&directory, name, &self.fd, &kept, flags) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST) => {}
            Err(Errno::INVAL | Errno::NOSYS) => self.link(&directory, name, content)?,
            Err(Errno::XDEV) => self.copy(&directory, name, &kept)?,
            Err(error) => return Err(error),
        }
        rustix::fs::unlinkat(directory, name, AtFlags::empty())
    }

    /// From another volume.
    fn copy(&self, directory: impl AsFd, name: &[u8], kept: &str) -> Result<(), Errno> {
        let beside = format!("{kept}.new");
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let _ = rustix::fs::unlinkat(&self.fd, &beside, AtFlags::empty());
        match rustix::fs::openat(&directory, name, flags, Mode::empty()) {
            Ok(from) => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                let to = rustix::fs::openat(&self.fd, &beside, flags, Mode::RUSR | Mode::WUSR)?;
                let status = rustix::fs::fstat(&from)?;
                let (mut from, mut to) = (std::fs::File::from(from), std::fs::File::from(to));
                std::io::copy(&mut from, &mut to)
                    .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
                let times = crate::transact::times(u64::try_from(status.st_mtime).unwrap_or(0));
                rustix::fs::futimens(&to, &times)?;
            }
            Err(Errno::LOOP) => {
                let target = rustix::fs::readlinkat(&directory, name, Vec::new())?;
                rustix::fs::symlinkat(&target, &self.fd, &beside)?;
            }
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(error),
        }
        rustix::fs::renameat(&self.fd, &beside, &self.fd, kept)
    }
}
