//! A tree of the files in a directory.

use crate::error::{Error, Result};
use crate::tree::{Content, Data, Node, Tree};
use rustix::fs::{lgetxattr, llistxattr, major, minor};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Reads what `path` has; regular files' content is read later, from where it is.
///
/// # Errors
/// [`Error::File`] for what cannot be read.
pub fn directory(path: &Path) -> Result<Tree> {
    let mut tree = Tree::default();
    let found = std::fs::metadata(path).map_err(Error::file(path, "reading"))?;
    if !found.is_dir() {
        let what = format!("{}: no directory", path.display());
        return Err(Error::Impossible(what));
    }
    tree.add(node(path, &found)?);
    // Files with several names, by device and number.
    let mut linked = HashMap::new();
    let mut waiting: Vec<(usize, PathBuf)> = vec![(0, path.to_owned())];
    while let Some((place, path)) = waiting.pop() {
        let entries = std::fs::read_dir(&path).map_err(Error::file(&path, "reading"))?;
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(Error::file(&path, "reading"))?.file_name());
        }
        names.sort_unstable();
        for name in names {
            let below = path.join(&name);
            let found = below
                .symlink_metadata()
                .map_err(Error::file(&below, "reading"))?;
            let key = (found.dev(), found.ino());
            let several = found.nlink() > 1 && !found.is_dir();
            let file = match linked.get(&key).filter(|_| several) {
                Some(file) => *file,
                None => {
                    let file = tree.add(node(&below, &found)?);
                    if several {
                        linked.insert(key, file);
                    }
                    if found.is_dir() {
                        waiting.push((file, below));
                    }
                    file
                }
            };
            if let Some(entries) = tree.entries_mut(place) {
                entries.insert(name.into_vec(), file);
            }
        }
    }
    Ok(tree)
}

/// What a file is, as `found` by its path.
///
/// # Errors
/// [`Error::File`].
pub fn node(path: &Path, found: &Metadata) -> Result<Node> {
    let kind = found.file_type();
    let device = || (major(found.rdev()), minor(found.rdev()));
    let content = if kind.is_dir() {
        Content::Directory(BTreeMap::new())
    } else if kind.is_file() {
        Content::Regular(found.size(), Data::Path(path.to_owned()))
    } else if kind.is_symlink() {
        let target = std::fs::read_link(path).map_err(Error::file(path, "reading"))?;
        Content::Link(target.into_os_string().into_vec())
    } else if kind.is_char_device() {
        Content::Character(device().0, device().1)
    } else if kind.is_block_device() {
        Content::Block(device().0, device().1)
    } else if kind.is_fifo() {
        Content::Fifo
    } else {
        Content::Socket
    };
    Ok(Node {
        permissions: (found.mode() & 0o7777) as u16,
        user: found.uid(),
        group: found.gid(),
        modified: (found.mtime(), found.mtime_nsec() as u32),
        attributes: attributes(path)?,
        content,
    })
}

/// The extended attributes of a file; none where there can be none.
///
/// # Errors
/// [`Error::File`].
pub fn attributes(path: &Path) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let failed = |errno: Errno| Error::file(path, "reading its extended attributes")(errno.into());
    let mut attributes = BTreeMap::new();
    let names = match sized(|buffer| llistxattr(path, buffer)) {
        Ok(names) => names,
        Err(Errno::NOTSUP | Errno::PERM) => return Ok(attributes),
        Err(errno) => return Err(failed(errno)),
    };
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let text = std::ffi::OsStr::from_bytes(name);
        match sized(|buffer| lgetxattr(path, text, buffer)) {
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
