//! An archive of a directory tree.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::{Archive, Data, Meta, Node, TOO_LARGE};
use crate::{Error, Result};

impl Archive {
    /// Everything below `root`, with owners, permissions and device numbers as they are there.
    ///
    /// Files' contents are read when the archive is written. The top folder itself is left out, unless its owner or
    /// permissions differ from what the kernel gives it anyway (root's, 0755).
    pub fn from_tree(root: &Path, mtime: u32) -> Result<Archive> {
        let mut archive = Archive::new(mtime);
        let top = fs::metadata(root).map_err(Error::read(root))?;
        if !top.is_dir() {
            return Err(Error::entry(root, "it is no folder"));
        }
        if meta_of(&top) != Meta::root(0o755) {
            archive.add_dir(".", meta_of(&top))?;
        }
        let mut known = BTreeMap::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for name in names(&root.join(&folder))? {
                let path = folder.join(name);
                let place = root.join(&path);
                let meta = fs::symlink_metadata(&place).map_err(Error::read(&place))?;
                archive.add_found(&path, &place, &meta, &mut known)?;
                if meta.is_dir() {
                    folders.push(path);
                }
            }
        }
        Ok(archive)
    }

    /// `known`: device and inode number of files with several names, and the first name found.
    fn add_found(
        &mut self,
        path: &Path,
        place: &Path,
        found: &Metadata,
        known: &mut BTreeMap<(u64, u64), PathBuf>,
    ) -> Result<()> {
        let meta = meta_of(found);
        let kind = found.file_type();
        let rdev = || {
            let rdev = found.rdev();
            (rustix::fs::major(rdev), rustix::fs::minor(rdev))
        };
        refuse_attributes(place, found)?;
        if kind.is_dir() {
            self.add_dir(path, meta)
        } else if kind.is_symlink() {
            let target = fs::read_link(place).map_err(Error::read(place))?;
            self.add_symlink(path, target, meta)
        } else if kind.is_file() {
            if found.nlink() > 1 {
                let key = (found.dev(), found.ino());
                if let Some(first) = known.get(&key) {
                    return self.add_hard_link(path, first);
                }
                known.insert(key, path.to_owned());
            }
            let length = u32::try_from(found.len()).map_err(|_| Error::entry(place, TOO_LARGE))?;
            self.add_data(path, meta, Data::Disk(place.to_owned(), length))
        } else if kind.is_char_device() {
            let (major, minor) = rdev();
            self.add_node(path, meta, Node::Char(major, minor))
        } else if kind.is_block_device() {
            let (major, minor) = rdev();
            self.add_node(path, meta, Node::Block(major, minor))
        } else if kind.is_fifo() {
            self.add_node(path, meta, Node::Fifo)
        } else {
            Err(Error::entry(
                place,
                "it is a socket, which only a running program has: remove it from the root",
            ))
        }
    }
}

fn meta_of(found: &Metadata) -> Meta {
    Meta {
        mode: found.mode() & 0o7777,
        uid: found.uid(),
        gid: found.gid(),
    }
}

fn names(folder: &Path) -> Result<Vec<OsString>> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect())
        .map_err(Error::read(folder))
}

/// A cpio archive has no place for extended attributes; a program that silently lost its capabilities would be found
/// out much later.
fn refuse_attributes(place: &Path, found: &Metadata) -> Result<()> {
    if !found.is_file() {
        return Ok(());
    }
    let mut value = [0_u8; 64];
    match rustix::fs::lgetxattr(place, "security.capability", &mut value) {
        Ok(_) => Err(Error::entry(
            place,
            "it has file capabilities (getcap(8)), which a cpio archive cannot hold: give it to a service that has them",
        )),
        // Not there, or on a file system without any.
        Err(_) => Ok(()),
    }
}
