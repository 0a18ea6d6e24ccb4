//! Files that stay: what a new version of a package has as the one before had it, and as it lies in its place, is not
//! written again.
//!
//! The database is not believed. It says which files are worth a look; one stays if it has every byte that the package
//! has, with the permissions and the owner that it would get and without attributes. Its time may be another: it is set
//! once the transaction is decided. Of a v2 package, which says what it has only as it comes, and of one with hard links,
//! all is written.

use super::unpacking::{Unpacking, owner_text};
use crate::database::installed::Installed;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::package::Entry;
use crate::stream::PackageReader;
use crate::transact::claims::{ByPath, Paths};
use crate::transact::manifest::{Part, of_installed};
use crate::transact::place::split;
use crate::transact::protect::Known;
use crate::transact::xattrs;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};

/// Bytes that are copied at once.
const PIECE: usize = 64 << 10;

/// What the database has of the files of the version before.
#[derive(Default)]
pub(super) struct Before {
    paths: Paths,
    files: ByPath<Known>,
}

impl Before {
    /// Of an installed package. Where its record is damaged, less of it: those that read it later say so.
    pub(super) fn of(installed: &Installed, place: usize) -> Self {
        let mut before = Self::default();
        let mut folder: &[u8] = &[];
        for part in of_installed(installed, place) {
            match part {
                Ok(Part::Folder(next)) => folder = next.path,
                Ok(Part::Item(item)) => {
                    // What is no SHA-256 agrees with none.
                    let known = Known {
                        digest: item.digest,
                        sha256: true,
                        mode: item.acl.mode,
                    };
                    let hash = before.paths.hash(folder, item.name);
                    before.files.insert(hash, known);
                }
                Err(_) => break,
            }
        }
        before
    }

    /// Whether it had this file with this content and these permissions. What is another is found when it is compared.
    fn has(&self, (folder, name): (&[u8], &[u8]), digest: &Digest, mode: u32) -> bool {
        let known = self.files.get(&self.paths.hash(folder, name));
        known.is_some_and(|known| {
            known.mode == mode && known.digest.is_some_and(|known| known.agrees(digest))
        })
    }
}

/// A file in its place that may stay.
pub(super) struct Lying {
    file: File,
    /// The time that it is to get, if it has another.
    time: Option<u64>,
}

/// What came of comparing.
pub(super) enum Compared {
    /// It stays; its time, if that is to be set.
    Same(Option<u64>),
    /// It was another, and the package's is written.
    Other,
}

/// Opens what lies in an open directory, if it is a regular file that can be read.
pub(super) fn open(directory: impl AsFd, name: &[u8]) -> Option<(File, Stat)> {
    // Whatever is there by now: no link is followed, nothing is waited for.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(directory, name, flags, Mode::empty()).ok()?);
    let status = rustix::fs::fstat(&file).ok()?;
    let is_file = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile;
    is_file.then_some((file, status))
}

impl Unpacking<'_> {
    /// The file that an entry is to take the place of, if that looks as the entry does. Where it cannot be told, the entry is written.
    pub(super) fn lying(&mut self, folder: usize, entry: &Entry) -> Option<Lying> {
        let (directory, name) = split(&entry.path);
        let acl = self.acl(&entry.acl);
        if !self.before.has((directory, name), &entry.digest?, acl.mode)
            || !entry.acl.xattrs.is_empty()
            || owner_text(&entry.acl).is_some()
        {
            return None;
        }
        let (file, status) = open(self.live_directory(folder)?, name)?;
        let owner = match self.unpacker.chown {
            true => (acl.uid, acl.gid),
            false => self.unpacker.own,
        };
        // One with another name would not come so.
        let alike = u64::try_from(status.st_size) == Ok(entry.size)
            && status.st_nlink == 1
            && status.st_mode & 0o7777 == acl.mode
            && (status.st_uid, status.st_gid) == owner
            && xattrs::has_none(&file);
        let same_time =
            i64::try_from(entry.mtime) == Ok(status.st_mtime) && status.st_mtime_nsec == 0;
        let time = (!same_time).then_some(entry.mtime);
        alike.then_some(Lying { file, time })
    }

    /// Compares an entry's content with what lies in its place, and writes it where that is another.
    pub(super) fn compare(
        &mut self,
        mut lying: Lying,
        (directory, name): (&OwnedFd, &[u8]),
        entry: &Entry,
        package: &mut PackageReader,
    ) -> Result<Compared> {
        let root = self.unpacker.area.root();
        let at = |error: std::io::Error| root.error(&entry.path, error);
        let mut length = 0_usize;
        while let Some(content) = package.chunk()? {
            self.piece.resize(content.len(), 0);
            match lying.file.read_exact(&mut self.piece) {
                Ok(()) if self.piece == content => {
                    length += content.len();
                    continue;
                }
                Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                    return Err(at(error));
                }
                _ => {}
            }
            // It was changed since it was installed. What was the same so far comes from there.
            let mut file = self.create(directory, name, entry)?;
            lying.file.rewind().map_err(at)?;
            while length > 0 {
                self.piece.resize(PIECE.min(length), 0);
                lying
                    .file
                    .read_exact(&mut self.piece)
                    .and_then(|()| file.write_all(&self.piece))
                    .map_err(at)?;
                length -= self.piece.len();
            }
            file.write_all(content).map_err(at)?;
            self.content(file, entry, package)?;
            self.check(directory, name, entry)?;
            return Ok(Compared::Other);
        }
        Ok(Compared::Same(lying.time))
    }

    /// Whether what was written of two files is what the package says: one of them may have been changed meanwhile.
    fn check(&self, directory: &OwnedFd, name: &[u8], entry: &Entry) -> Result<()> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        if let Some((mut file, _)) = open(directory, name) {
            Hasher::update_from(std::slice::from_mut(&mut hasher), &mut file)
                .map_err(|error| self.unpacker.area.root().error(&entry.path, error))?;
        }
        match entry.digest {
            Some(expected) if !expected.agrees(&hasher.finish()) => {
                Err(Error::Content(entry.path.clone()))
            }
            _ => Ok(()),
        }
    }
}
