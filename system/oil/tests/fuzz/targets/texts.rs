//! Texts: metadata, versions, dependencies, worlds, repositories and keys.

use oil::dependency::{Dependency, WorldDependency};
use oil::digest::{Algorithm, Digest};
use oil::format::v2::pkginfo;
use oil::keys::{PrivateKey, PublicKey};
use oil::package_name::{PackageName, is_valid_spec};
use oil::repositories::{MAX_REPOSITORIES, MAX_TAGS, Repositories};
use oil::version::{Version, compare, compare_prefix};
use oil::world::World;
use std::cmp::Ordering;

/// What means something in a tar archive.
pub const PAX: &[&[u8]] = &[
    b"ustar\x0000",
    b"../",
    b"/",
    b"5",
    b"28 path=usr/../../etc/passwd\n",
    b"30 SCHILY.xattr.user.a=valuea\n",
    b"18 size=99999999\n",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
];
/// What means something in a record.
pub const RECORD: &[&[u8]] = &[
    b"\n\n",
    b"\nF:",
    b"\nR:",
    b"\nZ:Q1",
    b"\nM:0:0:755",
    b"\na:1:2:4755:Q1",
    b"\nf:fsxS",
    b"\ng:a b",
    b"\nq:1",
    b"\nr:x<1",
    b"\nD:!a b>=1",
    b"\np:so:x=1",
    b"\ni:a b",
    b"\nC:Q1",
    b"\nC:X1",
    b"\nP:",
    b"\nV:",
    b"\xff",
];
/// What means something in a list of words.
pub const WORDS: &[&[u8]] = &[
    b" ",
    b"\n",
    b"!",
    b"@",
    b"=",
    b">=",
    b"><",
    b"~",
    b"<",
    b" = ",
    b"so:",
    b"1.0_rc1-r2",
    b"Q1",
    b"\ndepend = ",
    b"\npkgver = ",
    b"\ndatahash = ",
    b"#",
    b"/",
    b"*",
    b"\xc3\xa9",
];
/// What means something in a version.
pub const VERSION: &[&[u8]] = &[
    b".",
    b".0",
    b"00",
    b"_",
    b"_rc",
    b"_p",
    b"_git2",
    b"~",
    b"~beef",
    b"-r",
    b"-r0",
    b"a",
    b"\n",
    b"18446744073709551616",
];
/// What means something in a list of repositories.
pub const REPOSITORY: &[&[u8]] = &[
    b"\n",
    b" ",
    b"set ",
    b"-default ",
    b"A=",
    b"${",
    b"}",
    b"${APK_ARCH}",
    b"${A:3}",
    b"v2 ",
    b"v3 ",
    b"ndx ",
    b"@tag ",
    b"http://",
    b"/",
    b".adb",
    b".tar.gz",
    b"#",
    b"\xc3\xa9",
];

/// What can be read of it is written as it was read.
pub fn package_info(bytes: &[u8]) {
    if let Ok(all) = pkginfo::parse(bytes) {
        let text = pkginfo::to_text(&all);
        let again = pkginfo::parse(text.as_bytes()).expect("as written");
        assert_eq!(pkginfo::to_text(&again), text);
    }
}

/// The lines' versions are in an order, and a prefix is equal to what goes on behind it.
pub fn versions(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let valid: Vec<&str> = text
        .lines()
        .filter(|line| Version::parse(line).is_some())
        .collect();
    for one in &valid {
        assert_eq!(compare(one, one), Ordering::Equal);
        assert_eq!(compare_prefix(one, one), Ordering::Equal);
        assert_eq!(compare("", one), Ordering::Less);
        for other in &valid {
            let order = compare(one, other);
            assert_eq!(order, compare(other, one).reverse(), "{one} {other}");
            for third in &valid {
                if order == compare(other, third) && order.is_ne() {
                    assert_eq!(order, compare(one, third), "{one} {other} {third}");
                }
            }
        }
    }
    for line in text.lines() {
        let _ = (
            compare(line, "1.0"),
            compare_prefix(line, "1"),
            compare_prefix("1", line),
        );
    }
}

/// A list is taken whole or not at all, and none of its parts matches what it excludes.
pub fn dependencies(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let list = Dependency::parse_list(&text);
    let parts = || {
        text.split([' ', '\n', '\t'])
            .filter(|part| !part.is_empty())
    };
    assert_eq!(
        list.is_ok(),
        parts().all(|part| Dependency::parse(part).is_some())
    );
    for part in parts() {
        if let Some(world) = WorldDependency::parse(part) {
            assert!(world.tag.is_none() || part.contains('@'));
        }
        let Some(one) = Dependency::parse(part) else {
            continue;
        };
        let opposite = match part.strip_prefix('!') {
            Some(rest) => Dependency::parse(rest),
            None => Dependency::parse(&format!("!{part}")),
        };
        if let Some(opposite) = opposite.filter(|other| other.is_conflict() != one.is_conflict()) {
            for version in ["", "1", "1.0_rc1-r2", "2.5a~ff-r1"].map(Version::from_text) {
                assert_ne!(
                    one.matches(&version),
                    opposite.matches(&version),
                    "{part} {version}"
                );
            }
        }
    }
}

/// A world is written as it was read.
pub fn world(bytes: &[u8]) {
    if let Ok(world) = World::parse(&String::from_utf8_lossy(bytes)) {
        let text = world.to_string();
        // Operators that mean nothing (`<=>`, `><~`) are shown as apk shows them, and may not be read again.
        if let Ok(again) = World::parse(&text) {
            assert_eq!(again.to_string(), text);
        }
    }
}

/// Lists of repositories, and names of packages' files by a specification.
pub fn repositories(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut all = Repositories::new("x86_64");
    all.add_text(&text, "list");
    assert!(all.list.len() <= MAX_REPOSITORIES && all.tags.len() <= MAX_TAGS);
    let package = PackageName {
        name: "na\u{ef}ve",
        version: "1.0-r0",
        arch: "x86_64",
        identity: Digest::of(Algorithm::Sha1, b"x"),
    };
    for one in &all.list {
        assert!(
            !one.url.ends_with('/')
                && !one
                    .url
                    .contains(|letter: char| letter.is_ascii_whitespace())
        );
        let _ = (one.index_url("x86_64"), one.is_v3());
        assert!(usize::from(all.tag_number(one.tag.as_deref())) <= all.tags.len());
    }
    for line in text.lines() {
        let _ = (is_valid_spec(line), package.expand(line));
    }
}

/// A public key, a private one, or an error.
pub fn key(bytes: &[u8]) {
    if let Ok(key) = PublicKey::from_pem("k.rsa.pub", bytes) {
        assert!(!key.verify(
            Algorithm::Sha256,
            &Digest::of(Algorithm::Sha256, b"x"),
            b"no signature"
        ));
    }
    if let Ok(key) = PrivateKey::from_pem("k.rsa.pub", bytes) {
        let _ = (key.id(), key.public_pem());
    }
}
