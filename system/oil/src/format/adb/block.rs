//! The container around a payload: a header, then blocks each padded to eight bytes: one ADB, signatures, data.

use super::Kind;
use crate::digest::{Algorithm, Digest};
use crate::error::{Error, Result};
use crate::keys::{KeyId, Keys, PrivateKey};
use std::io::{BufRead, Read, Write};

/// A package's payload is at most this many bytes.
pub const MAX_PACKAGE: u64 = 64 << 20;
/// An index's payload.
pub const MAX_INDEX: u64 = 256 << 20;
/// A signature block.
pub const MAX_SIGNATURE: u64 = 2 << 10;
/// Signature blocks of one file.
pub const MAX_SIGNATURES: usize = 64;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// The payload.
    Adb = 0,
    /// A signature.
    Signature = 1,
    /// A file's content.
    Data = 2,
}

/// A block's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it holds.
    pub kind: BlockKind,
    /// Bytes after the header, without padding.
    pub size: u64,
}

/// Reads a decompressed container.
pub struct Blocks<R> {
    input: R,
    position: u64,
    left: u64,
    pad: u64,
}

impl<R: BufRead> Blocks<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error::Unknown`] if it is none, or of a kind that is not known.
    pub fn new(mut input: R) -> Result<(Self, Kind)> {
        let mut header = [0; 8];
        input.read_exact(&mut header)?;
        let number = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let kind = Kind::from_number(number).filter(|_| header[..4] == *b"ADB.");
        let blocks = Self {
            input,
            position: 8,
            left: 0,
            pad: 0,
        };
        Ok((blocks, kind.ok_or(Error::Unknown)?))
    }

    fn error(&self, reason: &'static str) -> Error {
        let offset = self.position;
        Error::Block { offset, reason }
    }

    fn exact(&mut self, into: &mut [u8]) -> Result<()> {
        self.input.read_exact(into)?;
        self.position += into.len() as u64;
        Ok(())
    }

    /// Goes on to the next block's header; none at the end. What is left of the current block is an error.
    ///
    /// # Errors
    /// [`Error::Block`] if the header is none or the padding is not zero, and those of reading.
    pub fn next_block(&mut self) -> Result<Option<Block>> {
        if self.left > 0 {
            return Err(self.error("more in the block before than was asked for"));
        }
        let mut padding = [0; 8];
        let pad = std::mem::take(&mut self.pad) as usize;
        self.exact(&mut padding[..pad])?;
        if padding != [0; 8] {
            return Err(self.error("padding is not zero"));
        }
        if self.input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut word = [0; 4];
        self.exact(&mut word)?;
        let word = u32::from_le_bytes(word);
        let (kind, size, header) = match (word >> 30, word & 0x3fff_ffff) {
            (3, kind) => {
                let mut long = [0; 12];
                self.exact(&mut long)?;
                let size = long[4..].try_into().map(u64::from_le_bytes).unwrap_or(0);
                (kind, size, 16)
            }
            (kind, size) => (kind, u64::from(size), 4),
        };
        let kind = match kind {
            0 => BlockKind::Adb,
            1 => BlockKind::Signature,
            2 => BlockKind::Data,
            _ => return Err(self.error("unknown type")),
        };
        let Some(rest) = size.checked_sub(header).filter(|_| size < 1 << 62) else {
            return Err(self.error("size is that of no block"));
        };
        self.left = rest;
        self.pad = size.next_multiple_of(8) - size;
        Ok(Some(Block { kind, size: rest }))
    }

    /// Reads all of the current block. Memory grows with what is read, not with what the header says.
    ///
    /// # Errors
    /// [`Error::Limit`] if it is larger than `limit`, and those of reading.
    pub fn read_block(&mut self, limit: u64) -> Result<Vec<u8>> {
        if self.left > limit {
            return Err(Error::Limit("a block"));
        }
        let mut bytes = Vec::with_capacity(self.left.min(1 << 20) as usize);
        (&mut self.input).take(self.left).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != self.left {
            return Err(Error::Truncated);
        }
        self.position += self.left;
        self.left = 0;
        Ok(bytes)
    }

    /// Reads a few bytes of the current block.
    ///
    /// # Errors
    /// [`Error::Block`] if it has less, and those of reading.
    pub fn read_exact(&mut self, into: &mut [u8]) -> Result<()> {
        self.left = match self.left.checked_sub(into.len() as u64) {
            Some(left) => left,
            None => return Err(self.error("too small")),
        };
        self.exact(into)
    }

    /// The next bytes of the current block, none at its end; [`Blocks::consume`] takes them.
    ///
    /// # Errors
    /// [`Error::Truncated`] if the file ends, and those of reading.
    pub fn fill(&mut self) -> Result<&[u8]> {
        crate::format::part(&mut self.input, self.left)
    }

    /// Takes bytes that [`Blocks::fill`] gave.
    pub fn consume(&mut self, length: usize) {
        self.input.consume(length);
        self.position += length as u64;
        self.left -= length as u64;
    }

    /// Reads the payload, which is the first block.
    ///
    /// # Errors
    /// [`Error::Block`] if another is first, and as [`Blocks::read_block`].
    pub fn read_payload(&mut self, limit: u64) -> Result<Vec<u8>> {
        match self.next_block()? {
            Some(block) if block.kind == BlockKind::Adb => self.read_block(limit),
            Some(_) => Err(self.error("the first is not the payload")),
            None => Err(Error::Truncated),
        }
    }

    /// The reader inside.
    pub fn into_inner(self) -> R {
        self.input
    }
}

/// What signature blocks are about.
pub struct Signed<'a> {
    kind: Kind,
    payload: &'a [u8],
    digest: Option<Digest>,
}

impl<'a> Signed<'a> {
    /// A payload of a container of this kind.
    pub fn new(kind: Kind, payload: &'a [u8]) -> Self {
        let digest = None;
        Self {
            kind,
            payload,
            digest,
        }
    }

    fn message(&mut self, head: &[u8], algorithm: Algorithm) -> Digest {
        // SHA-512 is what everyone uses; it is computed once for all signatures.
        let digest = match (algorithm, self.digest) {
            (Algorithm::Sha512, Some(digest)) => digest,
            _ => Digest::of(algorithm, self.payload),
        };
        if algorithm == Algorithm::Sha512 {
            self.digest = Some(digest);
        }
        let number = self.kind.number().to_le_bytes();
        Digest::of(
            Algorithm::Sha512,
            &[&number, head, digest.as_bytes()].concat(),
        )
    }

    /// Checks a signature block: the key that made it if that is trusted, none if the key is not known.
    ///
    /// # Errors
    /// [`Error::BadSignature`] if a trusted key's does not fit.
    pub fn verify<'k>(&mut self, block: &[u8], keys: &'k Keys) -> Result<Option<&'k str>> {
        let Some((head, signature)) = block.split_at_checked(18) else {
            return Ok(None);
        };
        let Some(algorithm) = Algorithm::from_number(head[1]).filter(|_| head[0] == 0) else {
            return Ok(None);
        };
        let mut id: KeyId = [0; 16];
        id.copy_from_slice(&head[2..]);
        let Some(key) = keys.by_id(&id) else {
            return Ok(None);
        };
        let message = self.message(head, algorithm);
        if key.verify(Algorithm::Sha512, &message, signature) {
            Ok(Some(key.name()))
        } else {
            Err(Error::BadSignature)
        }
    }

    /// Makes a signature block.
    ///
    /// # Errors
    /// Those of the key.
    pub fn sign(&mut self, key: &PrivateKey) -> Result<Vec<u8>> {
        let head = [&[0, Algorithm::Sha512 as u8][..], &key.id()?].concat();
        let message = self.message(&head, Algorithm::Sha512);
        let signature = key.sign(Algorithm::Sha512, &message)?;
        Ok([head, signature].concat())
    }
}

/// Writes a container's header.
///
/// # Errors
/// Those of writing.
pub fn write_header(file: &mut impl Write, kind: Kind) -> Result<()> {
    file.write_all(b"ADB.")?;
    Ok(file.write_all(&kind.number().to_le_bytes())?)
}

/// Writes a block's header.
///
/// # Errors
/// Those of writing.
pub fn write_block_header(file: &mut impl Write, kind: BlockKind, size: u64) -> Result<()> {
    if size < (1 << 30) - 4 {
        let word = (kind as u32) << 30 | (size as u32 + 4);
        return Ok(file.write_all(&word.to_le_bytes())?);
    }
    let word = 3 << 30 | kind as u32;
    file.write_all(&word.to_le_bytes())?;
    file.write_all(&[0; 4])?;
    Ok(file.write_all(&(size + 16).to_le_bytes())?)
}

/// Writes the zero bytes after a block of `size` bytes.
///
/// # Errors
/// Those of writing.
pub fn write_padding(file: &mut impl Write, size: u64) -> Result<()> {
    let whole = size + if size < (1 << 30) - 4 { 4 } else { 16 };
    let pad = (whole.next_multiple_of(8) - whole) as usize;
    Ok(file.write_all(&[0; 8][..pad])?)
}

/// Writes a whole block.
///
/// # Errors
/// Those of writing.
pub fn write_block(file: &mut impl Write, kind: BlockKind, data: &[u8]) -> Result<()> {
    write_block_header(file, kind, data.len() as u64)?;
    file.write_all(data)?;
    write_padding(file, data.len() as u64)
}
