//! Owner and mode of a node. The kernel makes and removes it (devtmpfs); it may be another's by the time that it is looked at. Nodes of modules that are
//! not loaded yet are made here.

use crate::device::Device;
use crate::rules::Said;
use common::Root;
use common::{reason, words};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, chownat, fstat, major, makedev, minor, mknodat, open,
};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use std::os::fd::AsRawFd;

/// Makes a node that the kernel makes only once its module is loaded: root's alone until the rules say otherwise. What has that name already stays; the
/// kernel leaves such a node where it is when the module goes again.
///
/// # Errors
/// What failed.
pub fn make(root: &Root, device: &Device) -> Result<(), String> {
    let path = root.at("/dev").join(&device.name);
    let failed = |errno: Errno| format!("/dev/{}: making it: {}", device.name, words(errno));
    let kind = match device.is_block() {
        true => FileType::BlockDevice,
        false => FileType::CharacterDevice,
    };
    let mode = Mode::RUSR | Mode::WUSR;
    let number = makedev(device.major, device.minor);
    let made = || match mknodat(CWD, &path, kind, mode, number) {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    };
    match made() {
        Err(Errno::NOENT) => {
            let folder = path.parent().unwrap_or(&path);
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("/dev/{}: its folder: {}", device.name, reason(&error)))?;
            made()
        }
        other => other,
    }
    .map_err(failed)
}

/// Gives a node the owner and mode that the rules say. Nothing is written that is so already.
///
/// # Errors
/// What failed. A node that is gone, or another's, is none: the kernel tells of that too.
pub fn set(root: &Root, device: &Device, said: &Said) -> Result<(), String> {
    if said.owner.is_none() && said.group.is_none() && said.mode.is_none() {
        return Ok(());
    }
    let path = root.at("/dev").join(&device.name);
    let failed = |errno: Errno| {
        let way_out = match errno {
            Errno::PERM => ": run devd as root",
            Errno::ROFS => ": mount a devtmpfs at /dev that can be written to",
            _ => "",
        };
        format!(
            "/dev/{}: its owner and mode: {}{way_out}",
            device.name,
            words(errno)
        )
    };
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let node = match open(&path, flags, Mode::empty()) {
        Ok(node) => node,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        Err(errno) => return Err(failed(errno)),
    };
    let stat = fstat(&node).map_err(failed)?;
    let kind = match device.is_block() {
        true => FileType::BlockDevice,
        false => FileType::CharacterDevice,
    };
    if FileType::from_raw_mode(stat.st_mode) != kind
        || (major(stat.st_rdev), minor(stat.st_rdev)) != (device.major, device.minor)
    {
        return Ok(());
    }
    let owner = said
        .owner
        .filter(|owner| *owner != stat.st_uid)
        .map(Uid::from_raw);
    let group = said
        .group
        .filter(|group| *group != stat.st_gid)
        .map(Gid::from_raw);
    if owner.is_some() || group.is_some() {
        chownat(&node, "", owner, group, AtFlags::EMPTY_PATH).map_err(failed)?;
    }
    if let Some(mode) = said.mode.filter(|mode| *mode != stat.st_mode & 0o7777) {
        // The only way to the mode of what is open as a path.
        let path = format!("/proc/self/fd/{}", node.as_raw_fd());
        rustix::fs::chmod(path, Mode::from_raw_mode(mode)).map_err(failed)?;
    }
    Ok(())
}
