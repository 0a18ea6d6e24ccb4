//! What an answer begins with: its status, and fields.

use crate::{Error, MAX_HEAD, line};
use std::io::{BufRead, ErrorKind};

/// Status and fields of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Three digits (RFC 9110, 15).
    pub status: u16,
    /// What the server calls that.
    pub reason: String,
    /// Whether it is HTTP/1.0, whose connections end by themselves.
    is_old: bool,
    /// Names in small letters, and values.
    fields: Vec<(String, String)>,
}

impl Head {
    /// Reads it; answers that only announce another one (1xx) are passed over. What `from` has next is the body.
    ///
    /// # Errors
    /// [`Error`].
    pub fn read(from: &mut dyn BufRead) -> Result<Self, Error> {
        match from.fill_buf() {
            Ok([]) => return Err(Error::Closed),
            // TLS that ends without a word.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(Error::Closed),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let mut left = MAX_HEAD;
        loop {
            let head = Self::read_one(from, &mut left)?;
            // What 101 switches to nobody has asked for.
            if !(100..200).contains(&head.status) || head.status == 101 {
                return Ok(head);
            }
        }
    }

    fn read_one(from: &mut dyn BufRead, left: &mut u64) -> Result<Self, Error> {
        // What is no text is no web server, however long its line is.
        let begins = from.fill_buf()?;
        if !b"HTTP/1.".starts_with(&begins[..begins.len().min(7)]) {
            let begins = String::from_utf8_lossy(&begins[..begins.len().min(32)]);
            return Err(Error::Other(begins.into_owned()));
        }
        let first = line(from, left)?;
        let (version, status, reason) = split(&first).ok_or_else(|| Error::Other(first.clone()))?;
        let mut head = Self {
            status,
            reason: reason.to_owned(),
            is_old: version == "0",
            fields: Vec::new(),
        };
        loop {
            let line = line(from, left)?;
            if line.is_empty() {
                return Ok(head);
            }
            match (line.starts_with([' ', '\t']), head.fields.last_mut()) {
                // As servers wrote long values once (RFC 9112, 5.2).
                (true, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                _ => {
                    let (name, value) = line
                        .split_once(':')
                        .ok_or_else(|| Error::Other(line.clone()))?;
                    let name = name.trim_end().to_ascii_lowercase();
                    head.fields.push((name, value.trim().to_owned()));
                }
            }
        }
    }

    /// The value of the first field of this name, which is in small letters.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all fields of this name, which is in small letters.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.fields.iter().filter(move |(own, _)| own == name);
        named.map(|(_, value)| &**value)
    }

    /// Whether the server leaves the connection open for another request (RFC 9112, 9.3).
    pub(crate) fn keeps(&self) -> bool {
        let says = |word: &str| {
            let mut words = self.all("connection").flat_map(|value| value.split(','));
            words.any(|one| one.trim().eq_ignore_ascii_case(word))
        };
        !says("close") && (!self.is_old || says("keep-alive"))
    }
}

/// Minor version, status and its name of an answer's first line.
fn split(line: &str) -> Option<(&str, u16, &str)> {
    let (version, rest) = line.strip_prefix("HTTP/1.")?.split_once(' ')?;
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = (status.len() == 3 && version.len() == 1).then(|| status.parse().ok())??;
    Some((version, number, reason))
}
