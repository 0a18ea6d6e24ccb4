use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use proptest::prelude::*;

use super::read::{Found, Tree, read};
use super::*;

fn round_trip(archive: &Archive) -> Tree {
    let bytes = archive.to_bytes().unwrap();
    assert_eq!(bytes.len() as u64, archive.size());
    let mut names = Vec::new();
    let tree = read(&bytes, &mut names).unwrap();
    assert_eq!(names.len(), archive.len());
    assert!(names.is_sorted());
    tree
}

fn get<'a>(tree: &'a Tree, name: &str) -> &'a Found {
    &tree[name.as_bytes()]
}

/// One of everything.
fn sample() -> Archive {
    let mut archive = Archive::new(1_700_000_000);
    let own = Meta {
        mode: 0o4755,
        uid: 12,
        gid: 34,
    };
    archive.add_dir("dev", Meta::root(0o755)).unwrap();
    archive
        .add_node("dev/console", Meta::root(0o600), Node::Char(5, 1))
        .unwrap();
    archive
        .add_node("dev/vda", Meta::root(0o660), Node::Block(254, 300))
        .unwrap();
    archive
        .add_node("dev/pipe", Meta::root(0o622), Node::Fifo)
        .unwrap();
    archive.add_file("init", own, "#!/bin/sh\n").unwrap();
    archive.add_hard_link("sbin-init", "init").unwrap();
    archive.add_hard_link("a-init", "init").unwrap();
    archive.add_file("empty", Meta::root(0o644), "").unwrap();
    archive
        .add_symlink("sh", "dev/../init", Meta::root(0o777))
        .unwrap();
    archive
}

#[test]
fn one_of_everything() {
    let tree = round_trip(&sample());
    assert_eq!(get(&tree, "dev").mode, 0o040_755);
    assert_eq!(get(&tree, "dev/console").mode, 0o020_600);
    assert_eq!(get(&tree, "dev/console").rdev, (5, 1));
    assert_eq!(get(&tree, "dev/vda").mode, 0o060_660);
    assert_eq!(get(&tree, "dev/vda").rdev, (254, 300));
    assert_eq!(get(&tree, "dev/pipe").mode, 0o010_622);
    assert_eq!(get(&tree, "sh").mode, 0o120_777);
    assert_eq!(get(&tree, "sh").data, b"dev/../init");
    assert_eq!(get(&tree, "empty").data, b"");
    let first = get(&tree, "a-init");
    assert_eq!(first.data, b"#!/bin/sh\n");
    assert_eq!((first.mode, first.uid, first.gid), (0o104_755, 12, 34));
    for name in ["init", "sbin-init"] {
        assert_eq!(get(&tree, name).link.as_deref(), Some(&b"a-init"[..]));
    }
    assert!(tree.values().all(|found| found.mtime == 1_700_000_000));
}

/// The bytes, written down from the kernel's description of the format.
#[test]
fn the_bytes_of_a_small_archive() {
    let mut archive = Archive::new(1);
    archive.add_file("ab", Meta::root(0o644), "xyz").unwrap();
    let zeros = "00000000";
    let expected = format!(
        "070701{zeros}000081A4{zeros}{zeros}0000000100000001{}{zeros}{zeros}{zeros}{zeros}{}{zeros}ab\0\0\0\0xyz\0\
         070701{zeros}{zeros}{zeros}{zeros}00000001{zeros}{zeros}{zeros}{zeros}{zeros}{zeros}{}{zeros}TRAILER!!!\0\0\0\0",
        "00000003", "00000003", "0000000B"
    );
    // 110 + 3 bytes of header and name are padded by 3.
    let bytes = archive.to_bytes().unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    let bare = archive.without_trailer().to_bytes().unwrap();
    assert_eq!(bare.len(), 120);
    assert!(expected.as_bytes().starts_with(&bare));
}

