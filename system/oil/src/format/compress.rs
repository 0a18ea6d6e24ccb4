//! The wrappers of v3 files: `ADB.` as it is, `ADBd` DEFLATE, `ADBc` with an algorithm and a level. What is inside
//! begins with `ADB.` again.

mod unzstd;

use crate::error::{Error, Result};
use inflate::{Buffers, Inflate};
use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::rc::Rc;
use std::str::FromStr;
use unzstd::Unzstd;

const BUFFER: usize = 128 << 10;

/// How a v3 file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// DEFLATE; level 1 to 9, or 0 for the default.
    Deflate(u8),
    /// Zstandard; level 1 to 22, or 0 for the default.
    Zstd(u8),
}

impl Default for Compression {
    fn default() -> Self {
        Self::Deflate(0)
    }
}

/// `none`, `deflate`, `deflate:1` to `:9`, `zstd`, `zstd:1` to `:22`.
impl FromStr for Compression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, level.parse().ok().filter(|level| *level != 0)),
            None => (text, Some(0)),
        };
        match (name, level) {
            ("none", Some(0)) => Ok(Self::None),
            ("deflate", Some(level @ 0..=9)) => Ok(Self::Deflate(level)),
            ("zstd", Some(level @ 0..=22)) => Ok(Self::Zstd(level)),
            _ => Err(Error::Make(format!(
                "{text:?} is no compression: none, deflate[:1-9] or zstd[:1-22]"
            ))),
        }
    }
}

impl Compression {
    fn mark(self) -> Vec<u8> {
        match self {
            // What is inside begins with it.
            Self::None => Vec::new(),
            Self::Deflate(0) => b"ADBd".to_vec(),
            Self::Deflate(level) => [b"ADBc", &[1, level][..]].concat(),
            Self::Zstd(level) => [b"ADBc", &[2, level][..]].concat(),
        }
    }
}

/// Decompressed bytes of a v3 file.
pub struct Decoder<R: Read> {
    kind: Kind<R>,
    beside: Option<Beside<R>>,
}

enum Kind<R: Read> {
    Plain(io::Chain<io::Cursor<[u8; 4]>, BufReader<R>>),
    Deflate(Inflate<BufReader<R>>),
    Zstd(BufReader<Unzstd<R>>),
}

/// Where a file waits that is read after the one that is being read, of those that are read one after another. While the
/// one is undone, so is the other: a processor takes less time for both at once.
pub struct Beside<R: Read>(Rc<RefCell<Waiting<R>>>);

struct Waiting<R: Read> {
    next: Option<Decoder<R>>,
    /// Bytes that are made of it ahead.
    ahead: usize,
    /// What a file was read with that is done.
    spare: Option<(BufReader<R>, Buffers)>,
}

impl<R: Read> Clone for Beside<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: Read> Beside<R> {
    /// Nothing yet. Up to `ahead` bytes will be made of what waits.
    pub fn new(ahead: usize) -> Self {
        Self(Rc::new(RefCell::new(Waiting {
            next: None,
            ahead,
            spare: None,
        })))
    }

    /// Has a file wait.
    pub fn wait(&self, next: Decoder<R>) {
        self.0.borrow_mut().next = Some(next);
    }

    /// The file that waits, as far as it has come.
    pub fn next(&self) -> Option<Decoder<R>> {
        self.0.borrow_mut().next.take()
    }
}

impl<R: Read> Decoder<R> {
    /// Reads the wrapper, and says how the file is compressed.
    ///
    /// # Errors
    /// [`Error::Unknown`] if it is no v3 file; [`Error::Compression`] if it is compressed by something that we do
    /// not know.
    pub fn new(file: R) -> Result<(Self, Compression)> {
        Self::of(file, None)
    }

    /// The same of a file that is read before or after others.
    ///
    /// # Errors
    /// As [`Decoder::new`].
    pub fn of(file: R, beside: Option<Beside<R>>) -> Result<(Self, Compression)> {
        let (spare, ahead) = match &beside {
            Some(beside) => {
                let mut waiting = beside.0.borrow_mut();
                (waiting.spare.take(), waiting.ahead)
            }
            None => (None, 0),
        };
        let (mut file, buffers) = match spare {
            Some((mut reader, buffers)) => {
                // Nothing is left in it: it is at its file's end.
                *reader.get_mut() = file;
                (reader, Some(buffers))
            }
            None => (BufReader::with_capacity(BUFFER, file), None),
        };
        let mut mark = [0; 4];
        file.read_exact(&mut mark)?;
        let unknown = Error::Compression {
            offset: 4,
            reason: "unknown algorithm",
        };
        let compression = match &mark {
            b"ADB." => Compression::None,
            b"ADBd" => Compression::Deflate(0),
            b"ADBc" => {
                let mut kind = [0; 2];
                file.read_exact(&mut kind)?;
                match kind[0] {
                    0 => Compression::None,
                    1 => Compression::Deflate(kind[1]),
                    2 => Compression::Zstd(kind[1]),
                    _ => return Err(unknown),
                }
            }
            _ => return Err(Error::Unknown),
        };
        let kind = match compression {
            Compression::None => {
                if &mark == b"ADBc" {
                    file.read_exact(&mut mark)?;
                }
                Kind::Plain(io::Cursor::new(mark).chain(file))
            }
            Compression::Deflate(_) => {
                let buffers = buffers.unwrap_or_else(|| Buffers::with_room(ahead));
                Kind::Deflate(Inflate::with(file, buffers))
            }
            Compression::Zstd(_) => {
                Kind::Zstd(BufReader::with_capacity(BUFFER, Unzstd::new(file)?))
            }
        };
        Ok((Self { kind, beside }, compression))
    }

