//! The five fields as sets, and the times that are in them, in minutes of a calendar without zones.

/// Minutes since the beginning of 1970 as the clock on the wall shows them.
pub type Naive = i64;

const DAY: i64 = 1440;
/// Days after which the calendar repeats itself.
const CYCLE: i64 = 146_097;

/// Bits of what is in each field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub minutes: u64,
    pub hours: u64,
    /// From bit 1 on.
    pub days: u64,
    /// From bit 1 on.
    pub months: u64,
    /// 0 and 7 are Sunday.
    pub weekdays: u64,
    /// Minute or hour begins with `*`.
    pub follows_clock: bool,
    /// Neither day field begins with `*`: one of them is enough.
    pub either_day: bool,
}

impl Calendar {
    /// The first time after one; none if there never is any.
    pub fn next_after(&self, time: Naive) -> Option<Naive> {
        let first = (time + 1).div_euclid(DAY);
        let mut from = (time + 1).rem_euclid(DAY);
        for day in first..=first + CYCLE {
            if self.has_day(day)
                && let Some(minute) = self.minute_from(from)
            {
                return Some(day * DAY + minute);
            }
            from = 0;
        }
        None
    }

    /// Whether a time is one of them.
    pub fn has(&self, time: Naive) -> bool {
        let minute = time.rem_euclid(DAY);
        self.has_day(time.div_euclid(DAY)) && self.minute_from(minute) == Some(minute)
    }

    fn has_day(&self, day: i64) -> bool {
        let (month, of_month) = month_and_day(day);
        // The first of January 1970 was a Thursday.
        let weekday = (day + 4).rem_euclid(7);
        let by_day = self.days >> of_month & 1 == 1;
        let weekdays = self.weekdays | self.weekdays >> 7;
        let by_weekday = weekdays >> weekday & 1 == 1;
        let day = match self.either_day {
            true => by_day || by_weekday,
            false => by_day && by_weekday,
        };
        day && self.months >> month & 1 == 1
    }

    /// The first minute of a day, from one on.
    fn minute_from(&self, from: i64) -> Option<i64> {
        (from / 60..24)
            .filter(|hour| self.hours >> hour & 1 == 1)
            .find_map(|hour| {
                let least = (from - hour * 60).max(0);
                let mut minutes = least..60;
                let minute = minutes.find(|minute| self.minutes >> minute & 1 == 1)?;
                Some(hour * 60 + minute)
            })
    }
}

/// The month and its day, both from 1, of a day counted from 1970 on.
pub fn month_and_day(day: i64) -> (i64, i64) {
    let day = day.rem_euclid(CYCLE);
    // 1970 is as 1970 + 400: what matters is where in the cycle a year is.
    let mut year = 1970 + day / 366;
    while before_year(year + 1) <= day {
        year += 1;
    }
    let mut rest = day - before_year(year);
    let mut month = 1;
    while rest >= days_in(year, month) {
        rest -= days_in(year, month);
        month += 1;
    }
    (month, rest + 1)
}

/// Days between the beginning of 1970 and that of a year.
fn before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400 - 719_162
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::schedule;

    pub fn naive(year: i64, month: i64, day: i64, hour: i64, minute: i64) -> Naive {
        let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
        (before_year(year) + months + day - 1) * DAY + hour * 60 + minute
    }

    #[test]
    fn next_times() {
        let now = naive(2026, 10, 17, 12, 30);
        for (text, expected) in [
            ("* * * * *", naive(2026, 10, 17, 12, 31)),
            ("30 12 * * *", naive(2026, 10, 18, 12, 30)),
            ("*/15 * * * *", naive(2026, 10, 17, 12, 45)),
            ("0 0 1 1 *", naive(2027, 1, 1, 0, 0)),
            ("0 9 * * mon-fri", naive(2026, 10, 19, 9, 0)),
            ("0 9 * * 7", naive(2026, 10, 18, 9, 0)),
            ("0 9 * * sat-sun", naive(2026, 10, 18, 9, 0)),
            ("0 0 29 2 *", naive(2028, 2, 29, 0, 0)),
            ("0 0 31 * *", naive(2026, 10, 31, 0, 0)),
            ("0 0 13 * 5", naive(2026, 10, 23, 0, 0)),
            ("0 0 */2 * 5", naive(2026, 10, 23, 0, 0)),
            ("10,40-42 13 * OCT *", naive(2026, 10, 17, 13, 10)),
            ("@weekly", naive(2026, 10, 18, 0, 0)),
            ("@midnight", naive(2026, 10, 18, 0, 0)),
        ] {
            let calendar = schedule(text).unwrap();
            assert_eq!(calendar.next_after(now), Some(expected), "{text}");
            assert!(
                calendar.has(expected) && !calendar.has(expected - 1) || text.starts_with("* ")
            );
        }
        let leap = schedule("0 0 29 2 *").unwrap();
        let after = naive(2096, 3, 1, 0, 0);
        assert_eq!(leap.next_after(after), Some(naive(2104, 2, 29, 0, 0)));
    }

    #[test]
    fn days_have_their_months() {
        assert_eq!(month_and_day(0), (1, 1));
        assert_eq!(month_and_day(-1), (12, 31));
        assert_eq!(month_and_day(11_016), (2, 29));
        assert_eq!(month_and_day(11_017), (3, 1));
    }

    proptest::proptest! {
        #[test]
        fn comes_after_and_is_in_it(time in -10_000_000i64..100_000_000, minute in 0u32..60, hour in 0u32..24, day in 1u32..29) {
            let calendar = schedule(&format!("{minute} {hour} {day} * *")).unwrap();
            let found = calendar.next_after(time).unwrap();
            assert!(found > time && calendar.has(found) && found - time <= 32 * DAY);
        }
    }
}
