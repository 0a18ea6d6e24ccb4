//! A package file, read once from its beginning to its end, the same for v2 and v3.
//!
//! First comes what is verified at once: metadata, scripts and, of a v3 package, all entries. Then come the entries
//! in order, with their content, each checked against its digest as it passes. Nothing is given before the signature
//! or the identity is known to be good. A v2 package's data as a whole is only known to be good at its end: what is
//! unpacked stays aside until [`PackageReader::finish`] has said so.

mod queue;
mod v2;
mod v3;

pub use queue::{Queue, in_turn};

pub(crate) use v2::{read_signatures as v2_signatures, verify as v2_verify};
pub(crate) use v3::signatures as v3_signatures;

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::format::compress::{Beside, Compression, Decoder};
use crate::keys::Keys;
use crate::package::{Entry, Info, Scripts};
use std::io::{self, Read};

/// What makes a package one to be taken.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// A signature by one of these keys.
    Keys(&'a Keys),
    /// It is the one that an index, itself trusted, names. The digest may be shortened.
    Identity(Digest),
    /// Anything is taken (`--allow-untrusted`). Digests inside are still checked.
    Anything,
}

/// A package file's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Gzip members and tar.
    V2,
    /// ADB, compressed so.
    V3(Compression),
}

/// What is known of a package before its files.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// Its metadata. The identity is [`Metadata::identity`].
    pub info: Info,
    /// Its scripts.
    pub scripts: Scripts,
    /// Its format.
    pub format: Format,
    /// v2: SHA-1 of the compressed control member; v3: SHA-256 of the payload.
    pub identity: Digest,
    /// v3: the identifier of 20 bytes that the package gives itself.
    pub unique_id: Option<Digest>,
    /// The name of the trusted key that signed it, where it was asked for.
    pub signer: Option<String>,
    /// v2: the SHA-256 of the compressed data member, if the package names it.
    pub data_hash: Option<Digest>,
}

/// Bytes of text that the entries of one package have together at most: their paths, targets and attributes.
const MAX_PATHS: usize = 64 << 20;

/// A file, whatever it is read from: what reads packages is in a program once.
pub(crate) type Marked<'f> = Box<dyn Read + 'f>;

/// Looks at the first bytes of a file.
pub(crate) fn marked<'f>(mut file: impl Read + 'f) -> io::Result<([u8; 4], Marked<'f>)> {
    let mut mark = [0; 4];
    file.read_exact(&mut mark)?;
    Ok((mark, Box::new(io::Cursor::new(mark).chain(file))))
}

/// A file that may be a package, its wrapper read.
pub struct Opened<'f>(Start<'f>);

enum Start<'f> {
    V2(Marked<'f>),
    V3(Decoder<Marked<'f>>, Compression),
}

impl<'f> Opened<'f> {
    /// Looks at a file's first bytes.
    ///
    /// # Errors
    /// Those of reading; [`Error::Unknown`] and [`Error::Compression`] if it is no package.
    pub fn new(file: impl Read + 'f) -> Result<Self> {
        Self::with(file, None)
    }

    fn with(file: impl Read + 'f, beside: Option<Beside<Marked<'f>>>) -> Result<Self> {
        let (mark, file) = marked(file)?;
        if mark.starts_with(&[0x1f, 0x8b]) {
            return Ok(Self(Start::V2(file)));
        }
        let (decoder, compression) = Decoder::of(file, beside)?;
        Ok(Self(Start::V3(decoder, compression)))
    }

    /// Checks all of it. Here a v2 package of the old style, whose signature covers everything, is taken too.
    ///
    /// # Errors
    /// As [`PackageReader`].
    pub fn verify(self, trust: &Trust) -> Result<Metadata> {
        PackageReader::of_either(self, trust, true)?.finish()
    }
}

/// A package that is being read.
pub struct PackageReader<'f> {
    metadata: Metadata,
    body: Body<'f>,
}

