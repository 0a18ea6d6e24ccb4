//! System calls that rustix has no safe form of.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;

fn done(result: libc::c_int) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// swapon(2).
pub fn swapon(path: &Path, flags: i32) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_encoded_bytes())?;
    // SAFETY: the path is a string that ends in a zero byte and lives through the call.
    done(unsafe { libc::swapon(path.as_ptr(), flags) })
}

/// `struct rtc_time` (`include/uapi/linux/rtc.h`): the fields of tm(3type).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    pub second: i32,
    pub minute: i32,
    pub hour: i32,
    pub day: i32,
    /// From 0.
    pub month: i32,
    /// Since 1900.
    pub year: i32,
    pub weekday: i32,
    pub yearday: i32,
    pub summer: i32,
}

/// `_IOR('p', 0x09, struct rtc_time)`: 36 bytes to be read.
const RTC_RD_TIME: u32 = 0x8024_7009;

/// What a real-time clock says (rtc(4)).
pub fn rtc_time(clock: BorrowedFd<'_>) -> io::Result<Time> {
    let mut time = Time::default();
    // SAFETY: the kernel writes a struct rtc_time, which is what `time` is.
    done(unsafe { libc::ioctl(clock.as_raw_fd(), RTC_RD_TIME as _, &raw mut time) })?;
    Ok(time)
}

/// Bytes of a seed.
pub const SEED: usize = 32;

/// `struct rand_pool_info` (`include/uapi/linux/random.h`) with as many bytes as a seed has.
#[repr(C)]
struct Pool {
    bits: i32,
    bytes: i32,
    seed: [u8; SEED],
}

/// `_IOW('R', 0x03, int [2])`: 8 bytes to be written.
const RNDADDENTROPY: u32 = 0x4008_5203;

/// Mixes a seed into the kernel's random numbers, and has it count as so many bits (random(4)).
pub fn add_entropy(random: BorrowedFd<'_>, seed: &[u8; SEED], bits: i32) -> io::Result<()> {
    let pool = Pool {
        bits,
        bytes: SEED as i32,
        seed: *seed,
    };
    // SAFETY: the kernel reads the two numbers and as many bytes as the second says, which are there.
    done(unsafe { libc::ioctl(random.as_raw_fd(), RNDADDENTROPY as _, &raw const pool) })
}
