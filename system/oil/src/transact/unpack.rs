//! Unpacks a package into the area of a transaction.

mod anew;
mod stage;
mod stay;
mod together;
mod unpacking;

pub use anew::unpack_what_stays;
pub use together::all;

use super::area::Area;
use super::owners::Owners;
use crate::database::installed::Installed;
use crate::database::record::{Flags, Record};
use crate::error::{Error, Result};
use crate::history::Kept;
use crate::history::restore::{Sources, restore};
use crate::package::{Info, ScriptKind, Scripts};
use crate::stream::{Format, Opened, PackageReader, Trust};
use rustix::fs::{Timespec, Timestamps};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use unpacking::Unpacking;

/// What is known of an unpacked package; the rest is in its manifest and beside it.
#[derive(Clone, Debug, Default)]
pub struct Unpacked {
    pub info: Info,
    pub scripts: Vec<ScriptKind>,
    /// Whether some of its files stay where they are.
    pub stays: bool,
}

/// What all packages of a transaction are unpacked with.
pub struct Unpacker<'u> {
    pub area: &'u Area<'u>,
    pub installed: &'u Installed,
    pub owners: Owners,
    pub chown: bool,
    /// Our own user and group, whose new files are.
    pub own: (u32, u32),
    pub progress: &'u (dyn Fn(u64) + Sync),
}

/// A file of the area: of `step`, what `what` says.
pub fn name_of(step: usize, what: &str) -> String {
    format!("{step}.{what}")
}

impl<'u> Unpacker<'u> {
    /// Opens a package file by `open`.
    pub fn open<'f>(
        &self,
        path: &Path,
        open: impl FnOnce(Counted<'f>) -> Result<Opened<'f>>,
    ) -> Result<Opened<'f>>
    where
        'u: 'f,
    {
        let file = File::open(path).map_err(Error::file(path))?;
        let progress = self.progress;
        open(Counted { file, progress }).map_err(with(path))
    }

    /// Unpacks a package file as a step, `opened` if it was. `old` is the place of the version before.
    pub fn file(
        &self,
        step: usize,
        path: &Path,
        opened: Option<Opened<'u>>,
        trust: &Trust,
        (tag, old): (Option<&str>, Option<usize>),
    ) -> Result<Unpacked> {
        let opened = match opened {
            Some(opened) => opened,
            None => self.open(path, Opened::new)?,
        };
        let size = path.metadata().map_err(Error::file(path))?.len();
        let with_path = with(path);
        let package = PackageReader::of(opened, trust).map_err(&with_path)?;
        let metadata = package.metadata();
        let mut record = Record {
            info: metadata.info.clone(),
            tag: tag.map(str::to_owned),
            ..Record::default()
        };
        record.info.file_size = size;
        // As apk: a v3 package that no index named is known by the identifier that it gives itself.
        if !matches!(trust, Trust::Identity(_)) {
            record.info.identity = metadata.unique_id.or(record.info.identity);
        }
        record.flags.sha256 = matches!(metadata.format, Format::V3(_));
        let scripts = metadata.scripts.clone();
        let mut unpacking = Unpacking::new(self, step);
        // What a package says wrongly is the package's fault, what cannot be written is not.
        unpacking.all(package, old).map_err(|error| match error {
            error @ (Error::File { .. } | Error::Io(_)) => error,
            error => with_path(error),
        })?;
        record.flags.broken_xattrs = unpacking.broken_xattrs;
        let stays = unpacking.stays;
        unpacking.finish(&record)?;
        self.scripts(step, &scripts)?;
        Ok(Unpacked {
            info: record.info,
            scripts: scripts.into_keys().collect(),
            stays,
        })
    }

    /// A package that is metadata alone.
    pub fn metadata(&self, step: usize, info: &Info, tag: Option<&str>) -> Result<Unpacked> {
        let record = Record {
            info: info.clone(),
            tag: tag.map(str::to_owned),
            flags: Flags::default(),
            directories: Vec::new(),
        };
        Unpacking::new(self, step).finish(&record)?;
        Ok(Unpacked {
            info: record.info,
            scripts: Vec::new(),
            stays: false,
        })
    }

    /// A package that the history has.
    pub fn kept(
        &self,
        step: usize,
        kept: &Kept,
        tag: Option<&str>,
        sources: &Sources,
    ) -> Result<Unpacked> {
        let mut record = Record {
            tag: tag.map(str::to_owned),
            directories: Vec::new(),
            ..kept.record.clone()
        };
        record.flags = Flags {
            sha256: kept.record.flags.sha256,
            ..Flags::default()
        };
        let mut head = Vec::new();
        record.write(&mut head);
        head.pop();
        let text = restore(self.area, step, kept, &head, sources, self.chown)?;
        self.area.write(&name_of(step, "manifest"), &text)?;
        self.scripts(step, &kept.scripts)?;
        Ok(Unpacked {
            info: record.info,
            scripts: kept.scripts.keys().copied().collect(),
            stays: false,
        })
    }

    /// Puts scripts where [`super::script`] finds them.
    pub fn scripts(&self, step: usize, scripts: &Scripts) -> Result<()> {
        scripts.iter().try_for_each(|(kind, content)| {
            let name = name_of(step, kind.name());
            self.area.write(&name, content)
        })
    }
}

/// Says which package it was.
fn with(path: &Path) -> impl Fn(Error) -> Error {
    |error| Error::Package {
        path: path.to_owned(),
        source: Box::new(error),
    }
}

/// Tells what has been read.
pub struct Counted<'u> {
    file: File,
    progress: &'u (dyn Fn(u64) + Sync),
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(into)?;
        (self.progress)(length as u64);
        Ok(length)
    }
}

/// The time of both access and change.
pub fn times(seconds: u64) -> Timestamps {
    let time = Timespec {
        tv_sec: i64::try_from(seconds).unwrap_or(0),
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
