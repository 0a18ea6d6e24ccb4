//! Files that stay: what a new version of a package has as the one before had it, and as it lies in its place, is not
//! written again.
//!
//! The database is not believed. It says which files are worth a look; one stays if it has every byte that the package
//! has, with the permissions and the owner that it would get and without attributes. Its time may be another: it is set
//! once the transaction is decided.

use super::unpacking::{Unpacking, owner_text};
use crate::database::installed::Installed;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::package::Entry;
use crate::stream::{Format, PackageReader};
use crate::transact::manifest::{Part, of_installed};
use crate::transact::place::split;
use crate::transact::xattrs;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};

/// Bytes that are compared at once.
const PIECE: usize = 64 << 10;

/// Content of the version before, by directory and name.
pub(super) type Before<'i> = HashMap<(&'i [u8], &'i [u8]), Digest>;

/// What an installed package has. Where its record is damaged, less of it: those that read it later say so.
pub(super) fn before(installed: &Installed, place: usize) -> Before<'_> {
    let mut folder: &[u8] = &[];
    let mut all = Before::new();
    for part in of_installed(installed, place) {
        match part {
            Ok(Part::Folder(next)) => folder = next.path,
            Ok(Part::Item(item)) => {
                if let Some(digest) = item.digest {
                    all.insert((folder, item.name), digest);
                }
            }
            Err(_) => break,
        }
    }
    all
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

/// Opens what lies in an open directory, if it is a regular file.
pub(super) fn open(directory: impl AsFd, name: &[u8]) -> Result<Option<(File, Stat)>, Errno> {
    // Whatever is there by now: no link is followed, nothing is waited for.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(directory, name, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO | Errno::ACCESS) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let status = rustix::fs::fstat(&file)?;
    let is_file = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile;
    Ok(is_file.then_some((file, status)))
}

impl Unpacking<'_> {
    /// The file that an entry is to take the place of, if that looks as the entry does.
    pub(super) fn lying(&mut self, folder: usize, entry: &Entry) -> Result<Option<Lying>> {
        let (directory, name) = split(&entry.path);
        let Some((digest, before)) = entry.digest.zip(self.before.get(&(directory, name))) else {
            return Ok(None);
        };
        if !before.agrees(&digest)
            || !entry.acl.xattrs.is_empty()
            || owner_text(&entry.acl).is_some()
        {
            return Ok(None);
        }
        let at = |error| self.unpacker.area.root().error(&entry.path, error);
        let Some(live) = self.live_directory(folder).map_err(at)? else {
            return Ok(None);
        };
        let Some((file, status)) = open(live, name).map_err(at)? else {
            return Ok(None);
        };
        let acl = self.acl(&entry.acl);
        let owner = match self.unpacker.chown {
            true => (acl.uid, acl.gid),
            false => self.unpacker.own,
        };
        let alike = u64::try_from(status.st_size) == Ok(entry.size)
            && status.st_mode & 0o7777 == acl.mode
            && (status.st_uid, status.st_gid) == owner
            && xattrs::has_none(&file).map_err(at)?;
        let same_time =
            i64::try_from(entry.mtime) == Ok(status.st_mtime) && status.st_mtime_nsec == 0;
        let time = (!same_time).then_some(entry.mtime);
        Ok(alike.then_some(Lying { file, time }))
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
        let mut length = 0;
        while let Some(content) = package.chunk()? {
            for (piece, after) in content.chunks(PIECE).zip(1..) {
                self.piece.resize(piece.len(), 0);
                let is_same = match lying.file.read_exact(&mut self.piece) {
                    Ok(()) => self.piece == piece,
                    Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => false,
                    Err(error) => return Err(at(error)),
                };
                if is_same {
                    length += piece.len() as u64;
                    continue;
                }
                // It was changed since it was installed. What was the same so far comes from there.
                let mut file = self.create(directory, name, entry)?;
                let mut begin = rereading(&lying.file).map_err(at)?.take(length);
                std::io::copy(&mut begin, &mut file).map_err(at)?;
                let rest = (after - 1) * PIECE;
                file.write_all(&content[rest..]).map_err(at)?;
                self.content(file, entry, package)?;
                self.check(directory, name, entry, package)?;
                return Ok(Compared::Other);
            }
        }
        Ok(Compared::Same(lying.time))
    }

    /// Whether what was written of two files is what the package says: one of them may have been changed meanwhile.
    fn check(
        &self,
        directory: &OwnedFd,
        name: &[u8],
        entry: &Entry,
        package: &PackageReader,
    ) -> Result<()> {
        let root = self.unpacker.area.root();
        let Some(expected) = package.content_digest() else {
            return Ok(());
        };
        let at = |error: Errno| root.error(&entry.path, error);
        let (mut file, _) = open(directory, name)
            .map_err(at)?
            .ok_or_else(|| at(Errno::NOENT))?;
        let mut hasher = Hasher::new(match package.metadata().format {
            Format::V2 => Algorithm::Sha1,
            Format::V3(_) => Algorithm::Sha256,
        });
        let mut buffer = vec![0; PIECE];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => hasher.update(&buffer[..length]),
                Err(error) => return Err(root.error(&entry.path, error)),
            }
        }
        match expected.agrees(&hasher.finish()) {
            true => Ok(()),
            false => Err(Error::Content(entry.path.clone())),
        }
    }
}

/// The same file from its beginning.
fn rereading(file: &File) -> std::io::Result<File> {
    use std::io::Seek as _;
    let mut again = file.try_clone()?;
    again.rewind()?;
    Ok(again)
}
