// SPDX-License-Identifier: MIT

//! Extended attributes: sets of them, which inodes may share.

use super::bytes::{get_u8, get_u16, get_u32};
use super::superblock::Superblock;
use super::{Error, Metadata};

/// Attributes of a set at most.
pub const COUNT_MAX: u32 = 1024;
/// Bytes of a set at most.
pub const SET_MAX: u32 = 65_536 + COUNT_MAX * 264;
/// Bytes before the first attribute.
pub const HEADER: usize = 8;
/// Bytes before an attribute's name.
pub const ATTRIBUTE: usize = 4;
/// What names begin with, by the number that stands for it. The last two are whole names.
pub const PREFIXES: [&[u8]; 6] = [
    b"",
    b"user.",
    b"trusted.",
    b"security.",
    b"system.posix_acl_access",
    b"system.posix_acl_default",
];

/// The prefix of a name that saves most, and what remains of the name.
pub fn split(name: &[u8]) -> (u8, &[u8]) {
    let found = PREFIXES
        .iter()
        .enumerate()
        .skip(1)
        .find_map(|(number, prefix)| {
            let rest = name.strip_prefix(*prefix)?;
            (number < 4 || rest.is_empty()).then_some((number as u8, rest))
        });
    found.unwrap_or((0, name))
}

/// A set of attributes, its header checked.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    at: u64,
    count: u32,
    end: u64,
}

/// An attribute of a set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attribute {
    /// Which of [`PREFIXES`].
    pub prefix: u8,
    /// Length of the name without the prefix.
    pub name: u8,
    /// Length of the value.
    pub value: u16,
    at: u64,
}

impl Attribute {
    /// Position of the name without the prefix.
    pub fn name_at(&self) -> u64 {
        self.at + ATTRIBUTE as u64
    }

    /// Position of the value.
    pub fn value_at(&self) -> u64 {
        self.name_at() + u64::from(self.name)
    }

    fn end(&self) -> u64 {
        self.value_at() + u64::from(self.value)
    }

    /// The prefix's bytes.
    pub fn prefix(&self) -> &'static [u8] {
        PREFIXES
            .get(usize::from(self.prefix))
            .copied()
            .unwrap_or(b"")
    }
}

impl Set {
    /// Reads the header of the set at `at`.
    ///
    /// # Errors
    ///
    /// [`Error::Attributes`] with what is wrong, and what `metadata` fails with.
    pub fn open<M: Metadata>(
        metadata: &M,
        superblock: &Superblock,
        at: u64,
    ) -> Result<Set, M::Error> {
        let mut header = [0; HEADER];
        metadata.read(at, &mut header)?;
        let (count, length) = (get_u32(&header, 0), get_u32(&header, 4));
        if count == 0 || count > COUNT_MAX {
            return Err(Error::Attributes {
                at,
                what: "number of attributes",
            }
            .into());
        }
        let end = at.saturating_add(u64::from(length));
        if length > SET_MAX || (length as usize) < HEADER || end > superblock.metadata {
            return Err(Error::Attributes {
                at,
                what: "length of the set",
            }
            .into());
        }
        Ok(Set { at, count, end })
    }

    /// Attributes in it.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Bytes of the set, its header among them.
    pub fn length(&self) -> u64 {
        self.end - self.at
    }

    /// Never: a set has one attribute or more.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first attribute.
    ///
    /// # Errors
    ///
    /// [`Error::Attributes`] with what is wrong, and what `metadata` fails with.
    pub fn first<M: Metadata>(&self, metadata: &M) -> Result<Attribute, M::Error> {
        self.attribute(metadata, self.at + HEADER as u64)
    }

    /// The one after another; a set has [`Set::len`] of them.
    ///
    /// # Errors
    ///
    /// [`Error::Attributes`] with what is wrong, and what `metadata` fails with.
    pub fn after<M: Metadata>(
        &self,
        metadata: &M,
        attribute: &Attribute,
    ) -> Result<Attribute, M::Error> {
        self.attribute(metadata, attribute.end())
    }

    fn attribute<M: Metadata>(&self, metadata: &M, at: u64) -> Result<Attribute, M::Error> {
        let wrong = |what| Error::Attributes { at: self.at, what };
        if at + ATTRIBUTE as u64 > self.end {
            return Err(wrong("it ends too early").into());
        }
        let mut bytes = [0; ATTRIBUTE];
        metadata.read(at, &mut bytes)?;
        let found = Attribute {
            prefix: get_u8(&bytes, 1),
            name: get_u8(&bytes, 0),
            value: get_u16(&bytes, 2),
            at,
        };
        if found.end() > self.end {
            return Err(wrong("it ends too early").into());
        }
        match found.prefix {
            0..=3 if found.name > 0 && found.prefix().len() + usize::from(found.name) <= 255 => {
                Ok(found)
            }
            4 | 5 if found.name == 0 => Ok(found),
            _ => Err(wrong("an attribute's name").into()),
        }
    }

    /// The attribute of a whole name.
    ///
    /// # Errors
    ///
    /// [`Error::Attributes`] with what is wrong, and what `metadata` fails with.
    pub fn find<M: Metadata>(
        &self,
        metadata: &M,
        name: &[u8],
    ) -> Result<Option<Attribute>, M::Error> {
        let (prefix, rest) = split(name);
        let mut buffer = [0; 255];
        let mut next = self.first(metadata)?;
        for number in 0..self.count {
            if number > 0 {
                next = self.after(metadata, &next)?;
            }
            if next.prefix != prefix || usize::from(next.name) != rest.len() {
                continue;
            }
            let Some(found) = buffer.get_mut(..rest.len()) else {
                continue;
            };
            metadata.read(next.name_at(), found)?;
            if found == rest {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }
}
