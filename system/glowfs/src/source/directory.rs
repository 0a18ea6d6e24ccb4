//! A tree of the files in a directory.

use crate::error::{Error, Result};
use crate::tree::{Content, Data, Node, Tree};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, Stat, flistxattr, fstat, major, minor};
use rustix::fs::{fgetxattr, lgetxattr, llistxattr, open, readlinkat, statat};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Reads what `path` has; regular files' content is read later, from where it is.
///
/// # Errors
/// [`Error::file`] for what cannot be read.
pub fn directory(path: &Path) -> Result<Tree> {
    let mut tree = Tree::default();
    let root = Folder::root(path)?;
    tree.add(root.itself()?);
    // Files with several names, by device and number.
    let mut linked = HashMap::new();
    let mut next = Some((0, root));
    let mut waiting: Vec<(usize, PathBuf)> = Vec::new();
    while let Some((place, folder)) = next {
        for name in folder.names()? {
            let found = folder.find(&name)?;
            let several = found.is_linked() && !found.is_directory();
            let file = match linked.get(&found.key()).filter(|_| several) {
                Some(file) => *file,
                None => {
                    let file = tree.add(folder.node(&name, &found)?);
                    if several {
                        linked.insert(found.key(), file);
                    }
                    if found.is_directory() {
                        waiting.push((file, found.path));
                    } else {
                        tree.files[file].attributes = attributes(&found.path)?;
                    }
                    file
                }
            };
            if let Some(entries) = tree.entries_mut(place) {
                entries.insert(name, file);
            }
        }
        next = match waiting.pop() {
            Some((place, path)) => {
                let folder = Folder::open(path)?;
                tree.files[place].attributes = folder.attributes()?;
                Some((place, folder))
            }
            None => None,
        };
    }
    Ok(tree)
}

/// A directory that is open. What is in it is looked at from there: by its whole path that takes longer the deeper it lies.
pub struct Folder {
    path: PathBuf,
    file: OwnedFd,
}

/// A file of a [`Folder`].
pub struct Found {
    /// Its whole path.
    pub path: PathBuf,
    stat: Stat,
}

impl Found {
    /// Device and number: what names of one file have in common.
    pub fn key(&self) -> (u64, u64) {
        (self.stat.st_dev, self.stat.st_ino)
    }

    /// Whether it has several names.
    pub fn is_linked(&self) -> bool {
        self.stat.st_nlink > 1
    }

    fn is_directory(&self) -> bool {
        kind(&self.stat) == FileType::Directory
    }
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

fn failed(path: &Path) -> impl Fn(Errno) -> Error {
    |errno| Error::file(path, "reading")(errno.into())
}

impl Folder {
    /// Opens the directory that a tree begins with, which may be named by a link.
    ///
    /// # Errors
    /// [`Error::file`], and [`Error::impossible`] for what is no directory.
    pub fn root(path: &Path) -> Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match open(path, flags, Mode::empty()) {
            Ok(file) => Ok(Folder {
                path: path.to_owned(),
                file,
            }),
            Err(Errno::NOTDIR) if path.exists() => {
                let what = format!("{}: no directory", path.display());
                Err(Error::impossible(format_args!("{what}")))
            }
            Err(errno) => Err(failed(path)(errno)),
        }
    }

