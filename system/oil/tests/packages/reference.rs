//! Our packages and indexes before the reference program, and its own before us. Runs where OIL_REFERENCE_APK names
//! that program (apk-tools 3), and says so where it does not.

use crate::place::{EPOCH, Place, spec};
use oil::digest::{Algorithm, Digest};
use oil::error::Error;
use oil::format::compress::Compression;
use oil::index::{Index, IndexTrust};
use oil::keys::{KeyKind, Keys, PrivateKey};
use oil::make::{IndexMaker, Spec, sign_adb, write_v2, write_v3};
use oil::package::Info;
use oil::stream::{Format, Trust, verify};
use oil::version::Version;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

fn reference() -> Option<PathBuf> {
    let path = std::env::var_os("OIL_REFERENCE_APK").map(PathBuf::from);
    if path.is_none() {
        eprintln!("skipped: OIL_REFERENCE_APK names no reference program");
    }
    path
}

fn rsa() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::generate("test.rsa.pub", KeyKind::Rsa(2048)).unwrap())
}

impl Place {
    fn apk(&self, apk: &Path, words: &[&str]) -> (bool, String) {
        let output = Command::new(apk)
            .arg("--keys-dir")
            .arg(self.path("keys"))
            .args(words)
            .current_dir(self.folder.path())
            .env("SOURCE_DATE_EPOCH", EPOCH.to_string())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), text)
    }
}

/// What the reference's mkpkg is told for the same.
const WORDS: &[&str] = &[
    "mkpkg",
    "-F",
    "tree",
    "-I",
    "name:thing",
    "-I",
    "version:1.2-r3",
    "-I",
    "description:A thing",
    "-I",
    "arch:x86_64",
    "-I",
    "license:MIT",
    "-I",
    "origin:thing",
    "-I",
    "maintainer:Me <me@example.org>",
    "-I",
    "url:https://example.org",
    "-I",
    "repo-commit:0123456789abcdef0123456789abcdef01234567",
    "-I",
    "build-time:1600000001",
    "-I",
    "provider-priority:5",
    "-I",
    "replaces-priority:7",
    "-I",
    "provides:so:thing.so.1=1.2 cmd:hello=1.2-r3",
    "-I",
    "replaces:old b<2",
    "-I",
    "install-if:other=1 docs",
    "-t",
    "/usr/share/*",
    "-t",
    "/etc",
    "-s",
    "post-install:post",
    "-s",
    "trigger:trig",
];

#[test]
fn our_v3_package_is_the_reference_own() {
    let Some(apk) = reference() else { return };
    let place = Place::new(&[]);
    fs::write(place.path("post"), "#!/bin/sh\nexit 0\n").unwrap();
    fs::write(place.path("trig"), "#!/bin/sh\ntrue\n").unwrap();
    let (good, text) = place.apk(&apk, &[WORDS, &["-c", "none", "-o", "theirs.apk"]].concat());
    assert!(good, "{text}");
    let mut ours = Vec::new();
    write_v3(
        &mut ours,
        &spec("thing"),
        Some(&place.tree()),
        &[],
        Compression::None,
    )
    .unwrap();
    fs::write(place.path("ours.apk"), &ours).unwrap();
    let dump = |name| place.apk(&apk, &["adbdump", name]).1;
    assert_eq!(dump("ours.apk"), dump("theirs.apk"));
    assert!(
        fs::read(place.path("theirs.apk")).unwrap() == ours,
        "same dump, other bytes"
    );
}

#[test]
fn a_package_without_files_is_the_reference_own() {
    let Some(apk) = reference() else { return };
    let place = Place::new(&[]);
    let words = [
        "mkpkg",
        "-c",
        "none",
        "-I",
        "name:meta",
        "-I",
        "version:1",
        "-I",
        "arch:noarch",
        "-o",
        "theirs.apk",
    ];
    let (good, text) = place.apk(&apk, &words);
    assert!(good, "{text}");
    let spec = Spec {
        info: Info {
            name: "meta".into(),
            version: Version::parse("1").unwrap(),
            arch: "noarch".into(),
            ..Info::default()
        },
        ..Spec::default()
    };
    let mut ours = Vec::new();
    write_v3(&mut ours, &spec, None, &[], Compression::None).unwrap();
    assert_eq!(fs::read(place.path("theirs.apk")).unwrap(), ours);
}

