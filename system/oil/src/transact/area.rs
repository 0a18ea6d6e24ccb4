//! Where a transaction is prepared: `lib/apk/oil/transaction`, and for each further volume `.oil-transaction` at its
//! top. Files of step N are in N there.

use super::place::{Root, Volume, split};
use crate::error::{Error, Result};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Ours beside the database.
pub const DIRECTORY: &[u8] = b"lib/apk/oil";
/// The first volume's directory.
pub const AREA: &[u8] = b"lib/apk/oil/transaction";
/// What [`AREA`] is called once its transaction is done, until it is deleted.
const DONE: &[u8] = b"lib/apk/oil/transaction.done";
/// The others'.
const ELSEWHERE: &[u8] = b".oil-transaction";
/// In [`AREA`]: the paths of the others, a line each, written before they are made.
const VOLUMES: &str = "volumes";
/// Directories that are remembered at most.
const KNOWN: usize = 1 << 14;

/// The directories that a transaction is prepared in.
#[derive(Debug)]
pub struct Area<'r> {
    root: &'r Root,
    path: PathBuf,
    fd: OwnedFd,
    places: Mutex<Vec<Place>>,
    /// Directories that were looked for: the numbers of their volumes, and whether they are there.
    known: Mutex<HashMap<Vec<u8>, (usize, bool)>>,
    /// The last directory that others were looked for in.
    above: Mutex<Option<(Vec<u8>, OwnedFd)>>,
    /// Permission bits that new files do not get.
    pub masked: u32,
}

#[derive(Debug)]
struct Place {
    volume: Option<Volume>,
    fd: Arc<OwnedFd>,
}

impl<'r> Area<'r> {
    /// Makes it. There must be none.
    pub fn create(root: &'r Root) -> Result<Self> {
        sweep(root)?;
        let open = Mode::from_raw_mode(0o755);
        let private = Mode::from_raw_mode(0o700);
        for (path, mode) in [(DIRECTORY, open), (AREA, private)] {
            make_directory(root, path, mode).map_err(|error| root.error(path, error))?;
        }
        let area = Self::open(root)?;
        let probe = area.file_with(VOLUMES, OFlags::CREATE | OFlags::WRONLY, 0o777)?;
        let mode = probe.metadata().map_err(|error| root.error(AREA, error))?;
        let masked = 0o777 & !std::os::unix::fs::PermissionsExt::mode(&mode.permissions());
        Ok(Self { masked, ..area })
    }

    /// Opens the one that is there.
    pub fn open(root: &'r Root) -> Result<Self> {
        let at = |error: Errno| root.error(AREA, error);
        let fd = root.directory(AREA).map_err(at)?;
        let path = root.path().join("lib/apk/oil/transaction");
        let first = Place {
            volume: Some(Root::volume(&fd).map_err(at)?),
            fd: Arc::new(root.directory(AREA).map_err(at)?),
        };
        let mut places = vec![first];
        let volumes = path.join(VOLUMES);
        let text = crate::database::read_if_there(&volumes)?.unwrap_or_default();
        for line in text.split(|&byte| byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            let fd = root
                .directory(line)
                .map_err(|error| root.error(line, error))?;
            places.push(Place {
                volume: Root::volume(&fd).ok(),
                fd: Arc::new(fd),
            });
        }
        Ok(Self {
            root,
            path,
            fd,
            places: Mutex::new(places),
            known: Mutex::default(),
            above: Mutex::default(),
            masked: 0,
        })
    }