enum Body<'f> {
    V2(Box<v2::Body<Marked<'f>>>),
    V3(Box<v3::Body<Marked<'f>>>),
}

impl<'f> PackageReader<'f> {
    /// Reads and verifies a package's metadata.
    ///
    /// # Errors
    /// [`Error::Untrusted`], [`Error::BadSignature`] and [`Error::Identity`] if it is not to be taken;
    /// [`Error::NoDataHash`] for a v2 package of the old style unless anything is taken; those of its format.
    pub fn open(file: impl Read + 'f, trust: &Trust) -> Result<Self> {
        Self::of(Opened::new(file)?, trust)
    }

    /// The same of a file that was looked at.
    ///
    /// # Errors
    /// As [`PackageReader::open`].
    pub fn of(file: Opened<'f>, trust: &Trust) -> Result<Self> {
        Self::of_either(file, trust, false)
    }

    fn of_either(file: Opened<'f>, trust: &Trust, late: bool) -> Result<Self> {
        let (metadata, body) = match file.0 {
            Start::V2(file) => {
                let (metadata, body) = v2::open(file, trust, late)?;
                (metadata, Body::V2(Box::new(body)))
            }
            Start::V3(decoder, compression) => {
                let (metadata, body) = v3::open(decoder, compression, trust)?;
                (metadata, Body::V3(Box::new(body)))
            }
        };
        Ok(Self { metadata, body })
    }

    /// What is known before the files.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// All entries without their content, where they are known before it (v3). The entries are checked as those that
    /// [`PackageReader::next_entry`] gives.
    ///
    /// # Errors
    /// Those of the format, and [`Error::Malicious`].
    pub fn entries(&self) -> Option<Result<Vec<Entry>>> {
        match &self.body {
            Body::V2(_) => None,
            Body::V3(body) => Some(body.entries()),
        }
    }

    /// Whether something is so of all entries, where they are known before their content (v3).
    ///
    /// # Errors
    /// As [`PackageReader::entries`].
    pub fn all_entries(&self, is_so: impl FnMut(&Entry) -> bool) -> Result<Option<bool>> {
        match &self.body {
            Body::V2(_) => Ok(None),
            Body::V3(body) => body.all_entries(is_so).map(Some),
        }
    }

    /// The next entry; none after the last. What is left of the current one's content is read and checked.
    ///
    /// # Errors
    /// Those of the format; [`Error::Malicious`] and [`Error::Orphan`]; [`Error::Content`].
    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        while self.chunk()?.is_some() {}
        match &mut self.body {
            Body::V2(body) => body.next_entry(),
            Body::V3(body) => body.next_entry(),
        }
    }

    /// More of the current entry's content; none at its end, when it has been checked.
    ///
    /// # Errors
    /// Those of the format, and [`Error::Content`].
    pub fn chunk(&mut self) -> Result<Option<&[u8]>> {
        match &mut self.body {
            Body::V2(body) => body.chunk(),
            Body::V3(body) => body.chunk(),
        }
    }

    /// The digest of the current entry's content once [`PackageReader::chunk`] has given none: SHA-1 in a v2 package,
    /// SHA-256 in a v3 one.
    pub fn content_digest(&self) -> Option<Digest> {
        match &self.body {
            Body::V2(body) => body.content_digest(),
            Body::V3(body) => body.content_digest(),
        }
    }

    /// Reads what is left, and checks what can only be checked at the end.
    ///
    /// # Errors
    /// Those of the format; [`Error::DataHash`] and [`Error::Trailing`].
    pub fn finish(mut self) -> Result<Metadata> {
        while self.next_entry()?.is_some() {}
        match self.body {
            Body::V2(body) => body.finish()?,
            Body::V3(body) => body.finish()?,
        }
        Ok(self.metadata)
    }
}

/// Checks all of a package file.
///
/// # Errors
/// As [`Opened::verify`].
pub fn verify(file: impl Read, trust: &Trust) -> Result<Metadata> {
    Opened::new(file)?.verify(trust)
}

fn check_identity(trust: &Trust, found: &Digest) -> Result<()> {
    match trust {
        Trust::Identity(expected) if !expected.agrees(found) => Err(Error::Identity {
            expected: *expected,
            found: *found,
        }),
        _ => Ok(()),
    }
}
