//! Compressing a block.

use super::Options;
use crate::error::{Error, Result};
use crate::format::filter::Filter;
use crate::format::table::Compression;
use std::ops::RangeInclusive;
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
    /// Zstandard at this level, 1 to 23; below 19 the search is a quicker one than Zstandard's own of that number, and 23 is its 22 in full.
    Zstd(i32),
}

impl Codec {
    /// Bytes that so many have at most when they are compressed.
    pub(super) fn room(self, length: usize) -> usize {
        match self {
            Codec::None => length,
            Codec::Lz4 | Codec::Lz4Hc(_) => lz4_flex::block::get_maximum_output_size(length),
            Codec::Zstd(_) => zstd::zstd_safe::compress_bound(length),
        }
    }
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
    /// Digest of what is stored, where it is known already.
    pub digest: Option<[u8; 32]>,
}

impl Stored {
    /// A block that is stored as it is.
    pub fn plain(bytes: Vec<u8>) -> Stored {
        Stored {
            plain: bytes.len() as u32,
            compression: Compression::None,
            filter: Filter::None,
            digest: None,
            bytes,
        }
    }
}

/// Level of Zstandard that tells quickly whether a block becomes smaller at all.
const QUICK: i32 = 1;
/// Levels from which on it pays to ask that first.
const SLOW: i32 = 16;
/// From this level on each block is searched twice, the first time only to know how often what occurs. For a frame that is one block of [`WHOLE`]
/// bytes that is half of the time and makes it 0.2 % smaller, so these levels, of which the first is what images have unless told otherwise, do it once. Beyond Zstandard's numbers
/// there is one that does it twice.
const ONCE: RangeInclusive<i32> = 19..=22;
/// Bytes of a match that end the search for a better one there. With 256, as Zstandard's 19 has, it takes a twentieth to a tenth longer, for less than 0.1 %; with 999, as its 22 has, a
/// fourteenth longer again, for nothing.
const ENOUGH: u32 = 64;
/// Bytes of Zstandard's own blocks: what a frame has behind the first of them is searched once anyway.
const WHOLE: usize = 1 << 17;

/// Compresses blocks; each thread has its own.
pub struct Encoder {
    codec: Codec,
    filter: bool,
    quick: Option<Compressor<'static>>,
    plain: Option<Compressor<'static>>,
    /// For blocks of more than [`WHOLE`] bytes.
    large: Option<Compressor<'static>>,
    with_dictionary: Option<Compressor<'static>>,
    buffer: Vec<u8>,
}

/// What makes a level of Zstandard a little quicker or a little more thorough at a level of ours. For blocks of [`WHOLE`] bytes its 1 looks for matches of 6 bytes and remembers 2^13
/// places by itself; its 13 looks at 2^3 places for each byte, and with half of them takes an eighth less, for 0.4 %.
fn tuned(level: i32, large: bool) -> &'static [CParameter] {
    match level {
        1 => &[CParameter::MinMatch(7), CParameter::HashLog(13)],
        3 => &[CParameter::MinMatch(6), CParameter::HashLog(14)],
        4 => &[CParameter::MinMatch(5), CParameter::HashLog(14)],
        17 | 18 if !large => &[CParameter::SearchLog(2)],
        _ => &[],
    }
}

