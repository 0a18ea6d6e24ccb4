//! Files of several gzip members (RFC 1952), one after another, each with a meaning of its own.
//!
//! What is signed and hashed in v2 files are a member's compressed bytes, exactly: they are hashed as they pass.

use super::read_buffered;
use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use flate2::Crc;
use inflate::Inflate;
use std::io::{self, BufRead, BufReader, Read};

const INPUT: usize = 128 << 10;
/// Bytes of a member's header at most (RFC 1952, 2.3): of what packages and indexes have, which is ten, and room for names.
const MAX_HEADER: u64 = 64 << 10;

/// What a member's flags say that there is between its first ten bytes and its data (RFC 1952, 2.3.1).
const HAS_CHECK: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
const UNKNOWN: u8 = 0xe0;

/// A file whose bytes are counted and hashed as they pass.
struct Passing<R> {
    file: BufReader<R>,
    position: u64,
    hashers: Vec<Hasher>,
}

impl<R: Read> BufRead for Passing<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let bytes = &self.file.buffer()[..amount];
        for hasher in &mut self.hashers {
            hasher.update(bytes);
        }
        self.position += amount as u64;
        self.file.consume(amount);
    }
}

impl<R: Read> Read for Passing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, into)
    }
}

/// Members of a file. Reading gives the current member's decompressed bytes and ends with it.
pub struct Members<R> {
    data: Inflate<Passing<R>>,
    /// Whether the end of the current member has not been seen.
    is_inside: bool,
    /// Of what was decompressed; `summed` bytes of it were not consumed yet.
    sum: Crc,
    summed: usize,
    left: u64,
}

impl<R: Read> Members<R> {
    /// Before the first member of a file.
    pub fn new(file: R) -> Self {
        let passing = Passing {
            file: BufReader::with_capacity(INPUT, file),
            position: 0,
            hashers: Vec::new(),
        };
        Self {
            data: Inflate::new(passing),
            is_inside: false,
            sum: Crc::new(),
            summed: 0,
            left: 0,
        }
    }

    /// Goes to the next member, of which at most `limit` decompressed bytes will be given; false at the file's end.
    /// What is left of the current one is read and passed over.
    ///
    /// # Errors
    /// As reading.
    pub fn next_member(&mut self, limit: u64) -> Result<bool> {
        self.finish_member()?;
        if self.data.input().fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.header()?;
        self.data.restart();
        self.is_inside = true;
        self.sum.reset();
        self.left = limit;
        Ok(true)
    }

    /// Reads the current member to its end.
    ///
    /// # Errors
    /// As reading.
    pub fn finish_member(&mut self) -> Result<()> {
        loop {
            let length = self.fill_buf()?.len();
            if length == 0 {
                return Ok(());
            }
            self.consume(length);
        }
    }

    /// Hashes compressed bytes from here on with these, in place of those before.
    pub fn hash_with(&mut self, hashers: Vec<Hasher>) {
        self.data.input().hashers = hashers;
    }

    /// The digests of the compressed bytes since [`Members::hash_with`], which goes on.
    pub fn digests(&mut self) -> Vec<Digest> {
        let hashers = self.data.input().hashers.iter();
        hashers.cloned().map(Hasher::finish).collect()
    }

    /// Compressed bytes until here.
    pub fn position(&mut self) -> u64 {
        self.data.input().position
    }

    fn bad(&mut self, reason: &'static str) -> Error {
        Error::Compression {
            offset: self.position(),
            reason,
        }
    }

