//! What the objects mean: views that read a field when it is asked for.

pub use super::info::{DependencyView, PackageInfo, slot as info};

use super::reader::Slots;
use super::{Error, Reason};
use crate::digest::Digest;
use crate::package::{Info, ScriptKind};
use std::borrow::Cow;
use std::cell::Cell;

type Result<T> = std::result::Result<T, Error>;

/// Files and directories of one package at most.
pub const MAX_ENTRIES: usize = 1 << 22;

/// Dependencies of one list at most.
pub const MAX_DEPENDENCIES: usize = 1 << 16;

/// Bytes of text of one package's metadata at most. Values may share their bytes, so that a payload's size says nothing of
/// what a copy takes.
pub const MAX_TEXT: usize = 4 << 20;

/// How much text may still be copied.
pub(super) struct Room<'a> {
    of: Slots<'a>,
    left: Cell<usize>,
}

impl<'a> Room<'a> {
    /// For [`MAX_TEXT`] of this object.
    pub fn new(of: Slots<'a>) -> Self {
        let left = Cell::new(MAX_TEXT);
        Self { of, left }
    }

    /// Takes so many bytes.
    pub fn take(&self, length: usize) -> Result<()> {
        let left = self.left.get().checked_sub(length);
        self.left.set(left.ok_or(self.of.error(Reason::Limit))?);
        Ok(())
    }

    /// Takes as much as these bytes, and gives them back.
    pub fn take_bytes<'b>(&self, bytes: &'b [u8]) -> Result<&'b [u8]> {
        self.take(bytes.len()).map(|()| bytes)
    }

    /// A copy of a text.
    pub fn copy(&self, bytes: &[u8]) -> Result<String> {
        Ok(text(self.take_bytes(bytes)?).into_owned())
    }

    /// A copy of a list of texts.
    pub fn texts(&self, list: Slots<'a>) -> Result<Vec<String>> {
        if list.len() > MAX_DEPENDENCIES {
            return Err(list.error(Reason::Limit));
        }
        (1..=list.len())
            .map(|slot| self.copy(list.blob(slot)?))
            .collect()
    }
}

pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The root of a package.
#[derive(Clone, Copy, Debug)]
pub struct Package<'a>(pub Slots<'a>);

impl<'a> Package<'a> {
    /// Its metadata.
    ///
    /// # Errors
    /// Those of the value.
    pub fn info(&self) -> Result<PackageInfo<'a>> {
        Ok(PackageInfo(self.0.object(1)?))
    }

    /// Its metadata, copied, with what only a package says.
    ///
    /// # Errors
    /// Those of the values, and [`Reason::Limit`] for more text than [`MAX_TEXT`].
    pub fn to_info(&self) -> Result<Info> {
        let mut info = self.info()?.to_info()?;
        info.triggers = Room::new(self.0).texts(self.0.array(4)?)?;
        info.replaces_priority = self.0.int32(5)?;
        Ok(info)
    }

    /// Its directories, from 1.
    ///
    /// # Errors
    /// Those of the value, and [`Reason::Limit`].
    pub fn paths(&self) -> Result<Slots<'a>> {
        let paths = self.0.array(2)?;
        if paths.len() > MAX_ENTRIES {
            return Err(paths.error(Reason::Limit));
        }
        Ok(paths)
    }

    /// A script; empty if there is none.
    ///
    /// # Errors
    /// Those of the value.
    pub fn script(&self, kind: ScriptKind) -> Result<&'a [u8]> {
        self.0.object(3)?.blob(kind as usize)
    }
}

/// A directory.
#[derive(Clone, Copy, Debug)]
pub struct Directory<'a>(pub Slots<'a>);

impl<'a> Directory<'a> {
    /// Its path without a slash at its beginning; empty for the root.
    ///
    /// # Errors
    /// Those of the value.
    pub fn name(&self) -> Result<&'a [u8]> {
        self.0.blob(1)
    }

    /// Owner, mode and extended attributes.
    ///
    /// # Errors
    /// Those of the value.
    pub fn acl(&self) -> Result<Acl<'a>> {
        Ok(Acl(self.0.object(2)?))
    }

    /// Its files, from 1.
    ///
    /// # Errors
    /// Those of the value, and [`Reason::Limit`].
    pub fn files(&self) -> Result<Slots<'a>> {
        let files = self.0.array(3)?;
        if files.len() > MAX_ENTRIES {
            return Err(files.error(Reason::Limit));
        }
        Ok(files)
    }
}

/// A file, a link or a device.
#[derive(Clone, Copy, Debug)]
pub struct File<'a>(pub Slots<'a>);

