//! A tree of the files in a directory.

use crate::error::{Error, Result};
use crate::tree::{Content, Data, Node, Tree};
use rustix::fs::{Mode, OFlags, RawDir, lgetxattr, llistxattr, major, minor, open};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::mem::MaybeUninit;
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
        for name in names(&path)? {
            let below = path.join(OsStr::from_bytes(&name));
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
                entries.insert(name, file);
            }
        }
    }
    Ok(tree)
}

/// The names in a directory, sorted.
///
/// # Errors
/// [`Error::File`].
pub fn names(path: &Path) -> Result<Vec<Vec<u8>>> {
    let failed = |errno: Errno| Error::file(path, "reading")(errno.into());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = open(path, flags, Mode::empty()).map_err(failed)?;
    // Names have at most 255 bytes: there is always room for one.
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(folder, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(name.to_vec());
        }
    }
    names.sort_unstable();
    Ok(names)
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
        let text = OsStr::from_bytes(name);
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