#[test]
fn names_that_are_refused() {
    let mut archive = Archive::new(0);
    let long = "x/".repeat(2048) + "x";
    for name in [
        "",
        "/etc",
        "a//b",
        "a/",
        "./a",
        "a/.",
        "..",
        "a/../b",
        "a\0b",
        "TRAILER!!!",
        &long,
    ] {
        let error = archive.add_file(name, Meta::root(0o644), "").unwrap_err();
        assert!(matches!(error, Error::Entry { .. }), "{name}: {error}");
    }
    archive.add_dir(".", Meta::root(0o700)).unwrap();
    archive
        .add_file("d/TRAILER!!!", Meta::root(0o644), "")
        .unwrap();
    let twice = archive
        .add_dir("d/TRAILER!!!", Meta::root(0o755))
        .unwrap_err();
    assert!(twice.to_string().contains("in the archive already"));
    assert!(archive.add_dir("m", Meta::root(0o10_000)).is_err());
    for target in ["", "a\0b", &long] {
        assert!(archive.add_symlink("s", target, Meta::root(0o777)).is_err());
    }
    assert!(archive.add_hard_link("h", "absent").is_err());
    assert!(archive.add_hard_link("h", ".").is_err());
    assert_eq!(archive.len(), 2, "what is refused leaves nothing");
}

/// A tree on disk with one of everything that its user may make.
fn tree_on_disk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(root.join("usr/bin")).unwrap();
    fs::write(root.join("usr/bin/tool"), vec![7; 300_001]).unwrap();
    fs::set_permissions(
        root.join("usr/bin/tool"),
        fs::Permissions::from_mode(0o4755),
    )
    .unwrap();
    fs::hard_link(root.join("usr/bin/tool"), root.join("usr/alias")).unwrap();
    symlink("usr/bin", root.join("bin")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("pipe"),
        rustix::fs::FileType::Fifo,
        0o622.into(),
        0,
    )
    .unwrap();
    fs::set_permissions(root.join("pipe"), fs::Permissions::from_mode(0o622)).unwrap();
    dir
}

#[test]
fn a_tree_on_disk() {
    let dir = tree_on_disk();
    let root = dir.path();
    let archive = Archive::from_tree(root, 42).unwrap();
    let tree = round_trip(&archive);
    let names: Vec<_> = tree
        .keys()
        .map(|name| String::from_utf8_lossy(name))
        .collect();
    let mut expected = vec!["bin", "pipe", "usr", "usr/alias", "usr/bin", "usr/bin/tool"];
    if !rustix::process::geteuid().is_root() {
        expected.insert(0, ".");
    }
    assert_eq!(names, expected);
    assert_eq!(get(&tree, "usr/alias").data, vec![7; 300_001]);
    assert_eq!(
        get(&tree, "usr/bin/tool").link.as_deref(),
        Some(&b"usr/alias"[..])
    );
    assert_eq!(get(&tree, "usr/bin/tool").mode, 0o104_755);
    assert_eq!(get(&tree, "bin").data, b"usr/bin");
    assert_eq!(get(&tree, "pipe").mode, 0o010_622);

    // The same tree made in another order, at another time and place, gives the same bytes.
    let copy = tempfile::tempdir().unwrap();
    let status = Command::new("cp")
        .arg("-a")
        .arg(root)
        .arg(copy.path().join("r"))
        .status();
    assert!(status.unwrap().success());
    let again = Archive::from_tree(&copy.path().join("r"), 42).unwrap();
    assert_eq!(again.to_bytes().unwrap(), archive.to_bytes().unwrap());
    assert_ne!(
        Archive::from_tree(root, 43).unwrap().to_bytes().unwrap(),
        archive.to_bytes().unwrap()
    );
}

#[test]
fn the_top_folder_counts_when_it_is_unusual() {
    let dir = tree_on_disk();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let tree = round_trip(&Archive::from_tree(dir.path(), 0).unwrap());
    assert_eq!(get(&tree, ".").mode, 0o040_700);
}

#[test]
fn one_name_of_several_outside_the_root() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("root")).unwrap();
    fs::write(dir.path().join("root/a"), "x").unwrap();
    fs::hard_link(dir.path().join("root/a"), dir.path().join("outside")).unwrap();
    let archive = Archive::from_tree(&dir.path().join("root"), 0).unwrap();
    let tree = round_trip(&archive);
    assert_eq!(
        (&*get(&tree, "a").data, &get(&tree, "a").link),
        (&b"x"[..], &None)
    );
}

#[test]
fn a_file_too_large_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = fs::File::create(dir.path().join("huge")).unwrap();
    file.set_len(1 << 32).unwrap();
    let text = Archive::from_tree(dir.path(), 0).unwrap_err().to_string();
    assert!(text.contains("huge") && text.contains("4 GiB"), "{text}");
    file.set_len((1 << 32) - 1).unwrap();
    let archive = Archive::from_tree(dir.path(), 0).unwrap();
    assert!(archive.size() > 0xffff_ffff);
}

