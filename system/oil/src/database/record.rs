//! One package of the installed database: its metadata in the index's fields, then its directories and files.

use crate::dependency::{Dependency, split};
use crate::digest::Digest;
use crate::format::v2::apkindex::{plain, words, write_fields};
use crate::package::Info;
use crate::version::Version;

/// A package that is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its metadata.
    pub info: Info,
    /// The tag of the repository that it came from, without `@`.
    pub tag: Option<String>,
    /// What is wrong with it, and how its digests are to be read.
    pub flags: Flags,
    /// Its directories, sorted by path; the root's path is empty.
    pub directories: Vec<Directory>,
}

/// The letters of `f:`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `f`: a file could not be put in its place.
    pub broken_files: bool,
    /// `s`: a script failed.
    pub broken_script: bool,
    /// `x`: an extended attribute could not be set.
    pub broken_xattrs: bool,
    /// `S`: digests of files are the first 20 bytes of SHA-256 (packages of format v3).
    pub sha256: bool,
}

/// Owner and permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acl {
    /// User's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
    /// Digest over the extended attributes, if there are any.
    pub xattrs: Option<Digest>,
}

impl Acl {
    /// root's, with these bits.
    #[must_use]
    pub const fn of_root(mode: u32) -> Self {
        Self {
            uid: 0,
            gid: 0,
            mode,
            xattrs: None,
        }
    }
}

/// A directory of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Relative to the root.
    pub path: Vec<u8>,
    /// Who owns it; 0:0:755 is not written.
    pub acl: Acl,
    /// Its files, sorted by name.
    pub files: Vec<File>,
}

/// A file or link of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in its directory.
    pub name: Vec<u8>,
    /// Who owns it; 0:0:644 is not written.
    pub acl: Acl,
    /// Of its content or its target.
    pub digest: Option<Digest>,
}

/// Where a line and its reader stand.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 0, in the record.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl Record {
    /// From its lines, without the empty one behind them.
    ///
    /// # Errors
    /// A line without `X:`, a letter that is not known, or a value that is not one.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        let mut record = Self::default();
        for (place, line) in text
            .split(|byte| *byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
        {
            let fault = |reason: String| Fault {
                line: place,
                reason,
            };
            let (Some(&letter), Some(b':')) = (line.first(), line.get(1)) else {
                return Err(fault(format!("not a field: {}", line.escape_ascii())));
            };
            record.field(letter, &line[2..]).map_err(fault)?;
        }
        Ok(record)
    }

    fn field(&mut self, letter: u8, value: &[u8]) -> Result<(), String> {
        let bad = || {
            format!(
                "{}:{} is not valid",
                char::from(letter),
                value.escape_ascii()
            )
        };
        // Nearly all lines are these.
        if matches!(letter, b'F' | b'M' | b'R' | b'a' | b'Z') {
            return self.file_field(letter, value).ok_or_else(bad);
        }
        let text = String::from_utf8_lossy(value);
        let info = &mut self.info;
        if let Some(well) = plain(info, letter, &text) {
            return well.then_some(()).ok_or_else(bad);
        }
        match letter {
            b'C' => info.identity = Some(Digest::parse(value).ok_or_else(bad)?),
            b'V' => info.version = Version::from_text(text),
            b'D' => info.depends = list(value),
            b'p' => info.provides = list(value),
            b'i' => info.install_if = list(value),
            b'r' => info.replaces = list(value),
            b'q' => info.replaces_priority = text.parse().map_err(|_| bad())?,
            b'g' => {
                info.tags = text
                    .split(' ')
                    .filter(|tag| !tag.is_empty())
                    .map(str::to_owned)
                    .collect()
            }
            b's' => self.tag = Some(text.into_owned()),
            b'f' => self.flags = Flags::parse(value).ok_or_else(bad)?,
            _ => {
                return Err(format!(
                    "field {}: is not known; this Oil is too old",
                    char::from(letter).escape_default()
                ));
            }
        }
        Ok(())
    }

    /// A field of a directory or of a file in the last one.
    fn file_field(&mut self, letter: u8, value: &[u8]) -> Option<()> {
        if letter == b'F' {
            self.directories.push(Directory {
                path: value.to_vec(),
                acl: Acl::of_root(0o755),
                files: Vec::new(),
            });
            return Some(());
        }
        let directory = self.directories.last_mut()?;
        match letter {
            b'M' => directory.acl = parse_acl(value)?,
            b'R' => directory.files.push(File {
                name: value.to_vec(),
                acl: Acl::of_root(0o644),
                digest: None,
            }),
            b'a' => directory.files.last_mut()?.acl = parse_acl(value)?,
            _ => directory.files.last_mut()?.digest = Some(Digest::parse(value)?),
        }
        Some(())
    }

    /// Its lines and the empty one behind them.
    pub fn write(&self, out: &mut Vec<u8>) {
        let info = &self.info;
        let mut text = String::new();
        // A longer identity is cut: the database knows twenty bytes.
        let identity = info.identity.map(|identity| identity.short());
        write_fields(info, identity, &mut text);
        let priority = (info.replaces_priority > 0).then(|| info.replaces_priority.to_string());
        for (letter, value) in [
            ('g', info.tags.join(" ")),
            ('r', words(&info.replaces)),
            ('q', priority.unwrap_or_default()),
            ('s', self.tag.clone().unwrap_or_default()),
            ('f', self.flags.to_string()),
        ] {
            if !value.is_empty() {
                text.extend([letter, ':']);
                text.push_str(&value.replace('\n', " "));
                text.push('\n');
            }
        }
        out.extend_from_slice(text.as_bytes());
        for directory in &self.directories {
            directory.write(out);
        }
        out.push(b'\n');
    }
}

