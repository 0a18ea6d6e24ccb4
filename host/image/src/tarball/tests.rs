use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use flate2::read::GzDecoder;
use rustix::fs::{CWD, FileType, XattrFlags, lsetxattr, mknodat};

use super::*;

const TIME: u32 = 1_700_000_000;

/// A path longer than a header's place for it.
fn long() -> PathBuf {
    Path::new("usr").join("n".repeat(120))
}

/// A tree with one of everything that its user may make.
fn sample() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(root.join("usr/bin")).unwrap();
    fs::create_dir(root.join("tmp")).unwrap();
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    fs::write(root.join("usr/bin/tool"), vec![7; 300_001]).unwrap();
    let mode = fs::Permissions::from_mode(0o4755);
    fs::set_permissions(root.join("usr/bin/tool"), mode).unwrap();
    fs::hard_link(root.join("usr/bin/tool"), root.join("usr/alias")).unwrap();
    fs::write(root.join(long()), "long").unwrap();
    fs::write(root.join("usr.conf"), "").unwrap();
    symlink("usr/bin", root.join("bin")).unwrap();
    symlink("x".repeat(150), root.join("far")).unwrap();
    mknodat(CWD, root.join("pipe"), FileType::Fifo, 0o622.into(), 0).unwrap();
    fs::set_permissions(root.join("pipe"), fs::Permissions::from_mode(0o622)).unwrap();
    dir
}

/// An entry as it is read back.
#[derive(Debug, PartialEq)]
struct Found {
    name: String,
    kind: EntryType,
    mode: u32,
    owner: (u64, u64),
    link: Option<String>,
    data: Vec<u8>,
    attributes: Vec<(String, Vec<u8>)>,
}

fn unpacked(file: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut decoder = GzDecoder::new(fs::File::open(file).unwrap());
    decoder.read_to_end(&mut bytes).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    for entry in tar::Archive::new(bytes).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut attributes = Vec::new();
        for one in entry.pax_extensions().unwrap().into_iter().flatten() {
            let one = one.unwrap();
            if let Some(name) = one.key().unwrap().strip_prefix("SCHILY.xattr.") {
                attributes.push((name.to_owned(), one.value_bytes().to_vec()));
            }
        }
        let header = entry.header();
        assert_eq!(header.mtime().unwrap(), u64::from(TIME));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut one = Found {
            name: text(&entry.path_bytes()),
            kind: header.entry_type(),
            mode: header.mode().unwrap(),
            owner: (header.uid().unwrap(), header.gid().unwrap()),
            link: entry.link_name_bytes().map(|bytes| text(&bytes)),
            data: Vec::new(),
            attributes,
        };
        entry.read_to_end(&mut one.data).unwrap();
        found.push(one);
    }
    found
}

/// Builds an archive of a tree and reads it back.
fn archive(root: &Path) -> (Layer, Vec<u8>, Vec<Found>) {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("root.tar.gz");
    let layer = build(root, &file, TIME, Compression::Gzip).unwrap();
    let packed = fs::read(&file).unwrap();
    assert_eq!(layer.bytes, packed.len() as u64);
    assert_eq!(layer.digest, hex(&Sha256::digest(&packed)));
    let plain = unpacked(&file);
    assert_eq!(layer.diff_id, hex(&Sha256::digest(&plain)));
    let found = read(&plain);
    (layer, packed, found)
}

#[test]
fn a_tree_comes_back() {
    let dir = sample();
    let (_, _, found) = archive(dir.path());
    let names: Vec<&str> = found.iter().map(|one| &*one.name).collect();
    let long = long().to_str().unwrap().to_owned();
    let mut expected = vec![
        "bin",
        "far",
        "pipe",
        "tmp/",
        "usr/",
        "usr/alias",
        "usr/bin/",
        "usr/bin/tool",
        &long,
        "usr.conf",
    ];
    let own = rustix::process::geteuid();
    if !own.is_root() {
        expected.insert(0, "./");
    }
    assert_eq!(names, expected);
    let get = |name: &str| found.iter().find(|one| one.name == name).unwrap();
    assert_eq!(get("bin").link.as_deref(), Some("usr/bin"));
    assert_eq!(get("far").link, Some("x".repeat(150)));
    assert_eq!(get("far").kind, EntryType::Symlink);
    assert_eq!(
        (get("pipe").kind, get("pipe").mode),
        (EntryType::Fifo, 0o622)
    );
    assert_eq!(
        (get("tmp/").kind, get("tmp/").mode),
        (EntryType::Directory, 0o1777)
    );
    let first = get("usr/alias");
    assert_eq!((first.kind, first.mode), (EntryType::Regular, 0o4755));
    assert_eq!(first.data, vec![7; 300_001]);
    assert_eq!(first.owner.0, u64::from(own.as_raw()));
    let second = get("usr/bin/tool");
    assert_eq!(second.kind, EntryType::Link);
    assert_eq!(second.link.as_deref(), Some("usr/alias"));
    assert_eq!(get(&long).data, b"long");
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let dir = sample();
    let (_, first, _) = archive(dir.path());
    let copy = tempfile::tempdir().unwrap();
    let again = copy.path().join("again");
    let mut command = Command::new("cp");
    let status = command.arg("-a").arg(dir.path()).arg(&again).status();
    assert!(status.unwrap().success());
    // At another time, and found in another order.
    fs::remove_file(again.join("usr.conf")).unwrap();
    fs::write(again.join("usr.conf"), "").unwrap();
    assert_eq!(archive(&again).1, first);
    fs::write(again.join("usr.conf"), "x").unwrap();
    assert_ne!(archive(&again).1, first);
}