#[test]
fn a_socket_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(dir.path().join("sock")).unwrap();
    let text = Archive::from_tree(dir.path(), 0).unwrap_err().to_string();
    assert!(text.contains("sock") && text.contains("socket"), "{text}");
}

#[test]
fn a_root_that_is_not_there_or_no_folder() {
    let text = Archive::from_tree("/nonexistent".as_ref(), 0)
        .unwrap_err()
        .to_string();
    assert!(text.starts_with("cannot read /nonexistent: "), "{text}");
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(Archive::from_tree(file.path(), 0).is_err());
}

#[test]
fn a_file_that_changes_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("growing");
    for (then, now) in [("abc", "abcdef"), ("abc", "ab"), ("abc", ""), ("", "a")] {
        fs::write(&path, then).unwrap();
        let archive = Archive::from_tree(dir.path(), 0).unwrap();
        fs::write(&path, now).unwrap();
        let text = archive.to_bytes().unwrap_err().to_string();
        assert!(
            text.contains("growing") && text.contains("changed"),
            "{then} {now}: {text}"
        );
    }
    fs::remove_file(&path).unwrap();
    fs::write(&path, "a").unwrap();
    let archive = Archive::from_tree(dir.path(), 0).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        archive.to_bytes().unwrap_err(),
        Error::Read { .. }
    ));
}

/// cpio(1) unpacks what we write. Where it is not installed the other tests' reader, which follows the kernel, remains.
#[test]
fn cpio_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::new(1_600_000_000);
    archive.add_dir("d", Meta::root(0o750)).unwrap();
    archive
        .add_file("d/file", Meta::root(0o644), "text")
        .unwrap();
    archive.add_hard_link("d/again", "d/file").unwrap();
    archive
        .add_symlink("link", "d/file", Meta::root(0o777))
        .unwrap();
    fs::write(dir.path().join("a.cpio"), archive.to_bytes().unwrap()).unwrap();
    let output = Command::new("cpio")
        .args([
            "-i",
            "--quiet",
            "-F",
            "a.cpio",
            "--preserve-modification-time",
        ])
        .current_dir(dir.path())
        .output();
    let output = match output {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            eprintln!("not tried: cpio(1) is not installed here");
            return;
        }
        output => output.unwrap(),
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(fs::read(dir.path().join("link")).unwrap(), b"text");
    assert_eq!(fs::read(dir.path().join("d/again")).unwrap(), b"text");
    let mode = fs::metadata(dir.path().join("d"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o750);
}

/// A path, what stands there (0 folder, 1 file, 2 link, 3 device), contents, permissions, user id.
type Item = (String, u8, Vec<u8>, u32, u32);

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = (
        "[a-c]{1,3}(/[a-c.]{1,6}){0,3}",
        0..4_u8,
        proptest::collection::vec(any::<u8>(), 0..40),
        0..0o10_000_u32,
        any::<u32>(),
    );
    proptest::collection::vec(item, 0..30)
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(items in items(), mtime in any::<u32>()) {
        let mut archive = Archive::new(mtime);
        let mut expected = Tree::new();
        for (path, kind, data, mode, uid) in items {
            let meta = Meta { mode, uid, gid: uid ^ 1 };
            let mut found = Found {
                mode, uid, gid: uid ^ 1, mtime, rdev: (0, 0), data: Vec::new(), link: None,
            };
            let added = match kind {
                0 => {
                    found.mode |= S_IFDIR;
                    archive.add_dir(&path, meta)
                }
                1 => {
                    found.mode |= S_IFREG;
                    found.data = data.clone();
                    archive.add_file(&path, meta, data)
                }
                2 => {
                    found.mode |= S_IFLNK;
                    found.data = data.clone();
                    archive.add_symlink(&path, OsStr::from_bytes(&data), meta)
                }
                _ => {
                    found.mode |= S_IFCHR;
                    found.rdev = (uid, mode);
                    archive.add_node(&path, meta, Node::Char(uid, mode))
                }
            };
            if added.is_ok() {
                expected.insert(path.into_bytes(), found);
            }
        }
        prop_assert_eq!(round_trip(&archive), expected);
    }
}