impl Directory {
    fn write(&self, out: &mut Vec<u8>) {
        let mut line = |letter: u8, value: &[u8]| {
            out.extend_from_slice(&[letter, b':']);
            out.extend_from_slice(value);
            out.push(b'\n');
        };
        line(b'F', &self.path);
        if self.acl != Acl::of_root(0o755) {
            line(b'M', self.acl.to_string().as_bytes());
        }
        for file in &self.files {
            line(b'R', &file.name);
            if file.acl != Acl::of_root(0o644) {
                line(b'a', file.acl.to_string().as_bytes());
            }
            if let Some(digest) = file.digest {
                line(b'Z', digest.short().text().as_bytes());
            }
        }
    }
}

impl std::fmt::Display for Acl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{:o}", self.uid, self.gid, self.mode)?;
        self.xattrs.map_or(Ok(()), |digest| write!(f, ":{digest}"))
    }
}

impl Flags {
    fn parse(text: &[u8]) -> Option<Self> {
        let mut flags = Self::default();
        for letter in text {
            match letter {
                b'f' => flags.broken_files = true,
                b's' => flags.broken_script = true,
                b'x' => flags.broken_xattrs = true,
                b'S' => flags.sha256 = true,
                _ => return None,
            }
        }
        Some(flags)
    }

    /// Whether something is wrong with the package.
    #[must_use]
    pub fn is_broken(self) -> bool {
        self.broken_files || self.broken_script || self.broken_xattrs
    }
}

impl std::fmt::Display for Flags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let letters = [
            (self.broken_files, "f"),
            (self.broken_script, "s"),
            (self.broken_xattrs, "x"),
            (self.sha256, "S"),
        ];
        letters
            .iter()
            .filter(|(set, _)| *set)
            .try_for_each(|(_, letter)| f.write_str(letter))
    }
}

/// `uid:gid:mode[:digest]`.
pub(crate) fn parse_acl(text: &[u8]) -> Option<Acl> {
    let text = std::str::from_utf8(text).ok()?;
    let mut parts = text.splitn(4, ':');
    let (uid, gid) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let mode = u32::from_str_radix(parts.next()?, 8).ok()?;
    let xattrs = match parts.next() {
        Some(digest) => Some(Digest::parse(digest.as_bytes())?),
        None => None,
    };
    Some(Acl {
        uid,
        gid,
        mode,
        xattrs,
    })
}

/// A list of dependencies; parts that are none are left out, as what stands in the database cannot be refused.
fn list(value: &[u8]) -> Vec<Dependency> {
    let text = String::from_utf8_lossy(value);
    let part = |part: &str| {
        split(part).map(|(name, version, op)| Dependency {
            name: name.to_owned(),
            version: Version::from_text(version),
            op,
        })
    };
    text.split(' ').filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As apk 3 wrote it.
    const SEEN: &str = "\
C:Q1VMNp4yTkbLi4IYe11cKb5O37ksA=
P:one
V:1.0-r0
A:noarch
S:712
I:9
T:An one
U:http://u
L:MIT
o:one
m:M <m@x>
t:1700000000
k:7
D:two>=1
p:cmd:tool=1 virt
i:two two3
g:a:b c=d
r:old older
q:5
f:sS
F:etc
R:conf
Z:Q1mOpuTyFvL7S2n/+bOkSELDhobKY=
F:usr
F:usr/bin
R:hard
a:0:0:4755
Z:Q1R96X4WkWzS2JXVjmQGzznHrsb0s=
F:usr/lib/x
M:0:0:700
R:f
Z:Q1O7Krtp67J/v+Y8djliTG7F4zG4Q=

";

    #[test]
    fn written_as_read() {
        let record = Record::parse(SEEN.trim_end().as_bytes()).expect("as apk wrote it");
        assert_eq!(record.info.name, "one");
        assert!(record.flags.sha256 && record.flags.broken_script && record.flags.is_broken());
        assert_eq!(record.directories[2].files[0].acl.mode, 0o4755);
        let mut out = Vec::new();
        record.write(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), SEEN);
    }

    #[test]
    fn a_line_break_begins_no_field() {
        let mut record = Record::default();
        record.info.description = "thing\nF:etc".into();
        record.info.tags = vec!["a\nR:passwd".into()];
        let mut out = Vec::new();
        record.write(&mut out);
        let back = Record::parse(out.trim_ascii_end()).expect("as written");
        assert!(back.directories.is_empty());
        assert_eq!(back.info.description, "thing F:etc");
    }

    #[test]
    fn faults() {
        for (text, line) in [
            ("P:a\nY:b", 1),
            ("P:a\nnonsense", 1),
            ("R:file", 0),
            ("f:q", 0),
            ("S:x", 0),
            ("F:\nM:1:2", 1),
        ] {
            assert_eq!(
                Record::parse(text.as_bytes()).expect_err(text).line,
                line,
                "{text}"
            );
        }
    }
}
