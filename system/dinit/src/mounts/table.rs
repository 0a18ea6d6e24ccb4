//! What is mounted and what is swapped to, as /proc shows it (proc_pid_mountinfo(5), proc_swaps(5)).

use std::ffi::CString;

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub path: CString,
    /// The file system's type, without what comes after a dot (`fuse.sshfs`).
    kind: Box<[u8]>,
}

/// Types that hold nothing that would be lost, or that programs need to the end.
const WITHOUT_DATA: &[&[u8]] = &[
    b"autofs",
    b"binfmt_misc",
    b"bpf",
    b"cgroup",
    b"cgroup2",
    b"configfs",
    b"debugfs",
    b"devpts",
    b"devtmpfs",
    b"efivarfs",
    b"fusectl",
    b"hugetlbfs",
    b"mqueue",
    b"nsfs",
    b"proc",
    b"pstore",
    b"ramfs",
    b"rootfs",
    b"rpc_pipefs",
    b"securityfs",
    b"selinuxfs",
    b"sysfs",
    b"tmpfs",
    b"tracefs",
];

/// Types whose data are elsewhere: what is not there yet cannot be made read-only, and may not answer.
const REMOTE: &[&[u8]] = &[
    b"9p", b"afs", b"ceph", b"cifs", b"fuse", b"ncpfs", b"nfs", b"nfs4", b"smb3",
];

impl Entry {
    pub fn is_remote(&self) -> bool {
        REMOTE.contains(&&*self.kind)
    }

    /// From a line of mountinfo: the path is the fifth field, the type the first after a lone `-`.
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ');
        let path = fields.nth(4)?;
        let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
        Some(Self {
            path: CString::new(unescape(path)).ok()?,
            kind: kind.split(|byte| *byte == b'.').next()?.into(),
        })
    }
}

/// What is to be unmounted, in that order: the newest first. A mount that is hidden by another is older than that.
pub fn to_unmount(mountinfo: &[u8]) -> Vec<Entry> {
    let lines = mountinfo.split(|byte| *byte == b'\n');
    let entries = lines.filter_map(Entry::parse);
    let mut entries: Vec<_> = entries
        .filter(|entry| !WITHOUT_DATA.contains(&&*entry.kind))
        .collect();
    entries.reverse();
    entries
}

/// The files and devices that are swapped to.
pub fn swaps(text: &[u8]) -> Vec<CString> {
    let lines = text.split(|byte| *byte == b'\n').skip(1);
    lines
        .filter_map(|line| {
            let path = line.split(|byte| byte.is_ascii_whitespace()).next()?;
            CString::new(unescape(path))
                .ok()
                .filter(|path| !path.is_empty())
        })
        .collect()
}

/// Undoes `\040` and its like.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, more @ ..] = rest {
        let octal = |digit: &u8| matches!(digit, b'0'..=b'7');
        match more {
            [a @ b'0'..=b'3', b, c, later @ ..] if *first == b'\\' && octal(b) && octal(c) => {
                plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = later;
            }
            _ => {
                plain.push(*first);
                rest = more;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &[u8] = b"\
21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
22 21 0:20 / /proc rw shared:1 - proc proc rw
23 21 0:21 / /run rw shared:2 master:7 - tmpfs tmpfs rw,mode=755
30 21 8:2 / /home rw,noatime shared:3 - btrfs /dev/sda2 rw
31 30 0:40 / /home/a\\040b\\134\\012 rw - fuse.sshfs host:/ rw
32 23 7:0 / /run/image ro - erofs /dev/loop0 ro
33 21 0:41 / /mnt rw - nfs4 server:/x rw
34 30 8:3 / /home rw - ext4 /dev/sda3 rw
broken line
35 21 8:3 /x
";

    #[test]
    fn newest_first_and_without_the_kernels_own() {
        let entries = to_unmount(MOUNTS);
        let shown: Vec<_> = entries
            .iter()
            .map(|entry| (entry.path.to_bytes(), entry.is_remote()))
            .collect();
        let expected: [(&[u8], bool); 6] = [
            (b"/home", false),
            (b"/mnt", true),
            (b"/run/image", false),
            (b"/home/a b\\\n", true),
            (b"/home", false),
            (b"/", false),
        ];
        assert_eq!(shown, expected);
        assert!(to_unmount(b"").is_empty());
    }

    #[test]
    fn swaps_are_listed() {
        let text = b"Filename\t\t\t\tType\t\tSize\n/dev/sda5    partition 1 2 -2\n/swap\\040file file 1 2 -3\n";
        assert_eq!(
            swaps(text),
            [c"/dev/sda5".to_owned(), c"/swap file".to_owned()]
        );
        assert!(swaps(b"").is_empty());
        assert!(swaps(b"Filename\n").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            to_unmount(&text);
            swaps(&text);
            unescape(&text);
        }
    }
}
