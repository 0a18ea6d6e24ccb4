//! Extension: analyze. How long services took to start: a service's own time begins when it was asked to start and all
//! that come before it had started, and ends when it was started itself.

use super::Session;
use super::chart;
use super::details::{self, Services};
use crate::control::failure::Failure;
use crate::control::output::Span;
use crate::protocol::details::Entry;
use crate::text::Show;

/// What the kernel module alpenglow_bootstat tells, where it is loaded.
const MARKS: &str = "/proc/bootstat";

pub fn run(session: &mut Session) -> Result<i32, Failure> {
    let text = details::text(session, "tell when its services started")?;
    let services = Services::parse(&text);
    let what = session.given.words.first().map_or(&b""[..], |word| word);
    let text = match what {
        b"blame" => blame(&services),
        b"critical-chain" => chain(&services),
        b"plot" => chart::svg(&services),
        _ => return whole(session, &services),
    };
    session.output.print(format_args!("{text}"));
    Ok(0)
}

fn own(services: &Services<'_>, entry: &Entry<'_>) -> u64 {
    entry.service.started.saturating_sub(services.began(entry))
}

fn summary(services: &Services<'_>) -> String {
    let started = services.booted();
    let Some(last) = started.last() else {
        return "No service was started.\n".into();
    };
    let header = &services.header;
    let mut text = format!(
        "{} of {} services started; the last, {}, {} after dinit.\n",
        started.len(),
        services.entries.len(),
        Show(last.service.name),
        Span(last.service.started.saturating_sub(header.boot))
    );
    if let Some(boot) = services.boot() {
        let after = boot.service.started.saturating_sub(header.boot);
        text += &format!(
            "The service boot was started {} after dinit.\n",
            Span(after)
        );
    }
    let slowest = started.iter().max_by_key(|entry| own(services, entry));
    if let Some(slowest) = slowest {
        let name = Show(slowest.service.name);
        text += &format!(
            "The longest time of its own took {name}: {}.\n",
            Span(own(services, slowest))
        );
    }
    text
}

/// The summary, and below it the marks of the module where it is loaded, as it tells them.
fn whole(session: &mut Session, services: &Services<'_>) -> Result<i32, Failure> {
    let marks = std::fs::read(MARKS).unwrap_or_default();
    let text = summary(services);
    let output = &mut session.output;
    output.print(format_args!("{text}{}", Show(&marks)));
    Ok(0)
}

/// The longest first.
fn blame(services: &Services<'_>) -> String {
    let mut times: Vec<(u64, &[u8])> = services
        .started()
        .into_iter()
        .map(|entry| (own(services, entry), entry.service.name))
        .collect();
    times.sort_by(|first, second| second.0.cmp(&first.0).then(first.1.cmp(second.1)));
    let line =
        |(time, name): &(u64, &[u8])| format!("{:>10} {}\n", Span(*time).to_string(), Show(name));
    times.iter().map(line).collect()
}

/// The service boot, or else the last, before it that which it waited for longest, and so on: `NAME @when +own time`.
fn chain(services: &Services<'_>) -> String {
    let mut text = String::new();
    let mut next = services.boot().or_else(|| services.started().pop());
    let mut depth = 0;
    while let Some(entry) = next {
        let service = &entry.service;
        text += &format!(
            "{}{} @{} +{}\n",
            "  ".repeat(depth),
            Show(service.name),
            Span(service.started.saturating_sub(services.header.boot)),
            Span(own(services, entry))
        );
        depth += 1;
        // A service never waits for one that started later than itself: that started for another reason.
        next = (depth < services.entries.len())
            .then(|| services.before(entry).into_iter())
            .and_then(|before| {
                before
                    .filter(|other| {
                        let started = other.service.started;
                        started != 0 && started <= service.started
                    })
                    .max_by_key(|other| other.service.started)
            });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"dinit 1\nnow 9000000000\nboot 1000000000\nservices 4\n\n\
        service boot\nstate started\nrequested 1000000000\nstarted 4000000000\ndepends depends-on net\ndepends waits-for log\n\n\
        service net\nstate started\nrequested 1000000000\nstarted 3999000000\ndepends depends-on log\n\n\
        service log\nstate started\nrequested 1000000000\nstarted 1500000000\n\n\
        service idle\n";

    #[test]
    fn times_are_their_own() {
        let services = Services::parse(TEXT);
        assert_eq!(
            blame(&services),
            "    2.499s net\n     500ms log\n       1ms boot\n"
        );
        assert_eq!(
            chain(&services),
            "boot @3.000s +1ms\n  net @2.999s +2.499s\n    log @500ms +500ms\n"
        );
        assert_eq!(
            summary(&services),
            "3 of 4 services started; the last, boot, 3.000s after dinit.\n\
             The service boot was started 3.000s after dinit.\n\
             The longest time of its own took net: 2.499s.\n"
        );
        let later = [
            TEXT,
            b"\nservice later\nrequested 8000000000\nstarted 8500000000\n",
        ]
        .concat();
        let with_later = Services::parse(&later);
        assert_eq!(
            summary(&with_later).replace("of 5", "of 4"),
            summary(&services)
        );
        assert_eq!(chain(&with_later), chain(&services));
        assert!(blame(&with_later).contains("500ms later\n"));
        assert_eq!(summary(&Services::parse(b"")), "No service was started.\n");
    }

    #[test]
    fn a_circle_of_order_ends() {
        let services = Services::parse(
            b"\nservice a\nstarted 5\ndepends after b\n\nservice b\nstarted 5\ndepends after a\n",
        );
        assert_eq!(chain(&services).lines().count(), 2);
    }
}