    /// Opens a directory below; a link, which was none before, is not followed.
    ///
    /// # Errors
    /// [`Error::file`].
    pub fn open(path: PathBuf) -> Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match open(&path, flags, Mode::empty()) {
            Ok(file) => Ok(Folder { path, file }),
            Err(errno) => Err(failed(&path)(errno)),
        }
    }

    /// The names in it, sorted.
    ///
    /// # Errors
    /// [`Error::file`].
    pub fn names(&self) -> Result<Vec<Vec<u8>>> {
        // Names have at most 255 bytes: there is always room for one.
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut entries = RawDir::new(&self.file, &mut buffer);
        let mut names = Vec::new();
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(failed(&self.path))?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                names.push(name.to_vec());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Looks at the file of this name; a link is not followed.
    ///
    /// # Errors
    /// [`Error::file`].
    pub fn find(&self, name: &[u8]) -> Result<Found> {
        let path = self.path.join(OsStr::from_bytes(name));
        match statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Found { path, stat }),
            Err(errno) => Err(failed(&path)(errno)),
        }
    }

    /// What a file of this name is that was found; its attributes are not looked at.
    ///
    /// # Errors
    /// [`Error::file`].
    pub fn node(&self, name: &[u8], found: &Found) -> Result<Node> {
        let (path, stat) = (&found.path, &found.stat);
        let device = || (major(stat.st_rdev), minor(stat.st_rdev));
        let content = match kind(stat) {
            FileType::Directory => Content::Directory(BTreeMap::new()),
            FileType::RegularFile => {
                Content::Regular(stat.st_size as u64, Data::Path(path.clone()))
            }
            FileType::Symlink => {
                let target = readlinkat(&self.file, name, Vec::new());
                Content::Link(target.map_err(failed(path))?.into_bytes())
            }
            FileType::CharacterDevice => Content::Character(device().0, device().1),
            FileType::BlockDevice => Content::Block(device().0, device().1),
            FileType::Fifo => Content::Fifo,
            _ => Content::Socket,
        };
        Ok(node_of(stat, content))
    }

    /// What it is itself, with its attributes.
    ///
    /// # Errors
    /// [`Error::file`].
    pub fn itself(&self) -> Result<Node> {
        let stat = fstat(&self.file).map_err(failed(&self.path))?;
        let node = node_of(&stat, Content::Directory(BTreeMap::new()));
        let attributes = self.attributes()?;
        Ok(Node { attributes, ..node })
    }

    /// Its own extended attributes.
    ///
    /// # Errors
    /// [`Error::file`].
    pub fn attributes(&self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
        attributes_by(
            &self.path,
            |buffer| flistxattr(&self.file, buffer),
            |name, buffer| fgetxattr(&self.file, name, buffer),
        )
    }
}

fn node_of(stat: &Stat, content: Content) -> Node {
    Node {
        permissions: (stat.st_mode & 0o7777) as u16,
        user: stat.st_uid,
        group: stat.st_gid,
        modified: (stat.st_mtime, stat.st_mtime_nsec as u32),
        attributes: BTreeMap::new(),
        content,
    }
}

/// The extended attributes of the file at a path, which may be a link; none where there can be none.
///
/// # Errors
/// [`Error::file`].
pub fn attributes(path: &Path) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    attributes_by(
        path,
        |buffer| llistxattr(path, buffer),
        |name, buffer| lgetxattr(path, name, buffer),
    )
}

/// The same by what lists them and what gets one.
fn attributes_by(
    path: &Path,
    list: impl Fn(&mut [u8]) -> Result<usize, Errno>,
    get: impl Fn(&OsStr, &mut [u8]) -> Result<usize, Errno>,
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let failed = |errno: Errno| Error::file(path, "reading its extended attributes")(errno.into());
    let mut attributes = BTreeMap::new();
    let names = match sized(list) {
        Ok(names) => names,
        Err(Errno::NOTSUP | Errno::PERM) => return Ok(attributes),
        Err(errno) => return Err(failed(errno)),
    };
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let text = OsStr::from_bytes(name);
        match sized(|buffer| get(text, buffer)) {
            Ok(value) => drop(attributes.insert(name.to_vec(), value)),
            // Listed, but not for us, or gone since.
            Err(Errno::NODATA | Errno::PERM | Errno::NOTSUP) => (),
            Err(errno) => return Err(failed(errno)),
        }
    }
    Ok(attributes)
}

/// What a call that fills a buffer gives, whatever its length.
fn sized(call: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    // Most are short or empty, and asking for memory takes as long as the call.
    let mut short = [0; 256];
    match call(&mut short) {
        Ok(length) => return Ok(short[..length].to_vec()),
        Err(Errno::RANGE) => (),
        Err(errno) => return Err(errno),
    }
    let mut buffer = vec![0; 4096];
    loop {
        match call(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(Errno::RANGE) if buffer.len() < 1 << 20 => {
                let length = buffer.len() * 4;
                buffer.resize(length, 0);
            }
            Err(errno) => return Err(errno),
        }
    }
}
