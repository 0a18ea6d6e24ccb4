//! An index of packages that is mapped, not read again.
//!
//! `APKINDEX.tar.gz` or `Packages.adb` is verified and read once, and compiled: a v3 payload with tables beside it that
//! lead from a name to its packages, to what provides it and to what it may bring in. The compiled file is bound to
//! its source and to the keys that vouch for it, and is made again when one of them is another, or when it is damaged.
//! Opening it costs a mapping and a look at its header.

mod compile;
mod solving;
mod source;
mod table;

use compile::{Compiled, compile};
pub(crate) use source::Builder;
pub use source::{Source, read_source};

use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::format::adb;
use crate::format::adb::reader::{Payload, Slots};
use crate::format::adb::schema::{self, DependencyView, PackageInfo, info};
use crate::keys::Keys;
use crate::map::Map;
use crate::package::Info;
use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use table::Layout;

/// Whom an index's signature must be by.
#[derive(Clone, Copy, Debug)]
pub enum IndexTrust<'a> {
    /// One of these.
    Keys(&'a Keys),
    /// Nobody (`--allow-untrusted`).
    Anything,
}

impl IndexTrust<'_> {
    fn fingerprint(&self) -> Option<Digest> {
        match self {
            Self::Keys(keys) => Some(keys.fingerprint()),
            Self::Anything => None,
        }
    }
}

/// A compiled index.
pub struct Index {
    map: Map,
    layout: Layout,
}

impl Index {
    /// Opens the compiled form of the index at `source`, which is kept at `compiled`: what is there if it is of this
    /// very source and these keys, or else made anew. If it cannot be written it is kept in memory.
    ///
    /// # Errors
    /// [`Error::Untrusted`], [`Error::BadSignature`], and those of reading the source.
    pub fn load(source: &Path, compiled: &Path, trust: IndexTrust) -> Result<Self> {
        let file = File::open(source)?;
        let stamp = table::Stamp::of(&file)?;
        if let Some(index) = Self::existing(compiled, &file, &stamp, trust)? {
            return Ok(index);
        }
        let mut file = HashingReader {
            file: File::open(source)?,
            hasher: Hasher::new(Algorithm::Sha256),
        };
        let read = read_source(&mut file, trust)?;
        let mut rest = [0; 4096];
        while file.read(&mut rest)? > 0 {}
        let hash = file.hasher.finish();
        let made = compile(read, &stamp, &hash, trust.fingerprint())?;
        if write_beside(compiled, &made).is_ok()
            && let Ok(file) = File::open(compiled)
        {
            let mut index = Self::from_map(Map::file(&file)?)?;
            index.layout.untouched = false;
            return Ok(index);
        }
        Self::from_map(Map::Memory(made.parts().concat()))
    }

    /// An index in memory, of a source that is not a file of its own.
    ///
    /// # Errors
    /// As [`Index::load`].
    pub fn read(source: impl Read, trust: IndexTrust) -> Result<Self> {
        let read = read_source(source, trust)?;
        let nothing = Digest::of(Algorithm::Sha256, b"");
        let made = compile(
            read,
            &table::Stamp::default(),
            &nothing,
            trust.fingerprint(),
        )?;
        Self::from_map(Map::Memory(made.parts().concat()))
    }

    fn existing(
        compiled: &Path,
        source: &File,
        stamp: &table::Stamp,
        trust: IndexTrust,
    ) -> Result<Option<Self>> {
        let Ok(file) = File::open(compiled) else {
            return Ok(None);
        };
        let Some(index) = Map::file(&file)
            .ok()
            .and_then(|map| Self::from_map(map).ok())
        else {
            return Ok(None);
        };
        if let Some(keys) = trust.fingerprint()
            && index.layout.keys != Some(keys)
        {
            return Ok(None);
        }
        if index.layout.stamp == *stamp {
            return Ok(Some(index));
        }
        // Touched, or copied with its source: the content decides.
        if index.layout.stamp.size != stamp.size {
            return Ok(None);
        }
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut source = BufReader::with_capacity(128 << 10, source);
        loop {
            let bytes = std::io::BufRead::fill_buf(&mut source)?;
            let length = bytes.len();
            if length == 0 {
                break;
            }
            hasher.update(bytes);
            std::io::BufRead::consume(&mut source, length);
        }
        Ok((hasher.finish() == index.layout.source).then_some(index))
    }

    fn from_map(map: Map) -> Result<Self> {
        let layout = Layout::read(&map)?;
        Ok(Self { map, layout })
    }

    /// Whether it was there already and nothing had to be read.
    pub fn was_compiled(&self) -> bool {
        self.layout.untouched
    }

    /// How many packages there are.
    pub fn len(&self) -> usize {
        self.layout.packages.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many names there are: of packages, of what they provide, and of what brings them in.
    pub fn name_count(&self) -> usize {
        self.layout.names.count
    }

    fn root(&self) -> Result<schema::Index<'_>, adb::Error> {
        let bytes = &self.map[self.layout.payload.clone()];
        Ok(schema::Index(Payload::new(bytes)?.root()?))
    }

