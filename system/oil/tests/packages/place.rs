//! A folder with keys and a tree with everything that a package may hold, and the package that is made of it.

use oil::dependency::Dependency;
use oil::keys::{Keys, PrivateKey};
use oil::make::{Owners, Spec, Tree, TreeOptions};
use oil::package::{Info, ScriptKind};
use oil::version::Version;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// When it was made, in seconds since 1970.
pub const EPOCH: u64 = 1_500_000_000;

/// The folder.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub keys: Keys,
}

impl Place {
    /// With the public keys of these.
    pub fn new(signers: &[&PrivateKey]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = Keys::new();
        let place = folder.path().join("keys");
        fs::create_dir(&place).unwrap();
        for key in signers {
            fs::write(place.join(key.name()), key.public_pem().unwrap()).unwrap();
            fs::write(
                folder.path().join(key.name().trim_end_matches(".pub")),
                key.to_pem().unwrap(),
            )
            .unwrap();
        }
        keys.add_directory(&place).unwrap();
        assert_eq!(keys.iter().count(), signers.len());
        let root = folder.path().join("tree");
        for directory in [
            "usr/bin",
            "usr/share/a-b",
            "usr/share/a/sub",
            "etc",
            "empty",
        ] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        for (path, content) in [
            ("usr/bin/hello", &b"hello\n"[..]),
            ("usr/bin/big", &vec![b'x'; 300_000]),
            ("usr/share/a/sub/f", b"f"),
            ("usr/share/a-b/f", b"f"),
            ("etc/conf", b"conf\n"),
            ("etc/none", b""),
            ("zz", b"last"),
        ] {
            fs::write(root.join(path), content).unwrap();
        }
        fs::set_permissions(
            root.join("usr/bin/hello"),
            PermissionsExt::from_mode(0o4755),
        )
        .unwrap();
        fs::set_permissions(root.join("empty"), PermissionsExt::from_mode(0o700)).unwrap();
        fs::hard_link(root.join("usr/bin/hello"), root.join("usr/bin/again")).unwrap();
        symlink("hello", root.join("usr/bin/hi")).unwrap();
        symlink("/nowhere/at/all", root.join("dangling")).unwrap();
        Self { folder, keys }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn tree(&self) -> Tree {
        let owners = Owners::read(Path::new("/etc/passwd"), Path::new("/etc/group")).unwrap();
        let options = TreeOptions {
            owners,
            mtime: Some(EPOCH),
            xattrs: false,
        };
        Tree::read(&self.path("tree"), &options).unwrap()
    }
}

/// What the package is called and needs.
pub fn spec(name: &str) -> Spec {
    let list = |text: &str| Dependency::parse_list(text).unwrap();
    Spec {
        info: Info {
            name: name.into(),
            version: Version::parse("1.2-r3").unwrap(),
            description: "A thing".into(),
            arch: "x86_64".into(),
            license: "MIT".into(),
            origin: "thing".into(),
            maintainer: "Me <me@example.org>".into(),
            url: "https://example.org".into(),
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            build_time: 1_600_000_001,
            provider_priority: 5,
            replaces_priority: 7,
            provides: list("so:thing.so.1=1.2 cmd:hello=1.2-r3"),
            replaces: list("old b<2"),
            install_if: list("other=1 docs"),
            triggers: vec!["/usr/share/*".into(), "/etc".into()],
            ..Info::default()
        },
        scripts: [
            (ScriptKind::PostInstall, b"#!/bin/sh\nexit 0\n".to_vec()),
            (ScriptKind::Trigger, b"#!/bin/sh\ntrue\n".to_vec()),
        ]
        .into(),
    }
}