/// The level of Zstandard that searches for a level of ours. Which one is searched for by how small squashfs is at the level of that number: programs are filtered
/// here, and small files packed, so that a quicker search is enough. At 19 and 22 they are the same, but for what [`ONCE`] says; 23 is all of its 22.
fn searched(level: i32) -> i32 {
    match level {
        ..=4 => 1,
        5 => 3,
        6..=12 => 4,
        13 => 5,
        14 | 15 => 9,
        16 => 12,
        17 | 18 => 13,
        19..=21 => 19,
        _ => 22,
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::impossible(format_args!("zstd: {error}"))
}

/// A compressor that says how long the content is and nothing else.
fn compressor(level: i32, dictionary: &[u8], large: bool) -> Result<Compressor<'static>> {
    let searched = searched(level);
    let mut zstd = match dictionary {
        [] => Compressor::new(searched),
        _ => Compressor::with_dictionary(searched, dictionary),
    }
    .map_err(failed)?;
    for parameter in tuned(level, large) {
        zstd.set_parameter(*parameter).map_err(failed)?;
    }
    if ONCE.contains(&level) && dictionary.is_empty() && !large {
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
    /// [`Error::impossible`] with what the compressor says.
    pub fn encode(&mut self, mut bytes: Vec<u8>, dictionary: Option<&Arc<[u8]>>) -> Result<Stored> {
        if self.codec == Codec::None {
            return Ok(Stored::plain(bytes));
        }
        let filter = match self.filter && is_program(&bytes) {
            true => Filter::X86,
            false => Filter::None,
        };
        if filter == Filter::None && self.is_hopeless(&bytes, dictionary.is_some())? {
            return Ok(Stored::plain(bytes));
        }
        filter.encode(&mut bytes);
        let (compression, length) = match self.codec {
            Codec::None => (Compression::None, bytes.len()),
            Codec::Lz4 => (Compression::Lz4, lz4(&bytes, &mut self.buffer)),
            Codec::Lz4Hc(level) => (Compression::Lz4, lz4hc(level, &bytes, &mut self.buffer)?),
            Codec::Zstd(level) => match dictionary {
                None => {
                    let place = match bytes.len() {
                        ..=WHOLE => &mut self.plain,
                        _ => &mut self.large,
                    };
                    let length = zstd(place, level, &[], &bytes, &mut self.buffer)?;
                    (Compression::Zstd, length)
                }
                Some(dictionary) => {
                    let place = &mut self.with_dictionary;
                    let length = zstd(place, level, dictionary, &bytes, &mut self.buffer)?;
                    (Compression::ZstdDictionary, length)
                }
            },
        };
        if length >= bytes.len() {
            filter.decode(&mut bytes);
            return Ok(Stored::plain(bytes));
        }
        let plain = bytes.len() as u32;
        // The buffers change places: the plain one is the next to compress to.
        self.buffer.truncate(length);
        std::mem::swap(&mut bytes, &mut self.buffer);
        Ok(Stored {
            plain,
            compression,
            filter,
            digest: None,
            bytes,
        })
    }

    /// Whether a quick look says that a block does not become smaller at all. A dictionary may make smaller what is not without.
    fn is_hopeless(&mut self, bytes: &[u8], dictionary: bool) -> Result<bool> {
        Ok(matches!(self.codec, Codec::Zstd(SLOW..))
            && !dictionary
            && zstd(&mut self.quick, QUICK, &[], bytes, &mut self.buffer)? >= bytes.len())
    }
}

/// Whether a block is mostly a program for x86: of the bytes that are calls there, more than half are followed by a distance below 16 MiB, where one of
/// 128 is by chance; and there are enough of them, one for 512 bytes.
fn is_program(bytes: &[u8]) -> bool {
    let (mut all, mut near) = (0, 0);
    let last = bytes.get(4..).unwrap_or_default();
    // So few that a byte counts them, and the compiler takes sixteen at a time.
    for (calls, last) in bytes.chunks(COUNTED).zip(last.chunks(COUNTED)) {
        let (mut all_here, mut near_here) = (0_u8, 0_u8);
        for (call, last) in calls.iter().zip(last) {
            let call = u8::from(*call == 0xe8);
            all_here += call;
            near_here += call & u8::from(matches!(*last, 0 | 0xff));
        }
        all += usize::from(all_here);
        near += usize::from(near_here);
    }
    near * 2 > all && near * 512 >= bytes.len()
}

/// Bytes whose calls are counted together.
const COUNTED: usize = 128;

/// Compresses to the begin of `buffer`; how long that is.
fn lz4(bytes: &[u8], buffer: &mut Vec<u8>) -> usize {
    buffer.resize(lz4_flex::block::get_maximum_output_size(bytes.len()), 0);
    lz4_flex::block::compress_into(bytes, buffer).unwrap_or(bytes.len())
}

/// The same by the slow search.
fn lz4hc(level: i32, bytes: &[u8], buffer: &mut Vec<u8>) -> Result<usize> {
    use lz4::block::{CompressionMode, compress_bound, compress_to_buffer};
    let wrong = |error: std::io::Error| Error::impossible(format_args!("lz4: {error}"));
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
        return Err(Error::impossible(format_args!("zstd: no context")));
    };
    buffer.clear();
    buffer.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
    compressor.compress_to_buffer(bytes, buffer).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::{is_program, searched};

    #[test]
    fn a_higher_level_never_searches_less() {
        assert!((1..=23).is_sorted_by_key(searched));
        assert_eq!([19, 20, 21, 22, 23].map(searched), [19, 19, 19, 22, 22]);
    }

    /// With as many calls as make a program, at every place in the words that are looked at, and one fewer.
    #[test]
    fn calls_are_counted_wherever_they_are() {
        for shift in 0..64 {
            let mut bytes = vec![0x90; 4096 + shift];
            for call in 0..8 {
                bytes[shift + call * 509] = 0xe8;
                bytes[shift + call * 509 + 4] = [0, 0xff][call % 2];
            }
            bytes.truncate(4096);
            assert!(is_program(&bytes), "{shift}");
            bytes[shift] = 0xe7;
            assert!(!is_program(&bytes), "{shift}: one fewer");
            // As many that lead far away.
            bytes[shift] = 0xe8;
            for call in 0..8 {
                bytes[shift + call * 509 + 100] = 0xe8;
            }
            assert!(!is_program(&bytes), "{shift}: as many far away");
        }
    }
}
