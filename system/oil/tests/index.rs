//! Compiled indexes: what they find, and when they are made again.

use oil::dependency::Dependency;
use oil::digest::{Algorithm, Digest};
use oil::format::compress::Compression;
use oil::index::{Index, IndexTrust};
use oil::keys::{KeyKind, Keys, PrivateKey, PublicKey};
use oil::make::IndexMaker;
use oil::package::Info;
use oil::version::Version;
use proptest::prelude::*;
use std::fs::{self, File};
use std::path::Path;

fn info(name: &str, version: &str) -> Info {
    Info {
        name: name.into(),
        version: Version::parse(version).unwrap(),
        identity: Some(Digest::of(
            Algorithm::Sha1,
            format!("{name} {version}").as_bytes(),
        )),
        arch: "noarch".into(),
        description: format!("What {name} is"),
        ..Info::default()
    }
}

fn maker() -> IndexMaker {
    let list = |text: &str| Dependency::parse_list(text).unwrap();
    let mut maker = IndexMaker::new();
    maker.description = "of tests".into();
    for number in 0..50 {
        let mut one = info(&format!("p{number}"), "1.0-r0");
        one.provides = list(&format!("so:p{number}.so=1 cmd:shared"));
        one.depends = list("so:p1.so>=1 !p2<1");
        if number % 10 == 0 {
            one.install_if = list("docs p1=1.0-r0");
        }
        maker.add(one);
    }
    maker.add(info("p1", "2.0-r0"));
    maker
}

fn check(index: &Index) {
    assert_eq!(index.len(), 51);
    assert_eq!(index.description().unwrap(), "of tests");
    let p1 = index.find(b"p1").unwrap().unwrap();
    let versions: Vec<&[u8]> = p1
        .packages()
        .map(|number| index.package(number).unwrap().version().unwrap())
        .collect();
    assert_eq!(versions, [b"1.0-r0", b"2.0-r0"]);
    assert_eq!(p1.install_if().len(), 5);
    let shared = index.find(b"cmd:shared").unwrap().unwrap();
    assert_eq!((shared.packages().len(), shared.providers().len()), (0, 50));
    assert!(index.find(b"nothing").unwrap().is_none());
    let names: Vec<&[u8]> = index.names().map(|one| one.name().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&&b"docs"[..]));
    assert_eq!(names.len(), index.name_count());
    for package in index.packages() {
        let package = package.unwrap();
        let info = package.to_info().unwrap();
        assert_eq!(info.name.as_bytes(), package.name().unwrap());
        assert!(!package.is_broken());
        let found = index.find(info.name.as_bytes()).unwrap().unwrap();
        assert!(found.packages().any(|number| number == package.number));
    }
}

fn write(path: &Path, maker: &IndexMaker, key: &PrivateKey) {
    let file = File::create(path).unwrap();
    let keys = std::slice::from_ref(key);
    if path.extension().is_some_and(|one| one == "adb") {
        maker.write_v3(file, keys, Compression::default()).unwrap();
    } else {
        maker.write_v2(file, keys).unwrap();
    }
}

