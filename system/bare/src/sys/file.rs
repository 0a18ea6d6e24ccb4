//! Files and their descriptors.

use core::mem::MaybeUninit;

use crate::abi::{AT_FDCWD, F_SETFL};
use crate::arch::*;
use crate::text::Text;

/// openat(2) from the root; the descriptor.
#[inline(always)]
pub fn open(path: Text, flags: usize) -> isize {
    // SAFETY: the path ends in NUL.
    unsafe { syscall3(nr::OPENAT, AT_FDCWD as usize, path.as_ptr() as usize, flags) }
}

/// close(2).
#[inline(always)]
pub fn close(file: isize) -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall1(nr::CLOSE, file as usize) }
}

/// dup3(2): makes `to` the same open file as `file`.
#[inline(always)]
pub fn dup(file: isize, to: isize) -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall3(nr::DUP3, file as usize, to as usize, 0) }
}

/// read(2); what was read, which is empty at the end of the file and in case of error.
#[inline(always)]
pub fn read(file: isize, room: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: the kernel writes at most the slice's length and says how much it wrote.
    unsafe {
        let length = syscall3(
            nr::READ,
            file as usize,
            room.as_mut_ptr() as usize,
            room.len(),
        );
        core::slice::from_raw_parts_mut(room.as_mut_ptr().cast(), length.max(0) as usize)
    }
}

/// write(2); the number of bytes.
#[inline(always)]
pub fn write(file: isize, bytes: &[u8]) -> isize {
    // SAFETY: the kernel reads the slice.
    unsafe {
        syscall3(
            nr::WRITE,
            file as usize,
            bytes.as_ptr() as usize,
            bytes.len(),
        )
    }
}

/// mkdirat(2) from the root.
#[inline(always)]
pub fn mkdir(path: Text, mode: usize) -> isize {
    // SAFETY: the path ends in NUL.
    unsafe { syscall3(nr::MKDIRAT, AT_FDCWD as usize, path.as_ptr() as usize, mode) }
}

/// The owner's user id by fstat(2), or minus an error's number.
#[inline(always)]
pub fn owner(file: isize) -> isize {
    /// As long as `struct stat` on any architecture here, and aligned as it.
    #[repr(align(8))]
    struct Stat {
        _all: [u8; 144],
    }
    let mut stat = MaybeUninit::<Stat>::uninit();
    // SAFETY: the kernel fills the structure, or answers with an error; `STAT_UID` is within it and aligned.
    unsafe {
        let result = syscall2(nr::FSTAT, file as usize, stat.as_mut_ptr() as usize);
        if result < 0 {
            return result;
        }
        stat.as_ptr()
            .cast::<u8>()
            .add(STAT_UID)
            .cast::<u32>()
            .read() as isize
    }
}

/// fchown(2).
#[inline(always)]
pub fn set_owner(file: isize, user: usize, group: usize) -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall3(nr::FCHOWN, file as usize, user, group) }
}

/// fchmod(2).
#[inline(always)]
pub fn set_mode(file: isize, mode: usize) -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall2(nr::FCHMOD, file as usize, mode) }
}

/// fcntl(2), `F_SETFL`.
#[inline(always)]
pub fn set_status_flags(file: isize, flags: usize) -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall3(nr::FCNTL, file as usize, F_SETFL, flags) }
}
