//! What an inode is, in FUSE's words.

use fuser::{FileAttr, FileType, INodeNo};
use glowfs::format::inode::{Inode, Kind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::Fifo => FileType::NamedPipe,
        Kind::Character => FileType::CharDevice,
        Kind::Directory => FileType::Directory,
        Kind::Block => FileType::BlockDevice,
        Kind::Regular => FileType::RegularFile,
        Kind::Link => FileType::Symlink,
        Kind::Socket => FileType::Socket,
    }
}

/// All attributes of an inode; none when it is a device whose number FUSE cannot say.
pub fn of(number: u32, inode: &Inode, block: u32) -> Option<FileAttr> {
    let modified = time(inode.modified)?;
    Some(FileAttr {
        ino: INodeNo(number.into()),
        size: inode.size,
        blocks: inode.size.div_ceil(512),
        atime: modified,
        mtime: modified,
        ctime: modified,
        crtime: modified,
        kind: file_type(inode.kind()),
        perm: inode.mode & 0o7777,
        nlink: inode.links,
        uid: inode.user,
        gid: inode.group,
        rdev: device(inode.device())?,
        blksize: block,
        flags: 0,
    })
}

/// Those of an entry of which nothing but its type is known: nobody may rely on them.
pub fn unknown(number: u64, kind: Kind) -> FileAttr {
    FileAttr {
        ino: INodeNo(number),
        size: 0,
        blocks: 0,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: file_type(kind),
        perm: 0,
        nlink: 0,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 512,
        flags: 0,
    }
}

fn time((seconds, nanoseconds): (i64, u32)) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = match seconds {
        0.. => UNIX_EPOCH.checked_add(whole),
        _ => UNIX_EPOCH.checked_sub(whole),
    }?;
    time.checked_add(Duration::from_nanos(nanoseconds.into()))
}

/// A device's number as FUSE hands it to the kernel (`new_decode_dev` in include/linux/kdev_t.h): 12 bits of the major, 20 of the minor one.
fn device((major, minor): (u32, u32)) -> Option<u32> {
    (major < 1 << 12 && minor < 1 << 20)
        .then_some(minor & 0xff | major << 8 | (minor & !0xff) << 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_any_second() {
        assert_eq!(time((0, 0)), Some(UNIX_EPOCH));
        assert_eq!(
            time((-1, 999_999_999)),
            UNIX_EPOCH.checked_sub(Duration::from_nanos(1))
        );
        assert!(time((i64::MIN, 0)).is_some());
        assert!(time((i64::MAX, 999_999_999)).is_some());
    }

    #[test]
    fn devices_as_the_kernel_reads_them() {
        assert_eq!(device((1, 3)), Some(0x103));
        assert_eq!(device((259, 70_000)), Some(0x1111_0370));
        assert_eq!(device((4095, 0xf_ffff)), Some(u32::MAX));
        assert_eq!(device((4096, 0)), None);
        assert_eq!(device((0, 1 << 20)), None);
    }
}
