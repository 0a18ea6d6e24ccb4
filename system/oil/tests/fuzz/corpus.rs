//! Packages, indexes and databases that are right, made by the library as any other.

use oil::database::installed::Installed;
use oil::database::sidecar;
use oil::dependency::Dependency;
use oil::digest::{Algorithm, Digest};
use oil::format::adb::Kind;
use oil::format::adb::block::{BlockKind, write_block, write_header as write_kind};
use oil::format::compress::{Compression, Decoder};
use oil::format::gzip::{self, Members};
use oil::format::v2::tar_writer::{Header, write_end, write_entry};
use oil::index::{Index, IndexTrust};
use oil::keys::{KeyKind, Keys, PrivateKey, PublicKey};
use oil::make::{IndexMaker, Spec, Tree, TreeOptions, write_v2, write_v3};
use oil::package::{Info, ScriptKind};
use oil::stream::{Trust, verify};
use oil::version::Version;
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::OnceLock;
use tempfile::TempDir;

pub const PKGINFO: &str = "# made by hand\npkgname = foo\npkgver = 1.2-r3\npkgdesc = A = thing\nurl = https://x\n\
    builddate = 1700000000\npackager = nobody\nsize = 12\narch = x86_64\norigin = foo\ncommit = 0123abcd\n\
    maintainer = Me <me@x>\nlicense = MIT\nreplaces = old<2\nprovider_priority = 10\nreplaces_priority = 3\n\
    depend = so:libc.so=1 bar>=2\ndepend = !baz\nprovides = cmd:foo=1.2-r3\ninstall_if = a=1 b\n\
    triggers = /usr/lib /etc/*\ndatahash = 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n";
pub const APKINDEX: &str = "C:Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\nP:foo\nV:1.2-r3\nA:x86_64\nS:10\nI:20\nT:A thing\n\
    U:http://x\nL:MIT\no:foo\nm:Me\nt:1700000000\nc:0123\nk:5\nD:bar>=1 !baz\np:so:foo=1 cmd:foo\ni:a=1 b\n\n\
    C:X1a9993e364706816aba3e25717850c26c9cd0d89d\nP:bar\nV:2_rc1\nA:noarch\nS:1\nI:0\nT:\nU:\nL:\nx:new\n\n\
    P:only\nV:1\nX:unknown\n\n";
pub const WORLD: &str =
    "alpine-base\nbusybox@edge>1.2\n!openrc\nfile><Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\nso:x~=1.0\n";
pub const REPOSITORIES: &str = "# a comment\nset MIRROR=https://example.org/alpine\nset -default V=v3.22\n\
    ${MIRROR}/${V}/main\n@edge ${MIRROR}/edge community testing\nv3 /local\nndx file:///i/x.adb\nhttp://h/APKINDEX.tar.gz\n";
pub const TRIGGERS: &str = "Q1VMNp4yTkbLi4IYe11cKb5O37ksA= /usr/lib/* +/etc\nX1a9993e364706816aba3e25717850c26c9cd0d89d /x\n";
pub const INSTALLED: &str = "C:Q1VMNp4yTkbLi4IYe11cKb5O37ksA=\nP:one\nV:1.0-r0\nA:noarch\nS:712\nI:9\nT:An one\nU:http://u\n\
    L:MIT\no:one\nm:M <m@x>\nt:1700000000\nk:7\nD:two>=1 !three\np:so:one=1\ni:a b\ng:t1 t2\nr:old<2\nq:3\ns:edge\nf:fsS\n\
    F:\nR:top\nF:usr/bin\nM:0:0:1777\nR:one\na:0:0:755\nZ:Q1VMNp4yTkbLi4IYe11cKb5O37ksA=\nR:two\n\
    a:3:4:644:Q1VMNp4yTkbLi4IYe11cKb5O37ksA=\n\nP:two\nV:2\nA:noarch\nS:0\nI:0\nT:\nU:\nL:\nF:etc\nR:two.conf\n\n";
const VERSIONS: &str = "0\n1\n1.0\n1.01\n1.1\n1.10\n1.2.3a\n1.2_alpha\n1.2_rc1\n1.2_p2-r3\n1.2~beef01\n1.2a_git20240101~ff-r1\n";
const DEPENDENCIES: &str = "a b=1 !c<2.0 so:libc.musl-x86_64.so.1 d~1.2 e>=1_rc1-r0 f><Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0= /bin/sh";

fn key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::generate("k.rsa.pub", KeyKind::Rsa(2048)).expect("a key"))
}

/// The key that signed everything here.
pub fn trusted() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let mut keys = Keys::new();
        let pem = key().public_pem().expect("text");
        keys.add(PublicKey::from_pem(key().name(), pem.as_bytes()).expect("a key"));
        keys
    })
}

