//! Reads tar archives: ustar with PAX and GNU extensions (POSIX.1-2017 pax, tar(5)), as far as packages use them.

use crate::digest::Digest;
use crate::error::{Error, Result};
use std::io::BufRead;

/// A block.
pub const BLOCK: usize = 512;
/// PAX headers and long names of one entry are together at most this many bytes.
const MAX_EXTENSION: u64 = 1 << 20;

/// An entry's header, extensions applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The path as it stands.
    pub path: Vec<u8>,
    /// Where a link leads.
    pub link: Vec<u8>,
    /// The type: `0` file, `1` hard link, `2` symbolic link, `3` `4` devices, `5` directory, `6` pipe.
    pub kind: u8,
    /// Permission bits.
    pub mode: u32,
    /// The user's number and name.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The user's name.
    pub user: Vec<u8>,
    /// The group's name.
    pub group: Vec<u8>,
    /// Seconds since 1970.
    pub mtime: u64,
    /// Bytes of content.
    pub size: u64,
    /// A device's numbers.
    pub device: (u32, u32),
    /// `APK-TOOLS.checksum.SHA1`.
    pub checksum: Option<Digest>,
    /// `SCHILY.xattr.*`, in the order of names.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    mtime: Option<u64>,
    user: Option<Vec<u8>>,
    group: Option<Vec<u8>>,
    uid: Option<u32>,
    gid: Option<u32>,
    checksum: Option<Digest>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Where a reader stands, without what it reads from.
#[derive(Clone, Copy, Debug)]
pub struct Paused {
    position: u64,
    left: u64,
    pad: u64,
}

impl Paused {
    /// Goes on with what it read from.
    pub fn attach<R: BufRead>(self, input: R) -> Reader<R> {
        Reader {
            input,
            position: self.position,
            left: self.left,
            pad: self.pad,
        }
    }
}

/// Reads entries and, between them, their content.
pub struct Reader<R> {
    input: R,
    position: u64,
    left: u64,
    pad: u64,
}

impl<R: BufRead> Reader<R> {
    /// At an archive's beginning.
    pub fn new(input: R) -> Self {
        Self {
            input,
            position: 0,
            left: 0,
            pad: 0,
        }
    }

    /// What it reads from.
    pub fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// Lets go of what it reads from.
    pub fn detach(self) -> Paused {
        Paused {
            position: self.position,
            left: self.left,
            pad: self.pad,
        }
    }

    /// What it read from.
    pub fn into_inner(self) -> R {
        self.input
    }

    fn error(&self, reason: &'static str) -> Error {
        let offset = self.position;
        Error::Tar { offset, reason }
    }

    /// The next entry; none at the end, which is that of the input or a block of zeros with nothing but zeros after
    /// it. What is left of the current entry's content is passed over.
    ///
    /// # Errors
    /// [`Error::Tar`], [`Error::Truncated`] and those of reading.
    pub fn next_entry(&mut self) -> Result<Option<Header>> {
        let mut extension = Extension::default();
        let mut extended = false;
        let mut room = MAX_EXTENSION;
        loop {
            self.skip()?;
            let mut block = [0; BLOCK];
            let mut have = 0;
            while have < BLOCK {
                let bytes = self.input.fill_buf()?;
                if bytes.is_empty() {
                    break;
                }
                let length = bytes.len().min(BLOCK - have);
                block[have..have + length].copy_from_slice(&bytes[..length]);
                self.input.consume(length);
                have += length;
            }
            if have == 0 && !extended {
                return Ok(None);
            }
            if have < BLOCK {
                return Err(Error::Truncated);
            }
            if block == [0; BLOCK] {
                if extended {
                    return Err(self.error("an extension without its entry"));
                }
                return self.end().map(|()| None);
            }
            let header = self.header(&block)?;
            self.position += BLOCK as u64;
            match header.kind {
                b'x' | b'L' | b'K' => {
                    let data = self.extension(header.size, room)?;
                    room -= header.size;
                    let trimmed = || data.split(|byte| *byte == 0).next().map(<[u8]>::to_vec);
                    match header.kind {
                        b'L' => extension.path = trimmed(),
                        b'K' => extension.link = trimmed(),
                        _ => self.pax(&data, &mut extension)?,
                    }
                    extended = true;
                }
                b'g' => {
                    self.extension(header.size, MAX_EXTENSION)?;
                }
                _ => return Ok(Some(self.apply(header, extension))),
            }
        }
    }

