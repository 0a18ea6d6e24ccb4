//! `lib/apk/db/installed`: the records of all packages, an empty line behind each.
//!
//! The text is kept as it was read. A record is parsed when it is asked for, and what does not change is written back
//! byte for byte.

use super::record::{Fault, Record};
use super::{DIRECTORY, read_if_there};
use crate::error::{Error, Result};
use memchr::memmem;
use std::path::{Path, PathBuf};

/// The file's path.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join(DIRECTORY).join("installed")
}

/// The file.
#[derive(Clone, Debug, Default)]
pub struct Installed {
    path: PathBuf,
    text: Vec<u8>,
    places: Vec<Place>,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its first byte.
    pub start: usize,
    /// The end of its metadata, where its directories begin.
    pub head_end: usize,
    /// Its end, behind the newline of its last line.
    pub end: usize,
}

/// A path's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The package's number.
    pub package: usize,
    /// Where its `F:` line begins.
    pub directory: usize,
    /// Where its `R:` line begins.
    pub file: usize,
}

impl Installed {
    /// Of the database below `root`; empty if there is no file.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(root: &Path) -> Result<Self> {
        let path = path(root);
        let text = read_if_there(&path)?.unwrap_or_default();
        Ok(Self::from_text(path, text))
    }

    /// From its text; `path` is for messages.
    #[must_use]
    pub fn from_text(path: PathBuf, text: Vec<u8>) -> Self {
        let mut places = Vec::new();
        let mut start = 0;
        let ends = memmem::find_iter(&text, b"\n\n")
            .map(|end| end + 1)
            .chain(std::iter::once(text.len()));
        for end in ends {
            if end > start {
                let record = &text[start..end];
                let head = if record.starts_with(b"F:") {
                    Some(0)
                } else {
                    memmem::find(record, b"\nF:").map(|at| at + 1)
                };
                places.push(Place {
                    start,
                    head_end: start + head.unwrap_or(end - start),
                    end,
                });
            }
            start = end + 1;
        }
        // Further empty lines.
        places.retain(|place| {
            text[place.start..place.end]
                .iter()
                .any(|&byte| byte != b'\n')
        });
        Self { path, text, places }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where the records are.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The metadata of a package, as text.
    #[must_use]
    pub fn head(&self, number: usize) -> &[u8] {
        let place = self.places[number];
        &self.text[place.start..place.head_end]
    }

    /// The directories and files of a package, as text.
    #[must_use]
    pub fn files(&self, number: usize) -> &[u8] {
        let place = self.places[number];
        &self.text[place.head_end..place.end]
    }

    /// A package's name.
    #[must_use]
    pub fn name(&self, number: usize) -> &[u8] {
        let mut head = self.head(number);
        while !head.is_empty() {
            let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
            if let Some(name) = head[..end].strip_prefix(b"P:") {
                return name;
            }
            head = head.get(end + 1..).unwrap_or_default();
        }
        &[]
    }

    /// The number of the package with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        (0..self.places.len()).find(|&number| self.name(number) == name.as_bytes())
    }

    /// A package with its files.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn record(&self, number: usize) -> Result<Record> {
        self.parse(number, self.places[number].end)
    }

    /// A package without its files.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn metadata(&self, number: usize) -> Result<Record> {
        self.parse(number, self.places[number].head_end)
    }

    fn parse(&self, number: usize, end: usize) -> Result<Record> {
        let start = self.places[number].start;
        Record::parse(&self.text[start..end]).map_err(|Fault { line, reason }| {
            let before = memchr::memchr_iter(b'\n', &self.text[..start]).count();
            Error::Database {
                path: self.path.clone(),
                line: before + line + 1,
                reason,
            }
        })
    }

    /// Who has a file (or link), by reading through the text; [`super::sidecar`] knows it faster.
    #[must_use]
    pub fn owner(&self, path: &[u8]) -> Option<Owner> {
        let mut found = None;
        self.each_file(|package, directory, file, directory_path, name| {
            let whole = directory_path.len() + usize::from(!directory_path.is_empty()) + name.len();
            if found.is_none()
                && whole == path.len()
                && path.ends_with(name)
                && path.starts_with(directory_path)
                && (directory_path.is_empty() || path[directory_path.len()] == b'/')
            {
                found = Some(Owner {
                    package,
                    directory,
                    file,
                });
            }
        });
        found
    }

    /// Calls `each` for every file: package, where its `F:` and `R:` lines begin, the directory's path, its name.
    pub fn each_file(&self, mut each: impl FnMut(usize, usize, usize, &[u8], &[u8])) {
        for (package, place) in self.places.iter().enumerate() {
            let mut at = place.head_end;
            let (mut directory, mut directory_path) = (at, &[][..]);
            while at < place.end {
                let end = memchr::memchr(b'\n', &self.text[at..place.end])
                    .map_or(place.end, |length| at + length);
                match self.text.get(at..at + 2) {
                    Some(b"F:") => (directory, directory_path) = (at, &self.text[at + 2..end]),
                    Some(b"R:") => each(
                        package,
                        directory,
                        at,
                        directory_path,
                        &self.text[at + 2..end],
                    ),
                    _ => {}
                }
                at = end + 1;
            }
        }
    }

    /// Calls `each` for every directory: package, the directory's path.
    pub fn each_folder(&self, mut each: impl FnMut(usize, &[u8])) {
        for package in 0..self.places.len() {
            folders(self.files(package)).for_each(|path| each(package, path));
        }
    }

    /// Makes sure that all of it is understood.
    ///
    /// # Errors
    /// [`Error::Database`] with the first line that is not: it may be of a newer program.
    pub fn check(&self) -> Result<()> {
        for number in 0..self.places.len() {
            self.metadata(number)?;
            let files = self.files(number);
            let known = |line: &[u8]| matches!(line, [b'F' | b'M' | b'R' | b'a' | b'Z', b':', ..]);
            if !files
                .split(|&byte| byte == b'\n')
                .all(|line| line.is_empty() || known(line))
            {
                self.record(number)?;
            }
        }
        Ok(())
    }

    /// The text with some packages changed: by name, the new record, or none for a package that goes. Records are
    /// sorted by name, as apk sorts them; those that are not named stay byte for byte.
    #[must_use]
    pub fn with(&self, changes: &[(&str, Option<&Record>)]) -> Vec<u8> {
        enum From<'r> {
            Old(Place),
            New(&'r Record),
        }
        let mut records: Vec<(&[u8], From<'_>)> =
            Vec::with_capacity(self.places.len() + changes.len());
        for (number, &place) in self.places.iter().enumerate() {
            let name = self.name(number);
            if !changes
                .iter()
                .any(|(changed, _)| changed.as_bytes() == name)
            {
                records.push((name, From::Old(place)));
            }
        }
        let new = changes
            .iter()
            .filter_map(|(name, record)| Some((name.as_bytes(), From::New((*record)?))));
        records.extend(new);
        records.sort_by_key(|(name, _)| *name);
        let mut out = Vec::with_capacity(self.text.len());
        for (_, record) in records {
            match record {
                From::Old(place) => {
                    out.extend_from_slice(&self.text[place.start..place.end]);
                    if out.last() != Some(&b'\n') {
                        out.push(b'\n');
                    }
                    out.push(b'\n');
                }
                From::New(record) => record.write(&mut out),
            }
        }
        out
    }
}

