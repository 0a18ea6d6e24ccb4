//! Packages and indexes that are cut short, damaged or meant to do harm: each gives an error, none a panic, and none
//! is taken for what it is not.

use oil::digest::{Algorithm, Digest};
use oil::error::Error;
use oil::format::compress::{Compression, Decoder, Encoder};
use oil::format::gzip;
use oil::format::v2::tar_writer::{Header, write_end, write_entry};
use oil::index::{Index, IndexTrust};
use oil::keys::{KeyKind, Keys, PrivateKey, PublicKey};
use oil::make::{IndexMaker, Spec, Tree, TreeOptions, write_v2, write_v3};
use oil::package::{Info, ScriptKind};
use oil::stream::{PackageReader, Trust, verify};
use oil::version::Version;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;

fn tree() -> (tempfile::TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("usr/bin")).unwrap();
    fs::write(folder.path().join("usr/bin/a"), "content").unwrap();
    fs::write(folder.path().join("usr/bin/b"), "").unwrap();
    fs::hard_link(
        folder.path().join("usr/bin/a"),
        folder.path().join("usr/bin/c"),
    )
    .unwrap();
    symlink("a", folder.path().join("usr/bin/d")).unwrap();
    let tree = Tree::read(folder.path(), &TreeOptions::default()).unwrap();
    (folder, tree)
}

fn spec() -> Spec {
    Spec {
        info: Info {
            name: "x".into(),
            version: Version::parse("1-r0").unwrap(),
            arch: "noarch".into(),
            build_time: 1_700_000_000,
            ..Info::default()
        },
        scripts: [(ScriptKind::PreInstall, b"#!/bin/sh\n".to_vec())].into(),
    }
}

fn trusted(key: &PrivateKey) -> Keys {
    let mut keys = Keys::new();
    let pem = key.public_pem().unwrap();
    keys.add(PublicKey::from_pem(key.name(), pem.as_bytes()).unwrap());
    keys
}

/// Signed packages of both formats, and the keys.
fn packages() -> (Vec<Vec<u8>>, Keys) {
    let key = PrivateKey::generate("k.rsa.pub", KeyKind::Rsa(2048)).unwrap();
    let (folder, tree) = tree();
    let keys = [key.clone()];
    let mut all = Vec::new();
    for compression in [
        Compression::None,
        Compression::Deflate(0),
        Compression::Zstd(0),
    ] {
        let mut file = Vec::new();
        write_v3(&mut file, &spec(), Some(&tree), &keys, compression).unwrap();
        all.push(file);
    }
    let mut file = Vec::new();
    write_v2(&mut file, &spec(), Some(&tree), &keys, folder.path()).unwrap();
    all.push(file);
    (all, trusted(&key))
}

fn indexes() -> (Vec<Vec<u8>>, Keys) {
    let key = PrivateKey::generate("k.rsa.pub", KeyKind::Rsa(2048)).unwrap();
    let mut maker = IndexMaker::new();
    maker.description = "test".into();
    let mut info = spec().info;
    info.identity = Some(Digest::of(Algorithm::Sha1, b"x"));
    info.provides = oil::dependency::Dependency::parse_list("so:x=1 y").unwrap();
    info.install_if = oil::dependency::Dependency::parse_list("a=1 b").unwrap();
    maker.add(info);
    let keys = [key.clone()];
    let mut v2 = Vec::new();
    maker.write_v2(&mut v2, &keys).unwrap();
    let mut v3 = Vec::new();
    maker.write_v3(&mut v3, &keys, Compression::None).unwrap();
    (vec![v2, v3], trusted(&key))
}

#[test]
fn packages_cut_anywhere() {
    let (files, keys) = packages();
    for file in files {
        verify(&file[..], &Trust::Keys(&keys)).unwrap();
        for length in 0..file.len() {
            let part = &file[..length];
            assert!(
                verify(part, &Trust::Keys(&keys)).is_err(),
                "{length} of {}",
                file.len()
            );
            assert!(
                verify(part, &Trust::Anything).is_err(),
                "{length} of {}",
                file.len()
            );
        }
        let more = [&file[..], b"\0"].concat();
        assert!(verify(&more[..], &Trust::Keys(&keys)).is_err());
    }
}

#[test]
fn packages_with_a_bit_flipped() {
    let (files, keys) = packages();
    for file in files {
        let whole = verify(&file[..], &Trust::Keys(&keys)).unwrap();
        // One bit of each byte: a signature is checked each time.
        for bit in (0..file.len()).map(|byte| byte * 8 + byte % 8) {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            // A bit that decides nothing may flip (a gzip header's time, a level); what is said stays the same.
            if let Ok(metadata) = verify(&bad[..], &Trust::Keys(&keys)) {
                assert_eq!(metadata.info, whole.info, "bit {bit}");
                assert_eq!(metadata.scripts, whole.scripts, "bit {bit}");
            }
            let _ = verify(&bad[..], &Trust::Anything);
        }
    }
}

