//! Compressing a block.

use crate::digest::digest;
use crate::error::{Error, Result};
use crate::format::superblock::Digest;
use crate::format::table::Compression;
use std::sync::Arc;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Codec {
    /// Not at all.
    None,
    /// LZ4.
    Lz4,
    /// Zstandard at this level, 1 to 22.
    Zstd(i32),
}

/// A block as it is stored.
#[derive(Debug)]
pub struct Stored {
    /// What is stored.
    pub bytes: Vec<u8>,
    /// Bytes it has plain.
    pub plain: u32,
    /// How it is compressed.
    pub compression: Compression,
    /// Digest of what is stored.
    pub digest: [u8; 32],
}

impl Stored {
    /// A block that is stored as it is.
    pub fn plain(bytes: Vec<u8>, kind: Digest) -> Stored {
        Stored {
            plain: bytes.len() as u32,
            compression: Compression::None,
            digest: digest(kind, &bytes),
            bytes,
        }
    }
}

/// Compresses blocks; each thread has its own.
pub struct Encoder {
    codec: Codec,
    digest: Digest,
    plain: Option<Compressor<'static>>,
    with_dictionary: Option<Compressor<'static>>,
    buffer: Vec<u8>,
}

fn failed(error: std::io::Error) -> Error {
    Error::Impossible(format!("zstd: {error}"))
}

/// A compressor that says how long the content is and nothing else.
fn zstd(level: i32, dictionary: &[u8]) -> Result<Compressor<'static>> {
    let mut zstd = match dictionary {
        [] => Compressor::new(level),
        _ => Compressor::with_dictionary(level, dictionary),
    }
    .map_err(failed)?;
    zstd.set_parameter(CParameter::ContentSizeFlag(true))
        .and_then(|()| zstd.set_parameter(CParameter::ChecksumFlag(false)))
        .and_then(|()| zstd.set_parameter(CParameter::DictIdFlag(false)))
        .map_err(failed)?;
    Ok(zstd)
}

impl Encoder {
    pub fn new(codec: Codec, digest: Digest) -> Encoder {
        Encoder {
            codec,
            digest,
            plain: None,
            with_dictionary: None,
            buffer: Vec::new(),
        }
    }

    /// Compresses a block, with a dictionary if there is one; what does not become smaller is stored.
    ///
    /// # Errors
    /// [`Error::Impossible`] with what the compressor says.
    pub fn encode(&mut self, bytes: Vec<u8>, dictionary: Option<&Arc<[u8]>>) -> Result<Stored> {
        let (compression, length) = match self.codec {
            Codec::None => (Compression::None, None),
            Codec::Lz4 => {
                self.buffer
                    .resize(lz4_flex::block::get_maximum_output_size(bytes.len()), 0);
                let length = lz4_flex::block::compress_into(&bytes, &mut self.buffer).ok();
                (Compression::Lz4, length)
            }
            Codec::Zstd(level) => {
                let (place, compression) = match dictionary {
                    None => (&mut self.plain, Compression::Zstd),
                    Some(_) => (&mut self.with_dictionary, Compression::ZstdDictionary),
                };
                if place.is_none() {
                    *place = Some(zstd(level, dictionary.map_or(&[], |bytes| bytes))?);
                }
                let Some(zstd) = place else {
                    return Err(Error::Impossible("zstd: no context".to_owned()));
                };
                let bound = zstd::zstd_safe::compress_bound(bytes.len());
                self.buffer.clear();
                self.buffer.reserve(bound);
                let length = zstd
                    .compress_to_buffer(&bytes[..], &mut self.buffer)
                    .map_err(failed)?;
                (compression, Some(length))
            }
        };
        match length {
            Some(length) if length < bytes.len() => Ok(Stored {
                plain: bytes.len() as u32,
                compression,
                digest: digest(self.digest, &self.buffer[..length]),
                bytes: self.buffer[..length].to_vec(),
            }),
            _ => Ok(Stored::plain(bytes, self.digest)),
        }
    }
}
