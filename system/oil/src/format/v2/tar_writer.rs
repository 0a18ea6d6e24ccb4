//! Writes tar archives: ustar, and PAX headers for what does not fit.

use super::tar::BLOCK;
use crate::digest::Digest;
use crate::error::Result;
use std::io::Write;

/// An entry to write.
#[derive(Clone, Copy)]
pub struct Header<'a> {
    /// The path; a directory's ends with a slash.
    pub path: &'a [u8],
    /// Where a link leads.
    pub link: &'a [u8],
    /// The type, as [`super::tar::Header::kind`].
    pub kind: u8,
    /// Permission bits.
    pub mode: u32,
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The user's name.
    pub user: &'a [u8],
    /// The group's name.
    pub group: &'a [u8],
    /// Seconds since 1970.
    pub mtime: u64,
    /// Bytes of content.
    pub size: u64,
    /// A device's numbers.
    pub device: (u32, u32),
    /// `APK-TOOLS.checksum.SHA1`.
    pub checksum: Option<Digest>,
    /// `SCHILY.xattr.*`.
    pub xattrs: &'a [(Vec<u8>, Vec<u8>)],
}

impl<'a> Header<'a> {
    /// Root's, of 1970, without content.
    pub fn new(path: &'a [u8], kind: u8, mode: u32) -> Self {
        Self {
            path,
            link: b"",
            kind,
            mode,
            uid: 0,
            gid: 0,
            user: b"root",
            group: b"root",
            mtime: 0,
            size: 0,
            device: (0, 0),
            checksum: None,
            xattrs: &[],
        }
    }
}

/// Writes an entry with its content.
///
/// # Errors
/// Those of writing.
pub fn write_entry(file: &mut impl Write, header: &Header, content: &[u8]) -> Result<()> {
    let header = Header {
        size: content.len() as u64,
        ..*header
    };
    write_header(file, &header)?;
    file.write_all(content)?;
    write_padding(file, header.size)
}

/// Writes the zero bytes after `size` bytes of content.
///
/// # Errors
/// Those of writing.
pub fn write_padding(file: &mut impl Write, size: u64) -> Result<()> {
    let pad = (size.next_multiple_of(BLOCK as u64) - size) as usize;
    Ok(file.write_all(&[0; BLOCK][..pad])?)
}

/// Writes the end of an archive.
///
/// # Errors
/// Those of writing.
pub fn write_end(file: &mut impl Write) -> Result<()> {
    Ok(file.write_all(&[0; 2 * BLOCK])?)
}

/// Writes an entry's header and the PAX header that it needs; its content and [`write_padding`] follow.
///
/// # Errors
/// Those of writing.
pub fn write_header(file: &mut impl Write, header: &Header) -> Result<()> {
    let mut records = Vec::new();
    let mut record = |key: &[u8], value: &[u8]| {
        // The length counts itself.
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        records.extend_from_slice(format!("{length} ").as_bytes());
        records.extend_from_slice(key);
        records.push(b'=');
        records.extend_from_slice(value);
        records.push(b'\n');
    };
    let split = split(header.path);
    if split.is_none() {
        record(b"path", header.path);
    }
    if header.link.len() > 100 {
        record(b"linkpath", header.link);
    }
    for (key, number, limit) in [
        ("size", header.size, 0o77_777_777_777),
        ("mtime", header.mtime, 0o77_777_777_777),
        ("uid", u64::from(header.uid), 0o7_777_777),
        ("gid", u64::from(header.gid), 0o7_777_777),
    ] {
        if number > limit {
            record(key.as_bytes(), number.to_string().as_bytes());
        }
    }
    for (key, name) in [(&b"uname"[..], header.user), (b"gname", header.group)] {
        if name.len() > 31 {
            record(key, name);
        }
    }
    if let Some(digest) = header.checksum {
        record(b"APK-TOOLS.checksum.SHA1", digest.hex().as_bytes());
    }
    for (name, value) in header.xattrs {
        record(&[b"SCHILY.xattr.", &name[..]].concat(), value);
    }
    if !records.is_empty() {
        let pax = Header {
            size: records.len() as u64,
            mtime: header.mtime,
            ..Header::new(b"./PaxHeaders/x", b'x', 0o644)
        };
        file.write_all(&block(&pax, (b"", b"./PaxHeaders/x")))?;
        file.write_all(&records)?;
        write_padding(file, pax.size)?;
    }
    let tail = header.path.len().saturating_sub(100);
    let split = split.unwrap_or((b"", &header.path[tail..]));
    Ok(file.write_all(&block(header, split))?)
}

/// A path as prefix and name; none if it does not fit.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= 100 {
        return Some((b"", path));
    }
    let slash =
        (1..path.len().min(156)).find(|at| path[*at] == b'/' && path.len() - at - 1 <= 100)?;
    (slash + 1 < path.len()).then(|| (&path[..slash], &path[slash + 1..]))
}

fn block(header: &Header, (prefix, name): (&[u8], &[u8])) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    let octal = |number: u64, digits: usize| {
        let number = if number >> (3 * digits) == 0 {
            number
        } else {
            0
        };
        format!("{number:0digits$o}")
    };
    put(0, name);
    put(100, octal(u64::from(header.mode), 7).as_bytes());
    put(108, octal(u64::from(header.uid), 7).as_bytes());
    put(116, octal(u64::from(header.gid), 7).as_bytes());
    put(124, octal(header.size, 11).as_bytes());
    put(136, octal(header.mtime, 11).as_bytes());
    put(148, b"        ");
    put(156, &[header.kind]);
    put(157, &header.link[..header.link.len().min(100)]);
    put(257, b"ustar\x0000");
    put(265, &header.user[..header.user.len().min(31)]);
    put(297, &header.group[..header.group.len().min(31)]);
    put(329, octal(u64::from(header.device.0), 7).as_bytes());
    put(337, octal(u64::from(header.device.1), 7).as_bytes());
    put(345, prefix);
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
