//! `lib/apk/db/scripts.tar` or `scripts.tar.gz`: the scripts of all installed packages, a tar entry each, named
//! `name-version.X1HEX.kind`.

use super::{DIRECTORY, read_if_there};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::format::gzip::{self, Members};
use crate::format::v2::tar::{self, BLOCK};
use crate::package::{MAX_SCRIPT, ScriptKind};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A script of an installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// `name-version`.
    pub package: String,
    /// The package's identity, twenty bytes.
    pub identity: Digest,
    /// When it runs.
    pub kind: ScriptKind,
    /// Seconds since 1970 that the archive gives it.
    pub mtime: u64,
    /// Its text.
    pub content: Vec<u8>,
}

/// The file, and where and how it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripts {
    /// In the file's order.
    pub entries: Vec<Script>,
    path: PathBuf,
    compressed: bool,
}

/// All scripts together; one is at most [`MAX_SCRIPT`].
const LIMIT: u64 = 256 << 20;

impl Scripts {
    /// Of the database below `root`: `scripts.tar` if it is there, else `scripts.tar.gz`, else none.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Database`] (its line is that of the archive's block).
    pub fn read(root: &Path) -> Result<Self> {
        let directory = root.join(DIRECTORY);
        let plain = directory.join("scripts.tar");
        if let Some(bytes) = read_if_there(&plain)? {
            let entries = parse(&bytes).map_err(fault(&plain))?;
            return Ok(Self {
                entries,
                path: plain,
                compressed: false,
            });
        }
        let path = directory.join("scripts.tar.gz");
        let mut bytes = Vec::new();
        if let Some(packed) = read_if_there(&path)? {
            let packed: Box<dyn Read> = Box::new(packed.as_slice());
            let mut members = Members::new(packed);
            let left = |bytes: &Vec<u8>| LIMIT - bytes.len() as u64;
            while members.next_member(left(&bytes)).map_err(fault(&path))? {
                let read = members.read_to_end(&mut bytes);
                read.map_err(|error| fault(&path)(error.into()))?;
            }
        }
        let entries = parse(&bytes).map_err(fault(&path))?;
        Ok(Self {
            entries,
            path,
            compressed: true,
        })
    }

    /// Where it is, or will be if there is none.
    #[must_use]
    pub fn path_of(root: &Path) -> PathBuf {
        let directory = root.join(DIRECTORY);
        let plain = directory.join("scripts.tar");
        if plain.exists() {
            plain
        } else {
            directory.join("scripts.tar.gz")
        }
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same file with other scripts.
    #[must_use]
    pub fn with(self, entries: Vec<Script>) -> Self {
        Self { entries, ..self }
    }

    /// The scripts of a package.
    pub fn of<'s>(&'s self, identity: &'s Digest) -> impl Iterator<Item = &'s Script> {
        self.entries
            .iter()
            .filter(|script| script.identity == identity.short())
    }

    /// The file's path and bytes.
    #[must_use]
    pub fn to_file(&self) -> (PathBuf, Vec<u8>) {
        let mut tar = Vec::new();
        for script in &self.entries {
            let name = format!(
                "{}.{}.{}",
                script.package,
                script.identity.short().hex_text(),
                script.kind.name()
            );
            if name.len() >= 100 {
                header(&mut tar, b"././@LongLink", b'L', name.len(), 0);
                body(&mut tar, name.as_bytes());
            }
            header(
                &mut tar,
                &name.as_bytes()[..name.len().min(99)],
                b'0',
                script.content.len(),
                script.mtime,
            );
            body(&mut tar, &script.content);
        }
        tar.resize(tar.len() + 2 * BLOCK, 0);
        match self.compressed {
            true => (self.path.clone(), gzip::compress(&tar, 9)),
            false => (self.path.clone(), tar),
        }
    }
}

fn fault(path: &Path) -> impl FnOnce(Error) -> Error {
    let path = path.to_owned();
    move |error| Error::Database {
        path,
        line: match error {
            Error::Tar { offset, .. } => offset as usize / BLOCK + 1,
            _ => 1,
        },
        reason: error.to_string(),
    }
}

/// As apk writes it: the GNU form, and not that of packages (see [`crate::format::v2::tar_writer`]).
fn header(out: &mut Vec<u8>, name: &[u8], kind: u8, size: usize, mtime: u64) {
    let mut block = [0_u8; BLOCK];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000755");
    block[108..115].copy_from_slice(b"0000000");
    block[116..123].copy_from_slice(b"0000000");
    block[124..136].copy_from_slice(format!("{size:012o}").as_bytes());
    block[136..148].copy_from_slice(format!("{mtime:012o}").as_bytes());
    block[148..156].fill(b' ');
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar  \0");
    block[265..269].copy_from_slice(b"root");
    block[297..301].copy_from_slice(b"root");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out.extend_from_slice(&block);
}

fn body(out: &mut Vec<u8>, content: &[u8]) {
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

fn parse(bytes: &[u8]) -> Result<Vec<Script>> {
    let mut entries = Vec::new();
    let mut archive = tar::Reader::new(bytes);
    while let Some(header) = archive.next_entry()? {
        // Entries of other names are apk's to know.
        let name = (header.kind == b'0').then(|| split_name(&header.path));
        let Some((package, identity, kind)) = name.flatten() else {
            continue;
        };
        if header.size > MAX_SCRIPT as u64 {
            return Err(Error::Limit("a script"));
        }
        entries.push(Script {
            package,
            identity,
            kind,
            mtime: header.mtime,
            content: archive.read_all(MAX_SCRIPT as u64)?,
        });
    }
    Ok(entries)
}

fn split_name(name: &[u8]) -> Option<(String, Digest, ScriptKind)> {
    let text = std::str::from_utf8(name).ok()?;
    let (rest, kind) = text.rsplit_once('.')?;
    let (package, identity) = rest.rsplit_once('.')?;
    Some((
        package.to_owned(),
        Digest::parse(identity.as_bytes())?,
        ScriptKind::from_name(kind.as_bytes())?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_read() {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(root.path().join(DIRECTORY)).expect("a directory");
        let mut scripts = Scripts::read(root.path()).expect("none yet");
        assert!(scripts.entries.is_empty() && scripts.compressed);
        for (package, kind) in [
            ("a-1", ScriptKind::Trigger),
            (&"b".repeat(90), ScriptKind::PreDeinstall),
        ] {
            scripts.entries.push(Script {
                package: package.to_owned(),
                identity: Digest::from_bytes(&[7; 20]).expect("twenty"),
                kind,
                mtime: 1_700_000_000,
                content: b"#!/bin/sh\n".to_vec(),
            });
        }
        let (path, bytes) = scripts.to_file();
        std::fs::write(path, bytes).expect("a file");
        assert_eq!(Scripts::read(root.path()).expect("as written"), scripts);
        assert_eq!(scripts.of(&scripts.entries[0].identity).count(), 2);
    }

    #[test]
    fn faults() {
        let mut tar = Vec::new();
        header(&mut tar, b"a-1.X100.trigger", b'0', 5000, 0);
        assert!(parse(&tar).is_err());
        tar[124] = b'x';
        assert!(parse(&tar).is_err());
        assert_eq!(parse(&[0; 1024]).ok(), Some(Vec::new()));
    }
}
