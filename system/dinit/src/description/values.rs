//! Values of settings: numbers, times, modes, signals, sizes, switches. All give None for what they do not understand.

use super::Signal;
use std::time::Duration;

/// The names that `term-signal` and `dinitctl signal` know, and their numbers.
pub const SIGNALS: [(&str, Signal); 9] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("KILL", 9),
    ("USR1", 10),
    ("USR2", 12),
    ("TERM", 15),
    ("CONT", 18),
    ("STOP", 19),
];

/// A signal's number by its name without `SIG`; 0 for `none`.
pub fn signal(text: &[u8]) -> Option<Signal> {
    if text == b"none" || text == b"NONE" {
        return Some(0);
    }
    let named = |(name, _): &&(&str, Signal)| name.as_bytes() == text;
    SIGNALS.iter().find(named).map(|(_, number)| *number)
}

/// `yes`, `true`, `no`, `false`.
pub fn switch(text: &[u8]) -> Option<bool> {
    match text {
        b"yes" | b"true" => Some(true),
        b"no" | b"false" => Some(false),
        _ => None,
    }
}

/// A whole number of at most `max`: decimal, octal after `0` or hexadecimal after `0x`.
pub fn number(text: &[u8], max: u64) -> Option<u64> {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (digits, base) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    };
    based(digits, base, max)
}

/// A number with a sign, from `min` to `max`.
pub fn signed(text: &[u8], min: i64, max: i64) -> Option<i64> {
    match text.strip_prefix(b"-") {
        Some([b'+', ..]) => None,
        Some(digits) => {
            let number = number(digits, min.unsigned_abs())?;
            0i64.checked_sub_unsigned(number)
        }
        None => i64::try_from(number(text, u64::try_from(max).ok()?)?).ok(),
    }
}

/// Whether this is meant as a number and not as a name.
pub fn looks_numeric(text: &[u8]) -> bool {
    match text {
        [b'+' | b'-', rest @ ..] | rest => rest.first().is_some_and(u8::is_ascii_digit),
    }
}

/// Permissions in octal: at most 7777.
pub fn mode(text: &[u8]) -> Option<u32> {
    u32::try_from(based(text, 8, 0o7777)?).ok()
}

fn based(digits: &[u8], base: u32, max: u64) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number = 0u64;
    for byte in digits {
        let digit = char::from(*byte).to_digit(base)?;
        number = number.checked_mul(base.into())?.checked_add(digit.into())?;
    }
    (number <= max).then_some(number)
}