/// What a file is besides bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// It is bytes.
    None,
    /// A symbolic link to this.
    Symlink(&'a [u8]),
    /// A further name of the file of the same package with this path.
    HardLink(&'a [u8]),
    /// A character device.
    Character(u64),
    /// A block device.
    Block(u64),
    /// A named pipe.
    Fifo,
}

impl<'a> File<'a> {
    /// Its name in its directory.
    ///
    /// # Errors
    /// Those of the value.
    pub fn name(&self) -> Result<&'a [u8]> {
        self.0.blob(1)
    }

    /// Owner, mode and extended attributes.
    ///
    /// # Errors
    /// Those of the value.
    pub fn acl(&self) -> Result<Acl<'a>> {
        Ok(Acl(self.0.object(2)?))
    }

    /// Bytes.
    ///
    /// # Errors
    /// Those of the value.
    pub fn size(&self) -> Result<u64> {
        self.0.int(3)
    }

    /// Seconds since 1970.
    ///
    /// # Errors
    /// Those of the value.
    pub fn mtime(&self) -> Result<u64> {
        self.0.int(4)
    }

    /// The SHA-256 of its content.
    ///
    /// # Errors
    /// Those of the value, and [`Reason::Value`] if its length is another.
    pub fn hash(&self) -> Result<Option<Digest>> {
        let bytes = self.0.blob(5)?;
        match bytes.len() {
            0 => Ok(None),
            32 => Ok(Digest::from_bytes(bytes)),
            _ => Err(self.0.error(Reason::Value)),
        }
    }

    /// Where it leads.
    ///
    /// # Errors
    /// Those of the value, and [`Reason::Value`] if it is no target.
    pub fn target(&self) -> Result<Target<'a>> {
        let bytes = self.0.blob(6)?;
        if bytes.is_empty() {
            return Ok(Target::None);
        }
        let bad = self.0.error(Reason::Value);
        let (kind, rest) = bytes.split_first_chunk().ok_or(bad)?;
        let number = || rest.try_into().map(u64::from_le_bytes).map_err(|_| bad);
        Ok(match u16::from_le_bytes(*kind) {
            0o120_000 if !rest.is_empty() => Target::Symlink(rest),
            0o100_000 if !rest.is_empty() => Target::HardLink(rest),
            0o020_000 => Target::Character(number()?),
            0o060_000 => Target::Block(number()?),
            0o010_000 => {
                number()?;
                Target::Fifo
            }
            _ => return Err(bad),
        })
    }
}

/// Owner, mode and extended attributes.
#[derive(Clone, Copy, Debug)]
pub struct Acl<'a>(pub Slots<'a>);

impl<'a> Acl<'a> {
    /// Permission bits, with those of set-user-id and its like.
    ///
    /// # Errors
    /// Those of the value, and [`Reason::Value`] if there are others.
    pub fn mode(&self) -> Result<u32> {
        let mode = self.0.int32(1)?;
        if mode & !0o7777 != 0 {
            return Err(self.0.error(Reason::Value));
        }
        Ok(mode)
    }

    /// The user's name.
    ///
    /// # Errors
    /// Those of the value.
    pub fn user(&self) -> Result<&'a [u8]> {
        self.0.blob(2)
    }

    /// The group's name.
    ///
    /// # Errors
    /// Those of the value.
    pub fn group(&self) -> Result<&'a [u8]> {
        self.0.blob(3)
    }

    /// Extended attributes: name and value.
    ///
    /// # Errors
    /// Those of the values, and [`Reason::Value`] for one without a zero byte after its name.
    pub fn xattrs(&self) -> Result<Vec<(&'a [u8], &'a [u8])>> {
        let list = self.0.array(4)?;
        if list.len() > MAX_DEPENDENCIES {
            return Err(list.error(Reason::Limit));
        }
        (1..=list.len())
            .map(|slot| {
                let bytes = list.blob(slot)?;
                let zero = bytes.iter().position(|byte| *byte == 0);
                let zero = zero.filter(|at| *at > 0).ok_or(list.error(Reason::Value))?;
                Ok((&bytes[..zero], &bytes[zero + 1..]))
            })
            .collect()
    }
}

/// The root of an index.
#[derive(Clone, Copy, Debug)]
pub struct Index<'a>(pub Slots<'a>);

impl<'a> Index<'a> {
    /// What it is an index of.
    ///
    /// # Errors
    /// Those of the value.
    pub fn description(&self) -> Result<&'a [u8]> {
        self.0.blob(1)
    }

    /// Its packages, from 1.
    ///
    /// # Errors
    /// Those of the value, and [`Reason::Limit`].
    pub fn packages(&self) -> Result<Slots<'a>> {
        let packages = self.0.array(2)?;
        if packages.len() > MAX_ENTRIES {
            return Err(packages.error(Reason::Limit));
        }
        Ok(packages)
    }

    /// The package in a slot of [`Index::packages`].
    ///
    /// # Errors
    /// Those of the value.
    pub fn package(packages: &Slots<'a>, number: usize) -> Result<PackageInfo<'a>> {
        Ok(PackageInfo(packages.object(number)?))
    }

    /// How packages' files are called, if the index says so.
    ///
    /// # Errors
    /// Those of the value.
    pub fn name_spec(&self) -> Result<&'a [u8]> {
        self.0.blob(3)
    }
}
