//! Headers of tar archives: ustar (POSIX.1-2017, pax), with the extensions of pax and GNU (tar(5)).

use std::collections::BTreeMap;

/// A block of an archive.
pub const BLOCK: usize = 512;

/// What a header says, extensions applied.
#[derive(Clone, Debug, Default)]
pub struct Header {
    pub path: Vec<u8>,
    pub link: Vec<u8>,
    pub kind: u8,
    pub mode: u32,
    pub user: u32,
    pub group: u32,
    pub modified: (i64, u32),
    pub size: u64,
    pub device: (u32, u32),
    pub attributes: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What extensions say of the next header.
#[derive(Clone, Debug, Default)]
pub struct Extension {
    pub path: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
    pub size: Option<u64>,
    user: Option<u32>,
    group: Option<u32>,
    modified: Option<(i64, u32)>,
    attributes: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A field's text, up to a zero byte.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number: octal digits, or GNU's binary for what has too many.
fn number(field: &[u8]) -> Option<i64> {
    let [first, rest @ ..] = field else {
        return None;
    };
    if first & 0x80 != 0 {
        let start = match first & 0x40 {
            0 => i64::from(first & 0x3f),
            _ => i64::from(*first as i8),
        };
        return rest.iter().try_fold(start, |number, byte| {
            number.checked_mul(256)?.checked_add(i64::from(*byte))
        });
    }
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_i64, |number, digit| match digit {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
        _ => None,
    })
}

/// Reads a header's block.
///
/// # Errors
/// What is wrong with it.
pub fn parse(block: &[u8; BLOCK], extension: &Extension) -> Result<Header, &'static str> {
    let sum: i64 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| match at {
            148..156 => i64::from(b' '),
            _ => i64::from(*byte),
        })
        .sum();
    if number(&block[148..156]) != Some(sum) {
        return Err("a header's sum is wrong (is it a tar archive, uncompressed?)");
    }
    let small = |range: std::ops::Range<usize>, what| {
        number(&block[range])
            .and_then(|number| u32::try_from(number).ok())
            .ok_or(what)
    };
    let mut path = text(&block[0..100]).to_vec();
    if &block[257..263] == b"ustar\0" && block[345] != 0 {
        path = [text(&block[345..500]), b"/", &path].concat();
    }
    let kind = block[156];
    let device = match kind {
        b'3' | b'4' => (
            small(329..337, "a device's number")?,
            small(337..345, "a device's number")?,
        ),
        _ => (0, 0),
    };
    let size = match extension.size {
        Some(size) => size,
        None => number(&block[124..136])
            .and_then(|size| u64::try_from(size).ok())
            .ok_or("a size")?,
    };
    let modified = match extension.modified {
        Some(modified) => modified,
        None => (number(&block[136..148]).ok_or("a time")?, 0),
    };
    let or = |given: Option<u32>, range, what| match given {
        Some(given) => Ok(given),
        None => small(range, what),
    };
    Ok(Header {
        path: extension.path.clone().unwrap_or(path),
        link: match &extension.link {
            Some(link) => link.clone(),
            None => text(&block[157..257]).to_vec(),
        },
        kind,
        mode: small(100..108, "a mode")?,
        user: or(extension.user, 108..116, "a user's number")?,
        group: or(extension.group, 116..124, "a group's number")?,
        modified,
        size,
        device,
        attributes: extension.attributes.clone(),
    })
}

impl Extension {
    /// Takes in the records of a pax header: `LENGTH KEY=VALUE\n`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn pax(&mut self, mut records: &[u8]) -> Result<(), &'static str> {
        const WRONG: &str = "a record of a pax header";
        while !records.is_empty() {
            let space = records.iter().position(|byte| *byte == b' ');
            let space = space.ok_or(WRONG)?;
            let length = std::str::from_utf8(&records[..space])
                .ok()
                .and_then(|digits| digits.parse::<usize>().ok())
                .filter(|length| *length > space + 1 && *length <= records.len())
                .ok_or(WRONG)?;
            let (record, rest) = records.split_at(length);
            records = rest;
            let record = record[space + 1..].strip_suffix(b"\n").ok_or(WRONG)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or(WRONG)?;
            self.record(&record[..equals], &record[equals + 1..])?;
        }
        Ok(())
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let digits = std::str::from_utf8(value).ok();
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => {
                let size = digits.and_then(|text| text.parse().ok());
                self.size = Some(size.ok_or("a size in a pax header")?);
            }
            b"uid" => {
                let user = digits.and_then(|text| text.parse().ok());
                self.user = Some(user.ok_or("a user in a pax header")?);
            }
            b"gid" => {
                let group = digits.and_then(|text| text.parse().ok());
                self.group = Some(group.ok_or("a group in a pax header")?);
            }
            b"mtime" => {
                let time = digits.and_then(time).ok_or("a time in a pax header")?;
                self.modified = Some(time);
            }
            _ if key.starts_with(b"GNU.sparse.") => {
                return Err(
                    "a sparse file as GNU tar writes it: make the archive without --sparse",
                );
            }
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.attributes.insert(name.to_vec(), value.to_vec());
                }
            }
        }
        Ok(())
    }
}

/// Seconds with a fraction, which is cut to nanoseconds; before 1970 it counts backwards.
fn time(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    match (whole.starts_with('-'), nanoseconds) {
        (true, 1..) => Some((seconds.checked_sub(1)?, 1_000_000_000 - nanoseconds)),
        _ => Some((seconds, nanoseconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_read() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b" 644 \0  "), Some(0o644));
        assert_eq!(number(b"\x80\0\0\0\0\0\x01\0"), Some(256));
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xfe"), Some(-2));
        assert_eq!(number(b"9"), None);
        assert_eq!(time("12.5"), Some((12, 500_000_000)));
        assert_eq!(time("-1.25"), Some((-2, 750_000_000)));
        assert_eq!(time("-3"), Some((-3, 0)));
        assert_eq!(time("1.x"), None);
    }

    #[test]
    fn records_are_taken_apart() {
        let mut extension = Extension::default();
        extension
            .pax(b"12 path=a/b\n30 SCHILY.xattr.user.a=x\ny=\0z\n")
            .unwrap();
        assert_eq!(extension.path.as_deref(), Some(&b"a/b"[..]));
        assert_eq!(extension.attributes[&b"user.a"[..]], b"x\ny=\0z");
        assert!(extension.pax(b"99 path=a\n").is_err());
        assert!(extension.pax(b"3 p").is_err());
        assert!(extension.pax(b"22 GNU.sparse.major=1\n").is_err());
    }
}
