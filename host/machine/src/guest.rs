//! What a guest says about itself in `/proc` (proc(5)).

use serde::{Deserialize, Serialize};

/// Of `/proc/meminfo`, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// What the kernel manages: given memory less its own code and tables.
    pub total_kib: u64,
    /// What could still be used without swapping.
    pub available_kib: u64,
}

/// A mark of a start, of `/proc/bootstat` (`kernel/alpenglow_bootstat`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Nanoseconds of the guest's monotonic clock: negative, before it began.
    pub ns: i64,
    /// `kernel` or `user`.
    pub source: String,
    /// What happened.
    pub name: String,
}

/// The marks in a text that holds `/proc/bootstat`: none where the guest has none.
pub fn marks(text: &str) -> Vec<Mark> {
    let mark = |line: &str| {
        let mut words = line.split_whitespace();
        let (ns, source, name) = (words.next()?, words.next()?, words.next()?);
        let known = ["kernel", "user"].contains(&source) && words.next().is_none();
        known.then_some(Mark {
            ns: ns.parse().ok()?,
            source: source.to_owned(),
            name: name.to_owned(),
        })
    };
    text.lines().filter_map(mark).collect()
}

/// Finds `MemTotal` and `MemAvailable` in a text that holds `/proc/meminfo`.
pub fn memory(text: &str) -> Option<Memory> {
    Some(Memory {
        total_kib: field(text, "MemTotal:")?,
        available_kib: field(text, "MemAvailable:")?,
    })
}

fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(name))?;
    let mut words = rest.split_whitespace();
    let value = words.next()?.parse().ok()?;
    (words.next() == Some("kB")).then_some(value)
}

/// Finds the first line that is `/proc/uptime`, two numbers of seconds, and gives the first: since
/// the kernel's clock started.
pub fn uptime(text: &str) -> Option<f64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (up, idle) = (words.next()?, words.next()?);
        let seconds = |word: &str| {
            let plain = word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let number = (plain && word.contains('.')).then(|| word.parse::<f64>().ok());
            number.flatten()
        };
        seconds(idle)?;
        words.next().is_none().then(|| seconds(up)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "peer-marker: reached\n1.60 0.25\nMemTotal:         223632 kB\n\
                        MemFree:          196488 kB\nMemAvailable:     199580 kB\n";

    #[test]
    fn a_peers_words_are_understood() {
        let expected = Memory {
            total_kib: 223_632,
            available_kib: 199_580,
        };
        assert_eq!(memory(PEER), Some(expected));
        assert_eq!(uptime(PEER), Some(1.6));
    }

    #[test]
    fn marks_are_found_beside_other_text() {
        let text = format!("{PEER}-12 kernel entry\r\n5000 user login\n");
        let found: Vec<(i64, String)> = marks(&text)
            .into_iter()
            .map(|mark| (mark.ns, mark.name))
            .collect();
        assert_eq!(found, [(-12, "entry".into()), (5000, "login".into())]);
        assert!(marks(PEER).is_empty());
    }

    #[test]
    fn nothing_is_made_up() {
        assert_eq!(memory("MemTotal: 5 kB\nMemAvailable: many kB\n"), None);
        assert_eq!(memory("MemTotal: 5 kB\n"), None);
        assert_eq!(uptime("[ 1.0 ] 2.0\n1 2\n1.0 2.0 3.0\n1.0 x\n"), None);
    }
}
