//! Files of an image, written to a directory.

use crate::error::{Error, Result};
use crate::format::extent::{self, Extent};
use crate::format::inode::{Inode, Kind};
use crate::reader::{Image, Source, Visit};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, Timespec, Timestamps, UTIME_OMIT, XattrFlags, chownat, lsetxattr,
    makedev, mknodat, utimensat,
};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// What of files is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Keep {
    /// Owners, devices, and attributes that only root may set: without, devices are left out and files are whose who writes them.
    pub privileged: bool,
}

/// Writes the file at `path` of the image, and all below it, to `to`, which may not be there before, unless both are directories.
/// What was left out, and why, goes to `left_out`.
///
/// # Errors
/// Those of reading the image, [`Error::file`] of what could not be written.
pub fn extract<S: Source>(
    image: &Image<S>,
    path: &[u8],
    to: &Path,
    keep: Keep,
    left_out: &mut dyn FnMut(&Path, &str),
) -> Result<()> {
    let mut written: HashMap<u32, PathBuf> = HashMap::new();
    // Their times change when something is put in them, and their permissions may forbid it: they get both when all is there.
    let mut directories: Vec<(PathBuf, Inode)> = Vec::new();
    let mut begin = None;
    image.walk(path, &mut |visit: Visit<'_>| {
        let begin = *begin.get_or_insert(visit.path.len());
        let below = visit.path.get(begin..).unwrap_or_default();
        let below = below.strip_prefix(b"/").unwrap_or(below);
        let at = match below {
            [] => to.to_owned(),
            _ => to.join(OsStr::from_bytes(below)),
        };
        if visit.inode.links > 1
            && visit.inode.kind() != Kind::Directory
            && let Some(first) = written.get(&visit.number)
        {
            return fs::hard_link(first, &at).map_err(Error::file(&at, "linking"));
        }
        if !one(image, &visit, &at, keep, left_out)? {
            return Ok(());
        }
        match visit.inode.kind() {
            Kind::Directory => directories.push((at, visit.inode)),
            _ => {
                dress(&at, &visit.inode, keep)?;
                if visit.inode.links > 1 {
                    written.insert(visit.number, at);
                }
            }
        }
        Ok(())
    })?;
    directories
        .iter()
        .rev()
        .try_for_each(|(at, inode)| dress(at, inode, keep))
}

/// Makes one file; whether it is there now.
fn one<S: Source>(
    image: &Image<S>,
    visit: &Visit<'_>,
    at: &Path,
    keep: Keep,
    left_out: &mut dyn FnMut(&Path, &str),
) -> Result<bool> {
    let inode = &visit.inode;
    let (major, minor) = inode.device();
    let made = |kind, device| {
        mknodat(CWD, at, kind, Mode::from_raw_mode(0o600), device).map_err(io::Error::from)
    };
    let outcome = match inode.kind() {
        Kind::Directory => match fs::create_dir(at) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                match at.symlink_metadata() {
                    Ok(found) if found.is_dir() => Ok(()),
                    _ => Err(error),
                }
            }
            outcome => outcome,
        },
        Kind::Regular => {
            let file = File::create_new(at).map_err(Error::file(at, "creating"))?;
            content(image, visit.number, inode, at, file)?;
            Ok(())
        }
        Kind::Link => symlink(OsStr::from_bytes(&image.target(inode)?), at),
        Kind::Fifo => made(FileType::Fifo, 0),
        Kind::Socket => made(FileType::Socket, 0),
        Kind::Character | Kind::Block if !keep.privileged => {
            left_out(at, "a device, which only root can make");
            return Ok(false);
        }
        Kind::Character => made(FileType::CharacterDevice, makedev(major, minor)),
        Kind::Block => made(FileType::BlockDevice, makedev(major, minor)),
    };
    outcome.map_err(Error::file(at, "creating"))?;
    attributes(image, inode, at, keep, left_out)?;
    Ok(true)
}

/// Writes a regular file; holes stay holes.
fn content<S: Source>(
    image: &Image<S>,
    number: u32,
    inode: &Inode,
    path: &Path,
    mut file: File,
) -> Result<()> {
    let size = u64::from(image.superblock().block_size());
    let mut buffer = vec![0; size.min(inode.size) as usize];
    for index in 0..inode.size.div_ceil(size) {
        let (extent, length) = extent::locate(image, image.superblock(), number, inode, index)?;
        if extent == Extent::Hole {
            file.seek(SeekFrom::Current(i64::from(length)))
                .map_err(Error::file(path, "writing"))?;
            continue;
        }
        let read = image.read_at(number, inode, index * size, &mut buffer)?;
        file.write_all(&buffer[..read])
            .map_err(Error::file(path, "writing"))?;
    }
    file.set_len(inode.size)
        .map_err(Error::file(path, "writing"))
}

fn attributes<S: Source>(
    image: &Image<S>,
    inode: &Inode,
    at: &Path,
    keep: Keep,
    left_out: &mut dyn FnMut(&Path, &str),
) -> Result<()> {
    // Changing the owner takes capabilities away: it comes first.
    if keep.privileged {
        let (user, group) = (
            rustix::fs::Uid::from_raw(inode.user),
            rustix::fs::Gid::from_raw(inode.group),
        );
        chownat(CWD, at, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| Error::file(at, "changing its owner")(errno.into()))?;
    }
    for (name, value) in image.attributes(inode)? {
        let shown = OsStr::from_bytes(&name);
        if !keep.privileged && !name.starts_with(b"user.") {
            left_out(at, &format!("attribute {}", shown.display()));
            continue;
        }
        lsetxattr(at, shown, &value, XattrFlags::empty())
            .map_err(|errno| Error::file(at, "setting an extended attribute")(errno.into()))?;
    }
    Ok(())
}

/// Permissions and times.
fn dress(at: &Path, inode: &Inode, keep: Keep) -> Result<()> {
    if inode.kind() != Kind::Link {
        // Without privileges the file has another owner: what it may do for its owner does not go over.
        let mask = if keep.privileged { 0o7777 } else { 0o1777 };
        let mode = Permissions::from_mode(u32::from(inode.mode) & mask);
        fs::set_permissions(at, mode).map_err(Error::file(at, "changing its permissions"))?;
    }
    let times = Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: inode.modified.0,
            tv_nsec: inode.modified.1.into(),
        },
    };
    utimensat(CWD, at, &times, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|errno| Error::file(at, "changing its time")(errno.into()))
}
