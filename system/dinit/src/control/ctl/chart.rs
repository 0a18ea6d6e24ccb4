//! The boot chart of `analyze plot`: SVG, a row a service. Light: it waited for others; dark: it started; pale: it ran.

use super::details::{Services, order};
use crate::control::output::Span;
use crate::text::Show;
use std::fmt::Write;

/// Pixels.
const ROW: u64 = 20;
const WIDTH: u64 = 1000;
const LEFT: u64 = 20;
const TOP: u64 = 60;

pub fn svg(services: &Services<'_>) -> String {
    let header = &services.header;
    let mut rows = services.booted();
    // They are in the order in which they started.
    order(&mut rows, &|entry| services.began(entry));
    let began = header.boot;
    let end = rows
        .iter()
        .map(|entry| entry.service.started)
        .max()
        .unwrap_or(began);
    // A twentieth of room behind the last, so that its end is seen.
    let length = (end.saturating_sub(began)).max(1_000_000);
    let length = length + length / 20;
    let place = |time: u64| {
        // Microseconds, so that the product fits: years of them do.
        let (time, length) = (time.saturating_sub(began).min(length) / 1000, length / 1000);
        LEFT + time * WIDTH / length
    };

    let height = TOP + ROW * rows.len() as u64 + ROW;
    let width = LEFT + WIDTH + 300;
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"16\">dinit {}: {} services in {}</text>\n",
        escape(header.version),
        rows.len(),
        Span(end.saturating_sub(began))
    );
    let step = step(length);
    for mark in 0..=length / step {
        let x = place(began + mark * step);
        let bottom = height - ROW;
        let _ = write!(
            svg,
            "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\" stroke=\"#ddd\"/>\n\
             <text x=\"{x}\" y=\"{}\" fill=\"#888\">{}</text>\n",
            TOP - 8,
            TOP - 12,
            Span(mark * step)
        );
    }
    for (number, entry) in rows.iter().enumerate() {
        let service = &entry.service;
        let y = TOP + ROW * number as u64;
        let up_to = match service.stopped > service.started {
            true => service.stopped,
            false => u64::MAX,
        };
        let bars = [
            (service.requested, services.began(entry), "#c6dbef"),
            (services.began(entry), service.started, "#2171b5"),
            (service.started, up_to, "#edf3f8"),
        ];
        for (from, to, colour) in bars {
            let x = place(from);
            let wide = place(to)
                .saturating_sub(x)
                .max(u64::from(colour == "#2171b5"));
            if wide > 0 {
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{}\" fill=\"{colour}\"/>",
                    ROW - 4
                );
            }
        }
        let own = service.started.saturating_sub(services.began(entry));
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\">{} ({})</text>",
            place(service.started) + 4,
            y + 12,
            escape(service.name),
            Span(own)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Between two marks of the time axis: 1, 2 or 5 times a power of ten, so that there are at most twenty.
fn step(length: u64) -> u64 {
    let mut step = 1_000_000;
    while length / step > 20 {
        step = match leading(step) {
            2 => step / 2 * 5,
            _ => step * 2,
        };
    }
    step
}

fn leading(mut number: u64) -> u64 {
    while number >= 10 {
        number /= 10;
    }
    number
}

/// As XML text.
fn escape(text: &[u8]) -> String {
    let mut escaped = String::new();
    for character in Show(text).to_string().chars() {
        match character {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            '"' => escaped += "&quot;",
            // XML has no other control characters, escaped or not.
            control if control < ' ' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_few() {
        for length in [
            1,
            5_000_000,
            90_000_000,
            1_234_567_890,
            600_000_000_000,
            u64::MAX / 2,
        ] {
            let step = step(length);
            assert!(matches!(leading(step), 1 | 2 | 5), "{step}");
            assert!(length / step <= 20);
        }
    }

    #[test]
    fn every_service_has_its_row() {
        let services = Services::parse(
            b"dinit <1>\nboot 10\n\nservice a&b\nrequested 10\nstarted 20\n\nservice c\nrequested 10\nstarted 5000000000\n",
        );
        let svg = svg(&services);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(
            svg.contains("dinit &lt;1&gt;: 2 services in 4.999s"),
            "{svg}"
        );
        assert!(svg.contains(">a&amp;b (0us)</text>"), "{svg}");
        assert!(svg.contains(">c (4.999s)</text>"), "{svg}");
        assert!(super::svg(&Services::parse(b"")).ends_with("</svg>\n"));
    }
}
