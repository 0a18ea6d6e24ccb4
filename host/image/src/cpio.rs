//! cpio archives in the `newc` form, as the kernel unpacks them
//! (its Documentation/driver-api/early-userspace/buffer-format.rst).
//!
//! An archive is deterministic: entries are sorted by path, all carry one time, and inode numbers are our own
//! (0, except for files with several names). Permissions, owners and device numbers are the tree's.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use self::header::{HEADER, Header, copy, name_problem, pad, zeros};
use crate::{Error, Result};

mod header;
#[cfg(test)]
pub(crate) mod read;
#[cfg(test)]
mod tests;
mod tree;

/// `struct stat`'s type bits (inode(7)).
const S_IFIFO: u32 = 0o010_000;
const S_IFCHR: u32 = 0o020_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFBLK: u32 = 0o060_000;
const S_IFREG: u32 = 0o100_000;
const S_IFLNK: u32 = 0o120_000;

/// The entry that ends an archive. A file of this name at the top cannot be told from it.
const TRAILER: &str = "TRAILER!!!";
/// Bytes of a path or a link's target with its final zero (the kernel's PATH_MAX).
const PATH_MAX: usize = 4096;

/// A header has 32 bits for a file's length.
const TOO_LARGE: &str =
    "it has 4 GiB or more, and a cpio archive holds only smaller files: leave it out of the root";

/// Permission bits (at most 0o7777) and owner of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The permission bits, with set-id and sticky bits.
    pub mode: u32,
    /// The owner's user id.
    pub uid: u32,
    /// The owner's group id.
    pub gid: u32,
}

impl Meta {
    /// Permission bits of a file that is root's.
    pub fn root(mode: u32) -> Meta {
        Meta {
            mode,
            uid: 0,
            gid: 0,
        }
    }
}

/// The kinds of special files, with major and minor number where there are some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A character device.
    Char(u32, u32),
    /// A block device.
    Block(u32, u32),
    /// A named pipe.
    Fifo,
}

/// A file's contents: at hand, or still on disk with the length it had when it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Data {
    Bytes(Vec<u8>),
    Disk(PathBuf, u32),
}

