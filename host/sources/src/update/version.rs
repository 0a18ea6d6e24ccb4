//! The order of Debian's versions (deb-version(7)). Versions of crates without a pre-release are in that order too.

use std::cmp::Ordering;

/// Which of two versions is the newer one: `[EPOCH:]UPSTREAM[-REVISION]`.
pub fn compare(one: &str, other: &str) -> Ordering {
    let (epoch, upstream, revision) = parts(one);
    let (other_epoch, other_upstream, other_revision) = parts(other);
    number(epoch, other_epoch)
        .then_with(|| part(upstream, other_upstream))
        .then_with(|| part(revision, other_revision))
}

fn parts(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    (epoch, upstream, revision)
}

/// Non-digits and digits by turns.
fn part(mut one: &str, mut other: &str) -> Ordering {
    while !one.is_empty() || !other.is_empty() {
        let (words, rest) = head(one, |c| !c.is_ascii_digit());
        let (other_words, other_rest) = head(other, |c| !c.is_ascii_digit());
        let (digits, rest) = head(rest, |c| c.is_ascii_digit());
        let (other_digits, other_rest) = head(other_rest, |c| c.is_ascii_digit());
        let order = text(words, other_words).then_with(|| number(digits, other_digits));
        if order != Ordering::Equal {
            return order;
        }
        (one, other) = (rest, other_rest);
    }
    Ordering::Equal
}

fn head(text: &str, take: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !take(c)).unwrap_or(text.len()))
}

/// A tilde is before the end, the end before letters, letters before the rest.
fn text(one: &str, other: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => (0, '~'),
        None => (1, '\0'),
        Some(c) if c.is_ascii_alphabetic() => (2, c),
        Some(c) => (3, c),
    };
    let (mut one, mut other) = (one.chars(), other.chars());
    loop {
        let (a, b) = (one.next(), other.next());
        let order = weight(a).cmp(&weight(b));
        if order != Ordering::Equal || a.is_none() {
            return order;
        }
    }
}

/// Numbers of any length; nothing is 0.
fn number(one: &str, other: &str) -> Ordering {
    let one = one.trim_start_matches('0');
    let other = other.trim_start_matches('0');
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each is older than the next, as `dpkg --compare-versions` says.
    const ORDER: [&str; 17] = [
        "0.8.9~rc1",
        "0.8.9",
        "0.8.9+dfsg",
        "0.8.9+dfsg-1",
        "0.8.10",
        "1.2.5",
        "1.2.6~",
        "1.2.6",
        "1.2.6a",
        "1.2.6+",
        "7.2.12-1~bpo13+1",
        "7.2.12-1",
        "7.2.13-1",
        "59b",
        "59c",
        "20240101",
        "1:0.1",
    ];

    #[test]
    fn versions_are_in_debians_order() {
        for (at, one) in ORDER.iter().enumerate() {
            for (other_at, other) in ORDER.iter().enumerate() {
                assert_eq!(compare(one, other), at.cmp(&other_at), "{one} {other}");
            }
        }
        assert_eq!(compare("1.02", "1.2"), Ordering::Equal);
        assert_eq!(compare("0:1.2-0", "1.2"), Ordering::Equal);
    }

    #[test]
    fn dpkg_agrees() {
        let Ok(_) = std::process::Command::new("dpkg").arg("--version").output() else {
            return; // Not Debian.
        };
        for pair in ORDER.windows(2) {
            let status = std::process::Command::new("dpkg")
                .args(["--compare-versions", pair[0], "lt", pair[1]])
                .status();
            assert!(status.unwrap().success(), "{pair:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_an_order(a in "[0-9a-c~+.:-]{0,8}", b in "[0-9a-c~+.:-]{0,8}") {
            proptest::prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            proptest::prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        }
    }
}