    fn header(&mut self) -> Result<()> {
        let mut fixed = [0; 10];
        let input = self.data.input();
        input.read_exact(&mut fixed[..2])?;
        if fixed[..2] != [0x1f, 0x8b] {
            return Err(self.bad("not a gzip member"));
        }
        input.read_exact(&mut fixed[2..])?;
        let flags = fixed[3];
        if fixed[2] != 8 || flags & UNKNOWN != 0 {
            return Err(self.bad("a gzip member of an unknown kind"));
        }
        let mut rest = input.take(MAX_HEADER);
        let mut skipped = Vec::new();
        if flags & HAS_EXTRA != 0 {
            let mut length = [0; 2];
            rest.read_exact(&mut length)?;
            skipped.resize(u16::from_le_bytes(length).into(), 0);
            rest.read_exact(&mut skipped)?;
        }
        for text in [HAS_NAME, HAS_COMMENT] {
            if flags & text != 0 {
                rest.read_until(0, &mut skipped)?;
                if skipped.pop() != Some(0) {
                    return Err(Error::Truncated);
                }
            }
        }
        if flags & HAS_CHECK != 0 {
            rest.read_exact(&mut [0; 2])?;
        }
        Ok(())
    }

    /// Compares what a member says of itself at its end (RFC 1952, 2.3.1) with what it was.
    fn trailer(&mut self) -> Result<()> {
        let mut words = [0; 8];
        self.data.input().read_exact(&mut words)?;
        let said = u64::from_le_bytes(words);
        let found = u64::from(self.sum.amount()) << 32 | u64::from(self.sum.sum());
        match said == found {
            true => Ok(()),
            false => Err(self.bad("a damaged gzip member")),
        }
    }
}

impl<R: Read> BufRead for Members<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.is_inside {
            return Ok(&[]);
        }
        let length = self.data.fill_buf()?.len();
        if length == 0 {
            self.is_inside = false;
            self.trailer()?;
            return Ok(&[]);
        }
        // Nothing is there already: what was just decompressed follows.
        let bytes = self.data.fill_buf()?;
        let new = &bytes[self.summed..];
        self.sum.update(new);
        let left = self.left.checked_sub(new.len() as u64);
        self.left = left.ok_or(Error::Limit("a gzip member"))?;
        self.summed = length;
        Ok(bytes)
    }

    fn consume(&mut self, amount: usize) {
        let amount = amount.min(self.summed);
        self.summed -= amount;
        self.data.consume(amount);
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, into)
    }
}

/// One member of `data`, the same each time: no name and no time in its header.
pub fn compress(data: &[u8], level: u32) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    // Writing to memory does not fail.
    let _ = encoder.write_all(data);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;

    #[test]
    fn members_are_split_and_hashed() {
        let parts: Vec<Vec<u8>> = [&b"first"[..], &b""[..], &vec![7; 400_000]]
            .iter()
            .map(|data| compress(data, 6))
            .collect();
        let file = parts.concat();
        let mut members = Members::new(&file[..]);
        for (part, data) in parts
            .iter()
            .zip([&b"first"[..], &b""[..], &vec![7; 400_000]])
        {
            members.hash_with(vec![Hasher::new(Algorithm::Sha1)]);
            assert!(members.next_member(1 << 20).unwrap());
            let mut read = Vec::new();
            members.read_to_end(&mut read).unwrap();
            assert_eq!(read, data);
            assert_eq!(members.digests(), [Digest::of(Algorithm::Sha1, part)]);
        }
        assert!(!members.next_member(1).unwrap());
    }

    #[test]
    fn truncated_and_flipped() {
        let file = [compress(b"one", 9), compress(b"and another", 1)].concat();
        let read = |bytes: &[u8]| -> Result<Vec<u8>> {
            let mut members = Members::new(bytes);
            let mut all = Vec::new();
            while members.next_member(100)? {
                members.read_to_end(&mut all)?;
            }
            Ok(all)
        };
        assert_eq!(read(&file).unwrap(), b"oneand another");
        let first = compress(b"one", 9).len();
        for length in 1..file.len() {
            assert_eq!(read(&file[..length]).is_ok(), length == first, "{length}");
        }
        for bit in 0..file.len() * 8 {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let _ = read(&bad);
        }
        assert!(matches!(read(b"no gzip"), Err(Error::Compression { .. })));
    }

    #[test]
    fn bombs_end_early() {
        let bomb = compress(&vec![0; 10 << 20], 9);
        let mut members = Members::new(&bomb[..]);
        assert!(members.next_member(1 << 20).unwrap());
        let error = members.finish_member().unwrap_err();
        assert!(matches!(error, Error::Limit(_)));
    }
}