/// Seconds with a fraction after `.` or `,`: to nanoseconds, further digits are dropped.
pub fn time(text: &[u8]) -> Option<Duration> {
    let at = text.iter().position(|byte| matches!(byte, b'.' | b','));
    let (whole, fraction) = match at {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    // Nothing at all is zero, to the reference as well.
    let seconds = match whole {
        [] => 0,
        _ => based(whole, 10, u64::MAX / 10_000_000_000)?,
    };
    let (mut nanoseconds, mut unit) = (0, 100_000_000);
    for byte in fraction {
        nanoseconds += unit * char::from(*byte).to_digit(10)?;
        unit /= 10;
    }
    Some(Duration::new(seconds, nanoseconds))
}

/// Extension: a time in seconds, or with a unit (`90s`, `5m`, `2h`, `1d`, `1w`).
pub fn long_time(text: &[u8]) -> Option<Duration> {
    let (digits, unit) = match text {
        [digits @ .., b's'] => (digits, 1),
        [digits @ .., b'm'] => (digits, 60),
        [digits @ .., b'h'] => (digits, 3600),
        [digits @ .., b'd'] => (digits, 86_400),
        [digits @ .., b'w'] => (digits, 604_800),
        _ => (text, 1),
    };
    if digits.is_empty() {
        return None;
    }
    time(digits)?.checked_mul(unit)
}

/// Extension: bytes, or with K, M, G or T times 1024 and so on.
pub fn size(text: &[u8]) -> Option<u64> {
    let (digits, shift) = match text {
        [digits @ .., b'K' | b'k'] => (digits, 10),
        [digits @ .., b'M' | b'm'] => (digits, 20),
        [digits @ .., b'G' | b'g'] => (digits, 30),
        [digits @ .., b'T' | b't'] => (digits, 40),
        _ => (text, 0),
    };
    based(digits, 10, u64::MAX >> shift).map(|number| number << shift)
}

/// `soft:hard`, either may be missing (unchanged) or `-` (no limit: `u64::MAX`); one value without a colon is both.
pub fn limit(text: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let one = |text: &[u8]| match text {
        b"" => Some(None),
        b"-" => Some(Some(u64::MAX)),
        _ => number(text, u64::MAX).map(Some),
    };
    match text.iter().position(|byte| *byte == b':') {
        Some(at) => Some((one(&text[..at])?, one(&text[at + 1..])?)),
        None if text.is_empty() => None,
        None => one(text).map(|both| (both, both)),
    }
}

/// `none`, `idle`, `realtime:0` to 7, `best-effort:0` to 7, as ioprio_set(2) takes it.
pub fn ioprio(text: &[u8]) -> Option<i32> {
    let (class, level) = match text {
        b"none" => return Some(0),
        b"idle" => return Some(3 << 13),
        _ => match text.strip_prefix(b"realtime:") {
            Some(level) => (1, level),
            None => (2, text.strip_prefix(b"best-effort:")?),
        },
    };
    let level = i32::try_from(number(level, 7)?).ok()?;
    Some(class << 13 | level)
}

/// Bits of `securebits` (capabilities(7)) by name.
pub fn securebits(word: &[u8]) -> Option<u32> {
    let (name, locked) = match word.strip_suffix(b"-locked") {
        Some(name) => (name, 1),
        None => (word, 0),
    };
    let bit = match name {
        b"noroot" => 0,
        b"no-setuid-fixup" => 2,
        b"keep-caps" => 4,
        _ => return None,
    };
    Some(1 << (bit + locked))
}

/// What is wrong with a name for a service, or what is before its `@`. The reference takes more than its manual allows;
/// of that, only what cannot be a file of a service folder is refused here.
pub fn service_name(name: &[u8]) -> Result<(), &'static str> {
    let base = name.split(|byte| *byte == b'@').next().unwrap_or_default();
    match base {
        [] => Err("it is empty"),
        [b'.', ..] => Err("it begins with a dot"),
        _ if base.contains(&b'/') => Err("there is a slash in it"),
        _ if base.iter().any(u8::is_ascii_control) => Err("there is a control character in it"),
        _ if name.len() > u16::MAX.into() => Err("it is longer than 65535 bytes"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("0", Some(0)),
            ("10", Some(10)),
            ("+7", Some(7)),
            ("010", Some(8)),
            ("0x1F", Some(31)),
            ("100", Some(100)),
            ("101", None),
            ("", None),
            ("09", None),
            ("0x", None),
            ("1a", None),
            ("-1", None),
            (" 1", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(number(text.as_bytes(), 100), expected, "{text}");
        }
        assert_eq!(signed(b"-1000", -1000, 1000), Some(-1000));
        assert_eq!(signed(b"1000", -1000, 1000), Some(1000));
        assert_eq!(signed(b"-1001", -1000, 1000), None);
        assert_eq!(signed(b"-+1", -1000, 1000), None);
        assert_eq!(signed(b"--1", -1000, 1000), None);
        assert_eq!(signed(b"-", -1000, 1000), None);
        assert!(looks_numeric(b"9x") && looks_numeric(b"-1") && !looks_numeric(b"x9"));
    }

    #[test]
    fn times() {
        let of = |text: &str| time(text.as_bytes());
        assert_eq!(of("2"), Some(Duration::from_secs(2)));
        assert_eq!(of("0.2"), Some(Duration::from_millis(200)));
        assert_eq!(of("1,5"), Some(Duration::from_millis(1500)));
        assert_eq!(of(".25"), Some(Duration::from_millis(250)));
        assert_eq!(of("1.0000000019"), Some(Duration::new(1, 1)));
        assert_eq!(of(""), Some(Duration::ZERO));
        for bad in ["-1", "1s", "1.2.3", "99999999999999999999", "1 2", "x"] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(long_time(b"1.5h"), Some(Duration::from_secs(5400)));
        assert_eq!(long_time(b"90"), Some(Duration::from_secs(90)));
        assert_eq!(long_time(b"2w"), Some(Duration::from_secs(1_209_600)));
        assert_eq!(long_time(b"h"), None);
        assert_eq!(long_time(b""), None);
    }

    #[test]
    fn sizes_and_modes() {
        assert_eq!(size(b"12"), Some(12));
        assert_eq!(size(b"2K"), Some(2048));
        assert_eq!(size(b"1g"), Some(1 << 30));
        assert_eq!(size(b"K"), None);
        assert_eq!(size(b"1KB"), None);
        assert_eq!(size(b"99999999999T"), None);
        assert_eq!(mode(b"0600"), Some(0o600));
        assert_eq!(mode(b"666"), Some(0o666));
        for bad in ["", "8", "10000", "0x1", "rw"] {
            assert_eq!(mode(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn limits() {
        let of = |text: &str| limit(text.as_bytes());
        assert_eq!(of("4:5"), Some((Some(4), Some(5))));
        assert_eq!(of("4:-"), Some((Some(4), Some(u64::MAX))));
        assert_eq!(of("4:"), Some((Some(4), None)));
        assert_eq!(of(":0x5"), Some((None, Some(5))));
        assert_eq!(of(":"), Some((None, None)));
        assert_eq!(of("-"), Some((Some(u64::MAX), Some(u64::MAX))));
        assert_eq!(of("7"), Some((Some(7), Some(7))));
        for bad in [
            "",
            "a",
            "4:b",
            "-5",
            "4:5:6",
            "4 5",
            "--",
            "18446744073709551616",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_of_things() {
        assert_eq!(signal(b"TERM"), Some(15));
        assert_eq!(signal(b"none"), Some(0));
        assert_eq!(signal(b"SIGTERM"), None);
        assert_eq!(signal(b"term"), None);
        assert_eq!(ioprio(b"idle"), Some(0x6000));
        assert_eq!(ioprio(b"realtime:0"), Some(0x2000));
        assert_eq!(ioprio(b"best-effort:7"), Some(0x4007));
        for bad in [
            "",
            "best-effort:8",
            "best-effort",
            "realtime:",
            "idle:1",
            "batch",
        ] {
            assert_eq!(ioprio(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(securebits(b"noroot"), Some(1));
        assert_eq!(securebits(b"no-setuid-fixup-locked"), Some(8));
        assert_eq!(securebits(b"keep-caps-locked"), Some(32));
        assert_eq!(securebits(b"locked"), None);
    }

    #[test]
    fn service_names() {
        for good in [
            "a",
            "net.eth0",
            "x@/dev/sda",
            "a@",
            "caf\u{e9}",
            "a@b@c",
            "x+y",
        ] {
            assert_eq!(service_name(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in ["", ".a", "@a", "a/b", "/a", "a\nb"] {
            assert!(service_name(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(service_name(&[b'a'; 65536]).is_err());
    }
}
