//! The compressions that the kernel undoes by itself (its lib/decompress*.c), with settings it accepts and that cost
//! it little memory. All give the same bytes for the same input.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use alpenglow_builder::arch::Arch;
use flate2::GzBuilder;
use liblzma::stream::{Check, Filters, LzmaOptions, MatchFinder, Stream};
use zstd::zstd_safe::CParameter;

use crate::{Error, Result};

mod lz4;
#[cfg(test)]
mod tests;

/// The largest window, in bytes, that a decompressor has to keep. The kernel takes it from a machine's memory while
/// the compressed archive and the unpacked files are there too.
const WINDOW: u64 = 1 << 20;
/// The window of what programs unpack, in bytes.
const ARCHIVE_WINDOW: u64 = 8 << 20;
/// The smallest window of xz (LZMA_DICT_SIZE_MIN).
const WINDOW_MIN: u64 = 1 << 12;
/// The strongest levels.
const GZIP_LEVEL: u32 = 9;
const XZ_PRESET: u32 = 9 | liblzma_extreme();
const ZSTD_LEVEL: i32 = 22;

/// xz's `-e` (lzma/container.h: LZMA_PRESET_EXTREME).
const fn liblzma_extreme() -> u32 {
    1 << 31
}

/// A filter that makes jumps in machine code compress better. The kernel must have been built to undo it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bcj {
    /// `CONFIG_XZ_DEC_X86`.
    X86,
    /// `CONFIG_XZ_DEC_ARM64`.
    Arm64,
    /// `CONFIG_XZ_DEC_RISCV`.
    Riscv,
}

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// `CONFIG_RD_GZIP`.
    Gzip,
    /// `CONFIG_RD_LZMA`: LZMA's first format, with the least overhead.
    Lzma,
    /// `CONFIG_RD_XZ`, with or without a filter.
    Xz(Option<Bcj>),
    /// `CONFIG_RD_ZSTD`.
    Zstd,
    /// `CONFIG_RD_LZ4`. The kernel takes 8 MiB for it, whatever the archive's size.
    Lz4,
}

impl Compression {
    /// Every kind.
    pub const ALL: [Compression; 9] = [
        Compression::None,
        Compression::Gzip,
        Compression::Lzma,
        Compression::Xz(None),
        Compression::Xz(Some(Bcj::X86)),
        Compression::Xz(Some(Bcj::Arm64)),
        Compression::Xz(Some(Bcj::Riscv)),
        Compression::Zstd,
        Compression::Lz4,
    ];

    /// The name in editions and on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Lzma => "lzma",
            Compression::Xz(None) => "xz",
            Compression::Xz(Some(Bcj::X86)) => "xz-x86",
            Compression::Xz(Some(Bcj::Arm64)) => "xz-arm64",
            Compression::Xz(Some(Bcj::Riscv)) => "xz-riscv",
            Compression::Zstd => "zstd",
            Compression::Lz4 => "lz4",
        }
    }

    /// xz with the filter for an architecture's machine code.
    pub fn xz_for(arch: Arch) -> Compression {
        Compression::Xz(Some(match arch {
            Arch::X86_64 => Bcj::X86,
            Arch::Aarch64 => Bcj::Arm64,
            Arch::Riscv64 => Bcj::Riscv,
        }))
    }

    /// The kernel's symbols that must be set for it to unpack such an archive.
    pub fn kernel_symbols(self) -> &'static [&'static str] {
        match self {
            Compression::None => &[],
            Compression::Gzip => &["CONFIG_RD_GZIP"],
            Compression::Lzma => &["CONFIG_RD_LZMA"],
            Compression::Xz(None) => &["CONFIG_RD_XZ"],
            Compression::Xz(Some(Bcj::X86)) => &["CONFIG_RD_XZ", "CONFIG_XZ_DEC_X86"],
            Compression::Xz(Some(Bcj::Arm64)) => &["CONFIG_RD_XZ", "CONFIG_XZ_DEC_ARM64"],
            Compression::Xz(Some(Bcj::Riscv)) => &["CONFIG_RD_XZ", "CONFIG_XZ_DEC_RISCV"],
            Compression::Zstd => &["CONFIG_RD_ZSTD"],
            Compression::Lz4 => &["CONFIG_RD_LZ4"],
        }
    }

    /// Starts a compressed stream into `out`; `size` is the length of what will be written to it, in bytes.
    pub fn encoder<W: Write>(self, out: W, size: u64) -> Result<Encoder<W>> {
        self.with_window(out, window(size), Some(size))
    }

    /// The same with a window, and a length that may not be known.
    fn with_window<W: Write>(self, out: W, window: u64, size: Option<u64>) -> Result<Encoder<W>> {
        let failed = |source: io::Error| Error::Compress {
            kind: self.name(),
            source,
        };
        Ok(Encoder(match self {
            Compression::None => Kind::None(out),
            Compression::Gzip => Kind::Gzip(
                // No time, no name, and "unknown" for the system: nothing of this machine.
                GzBuilder::new()
                    .mtime(0)
                    .operating_system(255)
                    .write(out, flate2::Compression::new(GZIP_LEVEL)),
            ),
            Compression::Lzma => {
                let stream = lzma_options(window)
                    .and_then(|options| Stream::new_lzma_encoder(&options))
                    .map_err(|e| failed(e.into()))?;
                Kind::Xz(liblzma::write::XzEncoder::new_stream(out, stream))
            }
            Compression::Xz(bcj) => {
                let stream = xz_stream(bcj, window).map_err(|e| failed(e.into()))?;
                Kind::Xz(liblzma::write::XzEncoder::new_stream(out, stream))
            }
            Compression::Zstd => Kind::Zstd(zstd_encoder(out, window, size).map_err(failed)?),
            Compression::Lz4 => Kind::Lz4(lz4::Encoder::new(out)),
        }))
    }

    /// Starts a compressed stream for a program to unpack, not a kernel: an archive whose length is not known yet, with the
    /// largest window that every decoder of Zstandard has room for (RFC 8878, 3.1.1.1.2).
    pub fn archive_encoder<W: Write>(self, out: W) -> Result<Encoder<W>> {
        self.with_window(out, ARCHIVE_WINDOW, None)
    }

    /// Compresses bytes in memory.
    pub fn compress(self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut encoder = self.encoder(Vec::new(), bytes.len() as u64)?;
        encoder
            .write_all(bytes)
            .and_then(|()| encoder.finish())
            .map_err(|source| Error::Compress {
                kind: self.name(),
                source,
            })
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Compression {
    type Err = Error;

    fn from_str(name: &str) -> Result<Compression> {
        Compression::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| Error::UnknownName {
                what: "compression",
                name: name.to_owned(),
                known: Compression::ALL.map(Compression::name).join(", "),
            })
    }
}

