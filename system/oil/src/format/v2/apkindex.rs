//! `APKINDEX`: records of lines `X:value`, an empty line after each.

use crate::dependency::Dependency;
use crate::digest::Digest;
use crate::package::Info;
use crate::version::Version;
use std::fmt::Write;

/// A package of an index, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The metadata, as far as it could be read.
    pub info: Info,
    /// It cannot be installed: a field that we do not know and must, or a version or a dependency that is none.
    pub broken: bool,
    /// It has a field that we do not know and need not.
    pub newer: bool,
}

/// Reads records one after another from an index's bytes.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = Record> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let mut record = Record::default();
        let mut any = false;
        while !rest.is_empty() {
            let end = rest
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(rest.len());
            let line = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            if !line.is_empty() {
                any = true;
                field(line, &mut record);
            } else if any {
                break;
            }
        }
        any.then(|| {
            record.broken |= record.info.name.is_empty() || record.info.version.is_empty();
            record
        })
    })
}

fn field(line: &[u8], record: &mut Record) {
    let [key, b':', value @ ..] = line else {
        record.broken = true;
        return;
    };
    let value = String::from_utf8_lossy(value);
    let info = &mut record.info;
    let mut broken = false;
    if let Some(well) = plain(info, *key, &value) {
        record.broken |= !well;
        return;
    }
    match key {
        b'C' => match Digest::parse(value.as_bytes()) {
            Some(digest) => info.identity = Some(digest),
            None => broken = true,
        },
        b'V' => match Version::parse(&value) {
            Some(version) => info.version = version,
            None => {
                info.version = Version::from_text(value);
                broken = true;
            }
        },
        b'D' => broken = !list(&value, &mut info.depends),
        b'p' => broken = !list(&value, &mut info.provides),
        // A rule that cannot be read is no rule.
        b'i' if !list(&value, &mut info.install_if) => info.install_if.clear(),
        b'i' => {}
        b'A'..=b'Z' => broken = true,
        _ => record.newer = true,
    }
    record.broken |= broken;
}

/// Sets a field that is text or a number, which the installed database has too. Whether the value is one; nothing if the
/// field is none of these.
pub(crate) fn plain(info: &mut Info, key: u8, value: &str) -> Option<bool> {
    fn number<T: std::str::FromStr>(into: &mut T, value: &str) -> bool {
        value.parse().map(|number| *into = number).is_ok()
    }
    let text = match key {
        b'S' => return Some(number(&mut info.file_size, value)),
        b'I' => return Some(number(&mut info.installed_size, value)),
        b't' => return Some(number(&mut info.build_time, value)),
        b'k' => return Some(number(&mut info.provider_priority, value)),
        b'P' => &mut info.name,
        b'A' => &mut info.arch,
        b'T' => &mut info.description,
        b'U' => &mut info.url,
        b'L' => &mut info.license,
        b'o' => &mut info.origin,
        b'm' => &mut info.maintainer,
        b'c' => &mut info.commit,
        _ => return None,
    };
    value.clone_into(text);
    Some(true)
}

fn list(text: &str, into: &mut Vec<Dependency>) -> bool {
    match Dependency::parse_list(text) {
        Ok(list) => {
            into.extend(list);
            true
        }
        Err(_) => false,
    }
}

/// Writes a record with its empty line.
pub fn write_record(info: &Info, text: &mut String) {
    write_fields(info, info.identity, text);
    text.push('\n');
}

/// Writes the fields of a record, which begin those of the installed database too, in their order.
pub(crate) fn write_fields(info: &Info, identity: Option<Digest>, text: &mut String) {
    let mut line = |key: char, value: &dyn std::fmt::Display| {
        // Writing to a string does not fail; a line break in a value would begin another field.
        let _ = writeln!(text, "{key}:{}", value.to_string().replace('\n', " "));
    };
    if let Some(identity) = identity {
        line('C', &identity);
    }
    line('P', &info.name);
    line('V', &info.version.as_str());
    if !info.arch.is_empty() {
        line('A', &info.arch);
    }
    line('S', &info.file_size);
    line('I', &info.installed_size);
    line('T', &info.description);
    line('U', &info.url);
    line('L', &info.license);
    for (key, value) in [('o', &info.origin), ('m', &info.maintainer)] {
        if !value.is_empty() {
            line(key, value);
        }
    }
    if info.build_time > 0 {
        line('t', &info.build_time);
    }
    if !info.commit.is_empty() {
        line('c', &info.commit);
    }
    if info.provider_priority > 0 {
        line('k', &info.provider_priority);
    }
    for (key, list) in [
        ('D', &info.depends),
        ('p', &info.provides),
        ('i', &info.install_if),
    ] {
        if !list.is_empty() {
            line(key, &words(list));
        }
    }
}

/// Dependencies as one field has them.
pub(crate) fn words(list: &[Dependency]) -> String {
    let parts: Vec<String> = list.iter().map(ToString::to_string).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "C:Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\nP:foo\nV:1.2-r3\nA:x86_64\nS:10\nI:20\nT:A thing\nU:http://x\n\
        L:MIT\no:foo\nm:Me\nt:1700000000\nc:0123\nk:5\nD:bar>=1 !baz\np:so:foo=1 cmd:foo\ni:a=1 b\n\n";

    #[test]
    fn and_back() {
        let text = format!("{TEXT}\n{}", TEXT.replace("P:foo", "P:fox"));
        let all: Vec<Record> = records(text.as_bytes()).collect();
        assert_eq!(all.len(), 2);
        assert!(!all[0].broken && !all[0].newer);
        assert_eq!(all[1].info.name, "fox");
        let mut written = String::new();
        write_record(&all[0].info, &mut written);
        assert_eq!(written, TEXT);
        // The last record needs no empty line.
        assert_eq!(records(TEXT.trim_end().as_bytes()).count(), 1);
    }

    #[test]
    fn what_is_not_known() {
        let one = |line: &str| {
            records(format!("{line}\n{TEXT}").as_bytes())
                .next()
                .unwrap()
        };
        assert!(one("X:1").broken);
        assert!(one("x:1").newer && !one("x:1").broken);
        assert!(
            one("D:>1").broken
                && one("V:nope").broken
                && one("nonsense").broken
                && one("C:Q1x").broken
        );
        let rule = one("i:>1");
        assert!(!rule.broken);
        assert!(records(b"P:only\n").next().unwrap().broken);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            prop_assert!(records(&bytes).count() <= bytes.len());
        }
    }
}
