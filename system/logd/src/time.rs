//! Times: microseconds since 1970, in UTC, as RFC 3339 writes them.

use common::clock;
use std::fmt;

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400;

/// Microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

impl Time {
    /// What the clock says.
    pub fn now() -> Self {
        Self(clock::micros(clock::CLOCK_REALTIME))
    }

    /// Reads `2026-11-26`, `2026-11-26T07:02`, with seconds, with a fraction, with `Z`; a space may stand for the `T`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        let (date, clock) = match text.split_once(['T', 't', ' ']) {
            Some((date, clock)) => (date, clock),
            None => (text, "00:00"),
        };
        let mut parts = date.split('-');
        let (year, month) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?);
        let day = digits(parts.next()?, 2)?;
        let good = (1970..=9999).contains(&year) && (1..=12).contains(&month);
        if parts.next().is_some() || !good || day < 1 || day > days_in(year, month) {
            return None;
        }
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, fraction)) => (clock, fraction),
            None => (clock, "0"),
        };
        let mut parts = clock.split(':');
        let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
        let second = parts.next().map_or(Some(0), |text| digits(text, 2))?;
        if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let scale = 10u64.checked_pow(6u32.checked_sub(u32::try_from(fraction.len()).ok()?)?)?;
        let micros = digits(fraction, fraction.len())? * scale;
        let seconds = days_before(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
        Some(Self(seconds * SECOND + micros))
    }

    /// A time as in [`Time::parse`], or how long ago: `90s`, `10m`, `2h`, `3d`.
    pub fn parse_or_ago(text: &str, now: Self) -> Option<Self> {
        let scale = match text.as_bytes().last()? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => DAY,
            _ => return Self::parse(text),
        };
        let number = &text[..text.len() - 1];
        let ago = digits(number, number.len())?.checked_mul(scale)?;
        Some(Self(now.0.saturating_sub(ago.checked_mul(SECOND)?)))
    }
}

/// `2026-11-26T07:02:11.123456Z`
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0 / SECOND, self.0 % SECOND);
        let (year, month, day) = date(seconds / DAY);
        let of_day = seconds % DAY;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
    }
}

/// Exactly so many decimal digits, 18 at most.
fn digits(text: &str, count: usize) -> Option<u64> {
    let good = text.len() == count && (1..=18).contains(&count);
    let good = good && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u64::from(leap(year)),
        _ => 31,
    }
}

/// Days since 1970 before the first of January.
fn days_before_year(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400 - 719_162
}

fn days_before(year: u64, month: u64, day: u64) -> u64 {
    let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
    days_before_year(year) + months + day - 1
}

/// The date of a day, counted from 1970 on.
fn date(days: u64) -> (u64, u64, u64) {
    // A year is at most 366 days: never too late, and early by few.
    let mut year = 1970 + days / 366;
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    let mut rest = days - days_before_year(year);
    let mut month = 1;
    while rest >= days_in(year, month) {
        rest -= days_in(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (1_709_164_799, "2024-02-28T23:59:59.000000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(Time(seconds * SECOND).to_string(), text);
            assert_eq!(Time::parse(text), Some(Time(seconds * SECOND)), "{text}");
        }
        assert_eq!(
            Time::parse("2000-02-29 00:00:01.5"),
            Some(Time(951_782_401_500_000))
        );
        assert_eq!(Time::parse("2000-02-29"), Time::parse("2000-02-29T00:00"));
        for text in [
            "",
            "2001-02-29",
            "2001-13-01",
            "2001-1-01",
            "1969-12-31",
            "2001-01-01T24:00",
            "2001-01-01T",
            "2001-01-01T00:00:00.1234567",
            "2001-01-01T00:00.",
            "+001-01-01",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn how_long_ago() {
        let now = Time(1_000_000 * SECOND);
        assert_eq!(Time::parse_or_ago("10m", now), Some(Time(999_400 * SECOND)));
        assert_eq!(Time::parse_or_ago("99999d", now), Some(Time(0)));
        for text in ["", "m", "-5m", "999999999999999999d", "5w"] {
            assert_eq!(Time::parse_or_ago(text, now), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_time_comes_back(micros in 0u64..253_402_300_799_999_999) {
            assert_eq!(Time::parse(&Time(micros).to_string()), Some(Time(micros)));
        }

        #[test]
        fn no_text_panics(text: String) {
            Time::parse_or_ago(&text, Time(5));
        }
    }
}
