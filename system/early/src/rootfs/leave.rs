//! From the initramfs to the system: what is mounted goes along, what is not needed any more is freed.

use super::words::Words;
use super::{IMAGE, LAYER, SYSTEM, become_program};
use common::root::Root;
use common::{reason, words as text};
use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
use rustix::mount::{MoveMountFlags, move_mount};
use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Folders of the system in which the image and the writable layer can be seen, if it has them.
const SEEN: [(&str, &str); 2] = [(IMAGE, "/sysroot/image"), (LAYER, "/sysroot/layer")];

/// What is started when the kernel's words do not say.
const INIT: [&str; 2] = ["/sbin/init", "/init"];

/// Starts the system's own process 1.
///
/// # Errors
/// What kept it.
pub fn to_system(root: &Root, words: &Words) -> Result<Infallible, String> {
    let init = match &words.init {
        Some(init) => init.clone(),
        None => {
            let found = INIT.iter().find(|path| {
                root.at(&format!("{SYSTEM}{path}"))
                    .symlink_metadata()
                    .is_ok()
            });
            let found = found.ok_or("the image has neither /sbin/init nor /init: it is not the root of a system, or the kernel word init= must name its first program")?;
            (*found).to_owned()
        }
    };
    for (from, to) in ["/dev", "/proc", "/sys"]
        .map(|path| (path, path))
        .into_iter()
        .chain(SEEN)
    {
        let target = format!("{SYSTEM}{to}");
        if root.at(&target).is_dir() {
            moved(from, &target)?;
        }
    }
    let here = fs::metadata("/")
        .map_err(|error| reason(&error).to_string())?
        .dev();
    std::env::set_current_dir(SYSTEM).map_err(|error| format!("{SYSTEM}: {}", reason(&error)))?;
    // From here on the initramfs is of no use; the image stays as long as it is mounted.
    clear(Path::new("/"), here);
    moved(".", "/")?;
    rustix::process::chroot(".").map_err(|errno| format!("changing the root: {}", text(errno)))?;
    std::env::set_current_dir("/").map_err(|error| reason(&error).to_string())?;
    Err(become_program(&init))
}

fn moved(from: &str, to: &str) -> Result<(), String> {
    move_mount(CWD, from, CWD, to, MoveMountFlags::empty())
        .map_err(|errno| format!("moving {from} to {to}: {}", text(errno)))
}

/// Removes everything of one file system below a folder. What cannot be removed stays: it takes some memory.
fn clear(folder: &Path, device: u64) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(about) = fs::symlink_metadata(&path) else {
            continue;
        };
        if about.dev() != device || is_mounted(&path) {
            continue;
        }
        if about.is_dir() {
            clear(&path, device);
            let _ = fs::remove_dir(&path);
        } else {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether something is mounted there, by what statx(2) says.
fn is_mounted(path: &Path) -> bool {
    let about = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    about.is_ok_and(|about| {
        about
            .stx_attributes
            .contains(rustix::fs::StatxAttributes::MOUNT_ROOT)
    })
}
