//! What a system needs mounted before anything else runs.

use core::ffi::CStr;

use crate::abi::{EBUSY, MS_NODEV, MS_NOEXEC, MS_NOSUID};
use crate::sys;
use crate::text::Text;

/// One file system: flags, type, mount point, and what mount(8) calls options.
struct Mount(u8, &'static CStr, &'static CStr, &'static CStr);

/// In order: what is mounted below another comes after it. `/dev` is first, as the console is in it.
/// Group 5 is `tty`, whose members write to a terminal that its owner has opened for messages.
const MOUNTS: [Mount; 6] = [
    Mount(MS_NOSUID | MS_NOEXEC, c"devtmpfs", c"/dev", c""),
    Mount(
        MS_NOSUID | MS_NOEXEC,
        c"devpts",
        c"/dev/pts",
        c"gid=5,mode=620,ptmxmode=666",
    ),
    Mount(MS_NOSUID | MS_NODEV, c"tmpfs", c"/dev/shm", c"mode=1777"),
    Mount(MS_NOSUID | MS_NODEV, c"tmpfs", c"/run", c"mode=755"),
    Mount(MS_NOSUID | MS_NODEV | MS_NOEXEC, c"proc", c"/proc", c""),
    Mount(MS_NOSUID | MS_NODEV | MS_NOEXEC, c"sysfs", c"/sys", c""),
];

/// The same as bytes in a row, since pointers would need relocation: flags, then three texts, each with its NUL.
/// Flags of 0 end it.
static PACKED: [u8; packed_length()] = packed();

const fn packed_length() -> usize {
    let mut length = 1;
    let mut at = 0;
    while at < MOUNTS.len() {
        let Mount(_, kind, target, data) = MOUNTS[at];
        length += 4 + kind.count_bytes() + target.count_bytes() + data.count_bytes();
        at += 1;
    }
    length
}

const fn packed() -> [u8; packed_length()] {
    let mut bytes = [0; packed_length()];
    let mut end = 0;
    let mut at = 0;
    while at < MOUNTS.len() {
        let Mount(flags, kind, target, data) = MOUNTS[at];
        bytes[end] = flags;
        end += 1;
        let texts = [kind, target, data];
        let mut which = 0;
        while which < texts.len() {
            let text = texts[which].to_bytes_with_nul();
            let mut byte = 0;
            while byte < text.len() {
                bytes[end] = text[byte];
                end += 1;
                byte += 1;
            }
            which += 1;
        }
        at += 1;
    }
    bytes
}

/// Mounts them all, making the directories that lack. One that fails is handed to `complain`, with the negative error,
/// and the rest still mounted; one that is there already (the kernel may have mounted `/dev`) is fine.
#[inline(always)]
pub fn mount_all(complain: impl Fn(Text, isize)) {
    let mut rest = PACKED.as_ptr();
    loop {
        // SAFETY: `rest` is at an entry of PACKED or at the zero that ends it.
        let flags = unsafe { *rest };
        if flags == 0 {
            return;
        }
        let [kind, target, data] = core::array::from_fn(|_| {
            // SAFETY: after the flags come three texts, and after each another byte.
            unsafe {
                let text = Text::from_ptr(rest.add(1));
                rest = text.end();
                text
            }
        });
        // SAFETY: after the last text's NUL comes the next entry, or the zero.
        rest = unsafe { rest.add(1) };
        sys::mkdir(target, 0o755);
        let result = sys::mount(kind, target, flags.into(), data);
        if result < 0 && result != -EBUSY {
            complain(target, result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_table_reads_back() {
        let mut rest = &PACKED[..];
        for Mount(flags, kind, target, data) in MOUNTS {
            assert_eq!(rest[0], flags);
            assert_ne!(flags, 0, "0 ends the table");
            rest = &rest[1..];
            for text in [kind, target, data] {
                let (this, next) = rest.split_at(text.count_bytes() + 1);
                assert_eq!(this, text.to_bytes_with_nul());
                rest = next;
            }
        }
        assert_eq!(rest, [0]);
    }

    #[test]
    fn parents_come_before_what_is_below_them() {
        let targets = MOUNTS.map(|Mount(_, _, target, _)| target.to_str().unwrap());
        for (at, target) in targets.iter().enumerate() {
            for later in &targets[at + 1..] {
                assert!(
                    !target.starts_with(&format!("{later}/")),
                    "{target} would be hidden by {later}"
                );
            }
        }
    }
}
