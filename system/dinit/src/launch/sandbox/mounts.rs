//! `private-tmp`, `read-only-path`, `inaccessible-path`: a mount namespace of the service (mount_namespaces(7)). Mounts
//! made later on the system still arrive in it; nothing goes from it to the system.

use crate::description::{Options, Sandbox};
use crate::launch::descriptors::check;
use crate::launch::strings::{Place, Strings};
use crate::memory::Room;
use bare::arch::{nr, syscall5};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::thread::UnshareFlags;
use std::ffi::CStr;

/// What is to be mounted, in the order in which it is done.
pub struct Mounts {
    read_only: Vec<Place>,
    private_tmp: bool,
    inaccessible: Vec<Place>,
}

/// `struct mount_attr` (`include/uapi/linux/mount.h`).
#[repr(C)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

const RDONLY: u64 = 1;
const NOSUID: u64 = 2;
const NODEV: u64 = 4;
const NOEXEC: u64 = 8;

impl Mounts {
    /// None if the description asks for none.
    pub fn of(
        options: Options,
        sandbox: &Sandbox,
        strings: &mut Strings,
    ) -> Result<Option<Self>, Errno> {
        let mut places = |paths: &[Box<[u8]>]| {
            let mut places = Vec::new();
            places.room_exact(paths.len()).map_err(|_| Errno::NOMEM)?;
            for path in paths {
                places.push(strings.add(&[path])?);
            }
            Ok::<_, Errno>(places)
        };
        let made = Self {
            read_only: places(&sandbox.read_only)?,
            private_tmp: options.contains(Options::PRIVATE_TMP),
            inaccessible: places(&sandbox.inaccessible)?,
        };
        let any = made.private_tmp || !made.read_only.is_empty() || !made.inaccessible.is_empty();
        Ok(any.then_some(made))
    }

    /// Child. A path that is not there is an error: it could be there later, unprotected.
    pub fn make(&self, strings: &Strings) -> Result<(), Errno> {
        // SAFETY: open files are not affected.
        unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS)? };
        let receive = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
        rustix::mount::mount_change(c"/", receive)?;
        for place in &self.read_only {
            make_read_only(strings.get(*place))?;
        }
        if self.private_tmp {
            for path in [c"/tmp", c"/var/tmp"] {
                match cover(path, c"mode=1777", MountFlags::empty()) {
                    Err(Errno::NOENT) => {}
                    done => done?,
                }
            }
        }
        for place in &self.inaccessible {
            make_inaccessible(strings.get(*place))?;
        }
        Ok(())
    }
}

/// An empty tmpfs on a folder.
fn cover(path: &CStr, options: &CStr, more: MountFlags) -> Result<(), Errno> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | more;
    rustix::mount::mount(c"tmpfs", path, c"tmpfs", flags, Some(options))
}

/// All that is mounted at and below a path.
fn make_read_only(path: &CStr) -> Result<(), Errno> {
    // A bind mount over the root would not be seen by who is in the root already.
    if path != c"/" {
        rustix::mount::mount_bind_recursive(path, path)?;
    }
    set_attributes(path, RDONLY, true)
}

/// Nothing below a folder; a file that cannot be opened (a device on a mount without devices), not even by root.
fn make_inaccessible(path: &CStr) -> Result<(), Errno> {
    let kind = FileType::from_raw_mode(rustix::fs::stat(path)?.st_mode);
    if kind.is_dir() {
        return cover(
            path,
            c"mode=000,size=4k",
            MountFlags::RDONLY | MountFlags::NOEXEC,
        );
    }
    rustix::mount::mount_bind(c"/dev/null", path)?;
    set_attributes(path, RDONLY | NOSUID | NODEV | NOEXEC, false)
}

/// mount_setattr(2), Linux 5.12.
fn set_attributes(path: &CStr, set: u64, recursive: bool) -> Result<(), Errno> {
    const AT_RECURSIVE: usize = 0x8000;
    let attributes = Attributes {
        set,
        clear: 0,
        propagation: 0,
        user_namespace: 0,
    };
    let (path, pointer) = (path.as_ptr() as usize, &raw const attributes as usize);
    let flags = if recursive { AT_RECURSIVE } else { 0 };
    let here = bare::abi::AT_FDCWD as usize;
    let size = size_of::<Attributes>();
    // SAFETY: a text that ends in NUL, and a structure of the size given.
    check(unsafe { syscall5(nr::MOUNT_SETATTR, here, path, flags, pointer, size) })
}
