//! Writes what a package has into the area: files with their content, links, devices.

use super::times;
use super::unpacking::Unpacking;
use crate::error::{Error, Result};
use crate::package::{Entry, EntryKind};
use crate::stream::PackageReader;
use crate::transact::run::own;
use crate::transact::xattrs;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

impl<'u> Unpacking<'u> {
    /// An error at an entry's place.
    fn at<'e>(&self, entry: &'e Entry) -> impl Fn(Errno) -> Error + use<'e, 'u> {
        let root = self.unpacker.area.root();
        move |error| root.error(&entry.path, error)
    }

    pub(super) fn create(&self, directory: &OwnedFd, name: &[u8], entry: &Entry) -> Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(entry.acl.mode & 0o777);
        let fd = rustix::fs::openat(directory, name, flags, mode).map_err(self.at(entry))?;
        Ok(File::from(fd))
    }

    pub(super) fn content(
        &mut self,
        mut file: File,
        entry: &Entry,
        package: &mut PackageReader,
    ) -> Result<()> {
        while let Some(piece) = package.chunk()? {
            file.write_all(piece).map_err(|error| {
                self.at(entry)(Errno::from_io_error(&error).unwrap_or(Errno::IO))
            })?;
        }
        let acl = self.acl(&entry.acl);
        let other = (acl.uid, acl.gid) != self.unpacker.own;
        if self.unpacker.chown && other {
            let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
            rustix::fs::fchown(&file, Some(uid), Some(gid)).map_err(self.at(entry))?;
        }
        if acl.mode & (0o7000 | self.unpacker.area.masked) != 0 {
            let mode = Mode::from_raw_mode(acl.mode);
            rustix::fs::fchmod(&file, mode).map_err(self.at(entry))?;
        }
        for (name, value) in &entry.acl.xattrs {
            if !self.unpacker.chown && !name.starts_with(b"user.") {
                continue;
            }
            let set = rustix::fs::fsetxattr(&file, name.as_slice(), value, XattrFlags::empty());
            self.broken_xattrs |= set.is_err();
        }
        rustix::fs::futimens(&file, &times(entry.mtime)).map_err(self.at(entry))
    }

    /// Links and devices.
    pub(super) fn special(
        &mut self,
        directory: &OwnedFd,
        name: &[u8],
        entry: &Entry,
    ) -> Result<()> {
        let at = self.at(entry);
        if let EntryKind::HardLink(target) = &entry.kind {
            return self.link(directory, name, target, &at);
        }
        let mode = Mode::from_raw_mode(entry.acl.mode & 0o777);
        let node = |kind, device| rustix::fs::mknodat(directory, name, kind, mode, device);
        match &entry.kind {
            EntryKind::Symlink(target) => rustix::fs::symlinkat(target.as_slice(), directory, name),
            EntryKind::Character(device) => node(FileType::CharacterDevice, *device),
            EntryKind::Block(device) => node(FileType::BlockDevice, *device),
            EntryKind::Fifo => node(FileType::Fifo, 0),
            EntryKind::File | EntryKind::Directory | EntryKind::HardLink(_) => Ok(()),
        }
        .map_err(&at)?;
        let acl = self.acl(&entry.acl);
        if self.unpacker.chown && (acl.uid, acl.gid) != self.unpacker.own {
            let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            rustix::fs::chownat(directory, name, Some(uid), Some(gid), flags).map_err(&at)?;
        }
        let set = || {
            let all = self.unpacker.chown;
            xattrs::set(directory, name, &entry.acl.xattrs, all).is_err()
        };
        // Links keep the time at which they were made, as with apk.
        if matches!(entry.kind, EntryKind::Symlink(_)) {
            let broken = set();
            self.broken_xattrs |= broken;
            return Ok(());
        }
        if acl.mode & (0o7000 | self.unpacker.area.masked) != 0 {
            let mode = Mode::from_raw_mode(acl.mode);
            rustix::fs::chmodat(directory, name, mode, AtFlags::empty()).map_err(&at)?;
        }
        let broken = set();
        rustix::fs::utimensat(directory, name, &times(entry.mtime), AtFlags::empty())
            .map_err(&at)?;
        self.broken_xattrs |= broken;
        Ok(())
    }

    fn link(
        &mut self,
        new: &OwnedFd,
        name: &[u8],
        target: &[u8],
        at: &dyn Fn(Errno) -> Error,
    ) -> Result<()> {
        let number = self.number_of(target).ok_or_else(|| at(Errno::NOENT))?;
        let (old, from) = self.spot_of(number)?;
        match rustix::fs::linkat(&*old, &from, new, name, AtFlags::empty()) {
            Err(Errno::XDEV) => {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let from = rustix::fs::openat(&*old, &from, flags, Mode::empty()).map_err(at)?;
                let from = File::from(from);
                let status = rustix::fs::fstat(&from).map_err(at)?;
                let mtime = u64::try_from(status.st_mtime).unwrap_or(0);
                copy(from, &status, new, name, &times(mtime))
                    .map_err(|error| at(Errno::from_io_error(&error).unwrap_or(Errno::IO)))
            }
            other => other.map_err(at),
        }
    }
}

/// Makes a file with the content, owner and permissions of another, and with these times.
pub(super) fn copy(
    mut from: File,
    status: &Stat,
    directory: &OwnedFd,
    name: &[u8],
    times: &Timestamps,
) -> std::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut to = File::from(rustix::fs::openat(directory, name, flags, Mode::RUSR)?);
    std::io::copy(&mut from, &mut to)?;
    if (status.st_uid, status.st_gid) != own() {
        let (uid, gid) = (Uid::from_raw(status.st_uid), Gid::from_raw(status.st_gid));
        rustix::fs::fchown(&to, Some(uid), Some(gid))?;
    }
    rustix::fs::fchmod(&to, Mode::from_raw_mode(status.st_mode))?;
    Ok(rustix::fs::futimens(&to, times)?)
}
