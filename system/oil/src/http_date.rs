//! Dates as HTTP has them (RFC 9110, 5.6.7).

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Sun, 06 Nov 1994 08:49:37 GMT`, from seconds since 1970.
#[must_use]
pub fn to_text(seconds: u64) -> String {
    let date = crate::date::Date::of(seconds);
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        DAYS[(seconds / 86_400 % 7) as usize],
        date.day,
        MONTHS[date.month as usize - 1],
        date.year,
        date.hour,
        date.minute,
        date.second
    )
}

/// Seconds since 1970 of such a date; none of another form, which nobody sends any more.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [_, day, month, year, clock, "GMT"] = words.as_slice() else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name == month)? as u32 + 1;
    let clock: Vec<u32> = clock
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [hour, minute, second] = clock.as_slice() else {
        return None;
    };
    let date = crate::date::Date {
        year: year.parse().ok()?,
        month,
        day: day.parse().ok()?,
        hour: *hour,
        minute: *minute,
        second: *second,
    };
    u64::try_from(date.seconds()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let text = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(parse(text), Some(784_111_777));
        assert_eq!(to_text(784_111_777), text);
        assert_eq!(parse("yesterday"), None);
    }
}
