//! System calls that have no safe form: handles (name_to_handle_at(2)), freezing (ioctl_fifreeze of `fs/ioctl.c`), maps.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes of a handle at most (`MAX_HANDLE_SZ` of `include/linux/exportfs.h`).
const MOST: usize = 128;

/// A file's handle, as `struct file_handle` of open_by_handle_at(2).
#[derive(Clone)]
#[repr(C)]
pub struct Handle {
    length: u32,
    kind: i32,
    bytes: [u8; MOST],
}

impl Handle {
    /// The handle of what a path names; of a link, the link's.
    pub fn of(path: &Path) -> io::Result<Handle> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        let mut handle = Handle {
            length: MOST as u32,
            kind: 0,
            bytes: [0; MOST],
        };
        let mut mount = 0;
        // SAFETY: the path ends in a zero byte, and the handle has the room that it says; all live through the call.
        done(unsafe {
            libc::name_to_handle_at(
                libc::AT_FDCWD,
                path.as_ptr(),
                (&raw mut handle).cast(),
                &mut mount,
                0,
            )
        })?;
        Ok(handle)
    }

    /// What it says beside its kind.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..(self.length as usize).min(MOST)]
    }

    /// Opens it with `O_PATH`, on the file system that `mount` lies on.
    pub fn open(&self, mount: &File) -> io::Result<OwnedFd> {
        let mut handle = self.clone();
        // SAFETY: the handle has the room that it says and lives through the call.
        let opened = unsafe {
            libc::open_by_handle_at(
                mount.as_raw_fd(),
                (&raw mut handle).cast(),
                libc::O_PATH | libc::O_CLOEXEC,
            )
        };
        done(opened)?;
        // SAFETY: it was just opened, and is owned by nobody else.
        Ok(unsafe { OwnedFd::from_raw_fd(opened) })
    }
}

/// Freezes a file system, or thaws it again.
pub fn freeze(mount: &File, is_frozen: bool) -> io::Result<()> {
    // FIFREEZE and FITHAW of include/uapi/linux/fs.h.
    let request = if is_frozen {
        0xc004_5877_u32
    } else {
        0xc004_5878
    };
    // SAFETY: neither reads or writes what the argument says.
    done(unsafe { libc::ioctl(mount.as_raw_fd(), request as _, 0) })
}

/// What a file's first `length` bytes are when it is mapped, up to the end of the last page.
pub fn mapped(file: &File, length: usize) -> io::Result<Vec<u8>> {
    let whole = length.next_multiple_of(4096);
    // SAFETY: a new map at a place that the kernel chooses.
    let place = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            whole,
            libc::PROT_READ,
            libc::MAP_PRIVATE,
            file.as_raw_fd(),
            0,
        )
    };
    if place == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the map is `whole` bytes long and goes on to the end of the page that the file ends in; nobody writes to the file.
    let bytes = unsafe { std::slice::from_raw_parts(place.cast::<u8>(), whole) }.to_vec();
    // SAFETY: it is this map, and nothing of it is used again.
    done(unsafe { libc::munmap(place, whole) })?;
    Ok(bytes)
}

fn done(result: libc::c_int) -> io::Result<()> {
    match result {
        0.. => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
