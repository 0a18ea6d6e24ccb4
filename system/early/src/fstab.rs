//! fstab(5).

pub mod options;

pub use options::{Options, Propagation};

use devd::error::Error;

pub const FILE: &str = "/etc/fstab";

/// What is mounted or swapped to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A path, or what a file system takes for one (`tmpfs`, `server:/path`).
    Plain(String),
    /// `by-uuid` and its like, and the name there.
    Name(&'static str, String),
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub line: u32,
    pub source: Source,
    /// Where to; `none` for swap.
    pub target: String,
    /// The type of file system, or `auto`.
    pub kind: String,
    pub options: Options,
    /// When it is checked: first 1, then 2 and up; 0: not at all.
    pub pass: u32,
}

/// Names that stand for a device, and the folder of /dev/disk with their links.
const NAMES: &[(&str, &str)] = &[
    ("UUID", "by-uuid"),
    ("LABEL", "by-label"),
    ("PARTUUID", "by-partuuid"),
    ("PARTLABEL", "by-partlabel"),
    ("ID", "by-id"),
];

impl Entry {
    pub fn is_swap(&self) -> bool {
        self.kind == "swap"
    }

    /// Whether it is there only when the network is.
    pub fn is_remote(&self) -> bool {
        const REMOTE: &[&str] = &[
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "ceph",
            "sshfs",
            "fuse.sshfs",
            "glusterfs",
        ];
        self.options.netdev || REMOTE.contains(&&*self.kind)
    }
}

/// Reads all lines. A mistake is handed to `complain`; its line is left out, and the others count.
pub fn parse(text: &[u8], file: &str, mut complain: impl FnMut(Error)) -> Vec<Entry> {
    let text = String::from_utf8_lossy(text);
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match entry(line, number) {
            Ok(entry) => entries.push(entry),
            Err(what) => complain(Error::syntax(file, number, what)),
        }
    }
    entries
}

fn entry(line: &str, number: u32) -> Result<Entry, String> {
    let fields: Vec<String> = line.split_ascii_whitespace().map(decode).collect();
    let [source, target, kind, rest @ ..] = &*fields else {
        return Err("a line has a device, a place, a type and options".to_owned());
    };
    if rest.len() > 3 {
        return Err(format!(
            "there are {} fields, and six are understood: write blanks in names as \\040",
            fields.len()
        ));
    }
    let digits = |at: usize, what: &str| match rest.get(at) {
        None => Ok(0),
        Some(text) => text
            .parse::<u32>()
            .map_err(|_| format!("{what} is a number, and not '{text}'")),
    };
    digits(1, "the fifth field (dump)")?;
    let pass = digits(2, "the sixth field (pass)")?;
    let options = options::read(rest.first().map_or("defaults", String::as_str))?;
    let swap = kind == "swap";
    if !swap && !target.starts_with('/') {
        return Err(format!("'{target}' is no place: it begins with a slash"));
    }
    if kind.is_empty() || kind.contains('/') {
        return Err(format!("'{kind}' is no type of a file system"));
    }
    let target = match target.trim_end_matches('/') {
        "" => "/",
        target => target,
    };
    Ok(Entry {
        line: number,
        source: named(source)?,
        target: target.to_owned(),
        kind: kind.clone(),
        options,
        pass,
    })
}

/// `UUID=…` and its like; quotes around what follows do not count.
///
/// # Errors
/// It has no value.
pub fn named(text: &str) -> Result<Source, String> {
    let Some((tag, value)) = text.split_once('=') else {
        return Ok(Source::Plain(text.to_owned()));
    };
    let Some((_, folder)) = NAMES.iter().find(|(name, _)| *name == tag) else {
        // A path or another file system's source may have one.
        return Ok(Source::Plain(text.to_owned()));
    };
    let value = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value);
    if value.is_empty() {
        return Err(format!("{tag}= has no value"));
    }
    // UUIDs are the same in letters of both sizes; by-uuid has small ones, but for FAT, whose are XXXX-XXXX.
    let value = match tag {
        "UUID" | "PARTUUID" if value.len() > 9 => value.to_ascii_lowercase(),
        "UUID" => value.to_ascii_uppercase(),
        "PARTUUID" => value.to_ascii_lowercase(),
        _ => value.to_owned(),
    };
    Ok(Source::Name(folder, value))
}

/// `\040` and its like (getmntent(3)).
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 4).filter(|_| bytes[at] == b'\\');
        let value = code.and_then(|code| {
            let code = std::str::from_utf8(code).ok()?;
            let octal = code.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
            octal.then(|| u8::from_str_radix(code, 8).ok()).flatten()
        });
        match value {
            Some(value) if value != 0 => {
                decoded.push(value);
                at += 4;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests;
