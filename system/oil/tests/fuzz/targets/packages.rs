//! Package files of both formats.

use super::Pieces;
use crate::corpus;
use oil::digest::Digest;
use oil::error::Result;
use oil::package::{Entry, EntryKind, Info, Scripts, check_path};
use oil::stream::{PackageReader, Trust, verify};
use std::collections::BTreeMap;
use std::io::Read;

#[derive(Debug, PartialEq)]
struct Seen {
    info: Info,
    scripts: Scripts,
    entries: Vec<(Entry, u64, Option<Digest>)>,
}

fn read(file: impl Read) -> Result<Seen> {
    let mut package = PackageReader::open(file, &Trust::Anything)?;
    let listed = package.entries();
    let mut entries = Vec::new();
    while let Some(entry) = package.next_entry()? {
        let mut length = 0;
        while let Some(bytes) = package.chunk()? {
            length += bytes.len() as u64;
        }
        entries.push((entry, length, package.content_digest()));
    }
    let metadata = package.finish()?;
    if let Some(listed) = listed {
        let given: Vec<&Entry> = entries.iter().map(|(entry, ..)| entry).collect();
        assert_eq!(listed?.iter().collect::<Vec<_>>(), given);
    }
    Ok(Seen {
        info: metadata.info,
        scripts: metadata.scripts,
        entries,
    })
}

/// Whole and in pieces it says the same; no path leads out or through a link; what is signed is as it was made.
pub fn package(bytes: &[u8]) {
    let whole = read(bytes);
    assert_eq!(whole.as_ref().ok(), read(Pieces(bytes, 7)).ok().as_ref());
    assert_eq!(verify(bytes, &Trust::Anything).is_ok(), whole.is_ok());
    if let Ok(signed) = verify(bytes, &Trust::Keys(corpus::trusted())) {
        let known = corpus::infos().contains(&signed.info);
        assert!(known, "{:?}", signed.info);
    }
    let Ok(seen) = whole else { return };
    let mut places = BTreeMap::new();
    for (entry, length, digest) in &seen.entries {
        if !entry.path.is_empty() {
            check_path(&entry.path).expect("checked");
        }
        match &entry.kind {
            EntryKind::File => {
                assert_eq!(entry.size, *length);
                assert!(entry.digest.is_none_or(|own| Some(own) == *digest));
            }
            EntryKind::HardLink(target) => {
                assert_eq!(places.get(target), Some(&&EntryKind::File));
            }
            _ => assert_eq!(*length, 0),
        }
        let before = places.insert(entry.path.clone(), &entry.kind);
        let again = before == Some(&EntryKind::Directory) && entry.kind == EntryKind::Directory;
        assert!(before.is_none() || again);
        let mut above = &entry.path[..];
        while let Some(slash) = above.iter().rposition(|byte| *byte == b'/') {
            above = &above[..slash];
            let place = places.get(above);
            assert!(place.is_none_or(|kind| **kind == EntryKind::Directory));
        }
    }
}
