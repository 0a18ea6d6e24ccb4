//! Compressing a block.

use super::Options;
use crate::digest::digest;
use crate::error::{Error, Result};
use crate::format::filter::Filter;
use crate::format::superblock::Digest;
use crate::format::table::Compression;
use std::sync::Arc;
use zstd::bulk::Compressor;
use zstd::zstd_safe::{CParameter, Strategy};

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Codec {
    /// Not at all.
    None,
    /// LZ4, by a quick search.
    Lz4,
    /// LZ4, by the slow search that lz4(1) calls HC, at this level: 2 to 12.
    Lz4Hc(i32),
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
    /// What was done before.
    pub filter: Filter,
    /// Digest of what is stored.
    pub digest: [u8; 32],
}

impl Stored {
    /// A block that is stored as it is.
    pub fn plain(bytes: Vec<u8>, kind: Digest) -> Stored {
        Stored {
            plain: bytes.len() as u32,
            compression: Compression::None,
            filter: Filter::None,
            digest: digest(kind, &bytes),
            bytes,
        }
    }
}

/// Level of Zstandard that tells quickly whether a block becomes smaller at all.
const QUICK: i32 = 1;
/// Levels from which on it pays to ask that first.
const SLOW: i32 = 13;
/// From this level on each block is searched twice, the first time only to know how often what occurs. For a frame that is one block of [`WHOLE`]
/// bytes that is half of the time and makes it 0.2 % smaller, so this level, which is what images have unless told otherwise, does it once.
const ONCE: i32 = 19;
/// Bytes of a match that end the search for a better one there. With the level's own 256 it takes a twentieth longer, for less than 0.1 %.
const ENOUGH: u32 = 64;
/// Bytes of Zstandard's own blocks: what a frame has behind the first of them is searched once anyway.
const WHOLE: usize = 1 << 17;

/// Compresses blocks; each thread has its own.
pub struct Encoder {
    codec: Codec,
    digest: Digest,
    filter: bool,
    quick: Option<Compressor<'static>>,
    plain: Option<Compressor<'static>>,
    /// For blocks of more than [`WHOLE`] bytes.
    large: Option<Compressor<'static>>,
    with_dictionary: Option<Compressor<'static>>,
    buffer: Vec<u8>,
}

fn failed(error: std::io::Error) -> Error {
    Error::Impossible(format!("zstd: {error}"))
}

/// A compressor that says how long the content is and nothing else.
fn compressor(level: i32, dictionary: &[u8], large: bool) -> Result<Compressor<'static>> {
    let mut zstd = match dictionary {
        [] => Compressor::new(level),
        _ => Compressor::with_dictionary(level, dictionary),
    }
    .map_err(failed)?;
    if level == ONCE && dictionary.is_empty() && !large {
        zstd.set_parameter(CParameter::Strategy(Strategy::ZSTD_btultra))
            .and_then(|()| zstd.set_parameter(CParameter::TargetLength(ENOUGH)))
            .map_err(failed)?;
    }
    zstd.set_parameter(CParameter::ContentSizeFlag(true))
        .and_then(|()| zstd.set_parameter(CParameter::ChecksumFlag(false)))
        .and_then(|()| zstd.set_parameter(CParameter::DictIdFlag(false)))
        .map_err(failed)?;
    Ok(zstd)
}

impl Encoder {
    pub fn new(options: &Options) -> Encoder {
        Encoder {
            codec: options.codec,
            digest: options.digest,
            filter: options.filter,
            quick: None,
            plain: None,
            large: None,
            with_dictionary: None,
            buffer: Vec::new(),
        }
    }

