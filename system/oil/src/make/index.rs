//! Makes indexes of packages, in both formats.

use super::v2;
use crate::digest::Digest;
use crate::error::Result;
use crate::format::adb::Kind;
use crate::format::adb::block::{BlockKind, Signed, write_block, write_header};
use crate::format::compress::{Compression, Encoder};
use crate::format::gzip;
use crate::format::v2::apkindex::write_record;
use crate::format::v2::tar_writer::{Header, write_end, write_entry};
use crate::index::Builder;
use crate::keys::PrivateKey;
use crate::package::Info;
use crate::stream::{Format, PackageReader, Trust};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Which identity of v3 packages an index has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hash {
    /// The SHA-256.
    #[default]
    Sha256,
    /// Its first 20 bytes, for prereleases of apk 3.
    Sha256Short,
}

#[derive(Clone, Debug)]
struct Package {
    info: Info,
    unique_id: Option<Digest>,
}

/// Gathers packages for an index.
#[derive(Clone, Debug, Default)]
pub struct IndexMaker {
    /// What it is an index of.
    pub description: String,
    /// How packages' files are called, if not `${name}-${version}.apk`.
    pub name_spec: String,
    /// Which identity v3 packages get.
    pub hash: Hash,
    packages: Vec<Package>,
}

impl IndexMaker {
    /// For no packages yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a package by its file, whose metadata is read and verified.
    ///
    /// # Errors
    /// As [`PackageReader::open`].
    pub fn add_file(&mut self, path: &Path, trust: &Trust) -> Result<&Info> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let package = PackageReader::open(file, trust)?;
        let metadata = package.metadata();
        let mut info = metadata.info.clone();
        info.file_size = size;
        info.identity = Some(match (metadata.format, self.hash) {
            (Format::V3(_), Hash::Sha256Short) => metadata.identity.short(),
            _ => metadata.identity,
        });
        let unique_id = metadata.unique_id;
        self.packages.push(Package { info, unique_id });
        Ok(&self.packages[self.packages.len() - 1].info)
    }

    /// Adds a package by its metadata.
    pub fn add(&mut self, info: Info) {
        let unique_id = None;
        self.packages.push(Package { info, unique_id });
    }

    /// The packages so far.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = &Info> {
        self.packages.iter().map(|one| &one.info)
    }

    fn sorted(&self) -> Vec<&Info> {
        let key = |info: &Info| info.identity.map(|one: Digest| one.as_bytes().to_vec());
        let mut packages: Vec<&Info> = self.packages().collect();
        packages.sort_by(|one, other| {
            one.name
                .cmp(&other.name)
                .then_with(|| one.version.compare(&other.version))
                .then_with(|| key(one).cmp(&key(other)))
        });
        packages
    }

    /// Writes `Packages.adb`.
    ///
    /// # Errors
    /// Those of the keys and of writing.
    pub fn write_v3(
        &self,
        file: impl Write,
        keys: &[PrivateKey],
        compression: Compression,
    ) -> Result<()> {
        let mut builder = Builder::default();
        for Package { info, unique_id } in &self.packages {
            builder.add_info(info, *unique_id, 0);
        }
        let (payload, _) = builder.finish(&self.description, &self.name_spec)?;
        let mut out = Encoder::new(file, compression)?;
        write_header(&mut out, Kind::Index)?;
        write_block(&mut out, BlockKind::Adb, &payload)?;
        let mut signed = Signed::new(Kind::Index, &payload);
        for key in keys {
            write_block(&mut out, BlockKind::Signature, &signed.sign(key)?)?;
        }
        Ok(out.finish()?.flush()?)
    }

    /// Writes `APKINDEX.tar.gz`.
    ///
    /// # Errors
    /// Those of the keys and of writing.
    pub fn write_v2(&self, mut file: impl Write, keys: &[PrivateKey]) -> Result<()> {
        let mut text = String::new();
        for info in self.sorted() {
            let identity = info.identity.map(|one| one.short());
            let info = Info {
                identity,
                ..info.clone()
            };
            write_record(&info, &mut text);
        }
        let mtime = super::source_date_epoch().unwrap_or(0);
        let header = |path| Header {
            mtime,
            ..Header::new(path, b'0', 0o644)
        };
        let mut tar = Vec::new();
        if !self.description.is_empty() {
            write_entry(
                &mut tar,
                &header(b"DESCRIPTION"),
                self.description.as_bytes(),
            )?;
        }
        write_entry(&mut tar, &header(b"APKINDEX"), text.as_bytes())?;
        write_end(&mut tar)?;
        let member = gzip::compress(&tar, 9);
        for key in keys {
            file.write_all(&v2::signature(key, &member)?)?;
        }
        file.write_all(&member)?;
        Ok(file.flush()?)
    }
}