/// The smallest power of two that spans `size`, within what is allowed.
fn window(size: u64) -> u64 {
    size.clamp(WINDOW_MIN, WINDOW).next_power_of_two()
}

fn lzma_options(window: u64) -> std::result::Result<LzmaOptions, liblzma::stream::Error> {
    let mut options = LzmaOptions::new_preset(XZ_PRESET)?;
    options
        .dict_size(window as u32)
        .match_finder(MatchFinder::BinaryTree4)
        .nice_len(273);
    Ok(options)
}

fn xz_stream(bcj: Option<Bcj>, window: u64) -> std::result::Result<Stream, liblzma::stream::Error> {
    let mut filters = Filters::new();
    match bcj {
        None => {}
        Some(Bcj::X86) => drop(filters.x86()),
        Some(Bcj::Arm64) => drop(filters.arm64()),
        Some(Bcj::Riscv) => drop(filters.riscv()),
    }
    filters.lzma2(&lzma_options(window)?);
    // The kernel knows CRC32 and no check, and ignores xz's own default (lib/xz/xz_dec_stream.c).
    Stream::new_stream_encoder(&filters, Check::Crc32)
}

fn zstd_encoder<W: Write>(
    out: W,
    window: u64,
    size: Option<u64>,
) -> io::Result<zstd::stream::write::Encoder<'static, W>> {
    let mut encoder = zstd::stream::write::Encoder::new(out, ZSTD_LEVEL)?;
    encoder.set_parameter(CParameter::WindowLog(window.ilog2().max(10)))?;
    encoder.set_pledged_src_size(size)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

/// A compressed stream in the making.
pub struct Encoder<W: Write>(Kind<W>);

enum Kind<W: Write> {
    None(W),
    Gzip(flate2::write::GzEncoder<W>),
    Xz(liblzma::write::XzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
    Lz4(lz4::Encoder<W>),
}

impl<W: Write> Encoder<W> {
    /// Ends the stream and gives the writer back.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Kind::None(out) => Ok(out),
            Kind::Gzip(encoder) => encoder.finish(),
            Kind::Xz(encoder) => encoder.finish(),
            Kind::Zstd(encoder) => encoder.finish(),
            Kind::Lz4(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::None(out) => out.write(bytes),
            Kind::Gzip(encoder) => encoder.write(bytes),
            Kind::Xz(encoder) => encoder.write(bytes),
            Kind::Zstd(encoder) => encoder.write(bytes),
            Kind::Lz4(encoder) => encoder.write(bytes),
        }
    }

    /// Does nothing: a flush in the middle would cost bytes and make them depend on how the input came in pieces.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
