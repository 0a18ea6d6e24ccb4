//! Compression of blocks, both ways.

use crate::format::Error;
use crate::format::filter::Filter;
use crate::format::table::{Compression, Entry};
use std::io;

/// Decompresses blocks; it keeps what costs time to make.
#[derive(Default)]
pub struct Decoder {
    plain: Option<zstd::bulk::Decompressor<'static>>,
    with_dictionary: Option<zstd::bulk::Decompressor<'static>>,
}

impl Decoder {
    /// The plain bytes of block `number`, whose entry was checked and whose stored bytes have the right digest.
    ///
    /// # Errors
    /// [`Error::Compression`].
    pub fn decode(
        &mut self,
        number: u32,
        entry: &Entry,
        stored: &[u8],
        dictionary: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let length = entry.plain() as usize;
        let plain = match entry.compression() {
            Some(Compression::None) => Some(stored.to_vec()),
            Some(Compression::Lz4) => lz4(stored, length),
            Some(Compression::Zstd) => unzstd(&mut self.plain, &[], stored, length).ok(),
            Some(Compression::ZstdDictionary) => {
                unzstd(&mut self.with_dictionary, dictionary, stored, length).ok()
            }
            None => None,
        };
        let mut plain = plain
            .filter(|plain| plain.len() == length)
            .ok_or(Error::Compression(number))?;
        // One that is unknown was refused with its entry.
        entry.filter().unwrap_or(Filter::None).decode(&mut plain);
        Ok(plain)
    }
}

fn lz4(stored: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut plain = vec![0; length];
    let found = lz4_flex::block::decompress_into(stored, &mut plain).ok()?;
    (found == length).then_some(plain)
}

fn unzstd(
    decoder: &mut Option<zstd::bulk::Decompressor<'static>>,
    dictionary: &[u8],
    stored: &[u8],
    length: usize,
) -> io::Result<Vec<u8>> {
    use zstd::zstd_safe as zs;
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    // One frame that says its length: what is not so is refused here, whatever it would decompress to.
    if zs::get_frame_content_size(stored).ok().flatten() != Some(length as u64)
        || zs::find_frame_compressed_size(stored).ok() != Some(stored.len())
    {
        return Err(wrong());
    }
    if decoder.is_none() {
        *decoder = Some(zstd::bulk::Decompressor::with_dictionary(dictionary)?);
    }
    let decoder = decoder.as_mut().ok_or_else(wrong)?;
    decoder.decompress(stored, length)
}