#[test]
fn we_read_what_the_reference_makes() {
    let Some(apk) = reference() else { return };
    let p256 = PrivateKey::generate("test.ec.pub", KeyKind::P256).unwrap();
    let p384 = PrivateKey::generate("test.ec384.pub", KeyKind::P384).unwrap();
    for key in [rsa(), &p256, &p384] {
        let place = Place::new(&[key]);
        fs::write(place.path("post"), "#!/bin/sh\nexit 0\n").unwrap();
        fs::write(place.path("trig"), "#!/bin/sh\ntrue\n").unwrap();
        let signer = key.name().trim_end_matches(".pub");
        for compression in ["none", "deflate", "deflate:9", "zstd", "zstd:19"] {
            let words = [
                "-c",
                compression,
                "--sign-key",
                signer,
                "-o",
                "thing-1.2-r3.apk",
            ];
            let (good, text) = place.apk(&apk, &[WORDS, &words].concat());
            assert!(good, "{text}");
            let trust = Trust::Keys(&place.keys);
            let file = File::open(place.path("thing-1.2-r3.apk")).unwrap();
            let metadata = verify(file, &trust).unwrap();
            assert_eq!(metadata.signer.as_deref(), Some(key.name()));
            assert_eq!(metadata.info.triggers.len(), 2);
            assert_eq!(metadata.scripts, spec("thing").scripts);
            let format = Format::V3(compression.parse().unwrap());
            if compression != "zstd" {
                assert_eq!(metadata.format, format);
            }
            let file = File::open(place.path("thing-1.2-r3.apk")).unwrap();
            let error = verify(file, &Trust::Keys(&Keys::new())).unwrap_err();
            assert!(matches!(error, Error::Untrusted), "{error}");
        }
        let words = [
            "mkndx",
            "--sign-key",
            signer,
            "-d",
            "of tests",
            "-o",
            "Packages.adb",
            "thing-1.2-r3.apk",
        ];
        let (good, text) = place.apk(&apk, &words);
        assert!(good, "{text}");
        let file = File::open(place.path("Packages.adb")).unwrap();
        let index = Index::read(file, IndexTrust::Keys(&place.keys)).unwrap();
        assert_eq!(
            (index.len(), index.description().unwrap().as_str()),
            (1, "of tests")
        );
        let identity = index.package(0).unwrap().identity().unwrap().unwrap();
        let file = File::open(place.path("thing-1.2-r3.apk")).unwrap();
        assert_eq!(
            verify(file, &Trust::Identity(identity)).unwrap().identity,
            identity
        );
        let file = File::open(place.path("thing-1.2-r3.apk")).unwrap();
        let other = Trust::Identity(Digest::of(Algorithm::Sha256, b""));
        assert!(matches!(verify(file, &other), Err(Error::Identity { .. })));
    }
}

#[test]
fn our_index_is_the_reference_own() {
    let Some(apk) = reference() else { return };
    let place = Place::new(&[]);
    let tree = place.tree();
    let mut maker = IndexMaker::new();
    maker.description = "of tests".into();
    let mut names = Vec::new();
    for name in ["thing", "alpha", "beta"] {
        let file = format!("{name}-1.2-r3.apk");
        let out = File::create(place.path(&file)).unwrap();
        write_v3(out, &spec(name), Some(&tree), &[], Compression::None).unwrap();
        names.push(file);
    }
    let mut words = vec![
        "--allow-untrusted",
        "mkndx",
        "-c",
        "none",
        "-d",
        "of tests",
        "-o",
        "theirs.adb",
    ];
    words.extend(names.iter().map(String::as_str));
    let (good, text) = place.apk(&apk, &words);
    assert!(good, "{text}");
    for name in &names {
        maker.add_file(&place.path(name), &Trust::Anything).unwrap();
    }
    let mut ours = Vec::new();
    maker.write_v3(&mut ours, &[], Compression::None).unwrap();
    fs::write(place.path("ours.adb"), &ours).unwrap();
    let dump = |name| place.apk(&apk, &["adbdump", name]).1;
    assert_eq!(dump("ours.adb"), dump("theirs.adb"));
    assert!(
        fs::read(place.path("theirs.adb")).unwrap() == ours,
        "same dump, other bytes"
    );
}

