//! btrfs (`include/uapi/linux/btrfs_tree.h`, `struct btrfs_super_block`).

use super::{label, uuid};
use crate::block::Contents;
use crate::block::source::{Source, le64, part};

/// Where the first copy is.
const AT: u64 = 0x1_0000;

pub fn look(source: &Source) -> Option<Contents> {
    let block = source.read(AT, 0x22b)?;
    // It says itself where it is.
    if block.get(0x40..0x48) != Some(b"_BHRfS_M") || le64(&block, 0x30) != AT {
        return None;
    }
    Some(Contents {
        kind: "btrfs",
        uuid: uuid(part(&block, 0x20)),
        label: label(&block[0x12b..]),
    })
}
