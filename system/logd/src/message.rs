//! What comes by /dev/log: RFC 3164 as the C library's syslog(3) writes it, which has no host, and RFC 5424.
//!
//! Whatever bytes come are a message. What the sender says of the time, its host and its process is passed over: the kernel
//! tells better. A message without priority is a user's notice (RFC 3164, section 4.3.3).

use crate::names;
use std::borrow::Cow;

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub facility: u8,
    pub level: u8,
    /// Empty: it does not say.
    pub program: &'a [u8],
    pub text: Cow<'a, [u8]>,
}

/// Understands a datagram.
pub fn parse(datagram: &[u8]) -> Message<'_> {
    // Programs end it with a line's end, or with the zero of a string.
    let end = |byte: &u8| !matches!(byte, b'\n' | b'\r' | b'\0');
    let length = datagram.iter().rposition(end).map_or(0, |at| at + 1);
    let datagram = &datagram[..length];
    let (priority, rest) = priority(datagram).unwrap_or((13, datagram));
    let (facility, level) = names::split(priority);
    let (program, text) = match structured(rest) {
        Some(found) => found,
        None => {
            let (program, text) = tagged(stamped(rest));
            (program, Cow::Borrowed(text))
        }
    };
    Message {
        facility,
        level,
        program,
        text,
    }
}

/// `<N>`, of three digits at most.
fn priority(text: &[u8]) -> Option<(u32, &[u8])> {
    let rest = text.strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|byte| *byte == b'>')?;
    let digits = &rest[..end];
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    Some((number, &rest[end + 1..]))
}

/// What is behind the time, if there is one: `Nov 26 07:02:11 `, or as RFC 3339 has it.
fn stamped(text: &[u8]) -> &[u8] {
    const SHAPE: &[u8; 16] = b"Aaa 99 99:99:99 ";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'A' => byte.is_ascii_uppercase(),
        b'a' => byte.is_ascii_lowercase(),
        b'9' => byte.is_ascii_digit() || *byte == b' ',
        other => byte == other,
    };
    if text.len() >= SHAPE.len() && text.iter().zip(SHAPE).all(fits) {
        return &text[SHAPE.len()..];
    }
    match split(text) {
        Some((word, rest)) if is_time(word) => rest,
        _ => text,
    }
}

/// Whether it looks like a time of RFC 3339.
fn is_time(word: &[u8]) -> bool {
    let shape = b"9999-99-99T99:99:99";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'9' => byte.is_ascii_digit(),
        other => byte == other,
    };
    word.len() >= shape.len() && word.iter().zip(shape).all(fits)
}

/// `program: text` or `program[123]: text`; what has no such beginning is text alone.
fn tagged(text: &[u8]) -> (&[u8], &[u8]) {
    let inside = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'[' | b']' | b':');
    let length = text.iter().take_while(|byte| inside(byte)).count();
    let (name, mut rest) = text.split_at(length);
    if name.is_empty() {
        return (name, text);
    }
    if let Some(process) = rest.strip_prefix(b"[")
        && let Some(close) = process.iter().take(24).position(|byte| *byte == b']')
    {
        rest = &process[close + 1..];
    }
    match rest.strip_prefix(b":") {
        Some(rest) => (name, rest.strip_prefix(b" ").unwrap_or(rest)),
        None => (&text[..0], text),
    }
}

/// RFC 5424, section 6: `1 TIME HOST PROGRAM PROCESS KIND DATA TEXT`. Kind and data, where there are any, stand before the text.
fn structured(text: &[u8]) -> Option<(&[u8], Cow<'_, [u8]>)> {
    let (time, rest) = split(text.strip_prefix(b"1 ")?)?;
    if time != b"-" && !is_time(time) {
        return None;
    }
    let (_host, rest) = split(rest)?;
    let (program, rest) = split(rest)?;
    let (_process, rest) = split(rest)?;
    let (kind, rest) = split(rest)?;
    let (data, rest) = rest.split_at(data(rest)?);
    let text = match rest {
        [] => rest,
        [b' ', text @ ..] => text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text),
        _ => return None,
    };
    let told: Vec<&[u8]> = [kind, data, text]
        .into_iter()
        .filter(|part| !part.is_empty() && *part != b"-")
        .collect();
    let text = match told[..] {
        [] => Cow::Borrowed(&[][..]),
        [one] => Cow::Borrowed(one),
        _ => Cow::Owned(told.join(&b' ')),
    };
    let program = if program == b"-" {
        &program[..0]
    } else {
        program
    };
    Some((program, text))
}

