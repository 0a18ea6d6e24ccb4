//! Entries as bytes: headers of POSIX.1-1988 ("ustar"), and before them the extended headers of POSIX.1-2001 ("pax")
//! for what those have no place for (pax(1p), "pax Interchange Format").

use std::io::{self, Write};
use std::path::Path;

use tar::{Builder, EntryType, Header};

use crate::cpio::Meta;
use crate::{Error, Result, data};

/// Bytes that a header has for a name or a link's target.
const NAME: usize = 100;
/// What lengths are rounded up to.
const BLOCK: u64 = 512;
/// How extended attributes are named in extended headers, by star, GNU tar, bsdtar and container engines.
const ATTRIBUTE: &str = "SCHILY.xattr.";

/// What an entry says beside a file's contents.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The path, relative, that of a folder with a slash at its end.
    pub(crate) name: Vec<u8>,
    pub(crate) kind: EntryType,
    pub(crate) meta: Meta,
    /// A symbolic link's target, or the name of the file that a hard link is another name of.
    pub(crate) link: Vec<u8>,
    /// A device's major and minor number.
    pub(crate) device: (u32, u32),
    /// Extended attributes by name, sorted.
    pub(crate) attributes: Vec<(String, Vec<u8>)>,
}

impl Head {
    pub(crate) fn new(name: Vec<u8>, kind: EntryType, meta: Meta) -> Head {
        Head {
            name,
            kind,
            meta,
            link: Vec::new(),
            device: (0, 0),
            attributes: Vec::new(),
        }
    }
}

/// An archive in the making.
pub(crate) struct Writer<W: Write> {
    builder: Builder<W>,
    time: u32,
}

impl<W: Write> Writer<W> {
    /// `time`, in seconds since 1970, is that of every entry.
    pub(crate) fn new(out: W, time: u32) -> Self {
        Self {
            builder: Builder::new(out),
            time,
        }
    }

    /// Writes an entry without contents.
    pub(crate) fn head(&mut self, head: &Head) -> io::Result<()> {
        self.entry(head, 0)
    }

    /// Writes a file and its contents, those at `place`, which has `length` bytes.
    pub(crate) fn file(
        &mut self,
        head: Head,
        place: &Path,
        length: u64,
        failed: &impl Fn(io::Error) -> Error,
    ) -> Result<()> {
        self.entry(&head, length).map_err(failed)?;
        data::copy(place, length, self.builder.get_mut(), failed)?;
        self.pad(length).map_err(failed)
    }

    /// Writes a file of root's that everybody may read.
    pub(crate) fn bytes(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        let head = Head::new(name.into(), EntryType::Regular, Meta::root(0o644));
        self.entry(&head, length)?;
        self.builder.get_mut().write_all(bytes)?;
        self.pad(length)
    }

    /// Ends the archive.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.builder.into_inner().map(drop)
    }

    fn entry(&mut self, head: &Head, length: u64) -> io::Result<()> {
        let mut more: Vec<(String, &[u8])> = Vec::new();
        let mut header = Header::new_ustar();
        let fields = header.as_old_mut();
        for (key, field, value) in [
            ("path", &mut fields.name, &head.name),
            ("linkpath", &mut fields.linkname, &head.link),
        ] {
            let short = value.len().min(NAME);
            field[..short].copy_from_slice(&value[..short]);
            if value.len() > NAME {
                more.push((key.to_owned(), value));
            }
        }
        for (name, value) in &head.attributes {
            more.push((format!("{ATTRIBUTE}{name}"), value));
        }
        let more = more.iter().map(|(key, value)| (key.as_str(), *value));
        self.builder.append_pax_extensions(more)?;
        header.set_entry_type(head.kind);
        header.set_mode(head.meta.mode);
        header.set_uid(head.meta.uid.into());
        header.set_gid(head.meta.gid.into());
        header.set_mtime(self.time.into());
        header.set_size(length);
        header.set_device_major(head.device.0)?;
        header.set_device_minor(head.device.1)?;
        header.set_cksum();
        self.builder.get_mut().write_all(header.as_bytes())
    }

    /// Fills the last block of so many bytes up.
    fn pad(&mut self, length: u64) -> io::Result<()> {
        let zeros = length.next_multiple_of(BLOCK) - length;
        let zeros = &[0; BLOCK as usize][..zeros as usize];
        self.builder.get_mut().write_all(zeros)
    }
}
