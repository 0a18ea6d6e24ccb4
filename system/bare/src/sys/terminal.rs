//! Terminals (ioctl_tty(2)).

use core::mem::MaybeUninit;

use crate::abi::{TCGETS, TCSETS, TIOCSCTTY, TIOCVHANGUP};
use crate::arch::*;

/// `struct termios` of the kernel (`include/uapi/asm-generic/termbits.h`), not that of a C library. Aligned so that it can
/// be filled in a few stores.
#[repr(C, align(8))]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Termios {
    pub input: u32,
    pub output: u32,
    pub control: u32,
    pub local: u32,
    pub line: u8,
    pub keys: [u8; 19],
}

/// `TCGETS`: a terminal's settings; `None` when the file is none.
#[inline(always)]
pub fn termios(file: isize, room: &mut MaybeUninit<Termios>) -> Option<&mut Termios> {
    // SAFETY: the kernel fills the whole structure when it answers with 0.
    unsafe {
        match syscall3(nr::IOCTL, file as usize, TCGETS, room.as_mut_ptr() as usize) {
            0 => Some(room.assume_init_mut()),
            _ => None,
        }
    }
}

/// `TCSETS`: changes a terminal's settings at once.
#[inline(always)]
pub fn set_termios(file: isize, termios: &Termios) -> isize {
    // SAFETY: the kernel reads the structure.
    unsafe {
        syscall3(
            nr::IOCTL,
            file as usize,
            TCSETS,
            termios as *const Termios as usize,
        )
    }
}

/// `TIOCSCTTY`: makes a terminal the controlling one of this session, if the session has none and the terminal no other.
#[inline(always)]
pub fn control_terminal(file: isize) -> isize {
    // SAFETY: no memory is passed.
    unsafe { syscall3(nr::IOCTL, file as usize, TIOCSCTTY, 0) }
}

/// `TIOCVHANGUP`: whoever has the terminal open can no longer use it; to be opened anew.
#[inline(always)]
pub fn hang_up(file: isize) -> isize {
    // SAFETY: no memory is passed; a third argument is not looked at.
    unsafe { syscall2(nr::IOCTL, file as usize, TIOCVHANGUP) }
}