/// The length of structured data: `-`, or elements in brackets, in whose quotes a backslash takes the next character along.
fn data(text: &[u8]) -> Option<usize> {
    if text.first() == Some(&b'-') {
        return Some(1);
    }
    let (mut at, mut quoted, mut open) = (0, false, false);
    while let Some(byte) = text.get(at) {
        match (byte, quoted, open) {
            (b'\\', true, _) => at += 1,
            (b'"', _, true) => quoted = !quoted,
            (b']', false, true) => open = false,
            (b'[', false, false) => open = true,
            (_, _, true) => {}
            (_, _, false) => break,
        }
        at += 1;
    }
    (at > 0 && !open && at <= text.len()).then_some(at)
}

fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b' ')?;
    Some((&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facility, level, program, text.
    fn parsed(datagram: &str) -> (u8, u8, String, String) {
        let message = parse(datagram.as_bytes());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            message.facility,
            message.level,
            text(message.program),
            text(&message.text),
        )
    }

    #[test]
    fn messages_of_the_c_library_and_others() {
        for (datagram, program, told) in [
            ("<30>Nov 26 07:02:11 sshd[123]: a: b", "sshd", "a: b"),
            ("<30>Nov  6 07:02:11 sshd: hello\n", "sshd", "hello"),
            (
                "<30>dinit: service x started.\n",
                "dinit",
                "service x started.",
            ),
            (
                "<30>2026-11-26T07:02:11.5+01:00 a.b-c_d/e: x\0",
                "a.b-c_d/e",
                "x",
            ),
            ("<30>sshd[12]:no blank", "sshd", "no blank"),
            ("<30>no tag here: text", "", "no tag here: text"),
            ("<30>name[1] text", "", "name[1] text"),
            ("<30>", "", ""),
            ("<30>: x", "", ": x"),
            ("<30>Nov 26 07:02:11", "", "Nov 26 07:02:11"),
            ("<30>two\nlines\n\n", "", "two\nlines"),
        ] {
            let expected = (3, 6, program.to_owned(), told.to_owned());
            assert_eq!(parsed(datagram), expected, "{datagram}");
        }
    }

    #[test]
    fn messages_of_rfc_5424() {
        for (datagram, program, told) in [
            // Its own examples, section 6.5.
            (
                "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed",
                "su",
                "ID47 'su root' failed",
            ),
            (
                "<34>1 2003-10-11T22:14:15.003Z m evntslog - ID47 [a@1 iut=\"3\" b=\"x\\]\\\"]\"][c@2] An event",
                "evntslog",
                "ID47 [a@1 iut=\"3\" b=\"x\\]\\\"]\"][c@2] An event",
            ),
            ("<34>1 - - - - - -", "", ""),
            ("<34>1 - - a 5 - - x", "a", "x"),
            // What only begins like one.
            ("<34>1 - - a 5 - [open", "", "1 - - a 5 - [open"),
            ("<34>1 is no version", "", "1 is no version"),
            ("<34>1 - - a 5 - [x]y z", "", "1 - - a 5 - [x]y z"),
            ("<34>1 - - a 5 - [x \"\\", "", "1 - - a 5 - [x \"\\"),
        ] {
            let expected = (4, 2, program.to_owned(), told.to_owned());
            assert_eq!(parsed(datagram), expected, "{datagram}");
        }
    }

    #[test]
    fn without_priority_it_is_a_users_notice() {
        for datagram in ["a: x", "<>a: x", "<1234>a: x", "<-1>a: x", "<12", ""] {
            let (facility, level, ..) = parsed(datagram);
            assert_eq!((facility, level), (1, 5), "{datagram}");
        }
        assert_eq!(parsed("<999>a: x").0, names::USER);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_message(datagram: Vec<u8>) {
            let message = parse(&datagram);
            assert!(message.facility < 24 && message.level < 8);
        }

        #[test]
        fn any_almost_structured_bytes_are_one(rest in "[-\\[\\]\"\\\\ a]{0,40}") {
            parse(format!("<30>1 - - a - - {rest}").as_bytes());
        }
    }
}
