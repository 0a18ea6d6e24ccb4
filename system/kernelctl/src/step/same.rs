//! Whether the kernel's way to show a value is the one in which it was asked for.

use crate::policy::units::ranges;

/// Fields between white space, each the same text or number. The kernel shows all fields of a value of which only the
/// first ones were written (`kernel.printk`).
pub fn fields(wanted: &str, got: &str) -> bool {
    let mut fields = wanted.split_ascii_whitespace();
    let (mut numbers, mut some, mut more) = (true, false, false);
    for shown in got.split_ascii_whitespace() {
        numbers &= number(shown).is_some();
        match fields.next() {
            Some(field) if one(field, shown) => some = true,
            Some(_) => return false,
            None => more = true,
        }
    }
    fields.next().is_none() && (!more || (some && numbers))
}

/// What `-` stands for is the kernel's choice.
pub fn any(wanted: &str, got: &str) -> bool {
    let (mut wanted, mut got) = (wanted.split(' '), got.split(' '));
    loop {
        match (wanted.next(), got.next()) {
            (None, None) => return true,
            (Some(wanted), Some(got)) if wanted == "-" || wanted == got => {}
            _ => return false,
        }
    }
}

/// Whether a word is one of a list.
#[inline(never)]
pub fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|other| other == word)
}

/// `+cpu +memory`: at least these; without signs just these.
pub fn controllers(wanted: &str, got: &str) -> bool {
    let mut count = 0;
    for word in wanted.split_ascii_whitespace() {
        if !has(got, word.trim_start_matches('+')) {
            return false;
        }
        count += 1;
    }
    wanted.starts_with('+') || count == got.split_ascii_whitespace().count()
}

/// The kernel rounds a size down to whole pages, of at most 64 KiB.
pub fn bytes(wanted: &str, got: &str) -> bool {
    match (wanted.parse::<u64>(), got.parse::<u64>()) {
        (Ok(wanted), Ok(got)) => wanted.checked_sub(got).is_some_and(|less| less < 65536),
        _ => wanted == got,
    }
}

/// The same numbers, however they are put in ranges.
pub fn lists(wanted: &str, got: &str) -> bool {
    wanted == got || ranges(wanted).is_some_and(|list| ranges(got) == Some(list))
}

/// Each limit of a device that is wanted.
pub fn limits(wanted: &str, got: &str) -> bool {
    wanted.split_ascii_whitespace().all(|limit| has(got, limit))
}

fn one(wanted: &str, got: &str) -> bool {
    wanted == got || number(wanted).is_some_and(|value| number(got) == Some(value))
}

/// A number as the kernel reads it (`kstrtol` with base 0): decimal, 0x… or octal behind a 0; whether it is below 0, and how far from it.
fn number(text: &str) -> Option<(bool, u64)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let hexadecimal = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
    let value = match (hexadecimal, digits.strip_prefix('0')) {
        (Some(digits), _) => u64::from_str_radix(digits, 16),
        (None, Some(digits)) if !digits.is_empty() => u64::from_str_radix(digits, 8),
        _ => digits.parse(),
    };
    value.ok().map(|value| (negative && value != 0, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_compared_as_the_kernel_reads_them() {
        for (wanted, got) in [
            ("10", "10"),
            ("0x10", "16"),
            ("010", "8"),
            ("+5", "5"),
            ("4096 87380  6291456", "4096\t87380\t6291456"),
            ("3", "3\t4\t1\t7"),
            ("", ""),
            ("core %p", "core %p"),
        ] {
            assert!(fields(wanted, got), "{wanted} {got}");
        }
        for (wanted, got) in [
            ("10", "11"),
            ("1 2", "1"),
            ("", "0"),
            ("core", "core %p"),
            ("0x", "0"),
            ("+-5", "-5"),
        ] {
            assert!(!fields(wanted, got), "{wanted} {got}");
        }
    }

    #[test]
    fn other_kinds_have_their_own_ways() {
        assert!(any("- 5 1", "lzo 5 1") && any("lzo 5 1", "lzo 5 1") && !any("- 5 1", "off"));
        assert!(controllers("+cpu +io", "cpuset cpu io") && !controllers("+cpu", "cpuset"));
        assert!(
            controllers("cpu io", "io cpu") && !controllers("cpu", "io cpu") && controllers("", "")
        );
        assert!(bytes("1000000", "999424") && bytes("max", "max") && !bytes("1000000", "max"));
        assert!(!bytes("4096", "8192") && !bytes("1000000", "0"));
        assert!(lists("0,1,2", "0-2") && lists("", "") && !lists("0", "0-1"));
        assert!(
            limits("vda rbps=5", "vda rbps=5 wbps=max") && !limits("vda rbps=5", "vda rbps=max")
        );
    }
}
