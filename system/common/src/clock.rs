//! What clocks say: by the C library, as Rust's library asks them too, where rustix finds the kernel's code for it by itself.

#![allow(unsafe_code)]

pub use libc::{CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME};

/// Microseconds of a clock (clock_gettime(2)); 0 if it says a time before its beginning.
pub fn micros(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call fills what it is given, and keeps nothing.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_go_on_and_one_begins_in_1970() {
        let before = micros(CLOCK_MONOTONIC);
        assert!(before > 0 && micros(CLOCK_MONOTONIC) >= before);
        let known = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let difference = micros(CLOCK_REALTIME) / 1_000_000 - known.as_secs();
        assert!(difference < 1000, "{difference}");
    }
}