    /// The root.
    pub fn root(&self) -> &'r Root {
        self.root
    }

    /// The path of a file of the transaction itself.
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens such a file.
    pub fn file(&self, name: &str, flags: OFlags) -> Result<File> {
        self.file_with(name, flags, 0o644)
    }

    fn file_with(&self, name: &str, flags: OFlags, mode: u32) -> Result<File> {
        let mode = Mode::from_raw_mode(mode);
        let fd = rustix::fs::openat(&self.fd, name, flags | OFlags::CLOEXEC, mode)
            .map_err(|error| Error::file(&self.path(name))(error.into()))?;
        Ok(File::from(fd))
    }

    /// Writes such a file.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.file(name, OFlags::CREATE | OFlags::WRONLY | OFlags::TRUNC)?
            .write_all(bytes)
            .map_err(Error::file(&self.path(name)))
    }

    /// The volumes' directories, the first being [`AREA`].
    pub fn volumes(&self) -> Vec<Arc<OwnedFd>> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.iter().map(|place| place.fd.clone()).collect()
    }

    /// The number of the volume that files in a directory will be on, which need not exist yet. Each is looked for
    /// once: not to be asked while directories come and go.
    pub fn volume_of(&self, directory: &[u8]) -> Result<usize> {
        Ok(self.whereabouts(directory)?.0)
    }

    /// The same, and of a directory that is not there the topmost one that is not: itself, or one above it.
    pub fn top_of_missing(&self, directory: &[u8]) -> Result<(usize, Option<Vec<u8>>)> {
        let (volume, mut is_there) = self.whereabouts(directory)?;
        let mut top = None;
        let mut path = directory;
        while !is_there && !path.is_empty() {
            top = Some(path.to_vec());
            path = split(path).0;
            is_there = self.whereabouts(path)?.1;
        }
        Ok((volume, top))
    }

    /// The same, and whether the directory is there.
    fn whereabouts(&self, directory: &[u8]) -> Result<(usize, bool)> {
        let known = |path: &[u8]| {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(path).copied()
        };
        if let Some(found) = known(directory) {
            return Ok(found);
        }
        let found = match known(split(directory).0) {
            // Nothing is in a directory that is not there.
            Some((volume, false)) => (volume, false),
            _ => self.find(directory)?,
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(directory.to_vec(), found);
        Ok(found)
    }

    fn find(&self, existing: &[u8]) -> Result<(usize, bool)> {
        let at = |error: Errno| self.root.error(existing, error);
        let volume = match self.look(existing) {
            Ok(volume) => volume,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if !existing.is_empty() => {
                return Ok((self.volume_of(split(existing).0)?, false));
            }
            Err(error) => return Err(at(error)),
        };
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = places.iter().position(|place| place.volume == Some(volume)) {
            return Ok((known, true));
        }
        let mut top = existing;
        while !top.is_empty() {
            let above = split(top).0;
            let same = self
                .root
                .directory(above)
                .and_then(|fd| Root::volume(&fd))
                .is_ok_and(|other| other == volume);
            if !same {
                break;
            }
            top = above;
        }
        let slash: &[u8] = if top.is_empty() { b"" } else { b"/" };
        let path = [top, slash, ELSEWHERE].concat();
        let at = |error: Errno| self.root.error(&path, error);
        let mut list = self.file(VOLUMES, OFlags::WRONLY | OFlags::APPEND)?;
        list.write_all(&[&path[..], b"\n"].concat())
            .and_then(|()| list.sync_data())
            .map_err(|error| self.root.error(AREA, error))?;
        match self.root.directory(&path) {
            // Nobody knows of it any more.
            Ok(fd) => empty(&fd).map_err(at)?,
            Err(_) => {
                make_directory(self.root, &path, Mode::from_raw_mode(0o700)).map_err(at)?;
            }
        }
        let fd = Arc::new(self.root.directory(&path).map_err(at)?);
        places.push(Place {
            volume: Some(volume),
            fd,
        });
        Ok((places.len() - 1, true))
    }

    /// The volume that a directory is on, which is looked for in the one above it: often that is the same as before.
    fn look(&self, directory: &[u8]) -> Result<Volume, Errno> {
        let (path, name) = split(directory);
        if !name.is_empty() {
            let mut above = self.above.lock().unwrap_or_else(PoisonError::into_inner);
            let fd = match above.take() {
                Some((known, fd)) if known == path => fd,
                _ => self.root.directory(path)?,
            };
            let (_, fd) = above.insert((path.to_vec(), fd));
            if let Some(volume) = Root::volume_below(fd, name)? {
                return Ok(volume);
            }
        }
        Root::volume(self.root.directory(directory)?)
    }

    /// Opens the directory of a step on a volume; made if `make`.
    pub fn step(&self, volume: usize, step: usize, make: bool) -> Result<OwnedFd> {
        let volumes = self.volumes();
        let name = step.to_string();
        let at = |error: Errno| self.root.error(AREA, error);
        let above = volumes.get(volume).ok_or_else(|| at(Errno::NOENT))?.as_fd();
        if make {
            match rustix::fs::mkdirat(above, &name, Mode::from_raw_mode(0o700)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(at(error)),
            }
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(above, &name, flags, Mode::empty()).map_err(at)
    }

    /// Waits until the disk has what was written.
    pub fn sync(&self) -> Result<()> {
        for fd in self.volumes() {
            sync_volume(&*fd).map_err(|error| self.root.error(AREA, error))?;
        }
        Ok(())
    }
}

/// Waits until the disk has all of the file system that a directory is on.
pub fn sync_volume(directory: impl AsFd) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(directory, c".", flags, Mode::empty())?;
    rustix::fs::syncfs(fd)
}

