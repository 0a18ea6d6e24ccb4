//! `log-type = buffer`: output kept in memory, shown by `dinitctl catlog`.

use crate::memory::Room;
use std::collections::VecDeque;

/// Output of a service, up to a limit. Memory is taken as output comes.
pub struct Buffer {
    bytes: VecDeque<u8>,
    limit: usize,
    keep_newest: bool,
    truncated: bool,
}

/// What stands between the output of two runs, as in the reference; without the first newline if there is one already.
const RESTARTED: &[u8] = b"\n(dinit: note: service restarted)\n";

impl Buffer {
    /// Room for `limit` bytes. Of more output, `keep_newest` keeps the newest whole lines; otherwise what comes when the
    /// buffer is full is dropped.
    pub fn new(limit: usize, keep_newest: bool) -> Self {
        Self {
            bytes: VecDeque::new(),
            limit,
            keep_newest,
            truncated: false,
        }
    }

    /// Takes output. Never fails: what there is no room or no memory for is dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        let free = self.limit - self.bytes.len();
        if bytes.len() > free {
            self.truncated = true;
            match self.keep_newest {
                true => bytes = self.make_room(bytes),
                false => bytes = &bytes[..free],
            }
        }
        if self.reserve(bytes.len()) {
            self.bytes.extend(bytes);
        } else {
            self.truncated = true;
        }
    }

    /// Drops the oldest lines; the part of `bytes` that there is room for then.
    fn make_room<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let excess = (self.bytes.len() + bytes.len()).saturating_sub(self.limit);
        let end_of_line = |byte: &u8| *byte == b'\n';
        if let Some(last) = excess
            .checked_sub(1)
            .filter(|last| *last < self.bytes.len())
        {
            // The line that the limit falls into goes as a whole, if it is complete.
            let rest = self.bytes.range(last..).position(end_of_line);
            let gone = rest.map_or(excess, |rest| last + rest + 1);
            self.bytes.drain(..gone);
            return bytes;
        }
        let last = excess.saturating_sub(self.bytes.len() + 1);
        self.bytes.clear();
        let kept = bytes.get(last..).unwrap_or_default();
        match kept.iter().position(end_of_line) {
            // Not when nothing would be left of it.
            Some(at) if at + 1 < kept.len() => &kept[at + 1..],
            _ => &bytes[bytes.len() - bytes.len().min(self.limit)..],
        }
    }

    /// Memory for more bytes: in steps that double, never past the limit.
    fn reserve(&mut self, more: usize) -> bool {
        let needed = self.bytes.len() + more;
        if needed <= self.bytes.capacity() {
            return true;
        }
        let step = (self.bytes.capacity() * 2).max(256);
        let wanted = step.max(needed).min(self.limit.max(needed));
        let reserve = self.bytes.room_exact(wanted - self.bytes.len());
        reserve.is_ok()
    }

    /// The service starts again: a note, if there is output before it and room for it.
    pub fn note_restart(&mut self) {
        let note = match self.bytes.back() {
            None => return,
            Some(b'\n') => &RESTARTED[1..],
            Some(_) => RESTARTED,
        };
        if self.keep_newest || self.bytes.len() + note.len() < self.limit {
            let truncated = self.truncated;
            self.push(note);
            self.truncated = truncated || self.truncated;
        }
    }

    /// Everything, in two pieces.
    pub fn contents(&self) -> [&[u8]; 2] {
        let (one, two) = self.bytes.as_slices();
        [one, two]
    }

    /// Whether output was dropped since the buffer was empty.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// Forgets everything and gives the memory back.
    pub fn clear(&mut self) {
        self.bytes = VecDeque::new();
        self.truncated = false;
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Changes the limit; what is too much then is dropped.
    pub fn set_limit(&mut self, limit: usize) {
        let before = std::mem::replace(&mut self.limit, limit);
        if self.bytes.len() > limit {
            let old = std::mem::take(&mut self.bytes);
            let (one, two) = old.as_slices();
            let whole = [one, two].concat();
            self.push(&whole);
        } else if before > limit {
            self.bytes.shrink_to(limit);
        }
    }

    pub fn keeps_newest(&self) -> bool {
        self.keep_newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(buffer: &Buffer) -> String {
        String::from_utf8(buffer.contents().concat()).unwrap()
    }

    #[test]
    fn full_is_full() {
        let mut buffer = Buffer::new(10, false);
        buffer.push(b"abcd\n");
        assert!(!buffer.truncated());
        buffer.push(b"efghijk");
        buffer.push(b"x");
        assert_eq!(text(&buffer), "abcd\nefghi");
        assert!(buffer.truncated());
        buffer.clear();
        assert_eq!((text(&buffer).as_str(), buffer.truncated()), ("", false));
    }

    #[test]
    fn newest_lines_stay_whole() {
        let mut buffer = Buffer::new(10, true);
        for line in ["one\n", "two\n", "six\n", "ten\n"] {
            buffer.push(line.as_bytes());
        }
        assert_eq!(text(&buffer), "six\nten\n");
        buffer.push(b"a\n");
        assert_eq!(text(&buffer), "six\nten\na\n");
        buffer.push(b"1234567\n89\n");
        assert_eq!(text(&buffer), "89\n");
        // A line longer than everything: its end.
        buffer.push(b"abcdefghijklmno");
        assert_eq!(text(&buffer), "fghijklmno");
        buffer.push(b"abcdefghijklmno\n");
        assert_eq!(text(&buffer), "ghijklmno\n");
        assert!(buffer.truncated());
    }

    #[test]
    fn restarts_are_noted() {
        let mut buffer = Buffer::new(100, false);
        buffer.note_restart();
        assert_eq!(text(&buffer), "");
        buffer.push(b"a");
        buffer.note_restart();
        buffer.note_restart();
        let note = "(dinit: note: service restarted)\n";
        assert_eq!(text(&buffer), format!("a\n{note}{note}"));
        // Exactly full is too full, as in the reference.
        let mut buffer = Buffer::new(note.len() + 2, false);
        buffer.push(b"a\n");
        buffer.note_restart();
        assert_eq!(text(&buffer), "a\n");
        buffer.set_limit(note.len() + 3);
        buffer.note_restart();
        assert_eq!(text(&buffer), format!("a\n{note}"));
        buffer.set_limit(1);
        assert_eq!((text(&buffer).as_str(), buffer.truncated()), ("a", true));
    }

    #[test]
    fn memory_comes_with_output() {
        let mut buffer = Buffer::new(1 << 40, true);
        buffer.push(b"little");
        assert!(buffer.bytes.capacity() < 1024);
        buffer.push(&[b'x'; 5000]);
        assert!(buffer.bytes.capacity() < 20_000);
        let mut buffer = Buffer::new(300, false);
        buffer.push(&[b'x'; 5000]);
        assert_eq!(buffer.bytes.capacity(), 300);
    }

    proptest! {
        /// Against all output at once: the beginning, or an end that is not shorter than whole lines make it.
        #[test]
        fn is_a_piece_of_the_output(
            pieces in proptest::collection::vec("[ab\n]{0,12}", 0..20),
            limit in 0_usize..30,
        ) {
            let all = pieces.concat();
            let mut oldest = Buffer::new(limit, false);
            let mut newest = Buffer::new(limit, true);
            for piece in &pieces {
                oldest.push(piece.as_bytes());
                newest.push(piece.as_bytes());
            }
            prop_assert_eq!(text(&oldest), &all[..all.len().min(limit)]);
            let kept = text(&newest);
            prop_assert!(all.ends_with(&kept) && kept.len() <= limit);
            prop_assert_eq!(newest.truncated(), kept.len() < all.len() || all.len() > limit);
        }
    }
}
