//! What is unpacked of one package: its record as the database will have it, with lines of our own between.
//!
//! Lines of ours have letters that the database does not use there, and are left out when the record is written.
//! Of what goes there is no metadata, and in its place: `T:` a directory that goes whole, if nothing else is in it; `D:`
//! one that nobody has afterwards and that goes if it is empty, the deepest first.
//! Of a directory: `v:` the number of its volume, if that is not the first one; `x:` an extended attribute that it
//! gets, name and value in hexadecimal digits; `t:` the tree that it is unpacked in ([`super::trees`]), and how many bytes
//! of its path are that of the tree's top: its files have their own names there. Of a file: `j:` the number that it is
//! unpacked under, if that is not the one after the last; `n:` what is done with it, if it is not just put in its
//! place; `k:` the content that it takes the place of, which is kept. Of both: `o:` user, group and the
//! numbers that the package says for them, of all that is not root's.

use super::xattrs::Xattrs;
use crate::database::installed::Installed;
use crate::database::record::{Acl, parse_acl};
use crate::digest::{self, Digest};
use crate::error::{Error, Result};
use crate::history::store::Content;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What is done with a file that is unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// It is put in its place.
    #[default]
    Place,
    /// It is put beside its place, as `.apk-new`.
    Beside,
    /// What is in its place stays.
    Leave,
}

/// Names of an owner, and the numbers that the package says for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'m> {
    pub user: &'m [u8],
    pub group: &'m [u8],
    pub numbers: (Option<u32>, Option<u32>),
}

/// A directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder<'m> {
    pub path: &'m [u8],
    pub acl: Acl,
    pub owner: Option<Owner<'m>>,
    pub volume: usize,
    pub tree: Option<Tree>,
    /// Extended attributes that it gets when it is made.
    pub xattrs: Xattrs,
}

/// A directory that was not there when it was unpacked, and is put in its place as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    pub number: usize,
    /// Bytes of the path that are the top's.
    pub top: usize,
}

/// A file or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'m> {
    pub name: &'m [u8],
    pub acl: Acl,
    pub digest: Option<Digest>,
    pub owner: Option<Owner<'m>>,
    pub number: u32,
    pub action: Action,
    pub keep: Option<Content>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'m> {
    Folder(Folder<'m>),
    Item(Item<'m>),
}

/// A manifest, read.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    path: PathBuf,
    text: Vec<u8>,
    /// Where the directories begin.
    head_end: usize,
}

impl Manifest {
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read(path).map_err(Error::file(path))?;
        let head_end = if text.starts_with(b"F:") {
            0
        } else {
            memchr::memmem::find(&text, b"\nF:").map_or(text.len(), |at| at + 1)
        };
        let path = path.to_owned();
        Ok(Self {
            path,
            text,
            head_end,
        })
    }

    /// The metadata.
    pub fn head(&self) -> &[u8] {
        &self.text[..self.head_end]
    }

    /// Directories and their files, in order.
    pub fn parts(&self) -> Parts<'_> {
        Parts::of(&self.path, &self.text[self.head_end..], false)
    }

    /// The lines of the directories and files: letters and what stands behind them.
    pub fn lines(&self) -> impl Iterator<Item = (u8, &[u8])> {
        lines(&self.text[self.head_end..])
    }

    /// What the lines of the metadata say that begin with this letter.
    pub fn fields(&self, letter: u8) -> impl Iterator<Item = &[u8]> {
        lines(self.head()).filter_map(move |(own, value)| (own == letter).then_some(value))
    }

    /// Adds the directories and files to a record whose metadata has been written.
    pub fn write_files(&self, out: &mut Vec<u8>) {
        for line in self.text[self.head_end..].split_inclusive(|&byte| byte == b'\n') {
            if matches!(line[0], b'F' | b'M' | b'R' | b'a' | b'Z') {
                out.extend_from_slice(line);
            }
        }
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest)?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some((*line.first()?, line.get(2..)?))
    })
}

