//! `condition-path`, `condition-kernel-word`, `condition-device` (extensions): whether a service is to be run at all.

use crate::description::{Condition, ConditionKind};
use rustix::fs::Access;
use std::borrow::Cow;

/// Whether all of them hold now.
pub fn hold(conditions: &[Condition]) -> bool {
    let kernel_line = conditions
        .iter()
        .any(|condition| condition.kind == ConditionKind::KernelWord)
        .then(|| std::fs::read("/proc/cmdline").unwrap_or_default());
    let kernel_line = kernel_line.unwrap_or_default();
    conditions.iter().all(|condition| {
        let value = &*condition.value;
        let holds = match condition.kind {
            ConditionKind::Path => exists(value),
            ConditionKind::KernelWord => has_word(&kernel_line, value),
            ConditionKind::Device => {
                exists(&[b"/dev/", value].concat()) || exists(&[b"/sys/class/", value].concat())
            }
        };
        holds != condition.inverted
    })
}

fn exists(path: &[u8]) -> bool {
    rustix::fs::access(path, Access::EXISTS).is_ok()
}

/// Whether a kernel command line has this word: as a whole, or as the key of a `key=value`.
fn has_word(line: &[u8], wanted: &[u8]) -> bool {
    words(line).any(|word| {
        let key = word.split(|byte| *byte == b'=').next();
        !wanted.is_empty() && (*word == *wanted || key == Some(wanted))
    })
}

/// The words of a kernel command line. As the kernel reads it, double quotes keep blanks in a word and are no part of it
/// (`Documentation/admin-guide/kernel-parameters.rst`).
pub fn words(line: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let mut quoted = false;
    let ends = move |byte: &u8| {
        quoted ^= *byte == b'"';
        !quoted && byte.is_ascii_whitespace()
    };
    let words = line.split(ends).filter(|word| !word.is_empty());
    words.map(|word| match word.contains(&b'"') {
        false => Cow::Borrowed(word),
        true => Cow::Owned(word.iter().copied().filter(|byte| *byte != b'"').collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_words() {
        let line = b"quiet root=LABEL=x  \"init args=a b\" dyn=\"c d\"\tempty= root=2\n";
        let found: Vec<_> = words(line)
            .map(|word| String::from_utf8(word.into()).unwrap())
            .collect();
        let expected = [
            "quiet",
            "root=LABEL=x",
            "init args=a b",
            "dyn=c d",
            "empty=",
            "root=2",
        ];
        assert_eq!(found, expected);
        for word in [
            "quiet",
            "root",
            "root=LABEL=x",
            "root=2",
            "dyn=c d",
            "dyn",
            "empty",
            "empty=",
        ] {
            assert!(has_word(line, word.as_bytes()), "{word}");
        }
        for word in [
            "",
            "qui",
            "roo",
            "root=",
            "root=LABEL",
            "LABEL",
            "args",
            "c",
            "d",
        ] {
            assert!(!has_word(line, word.as_bytes()), "{word}");
        }
        assert_eq!(words(b"a \"b c").count(), 2);
        assert_eq!(words(b" \n").count(), 0);
    }

    fn condition(kind: ConditionKind, value: &str, inverted: bool) -> Condition {
        Condition {
            kind,
            inverted,
            value: value.as_bytes().into(),
        }
    }

    #[test]
    fn all_have_to_hold() {
        use ConditionKind::{Device, KernelWord, Path};
        let there = condition(Path, "/proc/self", false);
        let not_there = condition(Path, "/nonexistent", false);
        assert!(hold(&[]));
        assert!(hold(std::slice::from_ref(&there)));
        assert!(!hold(&[there.clone(), not_there]));
        assert!(hold(&[there, condition(Path, "/nonexistent", true)]));
        assert!(hold(&[condition(Device, "null", false)]));
        assert!(hold(&[condition(Device, "net", false)]));
        assert!(!hold(&[condition(Device, "null", true)]));
        assert!(!hold(&[condition(Device, "no/such", false)]));
        assert!(hold(&[condition(KernelWord, "no such word", true)]));
    }
}
