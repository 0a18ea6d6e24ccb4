//! The times of crontab(5), reckoned in the fields of a local time: time zones are the caller's.

use super::Calendar;

/// A minute of a local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute {
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
}

/// What each field may hold, with names for the numbers from the least one on.
struct Field {
    least: u8,
    most: u8,
    names: &'static [u8],
}

const FIELDS: [Field; 5] = [
    field(0, 59, b""),
    field(0, 23, b""),
    field(1, 31, b""),
    field(1, 12, b"janfebmaraprmayjunjulaugsepoctnovdec"),
    field(0, 7, b"sunmontuewedthufrisat"),
];

const fn field(least: u8, most: u8, names: &'static [u8]) -> Field {
    Field { least, most, names }
}

/// The Gregorian calendar repeats itself after so many years.
const CYCLE: i32 = 400;

impl Calendar {
    /// Reads the five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. None for what is no calendar,
    /// or names no day that ever comes.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text: &[u8] = match text {
            b"@hourly" => b"0 * * * *",
            b"@daily" => b"0 0 * * *",
            b"@weekly" => b"0 0 * * 0",
            b"@monthly" => b"0 0 1 * *",
            b"@yearly" => b"0 0 1 1 *",
            _ => text,
        };
        let mut words = text
            .split(|byte| byte.is_ascii_whitespace())
            .filter(|word| !word.is_empty());
        let mut sets = [0u64; 5];
        let mut starred = [false; 5];
        for ((field, set), starred) in FIELDS.iter().zip(&mut sets).zip(&mut starred) {
            let word = words.next()?;
            *starred = word.starts_with(b"*");
            *set = word
                .split(|byte| *byte == b',')
                .try_fold(0, |set, range| Some(set | field.range(range)?))?;
        }
        if words.next().is_some() {
            return None;
        }
        let [minutes, hours, days, months, weekdays] = sets;
        let made = Self {
            minutes,
            hours: u32::try_from(hours).ok()?,
            days: u32::try_from(days).ok()?,
            months: u16::try_from(months).ok()?,
            weekdays: u8::try_from(weekdays & 0x7f | weekdays >> 7).ok()?,
            either_day: !starred[2] && !starred[4],
        };
        let start = Minute {
            year: 2000,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
        };
        made.next_after(start).map(|_| made)
    }

    /// The first minute after the one given that is in the calendar.
    pub fn next_after(&self, time: Minute) -> Option<Minute> {
        let mut next = time;
        let mut within = false;
        for year in time.year..=time.year.checked_add(CYCLE)? {
            let first_month = if within { 1 } else { time.month };
            for month in first_month..=12 {
                if self.months >> month & 1 == 0 {
                    within = true;
                    continue;
                }
                let first_day = if within { 1 } else { time.day };
                for day in first_day..=days_in(year, month) {
                    if self.has_day(year, month, day) {
                        let from = if within {
                            None
                        } else {
                            Some((time.hour, time.minute))
                        };
                        if let Some((hour, minute)) = self.minute_after(from) {
                            (next.year, next.month, next.day) = (year, month, day);
                            (next.hour, next.minute) = (hour, minute);
                            return Some(next);
                        }
                    }
                    within = true;
                }
                within = true;
            }
            within = true;
        }
        None
    }

    fn has_day(&self, year: i32, month: u8, day: u8) -> bool {
        let by_day = self.days >> day & 1 == 1;
        let by_weekday = self.weekdays >> weekday(year, month, day) & 1 == 1;
        match self.either_day {
            true => by_day || by_weekday,
            false => by_day && by_weekday,
        }
    }

    /// The first minute of a day, or the first after one.
    fn minute_after(&self, after: Option<(u8, u8)>) -> Option<(u8, u8)> {
        let (from_hour, from_minute) = after.map_or((0, 0), |(hour, minute)| (hour, minute + 1));
        let hours = (from_hour..24).filter(|hour| self.hours >> hour & 1 == 1);
        for hour in hours {
            let from = if hour == from_hour { from_minute } else { 0 };
            if let Some(minute) = (from..60).find(|minute| self.minutes >> minute & 1 == 1) {
                return Some((hour, minute));
            }
        }
        None
    }
}

impl Field {
    /// `*`, `5`, `1-5`, each with `/2` after it if wanted.
    fn range(&self, text: &[u8]) -> Option<u64> {
        let (range, step) = match text.iter().position(|byte| *byte == b'/') {
            Some(at) => (&text[..at], Some(decimal(&text[at + 1..])?)),
            None => (text, None),
        };
        let (first, last) = match range.iter().position(|byte| *byte == b'-') {
            _ if range == b"*" => (self.least, self.most),
            Some(at) => (self.one(&range[..at])?, self.one(&range[at + 1..])?),
            // `5/10`: from 5 on.
            None if step.is_some() => (self.one(range)?, self.most),
            None => (self.one(range)?, self.one(range)?),
        };
        let step = usize::from(step.unwrap_or(1));
        if first > last || step == 0 {
            return None;
        }
        let numbers = (first..=last).step_by(step);
        Some(numbers.fold(0, |set, number| set | 1 << number))
    }