fn spec() -> Spec {
    let list = |text: &str| Dependency::parse_list(text).expect("dependencies");
    Spec {
        info: Info {
            name: "thing".into(),
            version: Version::parse("1.2_p3-r4").expect("a version"),
            description: "A thing".into(),
            arch: "x86_64".into(),
            license: "MIT".into(),
            origin: "thing".into(),
            commit: "0123456789abcdef".into(),
            build_time: 1_700_000_000,
            replaces_priority: 7,
            depends: list("libc>=1 !other so:x"),
            provides: list("so:thing.so.1=1.2 cmd:thing=1.2"),
            replaces: list("old<2"),
            install_if: list("other=1 docs"),
            triggers: vec!["/usr/share/*".into()],
            ..Info::default()
        },
        scripts: [(ScriptKind::PostInstall, b"#!/bin/sh\n".to_vec())].into(),
    }
}

fn tree() -> (TempDir, Tree) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::create_dir_all(root.join("usr/bin")).expect("a folder");
    fs::create_dir_all(root.join("etc")).expect("a folder");
    fs::write(root.join("usr/bin/a"), "content").expect("a file");
    fs::write(root.join("etc/empty"), "").expect("a file");
    fs::hard_link(root.join("usr/bin/a"), root.join("usr/bin/c")).expect("a link");
    symlink("a", root.join("usr/bin/d")).expect("a link");
    let tree = Tree::read(root, &TreeOptions::default()).expect("a tree");
    (folder, tree)
}

fn v3(compression: Compression) -> Vec<u8> {
    let (_folder, tree) = tree();
    let mut file = Vec::new();
    write_v3(
        &mut file,
        &spec(),
        Some(&tree),
        &[key().clone()],
        compression,
    )
    .expect("a package");
    file
}

/// Signed packages of both formats, compressed in every way.
pub fn packages() -> Vec<Vec<u8>> {
    static ALL: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let make = || {
        let kinds = [
            Compression::None,
            Compression::Deflate(0),
            Compression::Zstd(3),
        ];
        let mut all: Vec<_> = kinds.map(v3).into();
        let (folder, tree) = tree();
        let mut file = Vec::new();
        let keys = [key().clone()];
        write_v2(&mut file, &spec(), Some(&tree), &keys, folder.path()).expect("a package");
        all.push(file);
        all
    };
    ALL.get_or_init(make).clone()
}

/// What these packages say of themselves.
pub fn infos() -> &'static [Info] {
    static ALL: OnceLock<Vec<Info>> = OnceLock::new();
    ALL.get_or_init(|| {
        let info = |file: Vec<u8>| verify(&file[..], &Trust::Anything).expect("right").info;
        packages().into_iter().map(info).collect()
    })
}

/// Files in v3's wrappers.
pub fn wrapped() -> Vec<Vec<u8>> {
    let mut all = packages();
    all.pop();
    all.push(b"ADBc\0\0ADB.rest".to_vec());
    all
}

/// Files of gzip members.
pub fn members() -> Vec<Vec<u8>> {
    let two = [gzip::compress(b"one", 9), gzip::compress(&[b'a'; 3000], 1)].concat();
    vec![packages().remove(3), two]
}

fn plain(file: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut decoder, _) = Decoder::new(file).expect("right");
    decoder.read_to_end(&mut bytes).expect("right");
    bytes
}

/// Containers without compression.
pub fn containers() -> Vec<Vec<u8>> {
    let mut all = vec![plain(&packages()[1]), index_v3()];
    let mut file = Vec::new();
    write_kind(&mut file, Kind::Database).expect("in memory");
    for (kind, data) in [
        (BlockKind::Adb, &b"payload"[..]),
        (BlockKind::Data, &[1; 30]),
    ] {
        write_block(&mut file, kind, data).expect("in memory");
    }
    all.push(file);
    all
}

/// Payloads of a package and of an index.
pub fn payloads() -> Vec<Vec<u8>> {
    let payload = |file: &[u8]| {
        let (mut blocks, _) = oil::format::adb::block::Blocks::new(file).expect("right");
        blocks.read_payload(1 << 20).expect("right")
    };
    vec![payload(&v3(Compression::None)), payload(&index_v3())]
}