/// Takes the area of a transaction that is done out of sight, in one instant, and deletes it.
pub fn retire(root: &Root, sync: bool) -> Result<()> {
    let at = |error: Errno| root.error(AREA, error);
    let above = root.directory(DIRECTORY).map_err(at)?;
    let (old, new) = (split(AREA).1, split(DONE).1);
    rustix::fs::renameat(&above, old, &above, new).map_err(at)?;
    if sync {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&above, c".", flags, Mode::empty())
            .and_then(rustix::fs::fsync)
            .map_err(at)?;
    }
    sweep(root)
}

/// Deletes the area of a transaction that was not decided.
pub fn remove(root: &Root) -> Result<()> {
    delete(root, AREA)
}

/// Deletes what is left of a transaction that was done.
pub fn sweep(root: &Root) -> Result<()> {
    delete(root, DONE)
}

/// Deletes an area, on all volumes. The first volume's directory goes last, so that a deletion that was cut off goes
/// on.
fn delete(root: &Root, area: &[u8]) -> Result<()> {
    let at = |error: Errno| root.error(area, error);
    let fd = match root.directory(area) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(at(error)),
    };
    let volumes = [area, b"/", VOLUMES.as_bytes()].concat();
    let mut text = Vec::new();
    if let Ok(fd) = root.open_at(&volumes, OFlags::RDONLY, Mode::empty()) {
        File::from(fd)
            .read_to_end(&mut text)
            .map_err(|error| root.error(&volumes, error))?;
    }
    for path in text
        .split(|&byte| byte == b'\n')
        .filter(|path| !path.is_empty())
    {
        if let Ok(fd) = root.directory(path) {
            empty(&fd).map_err(at)?;
            remove_directory(root, path).map_err(at)?;
        }
    }
    empty(&fd).map_err(at)?;
    remove_directory(root, area).map_err(at)
}

fn make_directory(root: &Root, path: &[u8], mode: Mode) -> Result<(), Errno> {
    let (above, name) = split(path);
    match rustix::fs::mkdirat(root.directory(above)?, name, mode) {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

fn remove_directory(root: &Root, path: &[u8]) -> Result<(), Errno> {
    let (above, name) = split(path);
    match rustix::fs::unlinkat(root.directory(above)?, name, AtFlags::REMOVEDIR) {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

/// Deletes what is in a directory.
pub fn empty(directory: impl AsFd) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fd = rustix::fs::openat(directory, c".", flags, Mode::empty())?;
    for entry in Dir::read_from(&fd)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let unlinked = match entry.file_type() {
            FileType::Directory => Err(Errno::ISDIR),
            _ => rustix::fs::unlinkat(&fd, name, AtFlags::empty()),
        };
        match unlinked {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::ISDIR | Errno::PERM) => {
                empty(rustix::fs::openat(&fd, name, flags, Mode::empty())?)?;
                rustix::fs::unlinkat(&fd, name, AtFlags::REMOVEDIR)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
