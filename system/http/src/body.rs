//! What follows a head: as many bytes as it says, chunks, or all until the connection ends (RFC 9112, 6.3 and 7.1).

use crate::{Error, Head, MAX_HEAD, line};
use std::io::{self, BufRead, Read as _};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// So many bytes of the whole.
    Bytes(u64),
    /// The length of a chunk.
    Size,
    /// So many bytes of a chunk.
    Chunk(u64),
    /// What a server may say behind the last chunk.
    Trailer,
    /// All until the stream ends.
    All,
}

/// How an answer's body is read.
#[derive(Clone, Debug)]
pub struct Body {
    next: Next,
    keeps: bool,
    length: Option<u64>,
}

impl Body {
    /// Behind this head of an answer to a GET.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn new(head: &Head) -> Result<Self, Error> {
        let mut keeps = head.keeps();
        let mut lengths = head
            .all("content-length")
            .flat_map(|value| value.split(','));
        let next = if let Some(codings) = head.get("transfer-encoding") {
            if !codings.eq_ignore_ascii_case("chunked") || head.all("transfer-encoding").count() > 1
            {
                return Err(Error::Length(codings.to_owned()));
            }
            // Who says both may mean to have two answers read as one.
            keeps &= lengths.next().is_none();
            Next::Size
        } else if matches!(head.status, 100..200 | 204 | 304) {
            Next::Bytes(0)
        } else if let Some(first) = lengths.next().map(str::trim) {
            let digits = first.bytes().all(|byte| byte.is_ascii_digit());
            let length = first.parse().ok().filter(|_| digits);
            let length = length.filter(|_| lengths.all(|other| other.trim() == first));
            Next::Bytes(length.ok_or_else(|| {
                let said: Vec<_> = head.all("content-length").collect();
                Error::Length(said.join(", "))
            })?)
        } else {
            keeps = false;
            Next::All
        };
        let length = match next {
            Next::Bytes(length) => Some(length),
            _ => None,
        };
        Ok(Self {
            next,
            keeps,
            length,
        })
    }

    /// How many bytes it has, if the head says it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether all of it was read, and the connection can be asked for more.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.keeps && self.next == Next::Bytes(0)
    }

    /// Reads some bytes of it; none at its end.
    ///
    /// # Errors
    /// Those of `from`; [`io::ErrorKind::UnexpectedEof`] if that ends before the body does, [`io::ErrorKind::InvalidData`] if its chunks are none.
    pub fn read(&mut self, from: &mut dyn BufRead, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            match self.next {
                Next::Bytes(0) => return Ok(0),
                Next::Bytes(left) | Next::Chunk(left) => {
                    let count = from.take(left).read(into)?;
                    if count == 0 {
                        return Err(io::Error::new(
                            io::ErrorKind::UnexpectedEof,
                            "the server closed it",
                        ));
                    }
                    let left = left - count as u64;
                    self.next = match self.next {
                        Next::Bytes(_) => Next::Bytes(left),
                        _ => Next::Chunk(left),
                    };
                    if self.next == Next::Chunk(0) {
                        // The line that a chunk's bytes are ended with.
                        match small(from)?.is_empty() {
                            true => self.next = Next::Size,
                            false => return Err(damaged()),
                        }
                    }
                    return Ok(count);
                }
                Next::Size => {
                    let line = small(from)?;
                    // Behind a semicolon is what nobody asked for.
                    let size = line.split(';').next().unwrap_or_default().trim();
                    let digits =
                        !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
                    let size = u64::from_str_radix(size, 16).ok().filter(|_| digits);
                    self.next = match size.ok_or_else(damaged)? {
                        0 => Next::Trailer,
                        size => Next::Chunk(size),
                    };
                }
                Next::Trailer => {
                    let mut left = MAX_HEAD;
                    while !line(from, &mut left).map_err(plain)?.is_empty() {}
                    self.next = Next::Bytes(0);
                }
                Next::All => return from.read(into),
            }
        }
    }
}

/// A line beside a chunk's bytes.
fn small(from: &mut dyn BufRead) -> io::Result<String> {
    line(from, &mut 4096).map_err(plain)
}

fn plain(error: Error) -> io::Error {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            io::Error::new(error.kind(), "the server closed it")
        }
        Error::Io(error) => error,
        _ => damaged(),
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its chunks are damaged")
}