#[test]
fn payloads_with_a_bit_flipped_where_nobody_checks() {
    let (files, _) = packages();
    let (mut decoder, _) = Decoder::new(&files[1][..]).unwrap();
    let mut plain = Vec::new();
    decoder.read_to_end(&mut plain).unwrap();
    for bit in 0..plain.len() * 8 {
        let mut bad = plain.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        if let Ok(package) = PackageReader::open(&bad[..], &Trust::Anything) {
            let _ = package.entries();
            let _ = package.finish();
        }
    }
}

#[test]
fn indexes_cut_and_flipped() {
    let (files, keys) = indexes();
    for file in files {
        let trust = IndexTrust::Keys(&keys);
        let index = Index::read(&file[..], trust).unwrap();
        assert_eq!(index.len(), 1);
        for length in 0..file.len() {
            assert!(
                Index::read(&file[..length], trust).is_err(),
                "{length} of {}",
                file.len()
            );
            let _ = Index::read(&file[..length], IndexTrust::Anything);
        }
        for bit in 0..file.len() * 8 {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            for trust in [trust, IndexTrust::Anything] {
                if let Ok(index) = Index::read(&bad[..], trust) {
                    index
                        .packages()
                        .for_each(|one| drop(one.map(|one| one.to_info())));
                    let _ = index.find(b"y");
                }
            }
        }
        assert!(matches!(
            Index::read(&file[..], IndexTrust::Keys(&Keys::new())),
            Err(Error::Untrusted)
        ));
    }
}

#[test]
fn a_key_of_the_same_name_is_not_the_key() {
    let (files, _) = packages();
    let other = PrivateKey::generate("k.rsa.pub", KeyKind::Rsa(2048)).unwrap();
    let keys = trusted(&other);
    // v3 knows keys by what they are, v2 by their name.
    for (file, v2) in files.iter().zip([false, false, false, true]) {
        let error = verify(&file[..], &Trust::Keys(&keys)).unwrap_err();
        let good = if v2 {
            matches!(error, Error::BadSignature)
        } else {
            matches!(error, Error::Untrusted)
        };
        assert!(good, "{error}");
    }
}

/// A v2 package, not signed, with these entries as its data: path, type, link target, content.
fn v2(entries: &[(&str, u8, &str, &str)]) -> Vec<u8> {
    let mut data = Vec::new();
    for (path, kind, link, content) in entries {
        let header = Header {
            link: link.as_bytes(),
            ..Header::new(path.as_bytes(), *kind, 0o755)
        };
        write_entry(&mut data, &header, content.as_bytes()).unwrap();
    }
    write_end(&mut data).unwrap();
    let data = gzip::compress(&data, 6);
    let hash = Digest::of(Algorithm::Sha256, &data).hex();
    let info = format!("pkgname = x\npkgver = 1\narch = noarch\ndatahash = {hash}\n");
    let mut control = Vec::new();
    write_entry(
        &mut control,
        &Header::new(b".PKGINFO", b'0', 0o644),
        info.as_bytes(),
    )
    .unwrap();
    [gzip::compress(&control, 6), data].concat()
}

#[test]
fn paths_that_lead_out() {
    let good = v2(&[
        ("usr/", b'5', "", ""),
        ("usr/a", b'0', "", "x"),
        (".dot", b'0', "", "ignored"),
    ]);
    verify(&good[..], &Trust::Anything).unwrap();
    for entries in [
        &[("/etc/passwd", b'0', "", "x")][..],
        &[("../x", b'0', "", "x")],
        &[("./x", b'0', "", "x")],
        &[("a/", b'5', "", ""), ("a/../../x", b'0', "", "x")],
        &[("a/", b'5', "", ""), ("a/./x", b'0', "", "x")],
        &[("a/", b'5', "", ""), ("a//x", b'0', "", "x")],
        &[("a\nb", b'0', "", "x")],
        &[("", b'0', "", "x")],
        // Through a link that the package brings along.
        &[("a", b'2', "/etc", ""), ("a/x", b'0', "", "x")],
        &[("a", b'2', "/etc", ""), ("a/", b'5', "", "")],
        &[
            ("a/", b'5', "", ""),
            ("a", b'2', "/etc", ""),
            ("a/x", b'0', "", "x"),
        ],
        &[
            ("a", b'2', "/etc", ""),
            ("a/b/", b'5', "", ""),
            ("a/b/x", b'0', "", "x"),
        ],
        &[("x", b'0', "", "1"), ("x", b'0', "", "2")],
        &[("x", b'1', "/etc/shadow", "")],
        &[("x", b'1', "../shadow", "")],
        &[("x", b'2', "", "")],
    ] {
        let error = verify(&v2(entries)[..], &Trust::Anything).unwrap_err();
        assert!(matches!(error, Error::Malicious(_)), "{entries:?}: {error}");
    }
    for entries in [&[("a/x", b'0', "", "x")][..], &[("x", b'1', "y", "")]] {
        let error = verify(&v2(entries)[..], &Trust::Anything).unwrap_err();
        assert!(
            matches!(error, Error::Orphan { .. }),
            "{entries:?}: {error}"
        );
    }
}

