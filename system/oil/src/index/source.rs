//! Reads an index as repositories serve it, into a v3 payload.

use super::IndexTrust;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::format::adb::Kind;
use crate::format::adb::block::{Blocks, MAX_INDEX};
use crate::format::adb::build;
use crate::format::adb::reader::Value;
use crate::format::adb::schema::info as slot;
use crate::format::adb::writer::Writer;
use crate::format::compress::Decoder;
use crate::format::gzip::Members;
use crate::format::v2::apkindex::{self, Record};
use crate::package::Info;
use crate::stream::{Marked, Trust, marked, v2_signatures, v2_verify, v3_signatures};
use crate::version::Version;
use std::io::Read;

/// A record of an APKINDEX is at most this many bytes.
const MAX_RECORD: usize = 4 << 20;
/// Packages of an APKINDEX; several times as many as the largest has.
const MAX_PACKAGES: usize = 1 << 18;
/// Bytes of the description that are read.
const MAX_DESCRIPTION: u64 = 160;

/// An index that has been read and verified.
pub struct Source {
    /// A payload of schema `indx`.
    pub payload: Vec<u8>,
    /// Flags of each package.
    pub flags: Vec<u8>,
    /// Who signed it, where it was asked for.
    pub signer: Option<String>,
}

/// Reads `APKINDEX.tar.gz` or `Packages.adb`.
///
/// # Errors
/// [`Error::Untrusted`] and [`Error::BadSignature`], and those of the formats.
pub fn read_source(file: impl Read, trust: IndexTrust) -> Result<Source> {
    let (mark, file) = marked(file)?;
    read_marked(mark, file, trust)
}

fn read_marked(mark: [u8; 4], file: Marked, trust: IndexTrust) -> Result<Source> {
    if mark.starts_with(&[0x1f, 0x8b]) {
        return v2(file, trust);
    }
    let (mut blocks, kind) = Blocks::new(Decoder::new(file)?.0)?;
    if kind != Kind::Index {
        return Err(Error::Unknown);
    }
    let payload = blocks.read_payload(MAX_INDEX)?;
    let trust = match trust {
        IndexTrust::Keys(keys) => Trust::Keys(keys),
        IndexTrust::Anything => Trust::Anything,
    };
    let (block, signer) = v3_signatures(&mut blocks, kind, &payload, &trust)?;
    if block.is_some() {
        return Err(Error::Block {
            offset: 0,
            reason: "data in an index",
        });
    }
    blocks.into_inner().finish()?;
    Ok(Source {
        payload,
        flags: Vec::new(),
        signer,
    })
}

fn v2(file: Marked, trust: IndexTrust) -> Result<Source> {
    let mut members = Members::new(file);
    let (signatures, mut tar, first) = v2_signatures(&mut members, MAX_INDEX)?;
    let mut builder = Builder::default();
    let mut description = String::new();
    let mut header = Some(first);
    let mut found = false;
    while let Some(entry) = header {
        match entry.path.as_slice() {
            b"DESCRIPTION" => {
                let text = tar.read_all(entry.size.min(1 << 20))?;
                let text = &text[..text.len().min(MAX_DESCRIPTION as usize)];
                description = String::from_utf8_lossy(text).trim_end().to_owned();
            }
            b"APKINDEX" => {
                found = true;
                let mut part = Vec::new();
                loop {
                    let bytes = tar.fill()?;
                    let length = bytes.len();
                    if length == 0 {
                        break;
                    }
                    part.extend_from_slice(bytes);
                    tar.consume(length);
                    // Whole records now, the rest with what follows.
                    let end = part.windows(2).rposition(|two| two == b"\n\n");
                    if let Some(end) = end {
                        apkindex::records(&part[..end + 2]).for_each(|one| builder.add(&one));
                        part.drain(..end + 2);
                    }
                    if part.len() > MAX_RECORD {
                        return Err(Error::Limit("a record of the index"));
                    }
                    if builder.packages.len() > MAX_PACKAGES {
                        return Err(Error::Limit("the number of packages in an index"));
                    }
                }
                apkindex::records(&part).for_each(|one| builder.add(&one));
            }
            _ => {}
        }
        header = tar.next_entry()?;
    }
    members.finish_member()?;
    if !found {
        return Err(Error::Missing("an APKINDEX"));
    }
    let signer = match trust {
        IndexTrust::Keys(keys) => Some(v2_verify(&signatures, &members.digests(), keys)?),
        IndexTrust::Anything => None,
    };
    let end = members.position();
    if !matches!(members.next_member(0), Ok(false)) {
        return Err(Error::Trailing(end));
    }
    let (payload, flags) = builder.finish(&description, "")?;
    Ok(Source {
        payload,
        flags,
        signer,
    })
}

/// Makes an index's payload of packages.
#[derive(Default)]
pub struct Builder {
    writer: Writer,
    packages: Vec<(String, Version, Vec<u8>, Value, u8)>,
}

impl Builder {
    /// Adds a package of an APKINDEX.
    pub fn add(&mut self, record: &Record) {
        let mut flags = 0;
        if record.broken {
            flags |= super::table::BROKEN;
        }
        if record.newer {
            flags |= super::table::NEWER;
        }
        self.add_info(&record.info, None, flags);
    }

    /// Adds a package. That it once had another identifier is kept as apk keeps it: as bytes that nothing leads to.
    pub fn add_info(&mut self, info: &Info, before: Option<Digest>, flags: u8) {
        let mut values = match before {
            Some(_) => build::info_with(&mut self.writer, info, before),
            None => build::info(&mut self.writer, info),
        };
        let identity = info
            .identity
            .map_or(Vec::new(), |one| one.as_bytes().to_vec());
        values[slot::HASHES - 1] = self.writer.blob(&identity);
        let value = self.writer.object(&values);
        let (name, version) = (info.name.clone(), info.version.clone());
        self.packages.push((name, version, identity, value, flags));
    }

    /// The payload, packages in the order of name, version and identity, and their flags.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn finish(mut self, description: &str, name_spec: &str) -> Result<(Vec<u8>, Vec<u8>)> {
        self.packages.sort_by(|one, other| {
            one.0
                .cmp(&other.0)
                .then_with(|| one.1.compare(&other.1))
                .then_with(|| one.2.cmp(&other.2))
        });
        let description = self.writer.blob(description.as_bytes());
        let values: Vec<Value> = self.packages.iter().map(|one| one.3).collect();
        let flags = self.packages.iter().map(|one| one.4).collect();
        let packages = self.writer.array(&values);
        let spec = self.writer.blob(name_spec.as_bytes());
        let root = self.writer.object(&[description, packages, spec]);
        Ok((self.writer.finish(root)?, flags))
    }
}
