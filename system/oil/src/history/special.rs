//! What the database says nothing about and a way back needs: devices, and extended attributes.

use crate::error::Result;
use crate::transact::manifest::Part;
use crate::transact::place::Root;
use crate::transact::xattrs::{self, Xattrs};
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

/// A device or a named pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// As in `st_mode`.
    pub mode: u32,
    pub device: u64,
    /// In seconds since 1970.
    pub mtime: u64,
}

/// Those of a package, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Specials {
    pub nodes: BTreeMap<Vec<u8>, Node>,
    pub xattrs: BTreeMap<Vec<u8>, Xattrs>,
}

impl Specials {
    /// Those of what a package has, as they are in their places now.
    pub fn read<'p>(root: &Root, parts: impl Iterator<Item = Result<Part<'p>>>) -> Result<Self> {
        let mut specials = Self::default();
        let mut folder: &[u8] = &[];
        let mut open: Option<Option<OwnedFd>> = None;
        for part in parts {
            let (name, acl, known): (&[u8], _, _) = match part? {
                Part::Folder(next) => {
                    (folder, open) = (next.path, None);
                    (b".", next.acl, true)
                }
                Part::Item(item) => (item.name, item.acl, item.digest.is_some()),
            };
            if known && acl.xattrs.is_none() {
                continue;
            }
            let at = |error: Errno| root.error(folder, error);
            let fd = match &mut open {
                Some(fd) => fd,
                none => none.insert(match root.directory(folder) {
                    Ok(fd) => Some(fd),
                    Err(Errno::NOENT | Errno::NOTDIR) => None,
                    Err(error) => return Err(at(error)),
                }),
            };
            // What is not there any more cannot be remembered.
            let Some(fd) = fd else { continue };
            let path = match name {
                b"." => folder.to_vec(),
                name => crate::transact::join(folder, name),
            };
            if acl.xattrs.is_some() {
                let found = xattrs::get(&fd, name).map_err(at)?;
                specials.xattrs.insert(path.clone(), found);
            }
            if known {
                continue;
            }
            let status = match rustix::fs::statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(status) => status,
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(at(error)),
            };
            use FileType as F;
            if matches!(
                F::from_raw_mode(status.st_mode),
                F::CharacterDevice | F::BlockDevice | F::Fifo
            ) {
                let node = Node {
                    mode: status.st_mode,
                    device: status.st_rdev,
                    mtime: u64::try_from(status.st_mtime).unwrap_or(0),
                };
                specials.nodes.insert(path, node);
            }
        }
        Ok(specials)
    }

    /// Adds them to the file of a generation, as those of package `name`.
    pub fn write(&self, name: &str, out: &mut Vec<u8>) {
        for (path, node) in &self.nodes {
            let Node {
                mode,
                device,
                mtime,
            } = node;
            let line = format!("node {name} {mode} {device} {mtime} {}\n", path.len());
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(path);
        }
        for (path, xattrs) in &self.xattrs {
            for (key, value) in xattrs {
                let (one, two, three) = (path.len(), key.len(), value.len());
                out.extend_from_slice(format!("xattr {name} {one} {two} {three}\n").as_bytes());
                out.extend_from_slice(&[path.as_slice(), key, value].concat());
            }
        }
    }
}