    fn one(&self, text: &[u8]) -> Option<u8> {
        let named = |name: &[u8]| name.eq_ignore_ascii_case(text);
        let by_name = self.names.chunks(3).position(named);
        let number = match by_name {
            Some(at) => self.least + u8::try_from(at).ok()?,
            None => decimal(text)?,
        };
        (self.least..=self.most).contains(&number).then_some(number)
    }
}

fn decimal(text: &[u8]) -> Option<u8> {
    let digits = !text.is_empty() && text.len() <= 3 && text.iter().all(u8::is_ascii_digit);
    let number = || std::str::from_utf8(text).ok()?.parse().ok();
    if digits { number() } else { None }
}

fn days_in(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// 0 (Sunday) to 6, by Sakamoto's method.
fn weekday(year: i32, month: u8, day: u8) -> u8 {
    const SHIFT: [i32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let month = month.clamp(1, 12);
    let year = if month < 3 { year - 1 } else { year };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year + leaps + SHIFT[usize::from(month) - 1] + i32::from(day);
    u8::try_from(days.rem_euclid(7)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i32, month: u8, day: u8, hour: u8, minute: u8) -> Minute {
        Minute {
            year,
            month,
            day,
            hour,
            minute,
        }
    }

    fn next(text: &str, time: Minute) -> Minute {
        Calendar::parse(text.as_bytes())
            .unwrap()
            .next_after(time)
            .unwrap()
    }

    #[test]
    fn weekdays() {
        assert_eq!(weekday(2026, 10, 17), 6);
        assert_eq!(weekday(2000, 1, 1), 6);
        assert_eq!(weekday(1900, 2, 28), 3);
        assert_eq!(weekday(2024, 2, 29), 4);
    }

    #[test]
    fn next_times() {
        let now = at(2026, 10, 17, 12, 30);
        for (text, expected) in [
            ("* * * * *", at(2026, 10, 17, 12, 31)),
            ("30 12 * * *", at(2026, 10, 18, 12, 30)),
            ("*/15 * * * *", at(2026, 10, 17, 12, 45)),
            ("5 0 * * *", at(2026, 10, 18, 0, 5)),
            ("0 0 1 1 *", at(2027, 1, 1, 0, 0)),
            ("0 9 * * mon-fri", at(2026, 10, 19, 9, 0)),
            ("0 9 * * 7", at(2026, 10, 18, 9, 0)),
            ("0 0 29 2 *", at(2028, 2, 29, 0, 0)),
            ("0 0 31 * *", at(2026, 10, 31, 0, 0)),
            ("59 23 31 dec *", at(2026, 12, 31, 23, 59)),
            ("0 0 13 * 5", at(2026, 10, 23, 0, 0)),
            ("0 0 */2 * 5", at(2026, 10, 23, 0, 0)),
            ("10,40-42 13 * 10 *", at(2026, 10, 17, 13, 10)),
            ("50/4 * * * *", at(2026, 10, 17, 12, 50)),
            ("@monthly", at(2026, 11, 1, 0, 0)),
            ("@weekly", at(2026, 10, 18, 0, 0)),
            ("0 0 29 FEB *", at(2028, 2, 29, 0, 0)),
        ] {
            assert_eq!(next(text, now), expected, "{text}");
        }
        // The end of a year, and a leap day that is left out.
        assert_eq!(
            next("0 0 * * *", at(2026, 12, 31, 23, 59)),
            at(2027, 1, 1, 0, 0)
        );
        assert_eq!(
            next("0 0 29 2 *", at(2096, 3, 1, 0, 0)),
            at(2104, 2, 29, 0, 0)
        );
    }

    #[test]
    fn bad_calendars() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1- * * * *",
            "1,,2 * * * *",
            "0 0 31 2 *",
            "0 0 30 feb *",
            "-1 * * * *",
            "@reboot",
            "1/ * * * *",
            "0001 * * * *",
            "* * * janu *",
        ] {
            assert_eq!(Calendar::parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            Calendar::parse(&text);
        }

        #[test]
        fn comes_after_and_is_in_it(
            minute in 0u8..60, hour in 0u8..24, day in 1u8..29, month in 1u8..13, year in 1970i32..2200,
            step in 1u8..60,
        ) {
            let text = format!("*/{step} {hour} * * *");
            let time = at(year, month, day, hour, minute);
            let found = next(&text, time);
            assert!(found > time && found.minute.is_multiple_of(step) && found.hour == hour);
        }
    }
}