/// Puts a path of its two parts into `path`, in place of what was there.
pub(crate) fn join_into(path: &mut Vec<u8>, directory: &[u8], name: &[u8]) {
    path.clear();
    path.extend_from_slice(directory);
    if !directory.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

/// The paths of the directories in a record's lines behind its metadata.
pub(crate) fn folders(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let first = lines.starts_with(b"F:").then_some(0);
    let others = memmem::find_iter(lines, b"\nF:").map(|at| at + 1);
    first.into_iter().chain(others).map(|at| {
        let path = &lines[at + 2..];
        &path[..memchr::memchr(b'\n', path).unwrap_or(path.len())]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "P:b\nV:1\nF:\nR:top\nF:usr/bin\nR:x\na:0:0:755\nR:y\n\nP:c\nV:2\n\nP:d\nV:1\nF:etc\nR:x\n\n";

    fn installed() -> Installed {
        Installed::from_text(PathBuf::from("installed"), TEXT.into())
    }

    #[test]
    fn finds_packages_and_owners() {
        let installed = installed();
        assert_eq!(installed.places().len(), 3);
        assert_eq!(installed.find("c"), Some(1));
        let owner = |path: &str| installed.owner(path.as_bytes()).map(|owner| owner.package);
        assert_eq!(
            (owner("usr/bin/y"), owner("top"), owner("etc/x")),
            (Some(0), Some(0), Some(2))
        );
        assert_eq!(
            (
                owner("usr/bin"),
                owner("usr/bin/"),
                owner("usr/x"),
                owner("xtop")
            ),
            (None, None, None, None)
        );
        assert_eq!(installed.record(0).expect("good").directories.len(), 2);
        assert!(installed.metadata(0).expect("good").directories.is_empty());
    }

    #[test]
    fn writes_what_did_not_change_as_it_was() {
        let installed = installed();
        assert_eq!(installed.with(&[]), TEXT.as_bytes());
        let record = Record::parse(b"P:a\nV:3\nA:noarch\nU:").expect("good");
        let text =
            String::from_utf8(installed.with(&[("a", Some(&record)), ("b", None)])).expect("text");
        assert_eq!(
            text,
            "P:a\nV:3\nA:noarch\nS:0\nI:0\nT:\nU:\nL:\n\nP:c\nV:2\n\nP:d\nV:1\nF:etc\nR:x\n\n"
        );
    }

    #[test]
    fn faults_name_the_line() {
        let installed = Installed::from_text(
            PathBuf::from("installed"),
            b"P:a\n\nP:b\nV:1\n?\n\n".to_vec(),
        );
        assert!(matches!(
            installed.record(1),
            Err(Error::Database { line: 5, .. })
        ));
    }
}
