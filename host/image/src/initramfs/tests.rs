use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::cpio::Meta;
use crate::cpio::read::read;

fn root() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("etc")).unwrap();
    fs::write(dir.path().join("etc/shadow"), "root:*:1::::::\n").unwrap();
    fs::write(dir.path().join("init"), "#!/bin/sh\nexec sh\n").unwrap();
    dir
}

#[test]
fn a_build_is_whole_and_always_the_same() {
    let (root, out) = (root(), tempfile::tempdir().unwrap());
    let path = out.path().join("new/folder/initramfs");
    let bytes = build(root.path(), &path, Compression::None).unwrap();
    let first = fs::read(&path).unwrap();
    assert_eq!(bytes, first.len() as u64);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
        0o644
    );
    let tree = read(&first, &mut Vec::new()).unwrap();
    assert_eq!(tree[&b"init"[..]].data, b"#!/bin/sh\nexec sh\n");
    build(root.path(), &path, Compression::None).unwrap();
    assert_eq!(fs::read(&path).unwrap(), first);
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_build_that_fails_leaves_the_old_image() {
    let (root, out) = (root(), tempfile::tempdir().unwrap());
    let path = out.path().join("initramfs");
    build(root.path(), &path, Compression::Zstd).unwrap();
    let first = fs::read(&path).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("sock")).unwrap();
    build(root.path(), &path, Compression::Zstd).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), first);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let text = build(
        root().path(),
        Path::new("/proc/nowhere/initramfs"),
        Compression::None,
    )
    .unwrap_err()
    .to_string();
    assert!(text.starts_with("cannot write /proc/nowhere"), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let text = build(root().path(), dir.path(), Compression::None)
        .unwrap_err()
        .to_string();
    assert!(text.contains(&*dir.path().to_string_lossy()), "{text}");
}

#[test]
fn every_compression_makes_a_file() {
    let (root, out) = (root(), tempfile::tempdir().unwrap());
    for kind in Compression::ALL {
        let path = out.path().join(kind.name());
        let bytes = build(root.path(), &path, kind).unwrap();
        let archive = Archive::from_tree(root.path(), source_date_epoch().unwrap()).unwrap();
        let packed = kind.compress(&archive.to_bytes().unwrap()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), packed, "{kind}");
        assert_eq!(bytes, packed.len() as u64);
    }
}

#[test]
fn an_appended_archive_stands_at_a_multiple_of_4() {
    let out = tempfile::tempdir().unwrap();
    let (base, path) = (out.path().join("base"), out.path().join("whole"));
    let mut extra = Archive::new(0);
    extra
        .add_file("etc/shadow", Meta::root(0o600), "root:x:\n")
        .unwrap();
    let extra = extra.to_bytes().unwrap();
    for length in 0..9 {
        fs::write(&base, vec![b'z'; length]).unwrap();
        let bytes = append(&base, &extra, &path).unwrap();
        let whole = fs::read(&path).unwrap();
        assert_eq!(bytes, whole.len() as u64);
        let start = whole.len() - extra.len();
        assert_eq!(start % 4, 0);
        assert!(whole[..length].iter().all(|b| *b == b'z'));
        assert!(start - length >= 4 && whole[length..start].iter().all(|b| *b == 0));
        assert_eq!(whole[start..], extra);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );
    }
    // The later archive's file is the one that stays.
    build(root().path(), &base, Compression::None).unwrap();
    append(&base, &extra, &path).unwrap();
    let tree = read(&fs::read(&path).unwrap(), &mut Vec::new()).unwrap();
    assert_eq!(tree[&b"etc/shadow"[..]].data, b"root:x:\n");
    assert_eq!(tree[&b"etc/shadow"[..]].mode, 0o100_600);

    let text = append(Path::new("/nonexistent"), &extra, &path)
        .unwrap_err()
        .to_string();
    assert!(text.starts_with("cannot read /nonexistent"), "{text}");
}
