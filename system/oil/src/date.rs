//! Dates of the Gregorian calendar, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// A point in time by its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// 1970 and later; what is earlier can be told, not made from seconds.
    pub year: i64,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
    /// Of 24.
    pub hour: u32,
    /// Of 60.
    pub minute: u32,
    /// Of 60.
    pub second: u32,
}

/// Seconds since 1970 now.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl Date {
    /// Of seconds since 1970.
    #[must_use]
    pub fn of(seconds: u64) -> Self {
        let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
        // Years that begin with March have their odd day at their end; eras have 400 of them.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let leaps = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leaps) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u32,
            day: (day_of_year - (153 * from_march + 2) / 5 + 1) as u32,
            hour: (rest / 3600) as u32,
            minute: (rest / 60 % 60) as u32,
            second: (rest % 60) as u32,
        }
    }

    /// Seconds since 1970; parts beyond their range count on.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        let month = i64::from(self.month);
        let year = self.year - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        days * 86_400
            + i64::from(self.hour) * 3600
            + i64::from(self.minute) * 60
            + i64::from(self.second)
    }

    /// `20260131.235959`, as apk makes versions of virtual packages.
    #[must_use]
    pub fn compact(&self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        format!("{year:04}{month:02}{day:02}.{hour:02}{minute:02}{second:02}")
    }

    /// Of `2026-01-31 23:59:59` or its day alone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (day, clock) = text.split_once(' ').unwrap_or((text, "0:0:0"));
        let numbers = |text: &str, by: char| -> Option<Vec<u32>> {
            text.split(by).map(|part| part.parse().ok()).collect()
        };
        let (date, clock) = (numbers(day, '-')?, numbers(clock, ':')?);
        let ([year, month, day], [hour, minute, second]) = (date.as_slice(), clock.as_slice())
        else {
            return None;
        };
        let good = (1..=12).contains(month) && (1..=31).contains(day);
        good.then(|| Self {
            year: i64::from(*year),
            month: *month,
            day: *day,
            hour: *hour,
            minute: *minute,
            second: *second,
        })
    }
}

/// `2026-01-31 23:59:59`.
impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (text, number) in [
            ("1970-01-01 00:00:00", 0),
            ("2000-02-29 12:00:01", 951_825_601),
            ("2023-11-14 22:13:20", 1_700_000_000),
            ("2100-03-01 00:00:00", 4_107_542_400),
        ] {
            let date = Date::of(number);
            assert_eq!(date.to_string(), text);
            assert_eq!(Date::parse(text), Some(date));
            assert_eq!(date.seconds(), number as i64);
        }
        assert_eq!(Date::parse("1970-13-01"), None);
        assert_eq!(Date::of(1_700_000_000).compact(), "20231114.221320");
    }
}
