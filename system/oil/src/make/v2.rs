//! Writes v2 packages, as abuild does: a signature, control and data, each a gzip member.

use super::{Spec, Tree};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::format::gzip;
use crate::format::v2::pkginfo::{self, PkgInfo};
use crate::format::v2::tar_writer::{Header, write_end, write_entry, write_header, write_padding};
use crate::keys::PrivateKey;
use crate::package::{Entry, EntryKind};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

/// Writes a package of `spec` and the files of `tree`, signed with each of `keys` (RSA with SHA-256), and gives its
/// identity: the SHA-1 of its control member. The data member waits in a nameless file in `scratch` until the control
/// member, which has its hash, is written.
///
/// # Errors
/// [`Error::Make`] if the metadata is not fit or a key is not for RSA, [`Error::Content`] if a file changed since it
/// was read, and those of writing.
pub fn write_v2(
    mut file: impl Write,
    spec: &Spec,
    tree: Option<&Tree>,
    keys: &[PrivateKey],
    scratch: &Path,
) -> Result<Digest> {
    spec.check()?;
    let mode = Mode::RUSR | Mode::WUSR;
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let scratch = rustix::fs::open(scratch, flags, mode).map_err(io::Error::from)?;
    let mut scratch = File::from(scratch);
    let data_hash = data(&scratch, tree)?;
    let mut info = spec.info.clone();
    info.installed_size = spec.installed_size(tree);
    let text = pkginfo::to_text(&PkgInfo {
        info,
        data_hash: Some(data_hash),
    });
    let mtime = spec.info.build_time;
    let mut control = Vec::new();
    let mut add = |name: &str, mode, content: &[u8]| {
        let header = Header::new(name.as_bytes(), b'0', mode);
        write_entry(&mut control, &Header { mtime, ..header }, content)
    };
    add(".PKGINFO", 0o644, text.as_bytes())?;
    for (kind, script) in &spec.scripts {
        add(&format!(".{}", kind.name()), 0o755, script)?;
    }
    let control = gzip::compress(&control, 9);
    for key in keys {
        file.write_all(&signature(key, &control)?)?;
    }
    file.write_all(&control)?;
    scratch.rewind()?;
    io::copy(&mut scratch, &mut file)?;
    file.flush()?;
    Ok(Digest::of(Algorithm::Sha1, &control))
}

/// A signature member over the compressed bytes of the member that follows it.
pub fn signature(key: &PrivateKey, member: &[u8]) -> Result<Vec<u8>> {
    if !key.is_rsa() {
        let name = key.name();
        return Err(Error::Make(format!(
            "key {name}: v2 can be signed with RSA alone"
        )));
    }
    let digest = Digest::of(Algorithm::Sha256, member);
    let bytes = key.sign(Algorithm::Sha256, &digest)?;
    let name = format!(".SIGN.RSA256.{}", key.name());
    let mut tar = Vec::new();
    write_entry(&mut tar, &Header::new(name.as_bytes(), b'0', 0o644), &bytes)?;
    Ok(gzip::compress(&tar, 9))
}

/// What is written passes through a hasher.
struct Hashed<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(data)?;
        self.hasher.update(&data[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes the data member and gives the SHA-256 of its compressed bytes.
fn data(file: &File, tree: Option<&Tree>) -> Result<Digest> {
    let hashed = Hashed {
        inner: io::BufWriter::new(file),
        hasher: Hasher::new(Algorithm::Sha256),
    };
    let level = flate2::Compression::new(6);
    let mut out = flate2::write::GzEncoder::new(hashed, level);
    if let Some(tree) = tree {
        for folder in &tree.folders {
            if !folder.entry.path.is_empty() {
                let path = [&folder.entry.path[..], b"/"].concat();
                write_header(&mut out, &tar_header(&folder.entry, &path, b'5'))?;
            }
            for node in &folder.files {
                let entry = &node.entry;
                let (kind, link): (u8, &[u8]) = match &entry.kind {
                    EntryKind::File => (b'0', b""),
                    EntryKind::HardLink(target) => (b'1', target),
                    EntryKind::Symlink(target) => (b'2', target),
                    EntryKind::Character(_) => (b'3', b""),
                    EntryKind::Block(_) => (b'4', b""),
                    EntryKind::Directory => (b'5', b""),
                    EntryKind::Fifo => (b'6', b""),
                };
                let content = entry.kind == EntryKind::File;
                let header = Header {
                    link,
                    checksum: node.sha1,
                    size: if content { entry.size } else { 0 },
                    ..tar_header(entry, &entry.path, kind)
                };
                write_header(&mut out, &header)?;
                if content {
                    tree.content(entry, |piece| Ok(out.write_all(piece)?))?;
                    write_padding(&mut out, entry.size)?;
                }
            }
        }
    }
    write_end(&mut out)?;
    let mut hashed = out.finish()?;
    hashed.flush()?;
    Ok(hashed.hasher.finish())
}

fn tar_header<'a>(entry: &'a Entry, path: &'a [u8], kind: u8) -> Header<'a> {
    let device = match entry.kind {
        EntryKind::Character(number) | EntryKind::Block(number) => {
            (rustix::fs::major(number), rustix::fs::minor(number))
        }
        _ => (0, 0),
    };
    Header {
        uid: entry.acl.uid.unwrap_or(0),
        gid: entry.acl.gid.unwrap_or(0),
        user: &entry.acl.user,
        group: &entry.acl.group,
        mtime: entry.mtime,
        device,
        xattrs: &entry.acl.xattrs,
        ..Header::new(path, kind, entry.acl.mode)
    }
}