/// Directories and their files, in order, as the lines say that are left.
#[derive(Clone, Debug)]
pub struct Parts<'m> {
    path: &'m Path,
    rest: &'m [u8],
    /// Whether the last line may lack its end, as that of a database does which somebody has edited.
    is_open: bool,
    number: u32,
}

impl<'m> Parts<'m> {
    /// Of lines in the file at `path`.
    fn of(path: &'m Path, lines: &'m [u8], is_open: bool) -> Self {
        Self {
            path,
            rest: lines,
            is_open,
            number: 0,
        }
    }

    /// Leaves out what there is before the next directory.
    pub fn skip_files(&mut self) {
        if !self.rest.starts_with(b"F:") {
            let next = memchr::memmem::find(self.rest, b"\nF:");
            self.rest = &self.rest[next.map_or(self.rest.len(), |at| at + 1)..];
        }
    }

    fn fault(&self) -> Error {
        Error::Database {
            path: self.path.to_owned(),
            line: 1,
            reason: "damaged; what it belongs to has to be done again".to_owned(),
        }
    }

    fn line(&mut self) -> Option<(u8, &'m [u8])> {
        let end = match memchr::memchr(b'\n', self.rest) {
            None if self.is_open => self.rest.len(),
            end => end?,
        };
        let line = &self.rest[..end];
        Some((*line.first()?, line.get(2..)?))
    }

    fn take(&mut self, value: &[u8]) {
        self.rest = self.rest.get(value.len() + 3..).unwrap_or_default();
    }

    fn part(&mut self) -> Option<Result<Part<'m>, ()>> {
        let (letter, value) = match self.line() {
            Some(line) => line,
            None => return (!self.rest.is_empty()).then_some(Err(())),
        };
        self.take(value);
        let part = match letter {
            b'F' => Part::Folder(Folder {
                path: value,
                acl: Acl::of_root(0o755),
                owner: None,
                volume: 0,
                tree: None,
                xattrs: Xattrs::new(),
            }),
            b'R' => {
                self.number += 1;
                Part::Item(Item {
                    name: value,
                    acl: Acl::of_root(0o644),
                    digest: None,
                    owner: None,
                    number: self.number - 1,
                    action: Action::Place,
                    keep: None,
                })
            }
            _ => return Some(Err(())),
        };
        Some(self.attributes(part).ok_or(()))
    }

    fn attributes(&mut self, mut part: Part<'m>) -> Option<Part<'m>> {
        while let Some((letter, value)) = self.line() {
            match (&mut part, letter) {
                (_, b'F' | b'R') => break,
                (Part::Folder(folder), b'M') => folder.acl = parse_acl(value)?,
                (Part::Folder(folder), b'v') => folder.volume = number(value)? as usize,
                (Part::Folder(folder), b'o') => folder.owner = Some(Owner::parse(value)?),
                (Part::Folder(folder), b't') => {
                    let (tree, top) = value.split_at_checked(memchr::memchr(b' ', value)?)?;
                    let top = number(&top[1..])? as usize;
                    let number = number(tree)? as usize;
                    let good = top > 0 && top <= folder.path.len();
                    folder.tree = Some(good.then_some(Tree { number, top })?);
                }
                (Part::Folder(folder), b'x') => {
                    let (name, text) = value.split_at_checked(memchr::memchr(b' ', value)?)?;
                    let pair = (digest::from_hex(name)?, digest::from_hex(&text[1..])?);
                    folder.xattrs.push(pair);
                }
                (Part::Item(item), b'a') => item.acl = parse_acl(value)?,
                (Part::Item(item), b'Z') => item.digest = Some(Digest::parse(value)?),
                (Part::Item(item), b'o') => item.owner = Some(Owner::parse(value)?),
                (Part::Item(item), b'k') => item.keep = Some(Content::from_name(value)?),
                (Part::Item(item), b'n') => {
                    item.action = match value {
                        b"beside" => Action::Beside,
                        b"leave" => Action::Leave,
                        _ => return None,
                    }
                }
                (Part::Item(item), b'j') => {
                    item.number = number(value)?;
                    self.number = item.number + 1;
                }
                _ => return None,
            }
            self.take(value);
        }
        Some(part)
    }
}

