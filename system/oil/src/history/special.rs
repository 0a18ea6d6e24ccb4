//! What the database says nothing about and a way back needs: devices, and extended attributes.

use crate::database::record::Record;
use crate::error::Result;
use crate::transact::place::Root;
use crate::transact::xattrs::{self, Xattrs};
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;
use std::collections::BTreeMap;

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
    /// As they are in their places now.
    pub fn read(root: &Root, record: &Record) -> Result<Self> {
        let mut specials = Self::default();
        for directory in &record.directories {
            let files = directory
                .files
                .iter()
                .filter(|file| file.digest.is_none() || file.acl.xattrs.is_some());
            let has_some = directory.acl.xattrs.is_some() || files.clone().next().is_some();
            if !has_some {
                continue;
            }
            let at = |error: Errno| root.error(&directory.path, error);
            let fd = match root.directory(&directory.path) {
                Ok(fd) => fd,
                // What is not there any more cannot be remembered.
                Err(Errno::NOENT | Errno::NOTDIR) => continue,
                Err(error) => return Err(at(error)),
            };
            if directory.acl.xattrs.is_some() {
                let found = xattrs::get(&fd, b".").map_err(at)?;
                specials.xattrs.insert(directory.path.clone(), found);
            }
            for file in files {
                let path = crate::transact::join(&directory.path, &file.name);
                if file.acl.xattrs.is_some() {
                    let found = xattrs::get(&fd, &file.name).map_err(at)?;
                    specials.xattrs.insert(path.clone(), found);
                }
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                let status = match rustix::fs::statat(&fd, file.name.as_slice(), flags) {
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
