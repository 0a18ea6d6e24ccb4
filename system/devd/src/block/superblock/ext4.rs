//! ext2, ext3, ext4 (`Documentation/filesystems/ext4/super.rst`).

use super::{label, uuid};
use crate::block::Contents;
use crate::block::source::{Source, le16, le32, part};

/// INCOMPAT_JOURNAL_DEV: the journal of another file system.
const JOURNAL_DEVICE: u32 = 0x8;
/// COMPAT_HAS_JOURNAL.
const JOURNAL: u32 = 0x4;
/// What ext3 knows of features: INCOMPAT_FILETYPE, RECOVER, META_BG; RO_COMPAT_SPARSE_SUPER, LARGE_FILE, BTREE_DIR.
const OLD_INCOMPATIBLE: u32 = 0x2 | 0x4 | 0x10;
const OLD_READ_ONLY: u32 = 0x7;

pub fn look(source: &Source) -> Option<Contents> {
    let block = source.read(1024, 1024)?;
    let sane = le16(&block, 0x38) == 0xef53
        // Inodes, blocks, the size of a block (1 KiB to 64 KiB), the revision.
        && le32(&block, 0x0) != 0
        && le32(&block, 0x4) != 0
        && le32(&block, 0x18) <= 6
        && le32(&block, 0x4c) <= 1;
    if !sane {
        return None;
    }
    let (compatible, incompatible, read_only) =
        (le32(&block, 0x5c), le32(&block, 0x60), le32(&block, 0x64));
    let kind = if incompatible & JOURNAL_DEVICE != 0 {
        "jbd"
    } else if incompatible & !OLD_INCOMPATIBLE != 0 || read_only & !OLD_READ_ONLY != 0 {
        "ext4"
    } else if compatible & JOURNAL != 0 {
        "ext3"
    } else {
        "ext2"
    };
    Some(Contents {
        kind,
        uuid: uuid(part(&block, 0x68)),
        label: label(&block[0x78..0x88]),
    })
}