impl Data {
    fn len(&self) -> u32 {
        match self {
            Data::Bytes(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            Data::Disk(_, length) => *length,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Dir,
    /// An index into the archive's files: names with the same index are hard links.
    File(usize),
    Symlink(Vec<u8>),
    Node(Node),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    meta: Meta,
    body: Body,
}

/// An archive in the making.
#[derive(Clone, Debug)]
pub struct Archive {
    mtime: u32,
    trailer: bool,
    entries: BTreeMap<Vec<u8>, Entry>,
    files: Vec<Data>,
}

impl Archive {
    /// An empty archive whose entries all carry `mtime`, in seconds since 1970.
    pub fn new(mtime: u32) -> Archive {
        Archive {
            mtime,
            trailer: true,
            entries: BTreeMap::new(),
            files: Vec::new(),
        }
    }

    /// Leaves out the closing entry, 124 bytes that the kernel can do without and cpio(1) cannot.
    #[must_use]
    pub fn without_trailer(mut self) -> Archive {
        self.trailer = false;
        self
    }

    /// Adds a folder.
    pub fn add_dir(&mut self, path: impl AsRef<Path>, meta: Meta) -> Result<()> {
        self.add(path.as_ref(), meta, Body::Dir)
    }

    /// Adds a file.
    pub fn add_file(
        &mut self,
        path: impl AsRef<Path>,
        meta: Meta,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<()> {
        let bytes = bytes.into();
        if u32::try_from(bytes.len()).is_err() {
            return Err(Error::entry(path.as_ref(), TOO_LARGE));
        }
        self.add_data(path.as_ref(), meta, Data::Bytes(bytes))
    }

    /// Adds another name of a file that was added before; owner and permissions are the file's.
    pub fn add_hard_link(
        &mut self,
        path: impl AsRef<Path>,
        existing: impl AsRef<Path>,
    ) -> Result<()> {
        let target = existing.as_ref();
        match self.entries.get(target.as_os_str().as_bytes()) {
            Some(entry) if matches!(entry.body, Body::File(_)) => {
                let Entry { meta, body } = entry.clone();
                self.add(path.as_ref(), meta, body)
            }
            _ => Err(Error::entry(
                path.as_ref(),
                format!(
                    "it would be a hard link to '{}', which is no file of the archive",
                    target.display()
                ),
            )),
        }
    }

    /// Adds a symbolic link.
    pub fn add_symlink(
        &mut self,
        path: impl AsRef<Path>,
        target: impl AsRef<OsStr>,
        meta: Meta,
    ) -> Result<()> {
        let target = target.as_ref().as_bytes();
        if target.is_empty() || target.len() >= PATH_MAX || target.contains(&0) {
            return Err(Error::entry(
                path.as_ref(),
                format!(
                    "its target must have 1 to {} bytes and no zero among them",
                    PATH_MAX - 1
                ),
            ));
        }
        self.add(path.as_ref(), meta, Body::Symlink(target.to_vec()))
    }

    /// Adds a device or a named pipe.
    pub fn add_node(&mut self, path: impl AsRef<Path>, meta: Meta, node: Node) -> Result<()> {
        self.add(path.as_ref(), meta, Body::Node(node))
    }

    /// How many entries there are, the closing one not counted.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add_data(&mut self, path: &Path, meta: Meta, data: Data) -> Result<()> {
        self.add(path, meta, Body::File(self.files.len()))?;
        self.files.push(data);
        Ok(())
    }

    fn add(&mut self, path: &Path, meta: Meta, body: Body) -> Result<()> {
        let name = path.as_os_str().as_bytes();
        if let Some(problem) = name_problem(name) {
            return Err(Error::entry(path, problem));
        }
        if meta.mode > 0o7777 {
            return Err(Error::entry(
                path,
                format!("its mode {:o} has more than permission bits", meta.mode),
            ));
        }
        match self.entries.entry(name.to_vec()) {
            std::collections::btree_map::Entry::Occupied(_) => {
                Err(Error::entry(path, "it is in the archive already"))
            }
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Entry { meta, body });
                Ok(())
            }
        }
    }

    /// The archive's length in bytes.
    pub fn size(&self) -> u64 {
        let mut data: u64 = self.files.iter().map(|file| pad(file.len().into())).sum();
        for (name, entry) in &self.entries {
            data += pad(HEADER + name.len() as u64 + 1);
            if let Body::Symlink(target) = &entry.body {
                data += pad(target.len() as u64);
            }
        }
        if self.trailer {
            data += pad(HEADER + TRAILER.len() as u64 + 1);
        }
        data
    }

    /// Writes the archive. `written` wraps what the writer answers; a file of the root that cannot be read any more,
    /// or has another length than when it was found, is an error of its own.
    pub fn write_to(
        &self,
        out: &mut impl Write,
        written: impl Fn(io::Error) -> Error,
    ) -> Result<()> {
        let mut left: Vec<u32> = vec![0; self.files.len()];
        for entry in self.entries.values() {
            if let Body::File(index) = entry.body {
                left[index] += 1;
            }
        }
        let names = left.clone();
        let mut inodes: Vec<u32> = vec![0; self.files.len()];
        let mut last_inode = 0;

        for (name, entry) in &self.entries {
            let mut header = Header {
                mode: entry.meta.mode,
                uid: entry.meta.uid,
                gid: entry.meta.gid,
                nlink: 1,
                mtime: self.mtime,
                ..Header::default()
            };
            let mut file = None;
            match &entry.body {
                Body::Dir => header.mode |= S_IFDIR,
                Body::Symlink(target) => {
                    header.mode |= S_IFLNK;
                    // No longer than PATH_MAX, as add_symlink made sure.
                    header.size = target.len() as u32;
                }
                Body::Node(node) => {
                    let (kind, major, minor) = match *node {
                        Node::Char(major, minor) => (S_IFCHR, major, minor),
                        Node::Block(major, minor) => (S_IFBLK, major, minor),
                        Node::Fifo => (S_IFIFO, 0, 0),
                    };
                    header.mode |= kind;
                    (header.rdev_major, header.rdev_minor) = (major, minor);
                }
                Body::File(index) => {
                    header.mode |= S_IFREG;
                    header.nlink = names[*index];
                    if header.nlink > 1 {
                        if inodes[*index] == 0 {
                            last_inode += 1;
                            inodes[*index] = last_inode;
                        }
                        header.inode = inodes[*index];
                    }
                    left[*index] -= 1;
                    // The last name carries the data.
                    if left[*index] == 0 {
                        let data = &self.files[*index];
                        header.size = data.len();
                        file = Some(data);
                    }
                }
            }
            header.write(out, name).map_err(&written)?;
            if let Body::Symlink(target) = &entry.body {
                out.write_all(target).map_err(&written)?;
                zeros(out, target.len() as u64).map_err(&written)?;
            }
            if let Some(data) = file {
                copy(data, out, &written)?;
            }
        }
        if self.trailer {
            let header = Header {
                nlink: 1,
                ..Header::default()
            };
            header.write(out, TRAILER.as_bytes()).map_err(&written)?;
        }
        Ok(())
    }

    /// The archive in memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.size()).unwrap_or(0));
        self.write_to(&mut bytes, |source| Error::Write {
            path: "memory".into(),
            source,
        })?;
        Ok(bytes)
    }
}
