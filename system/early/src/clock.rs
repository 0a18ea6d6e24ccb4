//! The time, before anything asks for it: that of the real-time clock, and never before what this system has seen already.
//!
//! A machine without such a clock, or with an empty battery, would begin in 1970, or in 2000: certificates would not hold yet, and files
//! would be older than those that they were made from. It begins with the newest time that there is instead: that of the
//! system's own files, or that of when it was stopped.

use crate::system::{Time, rtc_time};
use common::clock;
use common::root::Root;
use common::{reason, words};
use rustix::fs::{Timespec, Timestamps};
use rustix::time::{ClockId, clock_settime};
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

/// Its time is the newest that was seen.
const STAMP: &str = "/var/lib/early/clock";
/// Files of the system that are no younger than it is.
const SYSTEM: &[&str] = &["/usr/lib/clock-epoch", "/etc/os-release"];
const CLOCKS: &[&str] = &["/dev/rtc", "/dev/rtc0"];

/// Seconds since 1970 of a date (days_from_civil: a year begins in March, so that the day that some have is its last).
fn seconds(time: &Time) -> Option<i64> {
    let (year, month, day) = (
        i64::from(time.year) + 1900,
        i64::from(time.month) + 1,
        i64::from(time.day),
    );
    let sane = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&time.hour)
        && (0..60).contains(&time.minute)
        && (0..=60).contains(&time.second);
    if !sane {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (century, of_century) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_centuries = of_century * 365 + of_century / 4 - of_century / 100 + of_year;
    let days = century * 146_097 + of_centuries - 719_468;
    Some(
        days * 86_400
            + i64::from(time.hour) * 3600
            + i64::from(time.minute) * 60
            + i64::from(time.second),
    )
}

/// The newest time that is known to have been.
fn floor(root: &Root) -> i64 {
    let paths = SYSTEM.iter().chain([&STAMP]);
    let times = paths.filter_map(|path| fs::metadata(root.at(path)).ok());
    times.map(|metadata| metadata.mtime()).max().unwrap_or(0)
}

fn hardware(root: &Root) -> Option<i64> {
    let clock = CLOCKS
        .iter()
        .find_map(|path| File::open(root.at(path)).ok())?;
    seconds(&rtc_time(clock.as_fd()).ok()?)
}

/// What the time is to be, if it is another than it is: of the hardware where that makes sense, and no less than the floor.
fn choose(now: i64, hardware: Option<i64>, floor: i64) -> Option<i64> {
    let best = hardware.unwrap_or(now).max(floor);
    // The kernel may have set it from the same clock: a second or two between two looks are no difference.
    ((best - now).abs() > 2).then_some(best)
}

/// Seconds since 1970.
fn now() -> i64 {
    let seconds = clock::micros(clock::CLOCK_REALTIME) / 1_000_000;
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// Sets the time; what was done, in words.
///
/// # Errors
/// The kernel's.
pub fn load(root: &Root) -> Result<String, String> {
    let now = now();
    let (hardware, floor) = (hardware(root), floor(root));
    let source = match hardware {
        None => "there is no real-time clock",
        Some(time) if time < floor => "the real-time clock is wrong",
        Some(_) => "by the real-time clock",
    };
    let Some(time) = choose(now, hardware, floor) else {
        return Ok(format!("the time is right ({source})"));
    };
    let to = Timespec {
        tv_sec: time,
        tv_nsec: 0,
    };
    clock_settime(ClockId::Realtime, to)
        .map_err(|errno| format!("setting the time: {}: run it as root", words(errno)))?;
    Ok(format!("the time was set by {} s ({source})", time - now))
}

/// Keeps the time for a start without a clock.
///
/// # Errors
/// That of the file.
pub fn save(root: &Root) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{STAMP}: {}", reason(&error));
    let path = root.at(STAMP);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = File::options()
        .append(true)
        .create(true)
        .open(&path)
        .map_err(failed)?;
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: rustix::fs::UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    rustix::fs::futimens(&file, &times).map_err(|errno| failed(errno.into()))?;
    file.sync_all().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(year: i32, month: i32, day: i32) -> Time {
        Time {
            year: year - 1900,
            month: month - 1,
            day,
            ..Time::default()
        }
    }

    #[test]
    fn dates_are_seconds() {
        for (year, month, day, days) in [
            (1970, 1, 1, 0),
            (2000, 2, 29, 11_016),
            (2000, 3, 1, 11_017),
            (2026, 1, 1, 20_454),
            (2100, 3, 1, 47_541),
        ] {
            assert_eq!(
                seconds(&date(year, month, day)),
                Some(days * 86_400),
                "{year}-{month}-{day}"
            );
        }
        assert_eq!(seconds(&date(2026, 13, 1)), None);
        assert_eq!(seconds(&date(1900, 1, 0)), None);
    }

    #[test]
    fn time_is_never_before_what_was_seen() {
        assert_eq!(choose(100, Some(101), 50), None);
        assert_eq!(choose(100, Some(5000), 50), Some(5000));
        assert_eq!(choose(100, Some(20), 50), Some(50));
        assert_eq!(choose(10, None, 50), Some(50));
        assert_eq!(choose(100, None, 50), None);
        // The kernel's time is ahead of the clock that there is.
        assert_eq!(choose(5000, Some(100), 50), Some(100));
    }

    #[test]
    fn what_is_kept_counts_when_there_is_no_clock() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert_eq!((floor(&root), hardware(&root)), (0, None));
        save(&root).unwrap();
        let now = now();
        assert!((now - 100..=now).contains(&floor(&root)));
    }

    proptest! {
        #[test]
        fn a_day_later_is_a_day_later(year in 1970..9999i32, month in 1..13i32, day in 1..28i32) {
            let first = seconds(&date(year, month, day)).unwrap();
            prop_assert_eq!(seconds(&date(year, month, day + 1)), Some(first + 86_400));
        }

        #[test]
        fn any_clock_will_do(fields: [i32; 6]) {
            let [second, minute, hour, day, month, year] = fields;
            seconds(&Time { second, minute, hour, day, month: month % 20, year: year % 9000, ..Time::default() });
        }
    }
}