/// Archives as packages hold them.
pub fn archives() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let file = packages().remove(3);
    let mut members = Members::new(&file[..]);
    while members.next_member(1 << 20).expect("right") {
        let mut archive = Vec::new();
        members.read_to_end(&mut archive).expect("right");
        all.push(archive);
    }
    let long = vec![b'x'; 120];
    let xattrs = [(b"user.a".to_vec(), b"value\n".to_vec())];
    let mut archive = Vec::new();
    for (path, kind, size) in [
        (&b"usr/"[..], b'5', 0),
        (b"usr/f", b'0', 600),
        (&long, b'0', 1),
        (b"usr/n", b'3', 0),
    ] {
        let header = Header {
            xattrs: &xattrs,
            device: if kind == b'3' { (1, 3) } else { (0, 0) },
            checksum: (kind == b'0').then(|| Digest::of(Algorithm::Sha1, &vec![7; size])),
            mtime: 1_700_000_000,
            ..Header::new(path, kind, 0o755)
        };
        write_entry(&mut archive, &header, &vec![7; size]).expect("in memory");
    }
    write_end(&mut archive).expect("in memory");
    all.push(archive);
    all
}

/// Packages whose inside is not hidden by compression: a v3 container and data of v2 packages.
pub fn plain_packages() -> Vec<Vec<u8>> {
    let mut all = archives().split_off(2);
    all.push(plain(&packages()[0]));
    all
}

fn maker() -> IndexMaker {
    let mut maker = IndexMaker::new();
    maker.description = "test".into();
    for (number, name) in ["one", "two", "three"].into_iter().enumerate() {
        maker.add(Info {
            name: name.into(),
            identity: Some(Digest::of(Algorithm::Sha1, name.as_bytes())),
            file_size: number as u64,
            // The v2 index has neither of these.
            triggers: Vec::new(),
            replaces: Vec::new(),
            replaces_priority: 0,
            ..spec().info
        });
    }
    maker
}

fn index_v3() -> Vec<u8> {
    let mut file = Vec::new();
    maker()
        .write_v3(&mut file, &[key().clone()], Compression::None)
        .expect("an index");
    file
}

/// A signed index in both formats.
pub fn indexes() -> Vec<Vec<u8>> {
    let mut file = Vec::new();
    maker()
        .write_v2(&mut file, &[key().clone()])
        .expect("an index");
    vec![file, index_v3()]
}

/// The packages of these indexes.
pub fn indexed() -> Vec<Info> {
    let index = Index::read(&index_v3()[..], IndexTrust::Anything).expect("right");
    index
        .packages()
        .map(|one| one.and_then(|one| one.to_info()).expect("right"))
        .collect()
}

fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("index"), index_v3()).expect("a file");
        let database = folder.path().join("lib/apk/db");
        fs::create_dir_all(&database).expect("a folder");
        fs::write(database.join("installed"), INSTALLED).expect("a file");
        folder
    };
    FOLDER.get_or_init(make).path()
}

/// The v3 index as a file.
pub fn index_file() -> &'static Path {
    static PLACE: OnceLock<std::path::PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| folder().join("index"))
}

/// Compiled, bound to that file.
pub fn compiled() -> Vec<Vec<u8>> {
    let place = folder().join("compiled");
    Index::load(index_file(), &place, IndexTrust::Keys(trusted())).expect("right");
    vec![fs::read(place).expect("written")]
}

/// A root with an installed database.
pub fn database() -> &'static Path {
    folder()
}

/// Sidecars of that database.
pub fn sidecars() -> Vec<Vec<u8>> {
    let installed = Installed::read(database()).expect("right");
    sidecar::write(database(), &installed, false).expect("written");
    vec![fs::read(sidecar::path(database())).expect("written")]
}

/// Archives of scripts.
pub fn scripts() -> Vec<Vec<u8>> {
    let mut archive = Vec::new();
    for name in [
        "one-1.0-r0.X1a9993e364706816aba3e25717850c26c9cd0d89d.post-install".to_owned(),
        format!(
            "{}-1.X1a9993e364706816aba3e25717850c26c9cd0d89d.trigger",
            "long".repeat(20)
        ),
    ] {
        let header = Header::new(name.as_bytes(), b'0', 0o755);
        write_entry(&mut archive, &header, b"#!/bin/sh\ntrue\n").expect("in memory");
    }
    write_end(&mut archive).expect("in memory");
    vec![gzip::compress(&archive, 9), archive]
}

/// Versions, a line each.
pub fn versions() -> Vec<Vec<u8>> {
    vec![VERSIONS.into()]
}

/// Dependencies with spaces between them.
pub fn dependencies() -> Vec<Vec<u8>> {
    vec![DEPENDENCIES.into(), WORLD.into()]
}

/// Keys in PEM, of every kind.
pub fn keys() -> Vec<Vec<u8>> {
    let curve = PrivateKey::generate("k.pub", KeyKind::P256).expect("a key");
    let texts = [
        key().public_pem(),
        key().to_pem(),
        curve.public_pem(),
        curve.to_pem(),
    ];
    texts.map(|text| text.expect("text").into_bytes()).into()
}