    /// Compresses a block, with a dictionary if there is one; what does not become smaller is stored.
    ///
    /// # Errors
    /// [`Error::Impossible`] with what the compressor says.
    pub fn encode(&mut self, bytes: Vec<u8>, dictionary: Option<&Arc<[u8]>>) -> Result<Stored> {
        if self.codec == Codec::None {
            return Ok(Stored::plain(bytes, self.digest));
        }
        let (filter, filtered) = self.choose(&bytes, dictionary.is_some())?;
        let chosen = filtered.as_deref().unwrap_or(&bytes);
        let (compression, length) = match (self.codec, filter) {
            (_, None) | (Codec::None, _) => (Compression::None, bytes.len()),
            (Codec::Lz4, _) => (Compression::Lz4, lz4(chosen, &mut self.buffer)),
            (Codec::Lz4Hc(level), _) => (Compression::Lz4, lz4hc(level, chosen, &mut self.buffer)?),
            (Codec::Zstd(level), _) => match dictionary {
                None => {
                    let place = match bytes.len() {
                        ..=WHOLE => &mut self.plain,
                        _ => &mut self.large,
                    };
                    let length = zstd(place, level, &[], chosen, &mut self.buffer)?;
                    (Compression::Zstd, length)
                }
                Some(dictionary) => {
                    let place = &mut self.with_dictionary;
                    let length = zstd(place, level, dictionary, chosen, &mut self.buffer)?;
                    (Compression::ZstdDictionary, length)
                }
            },
        };
        match self.buffer.get(..length) {
            Some(stored) if length < bytes.len() => Ok(Stored {
                plain: bytes.len() as u32,
                compression,
                filter: filter.unwrap_or(Filter::None),
                digest: digest(self.digest, stored),
                bytes: stored.to_vec(),
            }),
            _ => Ok(Stored::plain(bytes, self.digest)),
        }
    }

    /// Which filter makes a block smallest, and what it makes of it; no filter for what does not become smaller at all. A dictionary
    /// may make smaller what is not without.
    fn choose(
        &mut self,
        bytes: &[u8],
        dictionary: bool,
    ) -> Result<(Option<Filter>, Option<Vec<u8>>)> {
        if self.filter && is_program(bytes) {
            let mut filtered = bytes.to_vec();
            Filter::X86.encode(&mut filtered);
            return Ok((Some(Filter::X86), Some(filtered)));
        }
        if let Codec::Zstd(SLOW..) = self.codec
            && !dictionary
            && zstd(&mut self.quick, QUICK, &[], bytes, &mut self.buffer)? >= bytes.len()
        {
            return Ok((None, None));
        }
        Ok((Some(Filter::None), None))
    }
}

/// Whether a block is mostly a program for x86: of the bytes that are calls there, more than half are followed by a distance below 16 MiB, where one of
/// 128 is by chance; and there are enough of them, one for 512 bytes.
fn is_program(bytes: &[u8]) -> bool {
    let (mut all, mut near) = (0, 0);
    for window in bytes.windows(5) {
        if window[0] == 0xe8 {
            all += 1;
            near += usize::from(matches!(window[4], 0 | 0xff));
        }
    }
    near * 2 > all && near * 512 >= bytes.len()
}

/// Compresses to the begin of `buffer`; how long that is.
fn lz4(bytes: &[u8], buffer: &mut Vec<u8>) -> usize {
    buffer.resize(lz4_flex::block::get_maximum_output_size(bytes.len()), 0);
    lz4_flex::block::compress_into(bytes, buffer).unwrap_or(bytes.len())
}

/// The same by the slow search.
fn lz4hc(level: i32, bytes: &[u8], buffer: &mut Vec<u8>) -> Result<usize> {
    use lz4::block::{CompressionMode, compress_bound, compress_to_buffer};
    let wrong = |error: std::io::Error| Error::Impossible(format!("lz4: {error}"));
    buffer.resize(compress_bound(bytes.len()).map_err(wrong)?, 0);
    let mode = CompressionMode::HIGHCOMPRESSION(level);
    compress_to_buffer(bytes, Some(mode), false, buffer).map_err(wrong)
}

/// Compresses to the begin of `buffer`, with what is in `place` or comes there; how long that is.
fn zstd(
    place: &mut Option<Compressor<'static>>,
    level: i32,
    dictionary: &[u8],
    bytes: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<usize> {
    if place.is_none() {
        *place = Some(compressor(level, dictionary, bytes.len() > WHOLE)?);
    }
    let Some(compressor) = place else {
        return Err(Error::Impossible("zstd: no context".to_owned()));
    };
    buffer.clear();
    buffer.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
    compressor.compress_to_buffer(bytes, buffer).map_err(failed)
}
