//! What is to be run now, as the clock goes on, leaps or is set back.

use super::{Calendar, Zone, next};

/// Seconds that a job of any kind may be late: a busy machine, a clock that is put right.
pub const LATE: i64 = 300;
/// A leap beyond that is no change of summer time but another time: what lies between is forgotten.
pub const MUCH: i64 = 3 * 3600;

/// A job's times, and the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub calendar: Calendar,
    /// The moment of the next run.
    pub next: Option<i64>,
}

impl Due {
    pub fn new(calendar: Calendar, zone: &impl Zone, now: i64) -> Self {
        Self {
            calendar,
            next: next(&calendar, zone, now),
        }
    }

    /// Whether it is to be run now, once, however many of its times have passed. `last` is the moment of the last look.
    pub fn look(&mut self, zone: &impl Zone, last: i64, now: i64) -> bool {
        let back = last - now;
        if back > 0 {
            // What was run already is not run again, unless the clock was wrong by much.
            if self.calendar.follows_clock || back > MUCH {
                self.next = next(&self.calendar, zone, now);
            }
            return false;
        }
        let Some(late) = self
            .next
            .map(|moment| now - moment)
            .filter(|late| *late >= 0)
        else {
            return false;
        };
        self.next = next(&self.calendar, zone, now);
        let allowed = if self.calendar.follows_clock {
            LATE
        } else {
            MUCH
        };
        late <= allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::schedule;

    const HOUR: i64 = 3600;
    const NOON: i64 = 12 * HOUR;

    fn utc(_: i64) -> i64 {
        0
    }

    fn due(text: &str, now: i64) -> Due {
        Due::new(schedule(text).unwrap(), &utc, now)
    }

    #[test]
    fn it_is_run_when_its_time_comes() {
        let mut daily = due("0 13 * * *", NOON);
        assert_eq!(daily.next, Some(NOON + HOUR));
        assert!(!daily.look(&utc, NOON, NOON + 5));
        assert!(daily.look(&utc, NOON + 5, NOON + HOUR));
        assert!(!daily.look(&utc, NOON + HOUR, NOON + HOUR));
        assert_eq!(daily.next, Some(NOON + 25 * HOUR));
    }

    #[test]
    fn a_clock_that_leaps() {
        // Two hours: what has its own time is run once, what follows the clock is not.
        assert!(due("0 13 * * *", NOON).look(&utc, NOON, NOON + 2 * HOUR));
        assert!(!due("*/10 * * * *", NOON).look(&utc, NOON, NOON + 2 * HOUR));
        assert!(due("*/10 * * * *", NOON).look(&utc, NOON, NOON + 660));
        // A day: it was wrong before.
        let mut daily = due("0 13 * * *", NOON);
        assert!(!daily.look(&utc, NOON, NOON + 24 * HOUR));
        assert_eq!(daily.next, Some(NOON + 25 * HOUR));
    }

    #[test]
    fn a_clock_that_is_set_back() {
        let mut daily = due("0 12 * * *", NOON - 1);
        assert!(daily.look(&utc, NOON - 1, NOON));
        // An hour: not again today.
        assert!(!daily.look(&utc, NOON, NOON - HOUR));
        assert!(!daily.look(&utc, NOON - HOUR, NOON));
        let mut often = due("*/10 * * * *", NOON);
        assert!(!often.look(&utc, NOON, NOON - HOUR));
        assert_eq!(often.next, Some(NOON - HOUR + 600));
        // A day: as if nothing had been.
        assert!(!daily.look(&utc, NOON, NOON - 24 * HOUR));
        assert_eq!(daily.next, Some(NOON));
    }
}