impl<'m> Iterator for Parts<'m> {
    type Item = Result<Part<'m>>;

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.part()?;
        if part.is_err() {
            self.rest = &[];
        }
        Some(part.map_err(|()| self.fault()))
    }
}

/// The directories and files of a package that is installed.
pub fn of_installed(installed: &Installed, place: usize) -> impl Iterator<Item = Result<Part<'_>>> {
    let parts = Parts::of(Path::new("installed"), installed.files(place), true);
    // Where it is wrong, the other way to read it says.
    parts.map(move |part| part.map_err(|error| installed.record(place).err().unwrap_or(error)))
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

impl<'m> Owner<'m> {
    /// From what stands behind `o:`.
    pub fn parse(text: &'m [u8]) -> Option<Self> {
        let mut words = text.split(|&byte| byte == b' ');
        let (user, group) = (words.next()?, words.next()?);
        let numbers = (words.next().and_then(number), words.next().and_then(number));
        Some(Self {
            user,
            group,
            numbers,
        })
    }
}

/// Writes manifests.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub text: Vec<u8>,
    number: u32,
}

impl Builder {
    /// Behind metadata.
    pub fn new(head: &[u8]) -> Self {
        Self {
            text: head.to_vec(),
            number: 0,
        }
    }

    fn line(&mut self, letter: u8, value: impl std::fmt::Display) {
        self.text.extend_from_slice(&[letter, b':']);
        // Writing to memory does not fail.
        let _ = writeln!(self.text, "{value}");
    }

    fn raw(&mut self, letter: u8, value: &[u8]) {
        self.text.reserve(value.len() + 3);
        self.text.push(letter);
        self.text.push(b':');
        self.text.extend_from_slice(value);
        self.text.push(b'\n');
    }

    fn owner(&mut self, owner: Option<Owner>) {
        let Some(owner) = owner else { return };
        let text = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
        let numbers = format!(" {} {}", text(owner.numbers.0), text(owner.numbers.1));
        self.raw(
            b'o',
            &[owner.user, b" ", owner.group, numbers.as_bytes()].concat(),
        );
    }

    pub fn folder(&mut self, folder: &Folder) {
        self.raw(b'F', folder.path);
        if folder.acl != Acl::of_root(0o755) {
            self.line(b'M', folder.acl);
        }
        if folder.volume > 0 {
            self.line(b'v', folder.volume);
        }
        if let Some(Tree { number, top }) = folder.tree {
            self.line(b't', format_args!("{number} {top}"));
        }
        for (name, value) in &folder.xattrs {
            let (name, value) = (digest::hex(name), digest::hex(value));
            self.line(b'x', format_args!("{name} {value}"));
        }
        self.owner(folder.owner);
    }

    pub fn item(&mut self, item: &Item) {
        self.raw(b'R', item.name);
        if item.acl != Acl::of_root(0o644) {
            self.line(b'a', item.acl);
        }
        if let Some(digest) = item.digest {
            self.raw(b'Z', digest.short().text().as_bytes());
        }
        if item.number != self.number {
            self.line(b'j', item.number);
        }
        self.number = item.number + 1;
        self.owner(item.owner);
        match item.action {
            Action::Place => {}
            Action::Beside => self.raw(b'n', b"beside"),
            Action::Leave => self.raw(b'n', b"leave"),
        }
        if let Some(keep) = item.keep {
            self.text.extend_from_slice(b"k:");
            keep.write_name(&mut self.text);
            self.text.push(b'\n');
        }
    }

    /// An item without anything unpacked.
    pub fn gone(&mut self, item: &Item) {
        let number = self.number;
        self.item(&Item {
            number,
            ..item.clone()
        });
    }

    /// An item whose text was written before, when its number was the one after the last.
    pub fn copied(&mut self, text: &[u8], number: u32) {
        self.text.extend_from_slice(text);
        if number != self.number {
            self.line(b'j', number);
        }
        self.number = number + 1;
    }