    fn header(&self, block: &[u8; BLOCK]) -> Result<Header> {
        let number = |begin: usize, end: usize| number(&block[begin..end]);
        let bad = || self.error("a number that is none");
        let small = |begin, end| number(begin, end).and_then(|one| u32::try_from(one).ok());
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| {
                if (148..156).contains(&at) {
                    32
                } else {
                    u64::from(*byte)
                }
            })
            .sum();
        if number(148, 156) != Some(sum) {
            return Err(self.error("not a header, or a damaged one"));
        }
        let text = |begin: usize, end: usize| {
            let field = &block[begin..end];
            let end = field
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(field.len());
            field[..end].to_vec()
        };
        let posix = &block[257..263] == b"ustar\0";
        let gnu = &block[257..263] == b"ustar ";
        let mut path = text(0, 100);
        if posix && block[345] != 0 {
            path = [text(345, 500), path].join(&b'/');
        }
        let named = |begin, end| {
            if posix || gnu {
                text(begin, end)
            } else {
                Vec::new()
            }
        };
        let kind = if block[156] == 0 { b'0' } else { block[156] };
        let device = |begin, end| match kind {
            b'3' | b'4' => small(begin, end).ok_or_else(bad),
            _ => Ok(0),
        };
        let size = number(124, 136).ok_or_else(bad)?;
        if size > 1 << 60 {
            return Err(self.error("a size that no file has"));
        }
        Ok(Header {
            path,
            link: text(157, 257),
            kind,
            mode: small(100, 108).ok_or_else(bad)? & 0o7777,
            uid: small(108, 116).ok_or_else(bad)?,
            gid: small(116, 124).ok_or_else(bad)?,
            user: named(265, 297),
            group: named(297, 329),
            mtime: number(136, 148).ok_or_else(bad)?,
            size,
            device: (device(329, 337)?, device(337, 345)?),
            checksum: None,
            xattrs: Vec::new(),
        })
    }

    fn apply(&mut self, mut header: Header, extension: Extension) -> Header {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        set(&mut header.path, extension.path);
        set(&mut header.link, extension.link);
        set(&mut header.size, extension.size);
        set(&mut header.mtime, extension.mtime);
        set(&mut header.user, extension.user);
        set(&mut header.group, extension.group);
        set(&mut header.uid, extension.uid);
        set(&mut header.gid, extension.gid);
        header.checksum = extension.checksum;
        header.xattrs = extension.xattrs;
        header.xattrs.sort();
        if header.kind == b'0' && header.path.ends_with(b"/") {
            header.kind = b'5';
        }
        // Only files have content; some archives say a size for links all the same.
        if matches!(header.kind, b'1'..=b'6') {
            header.size = 0;
        }
        self.left = header.size;
        self.pad = header.size.next_multiple_of(BLOCK as u64) - header.size;
        header
    }

    fn extension(&mut self, size: u64, limit: u64) -> Result<Vec<u8>> {
        if size > limit {
            return Err(Error::Limit("an extended tar header"));
        }
        self.left = size;
        self.pad = size.next_multiple_of(BLOCK as u64) - size;
        self.read_all(limit)
    }

    fn pax(&self, mut data: &[u8], into: &mut Extension) -> Result<()> {
        let bad = || self.error("a PAX record that is none");
        while !data.is_empty() && data[0] != 0 {
            let space = data
                .iter()
                .take(8)
                .position(|byte| *byte == b' ')
                .ok_or_else(bad)?;
            let length = decimal(&data[..space]).ok_or_else(bad)? as usize;
            let record = data.get(space + 1..length).ok_or_else(bad)?;
            data = &data[length..];
            let record = record.strip_suffix(b"\n").ok_or_else(bad)?;
            let equals = record
                .iter()
                .position(|byte| *byte == b'=')
                .ok_or_else(bad)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            let small = |value| decimal(value).and_then(|one| u32::try_from(one).ok());
            if value.contains(&0) && matches!(key, b"path" | b"linkpath") {
                return Err(bad());
            }
            match key {
                b"path" => into.path = Some(value.to_vec()),
                b"linkpath" => into.link = Some(value.to_vec()),
                b"size" => {
                    let size = decimal(value).filter(|size| *size <= 1 << 60);
                    into.size = Some(size.ok_or_else(bad)?);
                }
                b"mtime" => {
                    let whole = value.split(|byte| *byte == b'.').next().unwrap_or_default();
                    into.mtime = Some(decimal(whole).ok_or_else(bad)?);
                }
                b"uname" => into.user = Some(value.to_vec()),
                b"gname" => into.group = Some(value.to_vec()),
                b"uid" => into.uid = Some(small(value).ok_or_else(bad)?),
                b"gid" => into.gid = Some(small(value).ok_or_else(bad)?),
                b"APK-TOOLS.checksum.SHA1" => {
                    let digest = Digest::from_hex(value).filter(|one| one.as_bytes().len() == 20);
                    into.checksum = Some(digest.ok_or_else(bad)?);
                }
                _ => {
                    if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                        into.xattrs.push((name.to_vec(), value.to_vec()));
                    }
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            if bytes.iter().any(|byte| *byte != 0) {
                return Err(self.error("more after the archive's end"));
            }
            let length = bytes.len();
            self.input.consume(length);
        }
    }

    /// The next bytes of the current entry's content, none at its end; [`Reader::consume`] takes them.
    ///
    /// # Errors
    /// [`Error::Truncated`] and those of reading.
    pub fn fill(&mut self) -> Result<&[u8]> {
        crate::format::part(&mut self.input, self.left)
    }

    /// Takes bytes that [`Reader::fill`] gave.
    pub fn consume(&mut self, length: usize) {
        self.input.consume(length);
        self.position += length as u64;
        self.left -= length as u64;
    }

    fn skip(&mut self) -> Result<()> {
        loop {
            let length = self.fill()?.len();
            if length == 0 && self.pad == 0 {
                return Ok(());
            }
            self.consume(length);
            if self.left == 0 {
                self.left = std::mem::take(&mut self.pad);
            }
        }
    }

    /// All of the current entry's content.
    ///
    /// # Errors
    /// [`Error::Limit`] if it is more than `limit`, and those of reading.
    pub fn read_all(&mut self, limit: u64) -> Result<Vec<u8>> {
        if self.left > limit {
            return Err(Error::Limit("an entry of a tar archive"));
        }
        let mut data = Vec::with_capacity(self.left.min(1 << 20) as usize);
        loop {
            let bytes = self.fill()?;
            let length = bytes.len();
            if length == 0 {
                return Ok(data);
            }
            data.extend_from_slice(bytes);
            self.consume(length);
        }
    }
}

fn decimal(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A field of octal digits, or GNU's binary form. An empty one is 0.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let (head, tail) = field.split_at(field.len().saturating_sub(8));
        let good = head
            .iter()
            .enumerate()
            .all(|(at, byte)| *byte == if at == 0 { 0x80 } else { 0 });
        if field.len() == 8 {
            let mut bytes: [u8; 8] = field.try_into().ok()?;
            bytes[0] &= 0x7f;
            return Some(u64::from_be_bytes(bytes));
        }
        return good.then(|| tail.try_into().map(u64::from_be_bytes).ok())?;
    }
    let digits = field.trim_ascii_start();
    let end = digits
        .iter()
        .position(|byte| !(b'0'..=b'7').contains(byte))
        .unwrap_or(digits.len());
    if digits[end..].iter().any(|byte| !matches!(byte, 0 | b' ')) {
        return None;
    }
    digits[..end].iter().try_fold(0u64, |all, digit| {
        Some(all.checked_mul(8)? + u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests;
