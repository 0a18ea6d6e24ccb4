//! The initramfs: one compressed archive of a root, and archives appended to it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::output::Output;
use crate::{Archive, Compression, Error, Result, source_date_epoch};

/// Makes an initramfs of everything below `root` and returns its length in bytes. Times are `SOURCE_DATE_EPOCH`.
pub fn build(root: &Path, out: &Path, compression: Compression) -> Result<u64> {
    write(
        &Archive::from_tree(root, source_date_epoch()?)?,
        out,
        compression,
    )
}

/// Makes an initramfs of an archive and returns its length in bytes.
pub fn write(archive: &Archive, out: &Path, compression: Compression) -> Result<u64> {
    let mut file = Output::new(out, 0o644)?;
    let failed = |source: io::Error| match source.raw_os_error() {
        // What the system says, it says of the file; the rest is the compressor's own.
        Some(_) => Error::write(out)(source),
        None => Error::Compress {
            kind: compression.name(),
            source,
        },
    };
    let mut encoder = compression.encoder(&mut file, archive.size())?;
    archive.write_to(&mut encoder, failed)?;
    encoder.finish().map_err(failed)?;
    file.finish()
}

/// Writes `out`: the initramfs `base` followed by `extra`, an archive that the kernel unpacks over it.
/// Returns its length in bytes. `out` can be read by its owner alone, for `extra` may hold a secret.
pub fn append(base: &Path, extra: &[u8], out: &Path) -> Result<u64> {
    let mut from = File::open(base).map_err(Error::read(base))?;
    let length = from.metadata().map_err(Error::read(base))?.len();
    let mut file = Output::new(out, 0o600)?;
    let copied = io::copy(&mut from, &mut file).map_err(Error::write(out))?;
    if copied != length {
        return Err(Error::entry(
            base,
            "its length changed while it was read: start again",
        ));
    }
    file.write_all(&[0; 8][..gap(length)])
        .and_then(|()| file.write_all(extra))
        .map_err(Error::write(out))?;
    file.finish()
}

/// Zero bytes between an archive of `length` bytes and the next. The kernel finds an uncompressed archive at
/// multiples of 4 only, and takes four bytes after an LZ4 stream for the length of a block, where 0 is the end.
fn gap(length: u64) -> usize {
    4 + (length.next_multiple_of(4) - length) as usize
}

#[cfg(test)]
mod tests;