    fn slots(&self) -> Result<Slots<'_>, adb::Error> {
        self.root()?.packages()
    }

    /// What the index says that it is of.
    ///
    /// # Errors
    /// Those of the value.
    pub fn description(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(self.root()?.description()?).into_owned())
    }

    /// How packages' files are called, if the index says so.
    ///
    /// # Errors
    /// Those of the value.
    pub fn name_spec(&self) -> Result<Option<String>> {
        let spec = self.root()?.name_spec()?;
        Ok((!spec.is_empty()).then(|| String::from_utf8_lossy(spec).into_owned()))
    }

    /// The package of this number, counted from 0.
    ///
    /// # Errors
    /// Those of the value; so an index is known to be damaged, to be deleted and made again.
    pub fn package(&self, number: usize) -> Result<PackageView<'_>, adb::Error> {
        let slots = self.slots()?;
        let object = slots.object(number + 1)?;
        let flags = self.map[self.layout.packages.begin..]
            .get(number)
            .copied()
            .unwrap_or(0);
        Ok(PackageView {
            number,
            flags,
            info: PackageInfo(object),
        })
    }

    /// All packages.
    pub fn packages(&self) -> impl Iterator<Item = Result<PackageView<'_>, adb::Error>> {
        (0..self.len()).map(|number| self.package(number))
    }

    /// What there is to a name; none if the index does not have it.
    ///
    /// # Errors
    /// Those of the values.
    pub fn find(&self, name: &[u8]) -> Result<Option<NameView<'_>>, adb::Error> {
        let hash = table::hash(name);
        let buckets = self.layout.buckets.count;
        for step in 0..buckets {
            let bucket = (hash as usize).wrapping_add(step) & (buckets - 1);
            let Some(number) = self.layout.bucket(&self.map, bucket) else {
                return Ok(None);
            };
            let record = self.layout.name(&self.map, number);
            if record.hash == hash && self.name_text(&record)? == name {
                return Ok(Some(NameView {
                    index: self,
                    record,
                }));
            }
        }
        Ok(None)
    }

    /// All names, in their order.
    pub fn names(&self) -> impl Iterator<Item = NameView<'_>> {
        (0..self.name_count()).map(|number| NameView {
            index: self,
            record: self.layout.name(&self.map, number),
        })
    }

    fn name_text(&self, record: &table::Name) -> Result<&[u8], adb::Error> {
        let payload = Payload::new(&self.map[self.layout.payload.clone()])?;
        payload.blob(record.text)
    }
}

/// What there is to a name.
#[derive(Clone, Copy)]
pub struct NameView<'a> {
    index: &'a Index,
    record: table::Name,
}

impl<'a> NameView<'a> {
    /// The name.
    ///
    /// # Errors
    /// Those of the value.
    pub fn name(&self) -> Result<&'a [u8], adb::Error> {
        self.index.name_text(&self.record)
    }

    /// The numbers of the packages of that name.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = usize> + use<'a> {
        self.list(0)
    }

    /// The numbers of the packages that provide it.
    pub fn providers(&self) -> impl ExactSizeIterator<Item = usize> + use<'a> {
        self.list(1)
    }

    /// The numbers of the packages whose `install_if` names it.
    pub fn install_if(&self) -> impl ExactSizeIterator<Item = usize> + use<'a> {
        self.list(2)
    }

    fn list(&self, which: usize) -> impl ExactSizeIterator<Item = usize> + use<'a> {
        let index = self.index;
        index.layout.list(&index.map, self.record.lists[which])
    }
}

/// A package of an index, where it lies.
#[derive(Clone, Copy)]
pub struct PackageView<'a> {
    /// Its number in the index.
    pub number: usize,
    flags: u8,
    info: PackageInfo<'a>,
}

type Dependencies<'a> = std::result::Result<Vec<DependencyView<'a>>, adb::Error>;

impl<'a> PackageView<'a> {
    /// It cannot be installed, for something about it could not be read.
    pub fn is_broken(&self) -> bool {
        self.flags & table::BROKEN != 0
    }

    /// Something about it is not known to us, but need not be.
    pub fn is_newer(&self) -> bool {
        self.flags & table::NEWER != 0
    }

    /// Its name.
    ///
    /// # Errors
    /// Those of the value; so for all that follow.
    pub fn name(&self) -> Result<&'a [u8], adb::Error> {
        self.info.name()
    }

    /// Its version.
    ///
    /// # Errors
    /// Those of the value.
    pub fn version(&self) -> Result<&'a [u8], adb::Error> {
        self.info.version()
    }

    /// Its identity.
    ///
    /// # Errors
    /// Those of the value.
    pub fn identity(&self) -> Result<Option<Digest>, adb::Error> {
        self.info.identity()
    }

    /// The view of all fields.
    pub fn fields(&self) -> PackageInfo<'a> {
        self.info
    }

    /// What it needs, and what it cannot be with.
    ///
    /// # Errors
    /// Those of the values.
    pub fn depends(&self) -> Dependencies<'a> {
        self.info.dependencies(info::DEPENDS)?.collect()
    }

    /// What it is besides its name.
    ///
    /// # Errors
    /// Those of the values.
    pub fn provides(&self) -> Dependencies<'a> {
        self.info.dependencies(info::PROVIDES)?.collect()
    }

    /// What brings it in.
    ///
    /// # Errors
    /// Those of the values.
    pub fn install_if(&self) -> Dependencies<'a> {
        self.info.dependencies(info::INSTALL_IF)?.collect()
    }

    /// Everything, copied.
    ///
    /// # Errors
    /// Those of the values.
    pub fn to_info(&self) -> Result<Info, adb::Error> {
        self.info.to_info()
    }
}

struct HashingReader {
    file: File,
    hasher: Hasher,
}

impl Read for HashingReader {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(into)?;
        self.hasher.update(&into[..length]);
        Ok(length)
    }
}

/// Writes a file beside its place and renames it, so that a mapping of the one before keeps its content.
fn write_beside(place: &Path, made: &Compiled) -> Result<()> {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = place.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&beside)?;
        for part in made.parts() {
            file.write_all(part)?;
        }
        drop(file);
        fs::rename(&beside, place)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&beside);
        Error::Io(error)
    })
}

impl table::Stamp {
    fn of(file: &File) -> Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            size: metadata.len(),
            inode: metadata.ino(),
            mtime: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        })
    }
}
