//! LZ4's legacy frame format, the only one that the kernel unpacks (its lib/decompress_unlz4.c).
//!
//! A magic number, then for each 8 MiB of input the length of a block and the block. Nothing ends the stream: what
//! follows it in the same file must begin with a length of 0, or it is taken for another block.

use std::io::{self, Write};

use lz4::block::{CompressionMode, compress};

/// The magic number, little endian like the blocks' lengths.
const MAGIC: u32 = 0x184C_2102;
/// Bytes of input in every block but the last.
pub(super) const BLOCK: usize = 8 << 20;
/// The strongest level (LZ4HC_CLEVEL_MAX).
const LEVEL: i32 = 12;

pub(super) struct Encoder<W> {
    out: W,
    started: bool,
    block: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(out: W) -> Encoder<W> {
        Encoder {
            out,
            started: false,
            block: Vec::new(),
        }
    }

    fn write_block(&mut self) -> io::Result<()> {
        if !self.started {
            self.started = true;
            self.out.write_all(&MAGIC.to_le_bytes())?;
        }
        if self.block.is_empty() {
            return Ok(());
        }
        let packed = compress(
            &self.block,
            Some(CompressionMode::HIGHCOMPRESSION(LEVEL)),
            false,
        )?;
        let length = u32::try_from(packed.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&packed)?;
        self.block.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_block()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..n]);
        if self.block.len() == BLOCK {
            self.write_block()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
