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

mod builder;
mod parts;

pub use builder::Builder;
pub use parts::{Parts, of_installed};

use super::xattrs::Xattrs;
use crate::database::record::Acl;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::history::store::Content;
use std::fs;
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
    /// The same, as it is what would be put there; it gets this time, in seconds since 1970, if it has another.
    Stay(Option<u64>),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::installed::Installed;
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
                ..item.clone()
            }),
            Part::Item(Item {
                number: 9,
                action: Action::Stay(None),
                ..item.clone()
            }),
            Part::Item(Item {
                number: 12,
                action: Action::Stay(Some(1 << 40)),
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
