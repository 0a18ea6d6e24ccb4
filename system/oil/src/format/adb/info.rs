//! A package's metadata and its dependencies where they lie.

use super::reader::{Payload, Slots, Value};
use super::schema::{MAX_DEPENDENCIES, Room, text};
use super::{Error, Reason, tag};
use crate::dependency::{Dependency, Op};
use crate::digest::Digest;
use crate::package::Info;
use crate::version::Version;
use std::borrow::Cow;

type Result<T> = std::result::Result<T, Error>;

/// Slots of a package's metadata.
pub mod slot {
    #![expect(missing_docs)]
    pub const NAME: usize = 1;
    pub const VERSION: usize = 2;
    pub const HASHES: usize = 3;
    pub const DESCRIPTION: usize = 4;
    pub const ARCH: usize = 5;
    pub const LICENSE: usize = 6;
    pub const ORIGIN: usize = 7;
    pub const MAINTAINER: usize = 8;
    pub const URL: usize = 9;
    pub const COMMIT: usize = 10;
    pub const BUILD_TIME: usize = 11;
    pub const INSTALLED_SIZE: usize = 12;
    pub const FILE_SIZE: usize = 13;
    pub const PROVIDER_PRIORITY: usize = 14;
    pub const DEPENDS: usize = 15;
    pub const PROVIDES: usize = 16;
    pub const REPLACES: usize = 17;
    pub const INSTALL_IF: usize = 18;
    pub const RECOMMENDS: usize = 19;
    pub const LAYER: usize = 20;
    pub const TAGS: usize = 21;
    /// As many as there are.
    pub const COUNT: usize = 21;
}

/// A package's metadata.
#[derive(Clone, Copy, Debug)]
pub struct PackageInfo<'a>(pub Slots<'a>);

impl<'a> PackageInfo<'a> {
    /// Its name.
    ///
    /// # Errors
    /// Those of the value; so for all that follow.
    pub fn name(&self) -> Result<&'a [u8]> {
        self.0.blob(slot::NAME)
    }

    /// Its version.
    ///
    /// # Errors
    /// Those of the value.
    pub fn version(&self) -> Result<&'a [u8]> {
        self.0.blob(slot::VERSION)
    }

    /// A field of text (or bytes) by its slot in [`slot`].
    ///
    /// # Errors
    /// Those of the value.
    pub fn field(&self, slot: usize) -> Result<Cow<'a, str>> {
        Ok(text(self.0.blob(slot)?))
    }

    /// Its identity.
    ///
    /// # Errors
    /// Those of the value, and [`Reason::Value`] if its length is that of no digest.
    pub fn identity(&self) -> Result<Option<Digest>> {
        let bytes = self.0.blob(slot::HASHES)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        Digest::from_bytes(bytes)
            .map(Some)
            .ok_or(self.0.error(Reason::Value))
    }

    /// A list of dependencies by its slot in [`slot`].
    ///
    /// # Errors
    /// Those of the list's value, and [`Reason::Limit`].
    pub fn dependencies(
        &self,
        slot: usize,
    ) -> Result<impl ExactSizeIterator<Item = Result<DependencyView<'a>>> + use<'a>> {
        let list = self.0.array(slot)?;
        if list.len() > MAX_DEPENDENCIES {
            return Err(list.error(Reason::Limit));
        }
        let payload = list.payload();
        Ok(list
            .values()
            .map(move |value| DependencyView::of(&payload, value)))
    }

    /// Everything, copied. What is only in a package (triggers, replaces priority) is not here.
    ///
    /// # Errors
    /// Those of the values, and [`Reason::Limit`] for more text than [`super::schema::MAX_TEXT`].
    pub fn to_info(&self) -> Result<Info> {
        let room = Room::new(self.0);
        let field = |slot| room.copy(self.0.blob(slot)?);
        let list = |slot| -> Result<Vec<Dependency>> {
            self.dependencies(slot)?
                .map(|one| {
                    let one = one?;
                    room.take(one.name.len() + one.version.len())?;
                    Ok(one.to_dependency())
                })
                .collect()
        };
        Ok(Info {
            name: field(slot::NAME)?,
            version: Version::from_text(field(slot::VERSION)?),
            identity: self.identity()?,
            description: field(slot::DESCRIPTION)?,
            arch: field(slot::ARCH)?,
            license: field(slot::LICENSE)?,
            origin: field(slot::ORIGIN)?,
            maintainer: field(slot::MAINTAINER)?,
            url: field(slot::URL)?,
            commit: room
                .take_bytes(self.0.blob(slot::COMMIT)?)
                .map(crate::digest::hex)?,
            build_time: self.0.int(slot::BUILD_TIME)?,
            installed_size: self.0.int(slot::INSTALLED_SIZE)?,
            file_size: self.0.int(slot::FILE_SIZE)?,
            provider_priority: self.0.int32(slot::PROVIDER_PRIORITY)?,
            replaces_priority: 0,
            depends: list(slot::DEPENDS)?,
            provides: list(slot::PROVIDES)?,
            replaces: list(slot::REPLACES)?,
            install_if: list(slot::INSTALL_IF)?,
            recommends: list(slot::RECOMMENDS)?,
            layer: self.0.int32(slot::LAYER)?,
            tags: room.texts(self.0.array(slot::TAGS)?)?,
            triggers: Vec::new(),
        })
    }
}

/// One dependency where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DependencyView<'a> {
    /// The name.
    pub name: &'a [u8],
    /// The version; empty if there is none.
    pub version: &'a [u8],
    /// How they compare.
    pub op: Op,
}

impl<'a> DependencyView<'a> {
    fn of(payload: &Payload<'a>, value: Value) -> Result<Self> {
        let object = payload.slots(value, tag::OBJECT)?;
        let version = object.blob(2)?;
        let bits = match payload.int(object.get(3))? {
            None if version.is_empty() => Op::ANY.bits(),
            None => Op::EQUAL.bits(),
            Some(bits) => u8::try_from(bits).map_err(|_| object.error(Reason::Value))?,
        };
        Ok(Self {
            name: object.blob(1)?,
            version,
            op: Op::from_bits(bits).ok_or(object.error(Reason::Value))?,
        })
    }

    /// A copy.
    pub fn to_dependency(&self) -> Dependency {
        Dependency {
            name: text(self.name).into_owned(),
            version: Version::from_text(text(self.version)),
            op: self.op,
        }
    }
}