#[test]
fn is_made_again_when_it_must() {
    let key = PrivateKey::generate("a.rsa.pub", KeyKind::Rsa(2048)).unwrap();
    let mut keys = Keys::new();
    let add = |keys: &mut Keys, key: &PrivateKey| {
        let pem = key.public_pem().unwrap();
        keys.add(PublicKey::from_pem(key.name(), pem.as_bytes()).unwrap());
    };
    add(&mut keys, &key);
    let folder = tempfile::tempdir().unwrap();
    for name in ["APKINDEX.tar.gz", "Packages.adb"] {
        let source = folder.path().join(name);
        let compiled = folder.path().join(format!("{name}.oil"));
        write(&source, &maker(), &key);
        let load = |keys: &Keys| Index::load(&source, &compiled, IndexTrust::Keys(keys));
        let index = load(&keys).unwrap();
        check(&index);
        assert!(!index.was_compiled());
        let index = load(&keys).unwrap();
        check(&index);
        assert!(index.was_compiled());
        // The source's time alone is another.
        File::open(&source)
            .unwrap()
            .set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        assert!(load(&keys).unwrap().was_compiled());
        // Anything that is trusted may be read by who trusts anything.
        assert!(
            Index::load(&source, &compiled, IndexTrust::Anything)
                .unwrap()
                .was_compiled()
        );
        // Other keys.
        let mut more = keys.clone();
        let other = PrivateKey::generate("b.ec.pub", KeyKind::P256).unwrap();
        add(&mut more, &other);
        assert!(!load(&more).unwrap().was_compiled());
        assert!(load(&Keys::new()).is_err());
        // Damage: the header is checked, what it leads to is where it is used.
        load(&keys).unwrap();
        let good = fs::read(&compiled).unwrap();
        for place in [0, 9, 100, 130, 255] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            fs::write(&compiled, bad).unwrap();
            let index = load(&keys).unwrap();
            assert!(!index.was_compiled(), "{place}");
            check(&index);
        }
        for length in [0, 1, 255, 256, 1000, good.len() - 1] {
            fs::write(&compiled, &good[..length]).unwrap();
            let index = load(&keys).unwrap();
            check(&index);
        }
        // Another source.
        let mut maker = maker();
        maker.add(info("new", "1"));
        write(&source, &maker, &key);
        let index = load(&keys).unwrap();
        assert!(!index.was_compiled() && index.find(b"new").unwrap().is_some());
        // One that nobody signed is not taken over.
        let file = File::create(&source).unwrap();
        maker.write_v3(file, &[], Compression::None).unwrap();
        assert!(load(&keys).is_err());
        assert_eq!(
            Index::load(&source, &compiled, IndexTrust::Anything)
                .unwrap()
                .len(),
            52
        );
        assert!(load(&keys).is_err());
        // Where it cannot be written.
        write(&source, &maker, &key);
        let nowhere = folder.path().join("no/such/folder/index");
        assert_eq!(
            Index::load(&source, &nowhere, IndexTrust::Keys(&keys))
                .unwrap()
                .len(),
            52
        );
    }
}

#[test]
fn a_damaged_body_gives_errors() {
    let key = PrivateKey::generate("b.ec.pub", KeyKind::P256).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Packages.adb");
    let compiled = folder.path().join("compiled");
    let mut maker = IndexMaker::new();
    let mut one = info("a", "1");
    one.provides = Dependency::parse_list("b=1 c").unwrap();
    maker.add(one);
    write(&source, &maker, &key);
    Index::load(&source, &compiled, IndexTrust::Anything).unwrap();
    let good = fs::read(&compiled).unwrap();
    for bit in 256 * 8..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let beside = folder.path().join("beside");
        fs::write(&beside, bad).unwrap();
        fs::rename(&beside, &compiled).unwrap();
        let index = Index::load(&source, &compiled, IndexTrust::Anything).unwrap();
        for name in [b"a", b"b", b"c", b"d"] {
            if let Ok(Some(name)) = index.find(name) {
                for number in name
                    .packages()
                    .chain(name.providers())
                    .chain(name.install_if())
                {
                    let _ = index.package(number).map(|one| one.to_info());
                }
            }
        }
        let _ = index.names().filter(|name| name.name().is_ok()).count();
        index
            .packages()
            .for_each(|one| drop(one.map(|one| one.to_info())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_formats_say_the_same(names in prop::collection::btree_set("[a-z]{1,3}", 1..20), size: u64, time: u32) {
        let mut maker = IndexMaker::new();
        for name in &names {
            let mut one = info(name, "1.2.3_rc1-r4");
            one.installed_size = size;
            one.build_time = u64::from(time);
            one.depends = Dependency::parse_list("a>=1 !b c~2 d>1").unwrap();
            maker.add(one);
        }
        let (mut v2, mut v3) = (Vec::new(), Vec::new());
        maker.write_v2(&mut v2, &[]).unwrap();
        maker.write_v3(&mut v3, &[], Compression::None).unwrap();
        let read = |bytes: &[u8]| {
            let index = Index::read(bytes, IndexTrust::Anything).unwrap();
            index.packages().map(|one| one.unwrap().to_info().unwrap()).collect::<Vec<_>>()
        };
        let all = read(&v2);
        prop_assert_eq!(all.len(), names.len());
        prop_assert_eq!(all, read(&v3));
    }
}
