//! One package of the installed database: its metadata in the index's fields, then its directories and files.

use crate::dependency::{Dependency, split};
use crate::digest::Digest;
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
        let text = || String::from_utf8_lossy(value).into_owned();
        let bad = || {
            format!(
                "{}:{} is not valid",
                char::from(letter),
                value.escape_ascii()
            )
        };
        let number = || {
            std::str::from_utf8(value)
                .ok()
                .and_then(|text| text.parse::<u64>().ok())
                .ok_or_else(bad)
        };
        let info = &mut self.info;
        match letter {
            b'C' => info.identity = Some(identity(value).ok_or_else(bad)?),
            b'P' => info.name = text(),
            b'V' => info.version = Version::from_text(text()),
            b'A' => info.arch = text(),
            b'S' => info.file_size = number()?,
            b'I' => info.installed_size = number()?,
            b'T' => info.description = text(),
            b'U' => info.url = text(),
            b'L' => info.license = text(),
            b'o' => info.origin = text(),
            b'm' => info.maintainer = text(),
            b't' => info.build_time = number()?,
            b'c' => info.commit = text(),
            b'k' => info.provider_priority = number()? as u32,
            b'D' => info.depends = list(value),
            b'p' => info.provides = list(value),
            b'i' => info.install_if = list(value),
            b'r' => info.replaces = list(value),
            b'q' => info.replaces_priority = number()? as u32,
            b'g' => {
                info.tags = text()
                    .split(' ')
                    .filter(|tag| !tag.is_empty())
                    .map(str::to_owned)
                    .collect()
            }
            b's' => self.tag = Some(text()),
            b'f' => self.flags = Flags::parse(value).ok_or_else(bad)?,
            b'F' => {
                self.directories.push(Directory {
                    path: value.to_vec(),
                    acl: Acl::of_root(0o755),
                    files: Vec::new(),
                });
            }
            b'M' => {
                self.directories.last_mut().ok_or_else(bad)?.acl = acl(value).ok_or_else(bad)?
            }
            b'R' => {
                let file = File {
                    name: value.to_vec(),
                    acl: Acl::of_root(0o644),
                    digest: None,
                };
                self.directories
                    .last_mut()
                    .ok_or_else(bad)?
                    .files
                    .push(file);
            }
            b'a' => self.file().ok_or_else(bad)?.acl = acl(value).ok_or_else(bad)?,
            b'Z' => self.file().ok_or_else(bad)?.digest = Some(identity(value).ok_or_else(bad)?),
            _ => {
                return Err(format!(
                    "field {}: is not known; this Oil is too old",
                    char::from(letter).escape_default()
                ));
            }
        }
        Ok(())
    }

    fn file(&mut self) -> Option<&mut File> {
        self.directories.last_mut()?.files.last_mut()
    }

    /// Its lines and the empty one behind them.
    pub fn write(&self, out: &mut Vec<u8>) {
        let info = &self.info;
        let mut line = |letter: char, value: &str| {
            out.push(letter as u8);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
            out.push(b'\n');
        };
        let words = |list: &[Dependency]| {
            list.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        if let Some(identity) = info.identity {
            // Longer ones are cut: the database knows twenty bytes.
            line('C', &identity.short().to_string());
        }
        line('P', &info.name);
        line('V', info.version.as_str());
        line('A', &info.arch);
        line('S', &info.file_size.to_string());
        line('I', &info.installed_size.to_string());
        line('T', &info.description);
        line('U', &info.url);
        line('L', &info.license);
        let optional = [
            ('o', info.origin.clone()),
            ('m', info.maintainer.clone()),
            ('t', number(info.build_time)),
            ('c', info.commit.clone()),
            ('k', number(info.provider_priority.into())),
            ('D', words(&info.depends)),
            ('p', words(&info.provides)),
            ('i', words(&info.install_if)),
            ('g', info.tags.join(" ")),
            ('r', words(&info.replaces)),
            ('q', number(info.replaces_priority.into())),
            ('s', self.tag.clone().unwrap_or_default()),
            ('f', self.flags.to_string()),
        ];
        for (letter, value) in optional.iter().filter(|(_, value)| !value.is_empty()) {
            line(*letter, value);
        }
        for directory in &self.directories {
            directory.write(out);
        }
        out.push(b'\n');
    }
}

fn number(value: u64) -> String {
    if value == 0 {
        String::new()
    } else {
        value.to_string()
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
                line(b'Z', digest.short().to_string().as_bytes());
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

fn acl(text: &[u8]) -> Option<Acl> {
    let text = std::str::from_utf8(text).ok()?;
    let mut parts = text.splitn(4, ':');
    let (uid, gid) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let mode = u32::from_str_radix(parts.next()?, 8).ok()?;
    let xattrs = parts.next().map(|digest| identity(digest.as_bytes()));
    let xattrs = match xattrs {
        Some(None) => return None,
        other => other.flatten(),
    };
    Some(Acl {
        uid,
        gid,
        mode,
        xattrs,
    })
}

fn identity(text: &[u8]) -> Option<Digest> {
    Digest::parse(text)
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
