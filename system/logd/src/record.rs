//! A message as a line of a file, both ways:
//!
//! ```text
//! 2026-11-26T07:02:11.123456Z daemon.info uid=0 sshd[123]: text
//! 2026-11-26T07:02:11.123456Z kern.warning kernel: text
//! ```
//!
//! Time, process and user are what the kernel knows; level, facility and the program's name are what the sender says. Without
//! `uid=` it came by the kernel's log.

use crate::escape;
use crate::names;
use crate::names::{FACILITIES, LEVELS};
use crate::time::Time;
use std::io::Write;

/// Bytes of a program's name that are kept.
const NAME: usize = 48;

/// A message with all that is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub time: Time,
    /// Below 24.
    pub facility: u8,
    /// 0 (the most urgent) to 7.
    pub level: u8,
    /// Whose; none for the kernel's log.
    pub sender: Option<Sender>,
    pub program: &'a [u8],
    pub text: &'a [u8],
}

/// A process as the kernel knows it (unix(7), `SCM_CREDENTIALS`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// 0: one of a namespace that we do not see.
    pub pid: u32,
    pub uid: u32,
}

impl Record<'_> {
    /// Appends its line.
    pub fn append(&self, out: &mut Vec<u8>) {
        let facility = FACILITIES[usize::from(self.facility) % FACILITIES.len()];
        let level = LEVELS[usize::from(self.level & 7)];
        // Writing to memory does not fail.
        let _ = write!(out, "{} {facility}.{level} ", self.time);
        if let Some(sender) = self.sender {
            let _ = write!(out, "uid={} ", sender.uid);
        }
        program(self.program, out);
        if let Some(sender) = self.sender {
            let _ = write!(out, "[{}]", sender.pid);
        }
        out.extend_from_slice(b": ");
        escape::append(self.text, out);
        out.push(b'\n');
    }
}

/// A name without what separates it from the rest of the line.
fn program(name: &[u8], out: &mut Vec<u8>) {
    if name.is_empty() {
        out.push(b'-');
    }
    let good = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'[' | b']' | b':');
    let names = name.iter().take(NAME);
    out.extend(names.map(|byte| if good(*byte) { *byte } else { b'_' }));
}

/// A line of a file, understood; its text is escaped as it stands there.
pub fn parse(line: &[u8]) -> Option<Record<'_>> {
    let (time, rest) = word(line)?;
    let time = Time::parse(std::str::from_utf8(time).ok()?)?;
    let (kind, mut rest) = word(rest)?;
    let (facility, level) = std::str::from_utf8(kind).ok()?.split_once('.')?;
    let (facility, level) = (names::facility(facility)?, names::level(level)?);
    let mut uid = None;
    if let Some(after) = rest.strip_prefix(b"uid=") {
        let (number, after) = word(after)?;
        uid = Some(decimal(number)?);
        rest = after;
    }
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let (name, text) = (&rest[..colon], rest[colon + 1..].strip_prefix(b" ")?);
    let (program, sender) = match uid {
        Some(uid) => {
            let open = name.iter().position(|byte| *byte == b'[')?;
            let pid = decimal(name[open + 1..].strip_suffix(b"]")?)?;
            (&name[..open], Some(Sender { pid, uid }))
        }
        None => (name, None),
    };
    Some(Record {
        time,
        facility,
        level,
        sender,
        program,
        text,
    })
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b' ')?;
    Some((&text[..at], &text[at + 1..]))
}

fn decimal(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(record: &Record<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        record.append(&mut out);
        assert_eq!(out.pop(), Some(b'\n'));
        out
    }

    #[test]
    fn lines_look_as_they_are_documented() {
        let time = Time::parse("2026-11-26T07:02:11.123456").unwrap();
        let sender = Some(Sender { pid: 123, uid: 0 });
        let mut record = Record {
            time,
            facility: 3,
            level: 6,
            sender,
            program: b"sshd",
            text: b"a: b\nc",
        };
        assert_eq!(
            line(&record),
            b"2026-11-26T07:02:11.123456Z daemon.info uid=0 sshd[123]: a: b\\nc"
        );
        record.sender = None;
        (record.facility, record.program) = (0, b"");
        assert_eq!(
            line(&record),
            b"2026-11-26T07:02:11.123456Z kern.info -: a: b\\nc"
        );
        record.program = b"a[1]: b";
        assert!(line(&record).ends_with(b" a_1___b: a: b\\nc"));
    }

    #[test]
    fn what_is_no_line_is_none() {
        for text in [
            "",
            "x",
            "2026-11-26T07:02:11Z",
            "2026-11-26T07:02:11Z kern.loud kernel: x",
            "2026-11-26T07:02:11Z kern.info kernel x",
            "2026-11-26T07:02:11Z kern.info kernel:x",
            "2026-11-26T07:02:11Z kern.info uid= a[1]: x",
            "2026-11-26T07:02:11Z kern.info uid=1 a: x",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_record_comes_back(
            micros in 0u64..253_402_300_799_999_999, facility in 0u8..24, level in 0u8..8, pid: u32, uid: u32, kernel: bool,
            program in "[!-9;-Z^-~]{1,48}", text: Vec<u8>,
        ) {
            let sender = (!kernel).then_some(Sender { pid, uid });
            let program = program.as_bytes();
            let record = Record { time: Time(micros), facility, level, sender, program, text: &text };
            let line = line(&record);
            let found = parse(&line).unwrap();
            assert_eq!(escape::undo(found.text), text);
            assert_eq!(Record { text: &text, ..found }, record);
        }

        #[test]
        fn any_program_is_one_word(program: Vec<u8>, text: Vec<u8>) {
            let sender = Some(Sender { pid: 1, uid: 2 });
            let record = Record { time: Time(0), facility: 1, level: 5, sender, program: &program, text: &text };
            let line = line(&record);
            assert_eq!(parse(&line).unwrap().sender, sender);
        }

        #[test]
        fn no_line_panics(line: Vec<u8>) {
            parse(&line);
        }
    }
}
