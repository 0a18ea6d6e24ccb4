//! From a calendar to moments: seconds since 1970, by the zone that the machine is in.

use super::{Calendar, Naive};

/// What a zone is asked: how many seconds it is before UTC at a moment.
pub trait Zone {
    fn offset(&self, moment: i64) -> i64;
}

impl<F: Fn(i64) -> i64> Zone for F {
    fn offset(&self, moment: i64) -> i64 {
        self(moment)
    }
}

const HOUR: i64 = 3600;
/// No zone changes back within that time.
const STEP: i64 = 12 * HOUR;

/// The first moment after one at which a job is due; none if there is none within four hundred years.
pub fn next(calendar: &Calendar, zone: &impl Zone, after: i64) -> Option<i64> {
    match calendar.follows_clock {
        true => following(calendar, zone, after),
        false => once(calendar, zone, after),
    }
}

fn naive(zone: &impl Zone, moment: i64) -> Naive {
    (moment + zone.offset(moment)).div_euclid(60)
}

/// Whenever the clock shows such a time.
fn following(calendar: &Calendar, zone: &impl Zone, after: i64) -> Option<i64> {
    let mut from = after;
    let mut shown = naive(zone, after);
    loop {
        let offset = zone.offset(from);
        let moment = calendar.next_after(shown)? * 60 - offset;
        match change(zone, from, moment) {
            None => return Some(moment),
            // From the change on the clock shows something else.
            Some(at) => {
                from = at;
                shown = naive(zone, at) - 1;
            }
        }
    }
}

/// Once for each time.
fn once(calendar: &Calendar, zone: &impl Zone, after: i64) -> Option<i64> {
    // What the clock leapt over at this very moment comes before what it shows.
    let mut time = naive(zone, after).min(naive(zone, after - 1));
    loop {
        time = calendar.next_after(time)?;
        let moment = moment(zone, time);
        if moment > after {
            return Some(moment);
        }
    }
}

/// The first moment at which the clock shows a time, or leaps over it.
fn moment(zone: &impl Zone, time: Naive) -> i64 {
    let seconds = time * 60;
    let (before, behind) = (
        zone.offset(seconds - 24 * HOUR),
        zone.offset(seconds + 24 * HOUR),
    );
    let (early, late) = (seconds - before.max(behind), seconds - before.min(behind));
    for moment in [early, late] {
        if moment + zone.offset(moment) == seconds {
            return moment;
        }
    }
    change(zone, early, late).unwrap_or(late)
}

/// The first moment after `from`, and not after `to`, from which on the zone has another offset.
fn change(zone: &impl Zone, from: i64, to: i64) -> Option<i64> {
    let offset = zone.offset(from);
    let mut same = from;
    let mut other = loop {
        if same >= to {
            return None;
        }
        let next = (same + STEP).min(to);
        if zone.offset(next) != offset {
            break next;
        }
        same = next;
    };
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        match zone.offset(middle) == offset {
            true => same = middle,
            false => other = middle,
        }
    }
    Some(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::schedule;

    /// The first of January 2026.
    const START: i64 = 1_767_225_600;
    /// Changes at 1:00 UTC of days 100 and 200: an hour is left out, then one comes twice.
    fn zone(moment: i64) -> i64 {
        let summer = START + 100 * 86_400 + HOUR..START + 200 * 86_400 + HOUR;
        if summer.contains(&moment) {
            2 * HOUR
        } else {
            HOUR
        }
    }

    /// Hours and minutes in UTC from the beginning of a day, of all times between that and so many hours later.
    fn times(text: &str, day: i64, hours: i64) -> Vec<(i64, i64)> {
        let calendar = schedule(text).unwrap();
        let begin = START + day * 86_400;
        let mut found = Vec::new();
        let mut after = begin - 1;
        while let Some(moment) =
            next(&calendar, &zone, after).filter(|at| *at < begin + hours * HOUR)
        {
            assert!(moment > after);
            let minutes = (moment - begin) / 60;
            found.push((minutes / 60, minutes % 60));
            after = moment;
        }
        found
    }

    #[test]
    fn an_hour_that_is_left_out() {
        // The clock leaps from 1:59 to 3:00 at 1:00 UTC.
        assert_eq!(times("30 2 * * *", 100, 24), [(1, 0)]);
        assert_eq!(times("10,30 2 * * *", 100, 24), [(1, 0)]);
        assert_eq!(times("0 3 * * *", 100, 24), [(1, 0)]);
        assert_eq!(times("30 1 * * *", 100, 23), [(0, 30)]);
        assert_eq!(
            times("30 * * * *", 100, 4),
            [(0, 30), (1, 30), (2, 30), (3, 30)]
        );
        assert!(times("*/30 2 * * *", 100, 22).is_empty());
        // A day later it is as always.
        assert_eq!(times("30 2 * * *", 101, 24), [(0, 30)]);
    }

    #[test]
    fn an_hour_that_comes_twice() {
        // The clock goes back from 2:59 to 2:00 at 1:00 UTC.
        assert_eq!(times("30 2 * * *", 200, 24), [(0, 30)]);
        assert_eq!(times("0 3 * * *", 200, 24), [(2, 0)]);
        assert_eq!(
            times("30 * * * *", 200, 4),
            [(0, 30), (1, 30), (2, 30), (3, 30)]
        );
        assert_eq!(
            times("*/30 2 * * *", 200, 22),
            [(0, 0), (0, 30), (1, 0), (1, 30)]
        );
        // Seen from within the second hour, the first is past.
        let calendar = schedule("45 2 * * *").unwrap();
        let within = START + 200 * 86_400 + HOUR + 1800;
        assert_eq!(
            next(&calendar, &zone, within),
            Some(START + 201 * 86_400 + HOUR + 2700)
        );
    }

    #[test]
    fn without_changes_it_is_the_calendar() {
        let utc = |_: i64| 0i64;
        for text in ["*/7 * * * *", "5 4 * * *"] {
            let calendar = schedule(text).unwrap();
            let naive = calendar.next_after(START / 60).unwrap() * 60;
            assert_eq!(next(&calendar, &utc, START), Some(naive));
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_zone_times_go_on(
            changes in proptest::collection::vec((1i64..400 * 24, -14i64..15), 0..6), minute in 0u32..60, hour in 0u32..24,
            star: bool, after in 0i64..400 * 86_400,
        ) {
            let mut changes = changes;
            changes.sort();
            changes.dedup_by(|one, other| one.0 - other.0 < 48);
            let zone = |moment: i64| {
                let past = changes.iter().rev().find(|(at, _)| START + at * HOUR <= moment);
                past.map_or(0, |(_, offset)| offset * HOUR)
            };
            let text = if star { format!("{minute} */2 * * *") } else { format!("{minute} {hour} * * *") };
            let calendar = schedule(&text).unwrap();
            let found = next(&calendar, &zone, START + after).unwrap();
            assert!(found > START + after && found <= START + after + 4 * 86_400);
        }
    }
}
