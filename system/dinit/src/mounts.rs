//! The end of all file systems: swap off, everything unmounted in reverse order, what is busy made read-only. No program
//! is run for it (umount(8) may be on what is to be unmounted), and nothing is waited for.

mod table;

use crate::text::{Errno, Show};
use bare::arch::{nr, syscall1};
use rustix::mount::{MountFlags, UnmountFlags, mount_remount, unmount};
use table::Entry;

/// Passes over what is mounted, as long as each of them unmounts something: a mount can keep another busy (a loop device
/// in a file) without being below it.
const PASSES: usize = 8;

/// Ends the use of all swap; what failed, by name.
pub fn swapoff_all() -> Vec<String> {
    let swaps = std::fs::read("/proc/swaps").unwrap_or_default();
    let mut failures = Vec::new();
    for path in table::swaps(&swaps) {
        // SAFETY: a text that ends in NUL.
        let answer = unsafe { syscall1(nr::SWAPOFF, path.as_ptr() as usize) };
        if answer < 0 {
            let error = Errno(-answer as i32);
            let path = Show(path.as_bytes());
            failures.push(format!("swap {path} cannot be switched off: {error}"));
        }
    }
    failures
}

/// Unmounts all that holds data, in reverse order. The root, and what is busy, becomes read-only; the busy is then taken
/// out of the tree. What of that failed, by name.
pub fn unmount_all() -> Vec<String> {
    let read = || std::fs::read("/proc/self/mountinfo").map_err(|error| error.to_string());
    let mut left = match read() {
        Ok(text) => table::to_unmount(&text),
        Err(error) => return vec![format!("/proc/self/mountinfo cannot be read: {error}")],
    };
    unmount_entries(&mut left)
}

fn unmount_entries(left: &mut Vec<Entry>) -> Vec<String> {
    for _ in 0..PASSES {
        let before = left.len();
        left.retain(|entry| entry.path.as_bytes() == b"/" || try_unmount(entry).is_err());
        if left.len() == before {
            break;
        }
    }
    let mut failures = Vec::new();
    for entry in left {
        end_busy(entry, &mut failures);
    }
    failures
}

fn try_unmount(entry: &Entry) -> rustix::io::Result<()> {
    let flags = match entry.is_remote() {
        // Its server may be gone, or the network.
        true => UnmountFlags::NOFOLLOW | UnmountFlags::FORCE,
        false => UnmountFlags::NOFOLLOW,
    };
    unmount(&entry.path, flags)
}

/// What stays mounted: read-only, and out of the tree, so that nothing new can use it.
fn end_busy(entry: &Entry, failures: &mut Vec<String>) {
    let path = Show(entry.path.as_bytes());
    if !entry.is_remote()
        && let Err(error) = mount_remount(&entry.path, MountFlags::RDONLY, c"")
    {
        let error = Errno(error.raw_os_error());
        failures.push(format!(
            "{path} is busy and cannot be made read-only: {error}"
        ));
    }
    if entry.path.as_bytes() != b"/" {
        let flags = UnmountFlags::NOFOLLOW | UnmountFlags::DETACH;
        if let Err(error) = unmount(&entry.path, flags) {
            let error = Errno(error.raw_os_error());
            failures.push(format!("{path} cannot be unmounted: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::mount::{MountPropagationFlags, mount, mount_change};
    use rustix::thread::UnshareFlags;
    use std::path::Path;

    /// Runs in a thread with mounts of its own: none of the system's is touched.
    fn in_own_namespace(work: impl FnOnce(&Path) + Send) {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            let path = folder.path();
            let run = move || {
                // SAFETY: open files are not affected.
                unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS).unwrap() };
                let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
                mount_change("/", private).unwrap();
                work(path);
            };
            scope.spawn(run).join().unwrap();
        });
    }

    fn tmpfs(path: &Path) {
        std::fs::create_dir_all(path).unwrap();
        mount(
            "test",
            path,
            "tmpfs",
            MountFlags::empty(),
            None::<&std::ffi::CStr>,
        )
        .unwrap();
    }

    /// What is mounted at and below a path, in the order of unmounting. Temporary file systems count here.
    fn below(path: &Path) -> Vec<Entry> {
        let text = std::fs::read_to_string("/proc/thread-self/mountinfo").unwrap();
        let text = text.replace(" - tmpfs ", " - ext4 ");
        let mut entries = table::to_unmount(text.as_bytes());
        let path = path.as_os_str().as_encoded_bytes();
        entries.retain(|entry| entry.path.as_bytes().starts_with(path));
        entries
    }

    #[test]
    fn everything_is_unmounted_in_reverse() {
        in_own_namespace(|folder| {
            tmpfs(&folder.join("one"));
            tmpfs(&folder.join("one/two"));
            tmpfs(&folder.join("one/two/with blank\n"));
            tmpfs(&folder.join("one/two"));
            let mut entries = below(folder);
            assert_eq!(entries.len(), 4);
            assert_eq!(unmount_entries(&mut entries), [""; 0]);
            assert!(below(folder).is_empty());
        });
    }

    #[test]
    fn what_is_busy_becomes_read_only_and_leaves_the_tree() {
        in_own_namespace(|folder| {
            let busy = folder.join("busy");
            tmpfs(&busy);
            let file = std::fs::File::create(busy.join("file")).unwrap();
            let mut entries = below(folder);
            // A file that is open for writing forbids even that, and it is said.
            let failures = unmount_entries(&mut entries);
            let path = busy.display();
            assert_eq!(failures.len(), 1);
            let start = format!("{path} is busy and cannot be made read-only: ");
            assert!(failures[0].starts_with(&start), "{failures:?}");
            assert!(below(folder).is_empty());
            drop(file);

            tmpfs(&busy);
            std::fs::create_dir(busy.join("inside")).unwrap();
            let held = std::fs::File::open(busy.join("inside")).unwrap();
            let failures = unmount_entries(&mut below(folder));
            assert_eq!(failures, [""; 0]);
            let mode = rustix::fs::Mode::RWXU;
            let made = rustix::fs::mkdirat(&held, "new", mode);
            assert_eq!(made, Err(rustix::io::Errno::ROFS));
        });
    }

    #[test]
    fn a_mount_that_is_gone_is_named() {
        in_own_namespace(|folder| {
            tmpfs(&folder.join("gone"));
            let mut entries = below(folder);
            unmount(folder.join("gone"), UnmountFlags::empty()).unwrap();
            let failures = unmount_entries(&mut entries);
            let path = folder.join("gone");
            assert_eq!(failures.len(), 2);
            assert!(failures[1].starts_with(&format!("{} cannot be unmounted: ", path.display())));
        });
    }
}
