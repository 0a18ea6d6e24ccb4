//! Whether the kernel's way to show a value is the one in which it was asked for.

/// Fields between white space, each the same text or number. The kernel shows all fields of a value of which only the
/// first ones were written (`kernel.printk`).
pub fn fields(wanted: &str, got: &str) -> bool {
    let mut shown = got.split_ascii_whitespace();
    let mut fields = wanted.split_ascii_whitespace().peekable();
    if fields.peek().is_none() {
        return shown.next().is_none();
    }
    let numbers = got
        .split_ascii_whitespace()
        .all(|field| number(field).is_some());
    let all = fields.all(|field| shown.next().is_some_and(|other| one(field, other)));
    all && (numbers || shown.next().is_none())
}

fn one(wanted: &str, got: &str) -> bool {
    wanted == got || number(wanted).is_some_and(|value| number(got) == Some(value))
}

/// A number as the kernel reads it (`kstrtol` with base 0): decimal, 0x… or octal behind a 0.
fn number(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let hexadecimal = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
    let value = match (hexadecimal, digits.strip_prefix('0')) {
        (Some(digits), _) => i128::from_str_radix(digits, 16),
        (None, Some(digits)) if !digits.is_empty() => i128::from_str_radix(digits, 8),
        _ => digits.parse(),
    };
    value
        .ok()
        .map(|value| if negative { -value } else { value })
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
}
