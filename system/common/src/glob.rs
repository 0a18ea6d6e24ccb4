//! Patterns as fnmatch(3) has them without flags: `*`, `?`, `[…]` and `\`; all of them match slashes and dots too: whose names
//! are those of files sees to that itself.

/// Whether a text matches a pattern.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Where to go on when nothing fits: behind the last star, one byte further in the text.
    let mut retry = None;
    while seen < text.len() {
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            retry = Some((at, seen));
            continue;
        }
        if let Some(next) = step(pattern, at, text[seen]) {
            (at, seen) = (next, seen + 1);
            continue;
        }
        let Some((star, from)) = retry else {
            return false;
        };
        retry = Some((star, from + 1));
        (at, seen) = (star, from + 1);
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

/// One byte of the text against what stands at a place of the pattern: where the pattern goes on if it fits.
fn step(pattern: &[u8], at: usize, byte: u8) -> Option<usize> {
    match *pattern.get(at)? {
        b'?' => Some(at + 1),
        b'[' => match class(pattern, at, byte) {
            Some((fits, next)) => fits.then_some(next),
            // It does not end: a bracket like any byte.
            None => (byte == b'[').then_some(at + 1),
        },
        b'\\' if at + 1 < pattern.len() => (pattern[at + 1] == byte).then_some(at + 2),
        other => (other == byte).then_some(at + 1),
    }
}

/// `[…]`: whether a byte is in it, and where it ends. None: it does not end.
fn class(pattern: &[u8], at: usize, byte: u8) -> Option<(bool, usize)> {
    let mut next = at + 1;
    let negated = matches!(pattern.get(next), Some(b'!' | b'^'));
    next += usize::from(negated);
    let (first, mut found) = (next, false);
    loop {
        let low = *pattern.get(next)?;
        if low == b']' && next > first {
            return Some((found != negated, next + 1));
        }
        match (pattern.get(next + 1), pattern.get(next + 2)) {
            (Some(b'-'), Some(high)) if *high != b']' => {
                found |= (low..=*high).contains(&byte);
                next += 3;
            }
            _ => {
                found |= low == byte;
                next += 1;
            }
        }
    }
}

/// How many bytes of a pattern stand for themselves before the first that does not.
pub fn literal(pattern: &[u8]) -> usize {
    let special = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b'\\');
    pattern.iter().position(special).unwrap_or(pattern.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_as_fnmatch_3_has_it() {
        for (pattern, text) in [
            ("*", ""),
            ("*", ".a/b"),
            ("pci:v00008086d*sv*", "pci:v00008086d00000D57sv00000000sd"),
            ("input/event*", "input/event12"),
            ("a*b*c", "aXbYbZc"),
            ("[0-9a]?", "ax"),
            ("[!a]b", "cb"),
            ("[]]x", "]x"),
            ("[a", "[a"),
            ("\\*", "*"),
            ("usb:v*dc*dsc*dp*ic[0-7]*", "usb:v1dc0dsc0dp0ic3isc"),
        ] {
            assert!(
                matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
        for (pattern, text) in [
            ("", "a"),
            ("?", ""),
            ("[!a]b", "ab"),
            ("a*b", "abc"),
            ("\\*", "x"),
            ("[0-9]", "a"),
        ] {
            assert!(
                !matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
    }

    /// The definition, without a thought for time.
    fn plainly(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.first() {
            None => text.is_empty(),
            Some(b'*') => (0..=text.len()).any(|skip| plainly(&pattern[1..], &text[skip..])),
            Some(_) => {
                !text.is_empty()
                    && step(pattern, 0, text[0])
                        .is_some_and(|next| plainly(&pattern[next..], &text[1..]))
            }
        }
    }

    proptest! {
        #[test]
        fn stars_are_as_the_definition_has_them(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            prop_assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), plainly(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn nothing_panics(pattern: Vec<u8>, text: Vec<u8>) {
            matches(&pattern, &text);
            prop_assert!(literal(&pattern) <= pattern.len());
        }
    }
}
