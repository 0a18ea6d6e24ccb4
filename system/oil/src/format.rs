//! The files' formats: what bytes mean, and how to write them. Nothing here decides whom to trust.

pub mod adb;
pub mod compress;
pub mod gzip;
pub mod v2;

use crate::error::{Error, Result};
use std::io::{self, BufRead};

/// What comes next of a part of a file, a block or an entry, that has `left` more bytes: none at its end.
fn part(input: &mut impl BufRead, left: u64) -> Result<&[u8]> {
    if left == 0 {
        return Ok(&[]);
    }
    let bytes = input.fill_buf()?;
    if bytes.is_empty() {
        return Err(Error::Truncated);
    }
    let length = left.min(bytes.len() as u64) as usize;
    Ok(&bytes[..length])
}

/// Reads what lies in a buffer.
fn read_buffered(from: &mut impl BufRead, into: &mut [u8]) -> io::Result<usize> {
    let bytes = from.fill_buf()?;
    let length = bytes.len().min(into.len());
    into[..length].copy_from_slice(&bytes[..length]);
    from.consume(length);
    Ok(length)
}
