//! What is on a disk or partition, and the names that it gets by that: file systems by their UUID and label, partitions by what
//! the table says, disks by their serial number.

pub mod encode;
pub mod hardware;
pub mod source;
pub mod superblock;
pub mod table;

use crate::device::Device;
use common::Root;
use source::Source;
use std::path::PathBuf;

/// What holds data, and what it calls itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// `ext4`, `swap`, `crypto_LUKS` …: as blkid(8) and fstab(5) call them.
    pub kind: &'static str,
    pub uuid: Option<String>,
    /// In the bytes that are there.
    pub label: Option<Vec<u8>>,
}

/// What a table of partitions says about one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    pub uuid: String,
    pub label: Option<String>,
}

/// All that is known of a block device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub contents: Option<Contents>,
    pub partition: Option<Partition>,
    /// Names by its hardware, without a folder: `ata-MODEL_SERIAL-part1`.
    pub ids: Vec<String>,
}

/// Where a block device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its node.
    pub node: PathBuf,
    pub major: u32,
    pub minor: u32,
    /// Its folder in /sys.
    pub folder: PathBuf,
    /// If it is a partition: its number, and the disk's node and folder.
    pub part: Option<(u32, PathBuf, PathBuf)>,
}

impl Place {
    pub fn new(root: &Root, device: &Device) -> Self {
        let folder = device.folder(root);
        let number =
            common::root::value(&folder.join("partition")).and_then(|text| text.parse().ok());
        let part = number.and_then(|number| {
            let disk = folder.parent()?;
            // A name with `!` in /sys has a slash in /dev (drivers/base/core.c).
            let name = disk.file_name()?.to_str()?.replace('!', "/");
            Some((number, root.at("/dev").join(name), disk.to_owned()))
        });
        Self {
            node: root.at("/dev").join(&device.name),
            major: device.major,
            minor: device.minor,
            folder,
            part,
        }
    }
}

/// Looks at a device: at what is on it, at its table entry, at its hardware. What cannot be read has no names.
pub fn identify(place: &Place) -> Identity {
    // Opening a drive without a medium makes the kernel tell of a change, which is looked at, and so on without an end.
    let empty = common::root::value(&place.folder.join("size")).is_some_and(|size| size == "0");
    let contents = if empty {
        None
    } else {
        Source::device(&place.node, place.major, place.minor)
    };
    let contents = contents.and_then(|source| superblock::identify(&source));
    let partition = place.part.as_ref().and_then(|(number, node, folder)| {
        let size = common::root::value(&folder.join("queue/logical_block_size"));
        let size = size.and_then(|text| text.parse().ok()).unwrap_or(512);
        let numbers = common::root::value(&folder.join("dev"))?;
        let (major, minor) = numbers.split_once(':')?;
        let disk = Source::device(node, major.parse().ok()?, minor.parse().ok()?)?;
        table::entry(&disk, size, *number)
    });
    Identity {
        contents,
        partition,
        ids: hardware::ids(place),
    }
}

impl Identity {
    /// The names below /dev.
    pub fn links(&self) -> Vec<String> {
        let mut links = Vec::new();
        let mut add = |folder: &str, name: &[u8]| {
            let name = encode::name(name);
            if !name.is_empty() && name.len() < 256 {
                links.push(format!("disk/{folder}/{name}"));
            }
        };
        if let Some(contents) = &self.contents {
            contents
                .uuid
                .iter()
                .for_each(|uuid| add("by-uuid", uuid.as_bytes()));
            contents
                .label
                .iter()
                .for_each(|label| add("by-label", label));
        }
        if let Some(partition) = &self.partition {
            add("by-partuuid", partition.uuid.as_bytes());
            partition
                .label
                .iter()
                .for_each(|label| add("by-partlabel", label.as_bytes()));
        }
        self.ids.iter().for_each(|id| add("by-id", id.as_bytes()));
        // `.` and `..` are labels like any, and no names.
        links.retain(|link| crate::device::is_name(link));
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_what_is_known() {
        let identity = Identity {
            contents: Some(Contents {
                kind: "ext4",
                uuid: Some("a-b".to_owned()),
                label: Some(b"my disk/1".to_vec()),
            }),
            partition: Some(Partition {
                uuid: "c-d".to_owned(),
                label: Some("..".to_owned()),
            }),
            ids: vec!["virtio-1-part2".to_owned()],
        };
        assert_eq!(
            identity.links(),
            [
                "disk/by-uuid/a-b",
                "disk/by-label/my\\x20disk\\x2f1",
                "disk/by-partuuid/c-d",
                "disk/by-id/virtio-1-part2"
            ]
        );
        assert!(Identity::default().links().is_empty());
    }
}
