//! Versions and their order.
//!
//! `digits{.digits}[a-z]{_suffix[digits]}[~hash][-rDIGITS]`, as `apk-package(5)` gives it. A [`Version`] keeps any
//! text, because databases and indexes of others hold what they hold; [`Version::parse`] makes valid ones only and
//! [`Version::is_valid`] tells. An invalid text is compared up to where it stops being a version.

use std::cmp::Ordering;
use std::fmt;

/// A version's text; empty for a provide without one, which is lower than every version.
///
/// Two texts can be the same version (`1` and `01`), so this has no `Ord`: use [`Version::compare`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Version(String);

impl Version {
    /// The version that `text` says, if it is a valid one. The empty text is not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_valid(text).then(|| Self(text.to_owned()))
    }

    /// `text` as it is, valid or not.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no version at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the text follows the grammar.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        is_valid(&self.0)
    }

    /// The order of the two; see [`compare`].
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` follows the grammar; the empty text does not.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    let mut tokens = Tokens::new(text);
    if text.is_empty() {
        return false;
    }
    loop {
        match tokens.next().kind {
            Kind::End => return true,
            Kind::Invalid => return false,
            _ => {}
        }
    }
}

/// The order of two versions. The empty text is below every other; of texts that are not valid, what precedes the
/// fault counts.
#[must_use]
pub fn compare(left: &str, right: &str) -> Ordering {
    ordered(left, right, false)
}

/// The order of `version` and `prefix`, which are equal when the first goes on where the second ends (`1.2.3` and
/// `1.2`).
#[must_use]
pub fn compare_prefix(version: &str, prefix: &str) -> Ordering {
    ordered(version, prefix, true)
}

/// What a part of a version is, in the order in which parts may follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    First,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
    Invalid,
}

/// A part: its text without its mark (`.`, `_`, `~`, `-r`), and its number where it has one.
#[derive(Clone, Copy)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    number: u64,
}

/// Suffixes in their order; those before [`RELEASE`] come before the version without one.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
const RELEASE: u64 = 4;

struct Tokens<'a> {
    rest: &'a str,
    last: Option<Kind>,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            last: None,
        }
    }

    /// The next part; the last one (end or invalid) again and again.
    fn next(&mut self) -> Token<'a> {
        let token = self.take();
        self.last = Some(token.kind);
        token
    }

    fn take(&mut self) -> Token<'a> {
        let invalid = Token {
            kind: Kind::Invalid,
            text: "",
            number: 0,
        };
        let rest = self.rest;
        let bytes = rest.as_bytes();
        let Some(last) = self.last else {
            return self.digits(Kind::First, rest).unwrap_or(invalid);
        };
        if last >= Kind::End {
            return Token {
                kind: last,
                ..invalid
            };
        }
        let Some(&first) = bytes.first() else {
            return Token {
                kind: Kind::End,
                ..invalid
            };
        };
        let token = match first {
            b'.' if last <= Kind::Number => self.digits(Kind::Number, &rest[1..]),
            b'a'..=b'z' if last <= Kind::Number => {
                self.rest = &rest[1..];
                Some(Token {
                    kind: Kind::Letter,
                    text: &rest[..1],
                    number: u64::from(first),
                })
            }
            b'_' if last <= Kind::SuffixNumber => self
                .run(&rest[1..], u8::is_ascii_lowercase)
                .and_then(|text| {
                    let number = SUFFIXES.iter().position(|suffix| *suffix == text)? as u64;
                    Some(Token {
                        kind: Kind::Suffix,
                        text,
                        number,
                    })
                }),
            b'0'..=b'9' if last == Kind::Suffix => self.digits(Kind::SuffixNumber, rest),
            b'~' if last <= Kind::SuffixNumber => self
                .run(&rest[1..], |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                .map(|text| Token {
                    kind: Kind::Hash,
                    text,
                    number: 0,
                }),
            b'-' if last <= Kind::Hash && bytes.get(1) == Some(&b'r') => {
                self.digits(Kind::Revision, &rest[2..])
            }
            _ => None,
        };
        token.unwrap_or(invalid)
    }

    /// The bytes of `text` that `accept` takes, at least one, and what follows them as the new rest.
    fn run(&mut self, text: &'a str, accept: impl Fn(&u8) -> bool) -> Option<&'a str> {
        let length = text
            .bytes()
            .position(|byte| !accept(&byte))
            .unwrap_or(text.len());
        self.rest = &text[length..];
        (length > 0).then(|| &text[..length])
    }

    /// A number, modulo 2^64 as apk takes it.
    fn digits(&mut self, kind: Kind, text: &'a str) -> Option<Token<'a>> {
        let text = self.run(text, u8::is_ascii_digit)?;
        let number = text.bytes().fold(0_u64, |sum, digit| {
            sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))
        });
        Some(Token { kind, text, number })
    }
}

fn ordered(left: &str, right: &str, prefix: bool) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        (false, false) => {}
    }
    if left == right {
        return Ordering::Equal;
    }
    let (mut left, mut right) = (Tokens::new(left), Tokens::new(right));
    loop {
        let (a, b) = (left.next(), right.next());
        if a.kind == b.kind {
            let order = match a.kind {
                Kind::End | Kind::Invalid => return Ordering::Equal,
                // Digits behind a point with a zero before them are a fraction's.
                Kind::Number if a.text.starts_with('0') || b.text.starts_with('0') => {
                    a.text.cmp(b.text)
                }
                Kind::Hash => a.text.cmp(b.text),
                _ => a.number.cmp(&b.number),
            };
            if order.is_ne() {
                return order;
            }
            continue;
        }
        if prefix && b.kind == Kind::End {
            return Ordering::Equal;
        }
        let before_release = |token: &Token| token.kind == Kind::Suffix && token.number < RELEASE;
        return if before_release(&a) {
            Ordering::Less
        } else if before_release(&b) {
            Ordering::Greater
        } else {
            b.kind.cmp(&a.kind)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs with the sign between them as `apk version -t` prints it.
    const SEEN: &[(&str, char, &str)] = &[
        ("1.01", '<', "1.1"),
        ("1.0", '<', "1.00"),
        ("1.0-r0", '>', "1.0"),
        ("1.0~ab", '>', "1.0"),
        ("1.0~ab", '<', "1.0~abc"),
        ("1.0_p", '<', "1.0_p0"),
        ("1.0_p1_rc1", '<', "1.0_p1"),
        ("1.0-r01", '=', "1.0-r1"),
        ("18446744073709551616", '<', "1"),
        ("01", '=', "1"),
        ("1_alpha01", '=', "1_alpha1"),
        ("1.10", '>', "1.1"),
        ("1.010", '>', "1.01"),
        ("1.0.0", '<', "1.00"),
        ("1.99999999999999999999999", '>', "1.2"),
        ("1.18446744073709551617", '=', "1.1"),
        ("1.0", '<', "1.0.1"),
        ("1.0", '<', "1.0a"),
        ("1.0_rc1", '<', "1.0"),
        ("1.0", '<', "1.0_p1"),
        ("1.0_alpha", '<', "1.0_beta"),
    ];

    #[test]
    fn orders_as_seen() {
        for &(left, sign, right) in SEEN {
            let expected = match sign {
                '<' => Ordering::Less,
                '>' => Ordering::Greater,
                _ => Ordering::Equal,
            };
            assert_eq!(compare(left, right), expected, "{left} {sign} {right}");
            assert_eq!(compare(right, left), expected.reverse(), "{right} {left}");
        }
    }

    #[test]
    fn grammar() {
        for text in [
            "0",
            "1.0",
            "1.0a",
            "1.0_rc",
            "1.0_p1_rc2",
            "1.0~ab12",
            "1a_git20200101~0f-r12",
        ] {
            assert!(is_valid(text), "{text}");
        }
        for text in [
            "", "a", "1.", "1.a", "1.0foo", "1.0ab", "1.0a1", "1.0A", "1.0~", "1.0~g", "1-r",
            "1.0_foo", "1.0-r1x", "1_p1a", "1-r1_p1", "1~abcG", " 1", "1 ", "1-r1~ab",
        ] {
            assert!(!is_valid(text), "{text}");
            assert_eq!(Version::parse(text), None);
        }
    }

    #[test]
    fn prefixes() {
        assert_eq!(compare_prefix("1.2.3", "1.2"), Ordering::Equal);
        assert_eq!(compare_prefix("1.6_pre1", "1.6"), Ordering::Equal);
        assert_eq!(compare_prefix("1.2", "1.2.3"), Ordering::Less);
        assert_eq!(compare_prefix("1.3", "1.2"), Ordering::Greater);
        assert_eq!(compare_prefix("", "1"), Ordering::Less);
    }
}
