//! What is read of a package is what was in the tree that it was made of.

use crate::place::{Place, spec};
use oil::format::compress::Compression;
use oil::make::{write_v2, write_v3};
use oil::package::EntryKind;
use oil::stream::{PackageReader, Trust};
use std::fs;
use std::path::Path;

#[test]
fn entries_are_those_of_the_tree() {
    let place = Place::new(&[]);
    let tree = place.tree();
    let mut v3 = Vec::new();
    write_v3(
        &mut v3,
        &spec("thing"),
        Some(&tree),
        &[],
        Compression::Zstd(0),
    )
    .unwrap();
    let mut v2 = Vec::new();
    write_v2(
        &mut v2,
        &spec("thing"),
        Some(&tree),
        &[],
        place.folder.path(),
    )
    .unwrap();
    for file in [v2, v3] {
        let mut package = PackageReader::open(&file[..], &Trust::Anything).unwrap();
        let known = package.entries().map(|all| all.unwrap());
        let mut entries = Vec::new();
        while let Some(entry) = package.next_entry().unwrap() {
            let mut content = Vec::new();
            while let Some(piece) = package.chunk().unwrap() {
                content.extend_from_slice(piece);
            }
            let path = place
                .path("tree")
                .join(std::str::from_utf8(&entry.path).unwrap());
            match &entry.kind {
                EntryKind::File => {
                    assert_eq!(content, fs::read(path).unwrap());
                    assert_eq!(package.content_digest(), entry.digest);
                }
                EntryKind::Directory => assert!(path.is_dir()),
                EntryKind::Symlink(target) => {
                    let target = Path::new(std::str::from_utf8(target).unwrap());
                    assert_eq!(fs::read_link(path).unwrap(), target);
                }
                EntryKind::HardLink(target) => assert_eq!(target, b"usr/bin/again"),
                other => panic!("{other:?}"),
            }
            entries.push(entry);
        }
        assert!(known.is_none_or(|known| known == entries));
        assert!(entries.iter().any(|entry| entry.path == b"usr/share/a-b/f"));
        let metadata = package.finish().unwrap();
        assert_eq!(metadata.info.name, "thing");
        assert_eq!(metadata.info.installed_size, 300_000 + 6 + 1 + 1 + 5 + 4);
    }
}
