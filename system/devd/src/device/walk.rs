//! All devices that there are: one walk through /sys/devices.

use super::uevent::Event;
use super::{Device, link_name};
use common::Root;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, openat, statat};
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::path::Path;

/// No tree of the kernel is deeper.
const DEPTH: usize = 64;
/// Bytes of entries read at once, and of an attribute.
const ROOM: usize = 4096;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// What a device asks for.
    Alias(String),
    /// One with a node.
    Node(Device),
}

/// Hands over each device that asks for modules, and each that has a node. How many folders there were.
///
/// # Errors
/// /sys is not there; what vanishes while it is looked at is passed over.
pub fn walk(root: &Root, mut found: impl FnMut(Found)) -> Result<usize, Errno> {
    let top = root.at("/sys/devices");
    let folder = open(rustix::fs::CWD, &top, OFlags::DIRECTORY)?;
    let mut walk = Walk {
        root,
        path: "/devices".to_owned(),
        folders: 0,
        found: &mut found,
    };
    walk.folder(&folder, 0);
    Ok(walk.folders)
}

struct Walk<'w> {
    root: &'w Root,
    path: String,
    folders: usize,
    found: &'w mut dyn FnMut(Found),
}

impl Walk<'_> {
    fn folder(&mut self, folder: &OwnedFd, depth: usize) {
        self.folders += 1;
        let (mut modalias, mut node) = (false, false);
        let mut inner: Vec<String> = Vec::new();
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut entries = RawDir::new(folder, &mut room);
        while let Some(Ok(entry)) = entries.next() {
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            let kind = match entry.file_type() {
                FileType::Unknown => kind(folder, name),
                kind => kind,
            };
            match (kind, name) {
                (FileType::RegularFile, "modalias") => modalias = true,
                (FileType::RegularFile, "dev") => node = true,
                // Every device has a folder `power`, and no device is in one.
                (FileType::Directory, "." | ".." | "power") => {}
                (FileType::Directory, _) => inner.push(name.to_owned()),
                _ => {}
            }
        }
        if modalias && let Some(alias) = read(folder, "modalias").filter(|alias| !alias.is_empty())
        {
            (self.found)(Found::Alias(alias));
        }
        if node && let Some(device) = self.node(folder) {
            (self.found)(Found::Node(device));
        }
        if depth == DEPTH {
            return;
        }
        let length = self.path.len();
        for name in inner {
            if let Ok(next) = open(
                folder,
                Path::new(&name),
                OFlags::DIRECTORY | OFlags::NOFOLLOW,
            ) {
                self.path.push('/');
                self.path += &name;
                self.folder(&next, depth + 1);
                self.path.truncate(length);
            }
        }
    }

    fn node(&self, folder: &OwnedFd) -> Option<Device> {
        let text = read(folder, "uevent")?;
        let link = self.root.at("/sys").join(&self.path[1..]).join("subsystem");
        let subsystem = link_name(&link)?;
        let mut event = Event {
            path: &self.path,
            ..Event::default()
        };
        text.lines().for_each(|line| event.take(line.as_bytes()));
        event.subsystem = &subsystem;
        event.device()
    }
}

/// A device with a node by its path below /sys.
pub fn device(root: &Root, path: &str) -> Option<Device> {
    let folder = open(
        rustix::fs::CWD,
        &root.at("/sys").join(path.trim_start_matches('/')),
        OFlags::DIRECTORY,
    )
    .ok()?;
    let walk = Walk {
        root,
        path: path.to_owned(),
        folders: 0,
        found: &mut |_| {},
    };
    walk.node(&folder)
}

fn open(at: impl rustix::fd::AsFd, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    openat(
        at,
        path,
        OFlags::RDONLY | OFlags::CLOEXEC | flags,
        Mode::empty(),
    )
}

fn kind(folder: &OwnedFd, name: &str) -> FileType {
    let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    stat.map_or(FileType::Unknown, |stat| {
        FileType::from_raw_mode(stat.st_mode)
    })
}

/// A file of at most a page, which is what the kernel makes.
fn read(folder: &OwnedFd, name: &str) -> Option<String> {
    let file = open(folder, Path::new(name), OFlags::NOFOLLOW).ok()?;
    let mut room = [0; ROOM];
    let mut length = 0;
    while length < ROOM {
        match rustix::io::read(&file, &mut room[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    let text = std::str::from_utf8(&room[..length]).ok()?;
    Some(text.trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_device_is_found_once_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let disk = root.at("/sys/devices/pci0/0000:00:01.0/virtio0/block/vda");
        fs::create_dir_all(disk.join("power")).unwrap();
        fs::create_dir_all(root.at("/sys/class/block")).unwrap();
        fs::write(disk.join("power/modalias"), "never").unwrap();
        fs::write(
            root.at("/sys/devices/pci0/0000:00:01.0/modalias"),
            "pci:v1\n",
        )
        .unwrap();
        fs::write(
            root.at("/sys/devices/pci0/0000:00:01.0/virtio0/modalias"),
            "virtio:d2\n",
        )
        .unwrap();
        fs::write(root.at("/sys/devices/pci0/modalias"), "\n").unwrap();
        fs::write(disk.join("dev"), "254:0\n").unwrap();
        fs::write(
            disk.join("uevent"),
            "MAJOR=254\nMINOR=0\nDEVNAME=vda\nDEVTYPE=disk\n",
        )
        .unwrap();
        symlink("../../../../../../class/block", disk.join("subsystem")).unwrap();
        symlink("..", disk.join("device")).unwrap();
        let mut found = Vec::new();
        assert_eq!(walk(&root, |one| found.push(one)), Ok(6));
        let (aliases, nodes): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|one| matches!(one, Found::Alias(_)));
        assert_eq!(
            aliases,
            [
                Found::Alias("pci:v1".to_owned()),
                Found::Alias("virtio:d2".to_owned())
            ]
        );
        let device = Device {
            path: "/devices/pci0/0000:00:01.0/virtio0/block/vda".to_owned(),
            subsystem: "block".to_owned(),
            name: "vda".to_owned(),
            major: 254,
            minor: 0,
        };
        assert_eq!(super::device(&root, &device.path), Some(device.clone()));
        assert_eq!(nodes, [Found::Node(device)]);
    }

    #[test]
    fn no_sys_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(walk(&Root::new(folder.path()), |_| {}), Err(Errno::NOENT));
    }
}
