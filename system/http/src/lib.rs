//! Messages of HTTP/1.1 as a client writes and reads them (RFC 9110, RFC 9112), on any stream: [`request`] is what is sent, [`Head`] is what an
//! answer begins with, and [`Body`] what follows. Connections, TLS, and what a status means are for those that use them.
//!
//! An answer is not trusted: how long lines are and how many is limited, and what could end in two places (RFC 9112, 6.3) is refused.

#![deny(unsafe_code)]

mod body;
mod head;
mod request;

pub use body::Body;
pub use head::Head;
pub use request::{is_text, request};

use std::fmt::{self, Display, Formatter};
use std::io::{self, BufRead, Read as _};

/// Bytes of an answer's head at most, or of what follows a body in chunks.
const MAX_HEAD: u64 = 64 << 10;

/// Why there is no answer.
#[derive(Debug)]
pub enum Error {
    /// The stream ended before its first byte: a connection that was kept has been closed meanwhile.
    Closed,
    /// Reading failed, by time or otherwise; an end in the middle is [`io::ErrorKind::UnexpectedEof`].
    Io(io::Error),
    /// What came is not HTTP/1; its beginning.
    Other(String),
    /// It is longer than anything that a server has to say before a body.
    TooLong,
    /// How long the body is cannot be told; what is said of it.
    Length(String),
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the server closed the connection without an answer"),
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("the server's answer ends too early")
            }
            Self::Io(error) => error.fmt(f),
            Self::Other(line) => write!(f, "what answers is no web server: it says {line:?}"),
            Self::TooLong => f.write_str("the server's answer has too many headers"),
            Self::Length(said) => write!(
                f,
                "the server does not say how long its answer is, but {said:?}"
            ),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The next line without its end, of which `left` bytes may be read at most.
fn line(from: &mut dyn BufRead, left: &mut u64) -> Result<String, Error> {
    let mut line = Vec::new();
    let mut limited = from.take(*left);
    let length = limited.read_until(b'\n', &mut line)? as u64;
    *left -= length;
    if line.pop() != Some(b'\n') {
        return Err(match *left {
            0 => Error::TooLong,
            _ => Error::Io(io::ErrorKind::UnexpectedEof.into()),
        });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

#[cfg(test)]
mod tests;
