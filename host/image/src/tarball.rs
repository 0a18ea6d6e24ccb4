//! The root as one compressed tar archive: a layer of a container image, and by itself what `docker import` and
//! `wsl --import` take (docs/decisions/0015-container.md).
//!
//! Entries are sorted by path and carry one time; owners, permissions, device numbers, hard links and extended
//! attributes are the tree's.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use alpenglow_builder::debian::hex;
use alpenglow_forge::tree;
use sha2::{Digest as _, Sha256};
use tar::EntryType;

use self::write::{Head, Writer};
use crate::cpio::Meta;
use crate::output::Output;
use crate::{Compression, Error, Result};

mod attribute;
#[cfg(test)]
mod tests;
pub(crate) mod write;

/// Names that begin so tell a container engine what to delete of the layers below (OCI Image Spec 1.1, layer.md,
/// "Whiteouts"), so no file can be called so.
const WHITEOUT: &[u8] = b".wh.";

/// What an image says of a layer (OCI Image Spec 1.1, descriptor.md and config.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// The file's length in bytes.
    pub bytes: u64,
    /// SHA-256 of the archive before it was compressed, in hexadecimal.
    pub diff_id: String,
    /// How it was compressed.
    pub kind: Compression,
}

/// Makes an archive of everything below `root`, compressed as `kind` says; `time`, in seconds since 1970, is that of every
/// entry.
///
/// # Errors
/// [`Error::Entry`] for what an archive cannot hold; [`Error::Read`], [`Error::Write`].
pub fn build(root: &Path, out: &Path, time: u32, kind: Compression) -> Result<Layer> {
    let mut file = Output::new(out, 0o644)?;
    let failed = |source: io::Error| match source.raw_os_error() {
        // What the system says, it says of the file; the rest is the compressor's own.
        Some(_) => Error::write(out)(source),
        None => Error::Compress {
            kind: kind.name(),
            source,
        },
    };
    let mut packed = Hashing::new(&mut file);
    let mut plain = Hashing::new(kind.archive_encoder(&mut packed)?);
    let mut writer = Writer::new(&mut plain, time);
    add(&mut writer, root, &failed)?;
    writer.finish().map_err(failed)?;
    let (encoder, diff_id) = plain.finish();
    encoder.finish().map_err(failed)?;
    let (_, digest) = packed.finish();
    Ok(Layer {
        digest,
        bytes: file.finish()?,
        diff_id,
        kind,
    })
}

/// Adds everything below `root`. The top folder itself is left out, unless its owner or permissions differ from what it
/// is given anyway (root's, 0755).
fn add<W: Write>(
    writer: &mut Writer<W>,
    root: &Path,
    failed: &impl Fn(io::Error) -> Error,
) -> Result<()> {
    let top = root.metadata().map_err(Error::read(root))?;
    if !top.is_dir() {
        return Err(Error::entry(root, "it is no folder"));
    }
    let attributes = attribute::of(root)?;
    if meta_of(&top) != Meta::root(0o755) || !attributes.is_empty() {
        let mut head = Head::new(b"./".to_vec(), EntryType::Directory, meta_of(&top));
        head.attributes = attributes;
        writer.head(&head).map_err(failed)?;
    }
    // Device and inode number of files with several names, and the first name.
    let mut known: BTreeMap<(u64, u64), Vec<u8>> = BTreeMap::new();
    for (path, found) in tree::walk(root)? {
        let place = root.join(&path);
        let mut head = head(&path, &place, &found)?;
        if found.is_file() && found.nlink() > 1 {
            let first = known
                .entry((found.dev(), found.ino()))
                .or_insert_with(|| head.name.clone());
            if *first != head.name {
                head.kind = EntryType::Link;
                head.link.clone_from(first);
                writer.head(&head).map_err(failed)?;
                continue;
            }
        }
        head.attributes = attribute::of(&place)?;
        if found.is_file() {
            writer.file(head, &place, found.len(), failed)?;
        } else {
            writer.head(&head).map_err(failed)?;
        }
    }
    Ok(())
}

/// What an entry says of a file that was found, but for its extended attributes.
fn head(path: &Path, place: &Path, found: &Metadata) -> Result<Head> {
    let whiteout = path
        .file_name()
        .is_some_and(|name| name.as_bytes().starts_with(WHITEOUT));
    if whiteout {
        return Err(Error::entry(
            place,
            "in a container image a name with '.wh.' in front means that a file is deleted: rename it",
        ));
    }
    let kind = found.file_type();
    let mut name = path.as_os_str().as_bytes().to_vec();
    let kind = if kind.is_dir() {
        name.push(b'/');
        EntryType::Directory
    } else if kind.is_symlink() {
        EntryType::Symlink
    } else if kind.is_file() {
        EntryType::Regular
    } else if kind.is_char_device() {
        EntryType::Char
    } else if kind.is_block_device() {
        EntryType::Block
    } else if kind.is_fifo() {
        EntryType::Fifo
    } else {
        return Err(Error::entry(
            place,
            "it is a socket, which only a running program has: remove it from the root",
        ));
    };
    let mut head = Head::new(name, kind, meta_of(found));
    match kind {
        EntryType::Symlink => {
            let target = place.read_link().map_err(Error::read(place))?;
            head.link = target.into_os_string().as_bytes().to_vec();
        }
        EntryType::Char | EntryType::Block => {
            let device = found.rdev();
            head.device = (rustix::fs::major(device), rustix::fs::minor(device));
        }
        _ => {}
    }
    Ok(head)
}

fn meta_of(found: &Metadata) -> Meta {
    Meta {
        mode: found.mode() & 0o7777,
        uid: found.uid(),
        gid: found.gid(),
    }
}

/// Hands on what is written and knows its SHA-256.
struct Hashing<W> {
    out: W,
    digest: Sha256,
}

impl<W: Write> Hashing<W> {
    fn new(out: W) -> Self {
        Self {
            out,
            digest: Sha256::new(),
        }
    }

    /// The writer, and the digest in hexadecimal.
    fn finish(self) -> (W, String) {
        (self.out, hex(&self.digest.finalize()))
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
