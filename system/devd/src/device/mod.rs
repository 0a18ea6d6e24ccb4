//! Devices as the kernel has them: below /sys, and in what it tells.

pub mod socket;
pub mod uevent;
pub mod walk;

use crate::modules::devname;
use common::glob;
use common::root::{Root, value};
use std::path::{Path, PathBuf};

/// A device that has a node in /dev.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its path below /sys, without that: `/devices/…`.
    pub path: String,
    pub subsystem: String,
    /// The name of its node below /dev: `input/event0`.
    pub name: String,
    pub major: u32,
    pub minor: u32,
}

impl Device {
    /// What a module has a node for before it is loaded; it has no path yet. Nearly all of these are of the kernel's "misc" devices, whose major is 10.
    pub fn of_module(node: devname::Node) -> Self {
        let subsystem = match (node.block, node.major) {
            (true, _) => "block",
            (false, 10) => "misc",
            _ => "",
        };
        Self {
            path: String::new(),
            subsystem: subsystem.to_owned(),
            name: node.name,
            major: node.major,
            minor: node.minor,
        }
    }

    pub fn is_block(&self) -> bool {
        self.subsystem == "block"
    }

    /// Its folder.
    pub fn folder(&self, root: &Root) -> PathBuf {
        root.at("/sys").join(self.path.trim_start_matches('/'))
    }

    /// Itself and those that it is a part of, up to `/sys/devices`.
    pub fn line(&self, root: &Root) -> impl Iterator<Item = PathBuf> {
        let end = root.at("/sys/devices");
        let mut next = Some(self.folder(root));
        std::iter::from_fn(move || {
            let here = next.take()?;
            next = here
                .parent()
                .map(Path::to_path_buf)
                .filter(|parent| *parent != end && parent.starts_with(&end));
            Some(here)
        })
    }

    /// The driver of it, or of the next that it is a part of and has one.
    pub fn driver(&self, root: &Root) -> Option<String> {
        self.line(root)
            .find_map(|folder| link_name(&folder.join("driver")))
    }

    /// Whether it, or one that it is a part of, has files with values that match; all of them in the same place.
    pub fn has_attributes(&self, root: &Root, attributes: &[(String, String)]) -> bool {
        self.line(root).any(|folder| {
            attributes.iter().all(|(name, pattern)| {
                let value = value(&folder.join(name));
                value.is_some_and(|value| glob::matches(pattern.as_bytes(), value.as_bytes()))
            })
        })
    }
}

/// The last name of what a link points to.
pub fn link_name(link: &Path) -> Option<String> {
    let target = std::fs::read_link(link).ok()?;
    Some(target.file_name()?.to_str()?.to_owned())
}

/// Whether a name leads to a place below /dev and nowhere else.
pub fn is_name(name: &str) -> bool {
    let part = |part: &str| !matches!(part, "" | "." | "..") && part.len() < 256;
    name.len() < 4096 && !name.contains('\0') && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_and_attributes_are_those_of_the_device_or_what_it_is_a_part_of() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let usb = root.at("/sys/devices/pci0/usb1/1-1");
        std::fs::create_dir_all(usb.join("1-1:1.0/tty/ttyUSB0")).unwrap();
        std::fs::create_dir_all(root.at("/sys/bus/usb/drivers/ftdi")).unwrap();
        std::os::unix::fs::symlink(
            "../../../../../bus/usb/drivers/ftdi",
            usb.join("1-1:1.0/driver"),
        )
        .unwrap();
        std::fs::write(usb.join("idVendor"), "0403\n").unwrap();
        std::fs::write(usb.join("idProduct"), "6001\n").unwrap();
        let device = Device {
            path: "/devices/pci0/usb1/1-1/1-1:1.0/tty/ttyUSB0".to_owned(),
            subsystem: "tty".to_owned(),
            name: "ttyUSB0".to_owned(),
            major: 188,
            minor: 0,
        };
        assert_eq!(device.line(&root).count(), 6);
        assert_eq!(device.driver(&root).unwrap(), "ftdi");
        let want = |vendor: &str, product: &str| {
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            device.has_attributes(
                &root,
                &[pair("idVendor", vendor), pair("idProduct", product)],
            )
        };
        assert!(want("0403", "60*") && !want("0403", "7*"));
    }

    #[test]
    fn names_stay_below_dev() {
        for name in ["sda", "input/event0", "disk/by-label/a..b"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "/sda", "../x", "a//b", "a/./b", "a/..", "a\0"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
