//! Whole archives unpacked, good ones and bad ones.

mod common;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use alpenglow_sources::{Error, Pin, Unpack, silent};
use common::{again_as_nobody, again_in_tmpfs, files, inner, pin, sha256};
use tar::{Builder, EntryType, Header};

/// A member: type, path, contents or target, mode.
type Member<'a> = (EntryType, &'a str, &'a str, u32);

const FILE: EntryType = EntryType::Regular;
const DIR: EntryType = EntryType::Directory;
const LINK: EntryType = EntryType::Symlink;
const HARD: EntryType = EntryType::Link;

fn tar(members: &[Member<'_>]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (kind, path, text, mode) in members {
        let mut header = Header::new_gnu();
        // As raw bytes: the crate's own setter refuses what some of these tests need.
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        if matches!(*kind, LINK | HARD) {
            let target = &mut header.as_old_mut().linkname;
            target[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        header.set_mtime(1_000_000_000);
        header.set_uid(4321);
        header.set_gid(4321);
        let data = if *kind == FILE { text.as_bytes() } else { b"" };
        header.set_size(data.len() as u64);
        header.set_cksum();
        tar.append(&header, data).unwrap();
    }
    tar.into_inner().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut out = liblzma::write::XzEncoder::new(Vec::new(), 1);
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn deb(data_name: &str, data: &[u8]) -> Vec<u8> {
    let mut deb = b"!<arch>\n".to_vec();
    for (name, bytes) in [
        ("debian-binary", &b"2.0\n"[..]),
        ("control.tar.xz", &b"odd"[..]),
        (data_name, data),
    ] {
        writeln!(
            deb,
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`",
            0,
            0,
            0,
            100_644,
            bytes.len()
        )
        .unwrap();
        deb.extend(bytes);
        if bytes.len() % 2 == 1 {
            deb.push(b'\n');
        }
    }
    deb
}

/// A cache with one archive fetched.
struct Case {
    cache: PathBuf,
    _dir: Option<tempfile::TempDir>,
    pin: Pin,
    file: PathBuf,
}

impl Case {
    fn new(bytes: &[u8]) -> Case {
        let dir = tempfile::tempdir().unwrap();
        let mut case = Case::at(dir.path(), dir.path(), bytes);
        case._dir = Some(dir);
        case
    }

    fn at(cache: &Path, archive: &Path, bytes: &[u8]) -> Case {
        let file = archive.join("archive");
        fs::write(&file, bytes).unwrap();
        Case {
            cache: cache.join("cache"),
            _dir: None,
            pin: pin("1", "pool/archive", bytes),
            file,
        }
    }

    fn member(mut self, member: &str) -> Case {
        self.pin.unpack = Some(member.to_owned());
        self
    }

    fn unpacker(&self) -> Unpack {
        Unpack::new(&self.cache, rustix::process::geteuid().as_raw())
    }

    fn unpack(&self) -> Result<PathBuf, Error> {
        self.unpacker().unpack("a", &self.pin, &self.file, &silent)
    }

    /// The message of an archive that must be refused, leaving nothing.
    fn refused(&self) -> String {
        let text = self.unpack().expect_err("must be refused").to_string();
        assert!(text.contains(&*self.file.to_string_lossy()), "{text}");
        assert!(files(&self.cache).is_empty());
        let left: Vec<_> = fs::read_dir(self.cache.join("unpacked"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().is_dir())
            .collect();
        assert!(left.is_empty(), "{left:?}");
        text
    }
}

fn good() -> Vec<u8> {
    tar(&[
        (DIR, "a-1/", "", 0o555),
        (FILE, "a-1/run", "#!", 0o4555),
        (DIR, "a-1/d/", "", 0o755),
        (FILE, "a-1/d/text", "one", 0o644),
        (LINK, "a-1/d/up", "../run", 0o777),
        (HARD, "a-1/hard", "a-1/d/text", 0o644),
        // A folder that no member announces, and a member that comes twice.
        (FILE, "a-1/e/f/deep", "deep", 0o600),
        (FILE, "a-1/d/text2", "old", 0o644),
        (FILE, "a-1/d/text2", "new", 0o644),
    ])
}

fn check_good(tree: &Path) {
    let read = |path: &str| fs::read_to_string(tree.join(path)).unwrap();
    assert_eq!(read("run"), "#!");
    assert_eq!(read("d/text"), "one");
    assert_eq!(read("d/up"), "#!");
    assert_eq!(read("e/f/deep"), "deep");
    assert_eq!(read("d/text2"), "new");
    let meta = |path: &str| fs::symlink_metadata(tree.join(path)).unwrap();
    assert_eq!(
        meta("run").mode() & 0o7777,
        0o755,
        "no set-id bits, and the owner may write"
    );
    assert_eq!(meta("").mode() & 0o7777, 0o755);
    assert_eq!(meta("hard").ino(), meta("d/text").ino());
    for path in ["", "run", "d", "d/up", "d/text"] {
        assert_eq!(meta(path).mtime(), 1_000_000_000, "{path}");
        assert_eq!(meta(path).uid(), rustix::process::geteuid().as_raw());
    }
}

#[test]
fn every_wrapping() {
    let zstd = zstd::encode_all(&good()[..], 1).unwrap();
    for bytes in [good(), xz(&good()), gzip(&good()), bzip2(&good()), zstd] {
        check_good(&Case::new(&bytes).unpack().unwrap());
    }
    let inner = tar(&[
        (DIR, "./", "", 0o755),
        (FILE, "./usr/src/other", "x", 0o644),
    ]);
    for wrap in [xz, gzip] {
        // The inner tarball stands as bytes in the outer one.
        let mut outer = Builder::new(Vec::new());
        outer.get_mut().extend(&inner[..inner.len() - 1024]);
        let tarball = xz(&good());
        let mut header = Header::new_gnu();
        header.set_size(tarball.len() as u64);
        header.set_mode(0o644);
        outer
            .append_data(&mut header, "./usr/src/a.tar.xz", &tarball[..])
            .unwrap();
        let bytes = deb("data.tar.xz", &wrap(&outer.into_inner().unwrap()));
        check_good(
            &Case::new(&bytes)
                .member("usr/src/a.tar.xz")
                .unpack()
                .unwrap(),
        );
        let text = Case::new(&bytes).member("usr/src/b.tar.xz").refused();
        assert!(text.contains("no member 'usr/src/b.tar.xz'"), "{text}");
        let text = Case::new(&bytes).member("usr/src/other").refused();
        assert!(text.contains("entire block"), "{text}");
        // Cut off anywhere, with a lock that was made from the cut file.
        for length in [
            0,
            7,
            8,
            30,
            68,
            100,
            200,
            bytes.len() / 2,
            bytes.len() - 100,
        ] {
            Case::new(&bytes[..length])
                .member("usr/src/a.tar.xz")
                .refused();
        }
    }
    let text = Case::new(&good()).member("a").refused();
    assert!(text.contains("not a .deb"), "{text}");
}

#[test]
fn the_second_time_the_tree_is_there() {
    let case = Case::new(&xz(&good()));
    let unpacker = case.unpacker();
    assert_eq!(unpacker.cached(&case.pin), None);
    let path = case.unpack().unwrap();
    assert_eq!(unpacker.cached(&case.pin), Some(path.clone()));
    assert_eq!(path, unpacker.path(&case.pin));
    assert!(path.starts_with(case.cache.join("unpacked")));
    assert!(
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(&case.pin.sha256)
    );
    fs::remove_file(&case.file).unwrap();
    assert_eq!(case.unpack().unwrap(), path);
}

#[test]
fn only_what_is_wanted_is_there_and_another_tree() {
    let case = Case::new(&good());
    let whole = case.unpack().unwrap();
    let unpacker = case.unpacker().only(["hard", "e", "absent"]);
    let part = unpacker.unpack("a", &case.pin, &case.file, &silent);
    // The hard link's other name is not among them.
    let text = part.unwrap_err().to_string();
    assert!(
        text.contains("'a-1/hard'") && text.contains("unpack both"),
        "{text}"
    );
    let unpacker = case.unpacker().only(["run", "e/f/"]);
    let part = unpacker
        .unpack("a", &case.pin, &case.file, &silent)
        .unwrap();
    assert_ne!(whole, part);
    assert!(part.join("run").exists() && part.join("e/f/deep").exists());
    assert!(!part.join("d").exists() && !part.join("hard").exists());
    check_good(&whole);
}

#[test]
fn a_file_changed_in_the_cache_is_removed() {
    let case = Case::new(&good());
    fs::write(&case.file, "something else").unwrap();
    let error = case.unpack().unwrap_err();
    assert!(matches!(error, Error::WrongHash(_)), "{error}");
    assert!(error.to_string().contains(&sha256(b"something else")));
    assert!(!case.file.exists());
}

#[test]
fn members_that_leave_the_folder() {
    for (member, part) in [
        ((FILE, "../x", "x", 0o644), "'../x'"),
        ((FILE, "a-1/../../x", "x", 0o644), "'a-1/../../x'"),
        ((FILE, "/etc/x", "x", 0o644), "'/etc/x'"),
        ((DIR, "a-1/..", "", 0o755), "'a-1/..'"),
        ((LINK, "../x", "y", 0o777), "'../x'"),
        (
            (HARD, "a-1/x", "../../etc/passwd", 0o644),
            "'../../etc/passwd'",
        ),
        ((HARD, "a-1/x", "/etc/passwd", 0o644), "'/etc/passwd'"),
        ((FILE, "b-1/x", "x", 0o644), "'b-1'"),
        ((FILE, "loose", "x", 0o644), "'loose'"),
    ] {
        let text = Case::new(&tar(&[(DIR, "a-1/", "", 0o755), member])).refused();
        assert!(text.contains(part), "no {part} in: {text}");
    }
}

#[test]
fn links_that_leave_the_folder() {
    for links in [
        &[(LINK, "a/x", "/etc/passwd", 0o777)][..],
        &[(LINK, "a/x", "../y", 0o777)],
        &[(LINK, "a/x", "..", 0o777)],
        &[(LINK, "a/d/x", "..", 0o777), (LINK, "a/y", "d/x/..", 0o777)],
    ] {
        let members = [&[(FILE, "a/f", "f", 0o644)][..], links].concat();
        let text = Case::new(&tar(&members)).refused();
        assert!(text.contains("leads outside"), "{text}");
    }
}

#[test]
fn nothing_is_written_through_links_or_files() {
    for members in [
        &[
            (LINK, "a/l", "d", 0o777),
            (DIR, "a/d", "", 0o755),
            (FILE, "a/l/x", "x", 0o644),
        ][..],
        &[(LINK, "a/l", "d", 0o777), (DIR, "a/l", "", 0o755)],
        &[(FILE, "a/f", "f", 0o644), (FILE, "a/f/x", "x", 0o644)],
        &[(FILE, "a/f", "f", 0o644), (DIR, "a/f", "", 0o755)],
        &[(DIR, "a/d", "", 0o755), (FILE, "a/d", "x", 0o644)],
        &[(DIR, "a/d", "", 0o755), (LINK, "a/d", "x", 0o777)],
        &[(LINK, "a/l", "f", 0o777), (HARD, "a/h", "a/l", 0o644)],
        &[
            (HARD, "a/h", "a/later", 0o644),
            (FILE, "a/later", "x", 0o644),
        ],
    ] {
        Case::new(&tar(members)).refused();
    }
    // A link replaced by a file, and the other way round: the last one counts.
    let tree = Case::new(&tar(&[
        (FILE, "a/f", "f", 0o644),
        (LINK, "a/x", "f", 0o777),
        (FILE, "a/x", "x", 0o644),
        (FILE, "a/y", "y", 0o644),
        (LINK, "a/y", "f", 0o777),
    ]));
    let path = tree.unpack().unwrap();
    assert_eq!(fs::read_to_string(path.join("x")).unwrap(), "x");
    assert_eq!(fs::read_to_string(path.join("f")).unwrap(), "f");
    assert_eq!(fs::read_link(path.join("y")).unwrap(), Path::new("f"));
}

#[test]
fn other_kinds_of_members() {
    for kind in [
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::new(b'Z'),
    ] {
        let text = Case::new(&tar(&[(kind, "a/x", "", 0o644)])).refused();
        assert!(text.contains("'a/x'"), "{text}");
    }
}

#[test]
fn rubbish_is_refused() {
    let half = xz(&good());
    for bytes in [
        &b""[..],
        b"x",
        b"hello, I am no archive at all, but I am a little longer than a magic number",
        &[0; 4096],
        &half[..half.len() / 2],
        &gzip(&good())[..100],
        &good()[..1500],
        &[b"\xfd7zXZ\0".as_slice(), &[0xaa; 600]].concat(),
    ] {
        Case::new(bytes).refused();
    }
}

#[test]
fn a_full_disk_is_named() {
    let Some(dir) = inner() else {
        return again_in_tmpfs("a_full_disk_is_named", "size=1m");
    };
    let archive = tempfile::tempdir().unwrap();
    let large = "x".repeat(3 << 20);
    let case = Case::at(
        &dir,
        archive.path(),
        &xz(&tar(&[(FILE, "a/large", &large, 0o644)])),
    );
    let text = case.unpack().unwrap_err().to_string();
    assert!(
        text.contains("a/large") || text.contains("tree/large"),
        "{text}"
    );
    assert!(
        text.contains("free some space") && text.contains("XDG_CACHE_HOME"),
        "{text}"
    );
    assert!(files(&dir).is_empty());
}

#[test]
fn another_owner_needs_root() {
    let Some(dir) = inner() else {
        return again_as_nobody("another_owner_needs_root");
    };
    assert!(!rustix::process::geteuid().is_root(), "{}", dir.display());
    let case = Case::new(&good());
    let unpacker = Unpack::new(&case.cache, 1);
    let text = unpacker
        .unpack("a", &case.pin, &case.file, &silent)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("to user 1: ") && text.contains("as root"),
        "{text}"
    );
    // One's own files need nothing.
    check_good(&case.unpack().unwrap());
}

#[test]
fn the_owner_is_given() {
    if !rustix::process::geteuid().is_root() {
        // As another user this is what `another_owner_needs_root` shows.
        return;
    }
    let case = Case::new(&good());
    let tree = Unpack::new(&case.cache, 1000)
        .unpack("a", &case.pin, &case.file, &silent)
        .unwrap();
    for path in ["", "run", "d", "d/up", "e", "e/f/deep", "hard"] {
        let meta = fs::symlink_metadata(tree.join(path)).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (1000, 1000), "{path}");
    }
    let mode = fs::metadata(&tree).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn damaged_archives_never_panic() {
    let bytes = deb("data.tar.xz", &xz(&good()));
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        for flip in [0x01, 0x80] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            let _ = Case::new(&bytes).member("a-1/run").unpack();
        }
    }
    let plain = good();
    for at in (0..plain.len()).step_by(plain.len() / 80) {
        let mut bytes = plain.clone();
        bytes[at] ^= 0x41;
        let _ = Case::new(&bytes).unpack();
    }
}
