//! Files of several gzip members (RFC 1952), one after another, each with a meaning of its own.
//!
//! What is signed and hashed in v2 files are a member's compressed bytes, exactly: they are hashed as they pass.

use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, BufRead, BufReader, Read};

const INPUT: usize = 128 << 10;
const OUTPUT: usize = 128 << 10;

/// Members of a file. Reading gives the current member's decompressed bytes and ends with it.
pub struct Members<R> {
    input: BufReader<R>,
    inflate: Option<Decompress>,
    output: Box<[u8]>,
    begin: usize,
    end: usize,
    position: u64,
    left: u64,
    hashers: Vec<Hasher>,
}

impl<R: Read> Members<R> {
    /// Before the first member of a file.
    pub fn new(file: R) -> Self {
        Self {
            input: BufReader::with_capacity(INPUT, file),
            inflate: None,
            output: vec![0; OUTPUT].into_boxed_slice(),
            begin: 0,
            end: 0,
            position: 0,
            left: 0,
            hashers: Vec::new(),
        }
    }

    /// Goes to the next member, of which at most `limit` decompressed bytes will be given; false at the file's end.
    /// What is left of the current one is read and passed over.
    ///
    /// # Errors
    /// As reading.
    pub fn next_member(&mut self, limit: u64) -> Result<bool> {
        self.finish_member()?;
        if self.input.fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.inflate = Some(Decompress::new_gzip(15));
        self.left = limit;
        Ok(true)
    }

    /// Reads the current member to its end.
    ///
    /// # Errors
    /// As reading.
    pub fn finish_member(&mut self) -> Result<()> {
        while !self.fill_buf()?.is_empty() {
            self.begin = self.end;
        }
        Ok(())
    }

    /// Hashes compressed bytes from here on with these, in place of those before.
    pub fn hash_with(&mut self, hashers: Vec<Hasher>) {
        self.hashers = hashers;
    }

    /// The hashes of the compressed bytes since [`Members::hash_with`], which ends with this.
    pub fn take_hashers(&mut self) -> Vec<Hasher> {
        std::mem::take(&mut self.hashers)
    }

    /// The digests of the compressed bytes since [`Members::hash_with`], which goes on.
    pub fn digests(&self) -> Vec<Digest> {
        self.hashers.iter().cloned().map(Hasher::finish).collect()
    }

    /// Compressed bytes until here.
    pub fn position(&self) -> u64 {
        self.position
    }

    fn inflate(&mut self) -> Result<()> {
        (self.begin, self.end) = (0, 0);
        while let Some(inflate) = &mut self.inflate {
            let input = self.input.fill_buf()?;
            if input.is_empty() {
                return Err(Error::Truncated);
            }
            let before = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(input, &mut self.output, FlushDecompress::None);
            let used = (inflate.total_in() - before.0) as usize;
            let made = (inflate.total_out() - before.1) as usize;
            let status = status.map_err(|_| Error::Compression {
                offset: self.position,
                reason: "not a gzip member, or a damaged one",
            })?;
            for hasher in &mut self.hashers {
                hasher.update(&input[..used]);
            }
            self.input.consume(used);
            self.position += used as u64;
            if status == Status::StreamEnd {
                self.inflate = None;
            } else if used == 0 && made == 0 {
                return Err(Error::Compression {
                    offset: self.position,
                    reason: "no progress",
                });
            }
            self.end = made;
            self.left = self
                .left
                .checked_sub(made as u64)
                .ok_or(Error::Limit("a gzip member"))?;
            if made > 0 {
                break;
            }
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Members<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.begin == self.end {
            self.inflate()?;
        }
        Ok(&self.output[self.begin..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.begin = (self.begin + amount).min(self.end);
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let length = from.len().min(into.len());
        into[..length].copy_from_slice(&from[..length]);
        self.consume(length);
        Ok(length)
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