    pub fn part(&mut self, part: &Part) {
        match part {
            Part::Folder(folder) => self.folder(folder),
            Part::Item(item) => self.item(item),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::record::{Directory, File};

    #[test]
    fn parts_of_a_package_are_those_of_its_record() {
        for text in [
            "P:a\nV:1\nF:\nR:x\nF:usr\nM:0:0:700\nR:y\na:0:0:4755\nZ:Q1O7Krtp67J/v+Y8djliTG7F4zG4Q=\n\n",
            // As an editor may leave it.
            "P:a\nV:1\nF:usr\nM:0:0:700\nR:x\nZ:Q1O7Krtp67J/v+Y8djliTG7F4zG4Q=",
            "P:a\nV:1\nF:usr",
        ] {
            let installed = Installed::from_text(PathBuf::from("installed"), text.into());
            let mut directories = Vec::new();
            for part in of_installed(&installed, 0) {
                match part.expect("good") {
                    Part::Folder(folder) => directories.push(Directory {
                        path: folder.path.to_vec(),
                        acl: folder.acl,
                        files: Vec::new(),
                    }),
                    Part::Item(item) => directories.last_mut().expect("one").files.push(File {
                        name: item.name.to_vec(),
                        acl: item.acl,
                        digest: item.digest,
                    }),
                }
            }
            let record = installed.record(0).expect("good");
            assert_eq!(directories, record.directories, "{text}");
        }
        let installed = Installed::from_text(PathBuf::from("db"), b"P:a\nF:usr\nM:1\n".into());
        let error = of_installed(&installed, 0).find_map(Result::err);
        assert!(
            matches!(error, Some(Error::Database { path, line: 3, .. }) if path == Path::new("db"))
        );
    }

    #[test]
    fn written_as_read() {
        let item = Item {
            name: b"x y",
            acl: Acl::of_root(0o4755),
            digest: Digest::from_bytes(&[1; 20]),
            owner: None,
            number: 0,
            action: Action::Place,
            keep: None,
        };
        let parts = [
            Part::Folder(Folder {
                path: b"",
                acl: Acl::of_root(0o755),
                owner: None,
                volume: 0,
                tree: None,
                xattrs: Xattrs::new(),
            }),
            Part::Item(item.clone()),
            Part::Folder(Folder {
                path: b"usr/bin",
                acl: Acl::of_root(0o700),
                owner: Some(Owner {
                    user: b"web",
                    group: b"www",
                    numbers: (Some(3), None),
                }),
                volume: 2,
                tree: Some(Tree { number: 3, top: 7 }),
                xattrs: vec![
                    (b"user.a".to_vec(), b"1\n".to_vec()),
                    (b"user.b".to_vec(), Vec::new()),
                ],
            }),
            Part::Item(Item {
                number: 7,
                action: Action::Beside,
                keep: Content::of(Digest::from_bytes(&[2; 20]), 0o777),
                ..item.clone()
            }),
            Part::Item(Item {
                number: 8,
                action: Action::Leave,
                ..item
            }),
        ];
        let mut builder = Builder::new(b"P:a\n");
        parts.iter().for_each(|part| builder.part(part));
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("manifest");
        fs::write(&path, &builder.text).expect("a file");
        let manifest = Manifest::read(&path).expect("there");
        let read: Vec<Part> = manifest.parts().map(|part| part.expect("good")).collect();
        assert_eq!(read, parts);
        assert_eq!(manifest.head(), b"P:a\n");
        let mut out = Vec::new();
        manifest.write_files(&mut out);
        let text = String::from_utf8(out).expect("text");
        assert!(text.starts_with("F:\nR:x y\na:0:0:4755\nZ:Q1"), "{text}");
        assert!(!text.contains("o:") && !text.contains("j:"), "{text}");
        fs::write(&path, b"P:a\nF:x\nq:1\n").expect("a file");
        let manifest = Manifest::read(&path).expect("there");
        assert!(manifest.parts().any(|part| part.is_err()));
    }
}