    /// Makes sure that the file ends here, inside and outside.
    ///
    /// # Errors
    /// [`Error::Trailing`] if it does not, with the place 0 where it is not known.
    pub fn finish(mut self) -> Result<()> {
        let more = !self.fill_buf()?.is_empty()
            || match &mut self.kind {
                Kind::Plain(_) => false,
                Kind::Deflate(inner) => !inner.input().fill_buf()?.is_empty(),
                Kind::Zstd(inner) => !inner.get_mut().input().fill_buf()?.is_empty(),
            };
        if more {
            return Err(Error::Trailing(0));
        }
        if let (Kind::Deflate(inner), Some(beside)) = (self.kind, self.beside) {
            beside.0.borrow_mut().spare = Some(inner.into_parts());
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match &mut self.kind {
            Kind::Plain(inner) => inner.fill_buf(),
            Kind::Deflate(inner) => {
                if let Some(beside) = &self.beside
                    && let Some(next) = &mut beside.0.borrow_mut().next
                    && let Kind::Deflate(next) = &mut next.kind
                {
                    inner.make_beside(next);
                }
                inner.fill_buf()
            }
            Kind::Zstd(inner) => inner.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match &mut self.kind {
            Kind::Plain(inner) => inner.consume(amount),
            Kind::Deflate(inner) => inner.consume(amount),
            Kind::Zstd(inner) => inner.consume(amount),
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.kind {
            Kind::Plain(inner) => inner.read(into),
            Kind::Zstd(inner) => inner.read(into),
            Kind::Deflate(_) => super::read_buffered(self, into),
        }
    }
}

/// Writes the wrapper and compresses what is written.
pub struct Encoder<W: Write>(Out<W>);

enum Out<W: Write> {
    Plain(W),
    Deflate(flate2::write::DeflateEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    /// Writes the wrapper's mark.
    ///
    /// # Errors
    /// Those of writing.
    pub fn new(mut file: W, compression: Compression) -> Result<Self> {
        file.write_all(&compression.mark())?;
        let out = match compression {
            Compression::None => Out::Plain(file),
            Compression::Deflate(level) => {
                let level = if level == 0 { 6 } else { u32::from(level) };
                let level = flate2::Compression::new(level);
                Out::Deflate(flate2::write::DeflateEncoder::new(file, level))
            }
            Compression::Zstd(level) => Out::Zstd(zstd::Encoder::new(file, i32::from(level))?),
        };
        Ok(Self(out))
    }

    /// Writes what is left and gives back the file.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(self) -> Result<W> {
        Ok(match self.0 {
            Out::Plain(file) => file,
            Out::Deflate(encoder) => encoder.finish()?,
            Out::Zstd(encoder) => encoder.finish()?,
        })
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Out::Plain(file) => file.write(data),
            Out::Deflate(encoder) => encoder.write(data),
            Out::Zstd(encoder) => encoder.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Out::Plain(file) => file.flush(),
            Out::Deflate(encoder) => encoder.flush(),
            Out::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Compression; 5] = [
        Compression::None,
        Compression::Deflate(0),
        Compression::Deflate(9),
        Compression::Zstd(0),
        Compression::Zstd(3),
    ];

    fn pack(data: &[u8], compression: Compression) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new(), compression).unwrap();
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(file: &[u8]) -> Result<(Vec<u8>, Compression)> {
        let (mut decoder, compression) = Decoder::new(file)?;
        let mut data = Vec::new();
        decoder.read_to_end(&mut data)?;
        decoder.finish()?;
        Ok((data, compression))
    }

    #[test]
    fn names() {
        assert_eq!(
            "zstd:22".parse::<Compression>().unwrap(),
            Compression::Zstd(22)
        );
        assert_eq!(
            "deflate".parse::<Compression>().unwrap(),
            Compression::Deflate(0)
        );
        for bad in [
            "",
            "zstd:23",
            "zstd:0",
            "deflate:10",
            "none:1",
            "xz",
            "zstd:",
            "zstd:x",
        ] {
            assert!(bad.parse::<Compression>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ends_must_be_there() {
        for compression in ALL {
            let file = pack(b"ADB.some words, some words", compression);
            for length in 0..file.len() {
                let part = unpack(&file[..length]);
                assert!(
                    part.is_err() || compression == Compression::None,
                    "{length}"
                );
            }
            let more = [&file[..], b"x"].concat();
            assert!(unpack(&more).is_err() || compression == Compression::None);
            for bit in 0..file.len() * 8 {
                let mut bad = file.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                let _ = unpack(&bad);
            }
        }
    }

    #[test]
    fn algorithm_none_by_number() {
        let file = b"ADBc\0\0ADB.rest";
        assert_eq!(
            unpack(file).unwrap(),
            (b"ADB.rest".to_vec(), Compression::None)
        );
        assert!(unpack(b"ADBc\x09\0ADB.rest").is_err());
    }

    proptest! {
        #[test]
        fn and_back(data: Vec<u8>) {
            let data = [b"ADB.", &data[..]].concat();
            for compression in ALL {
                prop_assert_eq!(unpack(&pack(&data, compression)).unwrap(), (data.clone(), compression));
            }
        }
    }
}
