//! The machine as a whole: file systems, names, and its end.

use core::mem::MaybeUninit;

use crate::abi::{LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2};
use crate::arch::*;
use crate::text::Text;

/// mount(2); the source is named as the type is.
#[inline(always)]
pub fn mount(kind: Text, target: Text, flags: usize, data: Text) -> isize {
    let kind = kind.as_ptr() as usize;
    // SAFETY: the strings end in NUL.
    unsafe {
        syscall5(
            nr::MOUNT,
            kind,
            target.as_ptr() as usize,
            kind,
            flags,
            data.as_ptr() as usize,
        )
    }
}

/// umount2(2).
#[inline(always)]
pub fn umount(target: Text, flags: usize) -> isize {
    // SAFETY: the path ends in NUL.
    unsafe { syscall2(nr::UMOUNT2, target.as_ptr() as usize, flags) }
}

/// sync(2).
#[inline(always)]
pub fn sync() {
    // SAFETY: no memory is passed.
    unsafe { syscall0(nr::SYNC) };
}

/// sethostname(2).
#[inline(always)]
pub fn sethostname(name: &[u8]) -> isize {
    // SAFETY: the kernel reads the slice.
    unsafe { syscall2(nr::SETHOSTNAME, name.as_ptr() as usize, name.len()) }
}

/// `struct new_utsname` (`include/uapi/linux/utsname.h`): system, node, release, version, machine and domain, each ended
/// by NUL.
pub type Uname = [[u8; 65]; 6];

/// Which of [`Uname`] is the node: the machine's name.
pub const NODE: usize = 1;

/// uname(2), which fails for a bad address alone.
#[inline(always)]
pub fn uname(room: &mut MaybeUninit<Uname>) -> &Uname {
    // SAFETY: the kernel fills the whole structure.
    unsafe {
        syscall1(nr::UNAME, room.as_mut_ptr() as usize);
        room.assume_init_ref()
    }
}

/// reboot(2).
#[inline(always)]
pub fn reboot(command: u32) -> isize {
    // SAFETY: no memory is passed; the fourth argument is looked at by another command alone.
    unsafe {
        syscall3(
            nr::REBOOT,
            LINUX_REBOOT_MAGIC1 as usize,
            LINUX_REBOOT_MAGIC2 as usize,
            command as usize,
        )
    }
}

/// syslog(2), SYSLOG_ACTION_CONSOLE_OFF: the kernel writes only what is urgent to the console.
#[inline(always)]
pub fn console_messages_off() {
    // SAFETY: no memory is passed.
    unsafe { syscall3(nr::SYSLOG, 6, 0, 0) };
}
