//! Reads manifests, and what an installed package has the same way.

use super::{Action, Folder, Item, Owner, Part, Tree};
use crate::database::installed::Installed;
use crate::database::record::{Acl, parse_acl};
use crate::digest::{self, Digest};
use crate::error::{Error, Result};
use crate::history::store::Content;
use crate::transact::xattrs::Xattrs;
use std::path::Path;
use std::str::FromStr;

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
    pub(super) fn of(path: &'m Path, lines: &'m [u8], is_open: bool) -> Self {
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
                (Part::Folder(folder), b'v') => folder.volume = number::<u32>(value)? as usize,
                (Part::Folder(folder), b'o') => folder.owner = Some(Owner::parse(value)?),
                (Part::Folder(folder), b't') => {
                    let (tree, top) = value.split_at_checked(memchr::memchr(b' ', value)?)?;
                    let top = number::<u32>(&top[1..])? as usize;
                    let number = number::<u32>(tree)? as usize;
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
                        b"stay" => Action::Stay(None),
                        _ => Action::Stay(Some(number(value.strip_prefix(b"stay ")?)?)),
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

fn number<N: FromStr>(text: &[u8]) -> Option<N> {
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
