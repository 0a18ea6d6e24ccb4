// SPDX-License-Identifier: GPL-2.0-only

//! Marks of a start: what happened, and when. Nothing here knows of a kernel, so that it is tested
//! outside of one.

use core::fmt;

/// How many marks there can be, the kernel's among them.
pub(crate) const MAX_MARKS: usize = 64;

/// Bytes of the longest name.
pub(crate) const MAX_NAME: usize = 48;

/// Who made a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    Kernel,
    User,
}

/// Why a mark is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// There is no name, or one with something else than visible ASCII, or a time that is none or
    /// has not come yet.
    Malformed,
    /// The name has more than [`MAX_NAME`] bytes.
    Long,
    /// There are [`MAX_MARKS`] already.
    Full,
    /// There is one of that name: the first of its kind counts.
    Known,
}

#[derive(Clone, Copy)]
struct Mark {
    /// Nanoseconds of the monotonic clock; what was before the clock is negative.
    time: i64,
    source: Source,
    length: u8,
    name: [u8; MAX_NAME],
}

impl Mark {
    fn name(&self) -> &[u8] {
        self.name.get(..usize::from(self.length)).unwrap_or(&[])
    }
}

/// All marks, in the order of their times.
pub(crate) struct Marks {
    count: usize,
    marks: [Mark; MAX_MARKS],
}

impl Marks {
    pub(crate) const fn new() -> Self {
        const NONE: Mark = Mark {
            time: 0,
            source: Source::Kernel,
            length: 0,
            name: [0; MAX_NAME],
        };
        Self {
            count: 0,
            marks: [NONE; MAX_MARKS],
        }
    }

    /// Adds what user space wrote at `now`: `NAME`, or `NAME NANOSECONDS` for what it saw before it
    /// could write. A line end may follow.
    pub(crate) fn write(&mut self, text: &[u8], now: i64) -> Result<(), Refusal> {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let mut words = text.splitn(2, |byte| *byte == b' ');
        let name = words.next().unwrap_or(&[]);
        let time = match words.next() {
            Some(digits) => number(digits).ok_or(Refusal::Malformed)?,
            None => now,
        };
        if time > now {
            return Err(Refusal::Malformed);
        }
        self.add(name, time, Source::User)
    }

    /// Adds a mark where its time belongs, behind others of that time.
    pub(crate) fn add(&mut self, name: &[u8], time: i64, source: Source) -> Result<(), Refusal> {
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return Err(Refusal::Malformed);
        }
        let mut copy = [0; MAX_NAME];
        let room = copy.get_mut(..name.len()).ok_or(Refusal::Long)?;
        room.copy_from_slice(name);
        if self.all().iter().any(|mark| mark.name() == name) {
            return Err(Refusal::Known);
        }
        if self.count == MAX_MARKS {
            return Err(Refusal::Full);
        }
        let place = self.all().partition_point(|mark| mark.time <= time);
        self.count += 1;
        if let Some(moved) = self.marks.get_mut(place..self.count) {
            moved.rotate_right(1);
        }
        if let Some(mark) = self.marks.get_mut(place) {
            *mark = Mark {
                time,
                source,
                length: name.len() as u8,
                name: copy,
            };
        }
        Ok(())
    }

    fn all(&self) -> &[Mark] {
        self.marks.get(..self.count).unwrap_or(&[])
    }
}

/// A line a mark: nanoseconds, who made it, its name.
impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mark in self.all() {
            let source = match mark.source {
                Source::Kernel => "kernel",
                Source::User => "user",
            };
            let name = core::str::from_utf8(mark.name()).unwrap_or("?");
            writeln!(f, "{} {source} {name}", mark.time)?;
        }
        Ok(())
    }
}

/// A decimal number without a sign.
fn number(digits: &[u8]) -> Option<i64> {
    let add = |sum: i64, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    };
    (!digits.is_empty()).then(|| digits.iter().try_fold(0, add))?
}
