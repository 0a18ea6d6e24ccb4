//! The kernel's clocks, by way of the C library: it does without a vDSO, or with one that lacks a function, as User Mode
//! Linux and sandboxes have it.

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// CLOCK_MONOTONIC, nanoseconds.
pub fn monotonic() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// CLOCK_BOOTTIME, nanoseconds: with the time spent asleep.
pub fn boottime() -> u64 {
    read(libc::CLOCK_BOOTTIME)
}

/// CLOCK_REALTIME, nanoseconds since 1970.
pub fn realtime() -> u64 {
    read(libc::CLOCK_REALTIME)
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it is filled, or left as it is.
    unsafe { libc::clock_gettime(clock, &mut time) };
    u64::try_from(time.tv_sec).unwrap_or(0) * SECOND + u64::try_from(time.tv_nsec).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_run_and_agree() {
        let before = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        assert!(u128::from(realtime()) >= before.as_nanos());
        let first = monotonic();
        assert!(monotonic() >= first && boottime() >= first && first > 0);
    }
}