#[test]
fn data_that_is_not_what_control_says() {
    let one = v2(&[("a", b'0', "", "x")]);
    let other = v2(&[("a", b'0', "", "y")]);
    // The control member of one, the data of the other.
    let end = second_member(&one);
    let begin = second_member(&other);
    let mixed = [&one[..end], &other[begin..]].concat();
    assert!(matches!(
        verify(&mixed[..], &Trust::Anything),
        Err(Error::DataHash)
    ));
    let third = [&one[..], &gzip::compress(b"", 6)].concat();
    assert!(matches!(
        verify(&third[..], &Trust::Anything),
        Err(Error::Trailing(_))
    ));
}

fn second_member(file: &[u8]) -> usize {
    let mut members = gzip::Members::new(file);
    members.next_member(1 << 20).unwrap();
    members.finish_member().unwrap();
    members.position() as usize
}

#[test]
fn a_package_of_the_old_style() {
    let key = PrivateKey::generate("k.rsa.pub", KeyKind::Rsa(2048)).unwrap();
    let mut control = Vec::new();
    let text = b"pkgname = x\npkgver = 1\n";
    write_entry(&mut control, &Header::new(b".PKGINFO", b'0', 0o644), text).unwrap();
    let mut data = Vec::new();
    write_entry(&mut data, &Header::new(b"a", b'0', 0o644), b"x").unwrap();
    write_end(&mut data).unwrap();
    let signed = [gzip::compress(&control, 6), gzip::compress(&data, 6)].concat();
    let signature = key
        .sign(Algorithm::Sha1, &Digest::of(Algorithm::Sha1, &signed))
        .unwrap();
    let mut head = Vec::new();
    write_entry(
        &mut head,
        &Header::new(b".SIGN.RSA.k.rsa.pub", b'0', 0o644),
        &signature,
    )
    .unwrap();
    let file = [gzip::compress(&head, 6), signed].concat();
    let keys = trusted(&key);
    verify(&file[..], &Trust::Keys(&keys)).unwrap();
    let error = verify(&file[..], &Trust::Keys(&Keys::new())).unwrap_err();
    assert!(matches!(error, Error::Untrusted), "{error}");
    // Its files cannot be given before they are known to be good, nor by its identity.
    let error = PackageReader::open(&file[..], &Trust::Keys(&keys))
        .err()
        .unwrap();
    assert!(matches!(error, Error::NoDataHash), "{error}");
    let identity = verify(&file[..], &Trust::Anything).unwrap().identity;
    let error = verify(&file[..], &Trust::Identity(identity)).unwrap_err();
    assert!(matches!(error, Error::NoDataHash), "{error}");
}

#[test]
fn bombs_and_claims() {
    // A block that says it is of 60 MiB, and a payload of a gigabyte in a few kilobytes.
    let mut file = Encoder::new(Vec::new(), Compression::Deflate(9)).unwrap();
    file.write_all(b"ADB.pckg").unwrap();
    file.write_all(&(0x3fff_fff8u32).to_le_bytes()).unwrap();
    for _ in 0..256 {
        file.write_all(&[0; 64 << 10]).unwrap();
    }
    let error = verify(&file.finish().unwrap()[..], &Trust::Anything).unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error}");
    let claim = [b"ADB.pckg".as_slice(), &(60u32 << 20).to_le_bytes(), b"few"].concat();
    assert!(matches!(
        verify(&claim[..], &Trust::Anything),
        Err(Error::Truncated)
    ));
    let long = [
        b"ADB.pckg".as_slice(),
        &[0, 0, 0, 0xc0],
        &[0; 4],
        &[0xff; 8],
    ]
    .concat();
    assert!(matches!(
        verify(&long[..], &Trust::Anything),
        Err(Error::Block { .. })
    ));
    // A control member of 64 MiB.
    let bomb = gzip::compress(&vec![b'a'; 64 << 20], 9);
    assert!(verify(&bomb[..], &Trust::Anything).is_err());
}

#[test]
fn other_files() {
    for file in [
        &b""[..],
        b"x",
        b"\x1f\x8b",
        b"ELF.....",
        b"ADB.",
        b"ADBd",
        b"ADBc\x02",
        b"ADB.indx\x08\0\0\0\0\0\0\0",
    ] {
        assert!(verify(file, &Trust::Anything).is_err());
        assert!(Index::read(file, IndexTrust::Anything).is_err() || file.len() > 12);
    }
}