#[test]
fn extended_attributes_that_belong_to_the_root() {
    let dir = sample();
    let set = |path: &str, name: &str, value: &[u8]| {
        lsetxattr(dir.path().join(path), name, value, XattrFlags::empty())
    };
    if set("usr.conf", "user.b", b"two").is_err() {
        eprintln!("not tried: the file system of temporary files has no extended attributes");
        return;
    }
    set("usr.conf", "user.a", b"one\0=").unwrap();
    set("tmp", "user.c", b"").unwrap();
    let _ = set("usr.conf", "security.selinux", b"label\0");
    let _ = set("usr.conf", "trusted.own", b"x");
    // VFS_CAP_REVISION_2 with cap_net_raw, permitted and effective (linux/capability.h).
    let capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let capable = set("usr/alias", "security.capability", &capability).is_ok();
    let (_, _, found) = archive(dir.path());
    let get = |name: &str| {
        &found
            .iter()
            .find(|one| one.name == name)
            .unwrap()
            .attributes
    };
    let own = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    assert_eq!(
        *get("usr.conf"),
        [own("user.a", b"one\0="), own("user.b", b"two")]
    );
    assert_eq!(*get("tmp/"), [own("user.c", b"")]);
    if capable {
        assert_eq!(*get("usr/alias"), [own("security.capability", &capability)]);
    }
    set("usr.conf", "user.a=b", b"x").unwrap();
    let text = build(dir.path(), &dir.path().join("out"), 0, Compression::Gzip).unwrap_err();
    assert!(text.to_string().contains("user.a=b"), "{text}");
}

#[test]
fn devices_and_owners() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tried: only root makes devices");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("vda");
    let number = rustix::fs::makedev(254, 300);
    if mknodat(CWD, &place, FileType::BlockDevice, 0o660.into(), number).is_err() {
        eprintln!("not tried: no devices can be made here");
        return;
    }
    std::os::unix::fs::lchown(&place, Some(4_000_000), Some(7)).unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("a");
    build(dir.path(), &file, TIME, Compression::Gzip).unwrap();
    let bytes = unpacked(&file);
    let found = read(&bytes);
    let one = found.iter().find(|one| one.name == "vda").unwrap();
    assert_eq!((one.kind, one.owner), (EntryType::Block, (4_000_000, 7)));
    let mut archive = tar::Archive::new(&bytes[..]);
    let entry = archive.entries().unwrap().last().unwrap().unwrap();
    let header = entry.header();
    let device = (
        header.device_major().unwrap(),
        header.device_minor().unwrap(),
    );
    assert_eq!(device, (Some(254), Some(300)));
}

#[test]
fn what_an_archive_cannot_hold_is_named_and_leaves_nothing() {
    let dir = sample();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("root.tar.gz");
    let _listener = std::os::unix::net::UnixListener::bind(dir.path().join("sock")).unwrap();
    let text = build(dir.path(), &file, 0, Compression::Gzip)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("sock") && text.contains("remove it"),
        "{text}"
    );
    fs::remove_file(dir.path().join("sock")).unwrap();
    fs::write(dir.path().join("usr/.wh.bin"), "").unwrap();
    let text = build(dir.path(), &file, 0, Compression::Gzip)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("usr/.wh.bin") && text.contains("rename it"),
        "{text}"
    );
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    let text = build(Path::new("/nonexistent"), &file, 0, Compression::Gzip)
        .unwrap_err()
        .to_string();
    assert!(text.starts_with("cannot read /nonexistent: "), "{text}");
    let text = build(
        dir.path(),
        Path::new("/proc/nowhere/x"),
        0,
        Compression::Gzip,
    )
    .unwrap_err();
    assert!(
        text.to_string().starts_with("cannot write /proc/nowhere"),
        "{text}"
    );
}

/// GNU tar unpacks what we write, as it was.
#[test]
fn tar_reads_it() {
    let dir = sample();
    let out = tempfile::tempdir().unwrap();
    let (file, to) = (out.path().join("root.tar.gz"), out.path().join("to"));
    build(dir.path(), &file, TIME, Compression::Gzip).unwrap();
    fs::create_dir(&to).unwrap();
    let output = Command::new("tar")
        .arg("-xpzf")
        .arg(&file)
        .arg("-C")
        .arg(&to)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    let difference = Command::new("diff")
        .args(["-r", "--no-dereference"])
        .arg(dir.path())
        .arg(&to)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&difference.stdout);
    // It compares no named pipes, and says so.
    let other = said.lines().filter(|line| !line.contains("is a fifo"));
    assert_eq!(other.count(), 0, "{said}");
    let found = |path: &str| fs::symlink_metadata(to.join(path)).unwrap();
    assert_eq!(found("usr/alias").ino(), found("usr/bin/tool").ino());
    assert_eq!(found("usr/alias").mode() & 0o7777, 0o4755);
    assert_eq!(found("tmp").mtime(), i64::from(TIME));
}