#[test]
fn the_reference_verifies_and_installs_ours() {
    let Some(apk) = reference() else { return };
    let p256 = PrivateKey::generate("test.ec.pub", KeyKind::P256).unwrap();
    let p384 = PrivateKey::generate("test.ec384.pub", KeyKind::P384).unwrap();
    let place = Place::new(&[rsa(), &p256, &p384]);
    let tree = place.tree();
    let mut files: Vec<String> = Vec::new();
    for (number, key) in [rsa(), &p256, &p384].into_iter().enumerate() {
        for compression in ["none", "deflate:1", "zstd:3"] {
            let name = format!("v3-{number}-{}.apk", compression.replace(':', ""));
            let out = File::create(place.path(&name)).unwrap();
            let compression = compression.parse().unwrap();
            write_v3(
                out,
                &spec("thing"),
                Some(&tree),
                std::slice::from_ref(key),
                compression,
            )
            .unwrap();
            files.push(name);
        }
    }
    let out = File::create(place.path("v2.apk")).unwrap();
    write_v2(
        out,
        &spec("thing"),
        Some(&tree),
        &[rsa().clone()],
        place.folder.path(),
    )
    .unwrap();
    files.push("v2.apk".into());
    // Signed again, by another key.
    let out = File::create(place.path("signed.apk")).unwrap();
    let from = File::open(place.path("v3-0-zstd3.apk")).unwrap();
    sign_adb(from, out, std::slice::from_ref(&p256), true, None).unwrap();
    files.push("signed.apk".into());
    let mut words = vec!["verify"];
    words.extend(files.iter().map(String::as_str));
    let (good, text) = place.apk(&apk, &words);
    assert!(good, "{text}");
    for file in &files {
        assert!(text.contains(&format!("{file}: OK")), "{text}");
        verify(
            File::open(place.path(file)).unwrap(),
            &Trust::Keys(&place.keys),
        )
        .unwrap();
    }
    for file in ["v3-0-none.apk", "v2.apk", "signed.apk"] {
        let root = format!("root-{file}");
        let words = [
            "--root",
            &root,
            "--arch",
            "x86_64",
            "add",
            "--initdb",
            "--no-scripts",
            "--no-network",
        ];
        let path = format!("./{file}");
        let (good, text) = place.apk(&apk, &[&words[..], &[&*path]].concat());
        assert!(good, "{text}");
        let place_of = |path: &str| place.path(&root).join(path);
        assert_eq!(fs::read(place_of("usr/bin/again")).unwrap(), b"hello\n");
        assert_eq!(fs::read(place_of("usr/bin/big")).unwrap().len(), 300_000);
        assert_eq!(
            fs::read_link(place_of("dangling")).unwrap(),
            Path::new("/nowhere/at/all")
        );
    }
}

#[test]
fn the_reference_reads_our_indexes() {
    let Some(apk) = reference() else { return };
    let place = Place::new(&[rsa()]);
    let tree = place.tree();
    let mut maker = IndexMaker::new();
    maker.description = "of tests".into();
    fs::create_dir_all(place.path("repo/x86_64")).unwrap();
    for name in ["thing", "alpha"] {
        let path = place.path(&format!("repo/x86_64/{name}-1.2-r3.apk"));
        let mut spec = spec(name);
        // Only one package may own a name.
        spec.info.provides.clear();
        let out = File::create(&path).unwrap();
        let keys = [rsa().clone()];
        if name == "thing" {
            write_v3(out, &spec, Some(&tree), &keys, Compression::default()).unwrap();
        } else {
            write_v2(out, &spec, None, &keys, place.folder.path()).unwrap();
        }
        maker.add_file(&path, &Trust::Keys(&place.keys)).unwrap();
    }
    let keys = [rsa().clone()];
    maker
        .write_v3(
            File::create(place.path("repo/x86_64/Packages.adb")).unwrap(),
            &keys,
            Compression::default(),
        )
        .unwrap();
    maker
        .write_v2(
            File::create(place.path("repo/x86_64/APKINDEX.tar.gz")).unwrap(),
            &keys,
        )
        .unwrap();
    for index in ["Packages.adb", "APKINDEX.tar.gz"] {
        let url = place.path(&format!("repo/x86_64/{index}"));
        let root = format!("root-{index}");
        let words = [
            "--root",
            &root,
            "--arch",
            "x86_64",
            "-X",
            url.to_str().unwrap(),
            "add",
            "--initdb",
            "--no-scripts",
            "thing",
            "alpha",
        ];
        let (good, text) = place.apk(&apk, &words);
        assert!(good, "{index}: {text}");
        assert_eq!(
            fs::read(place.path(&root).join("etc/conf")).unwrap(),
            b"conf\n"
        );
        let index = Index::read(File::open(&url).unwrap(), IndexTrust::Keys(&place.keys)).unwrap();
        assert_eq!(index.len(), 2);
    }
}
