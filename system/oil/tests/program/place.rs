//! A system below a directory: two repositories, keys, and some of their packages installed.

use oil::database::record::{Acl, Directory, File, Flags, Record};
use oil::dependency::Dependency;
use oil::digest::{Algorithm, Digest};
use oil::format::compress::Compression;
use oil::keys::{KeyKind, PrivateKey};
use oil::make::{IndexMaker, Owners, Spec, Tree, TreeOptions, write_v3};
use oil::package::{Info, ScriptKind};
use oil::stream::Trust;
use oil::version::Version;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a command printed, and how it exited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: i32,
    pub out: String,
    pub err: String,
}

pub struct Place {
    folder: TempDir,
    key: PrivateKey,
}

/// A package: repository, name, version, then fields and files as `key value`.
struct Line(
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const PACKAGES: &[Line] = &[
    Line(
        "one",
        "libfoo",
        "1.0-r0",
        &[
            ("provides", "so:libfoo.so.1=1.0 libfoo-virt"),
            ("file", "usr/lib/libfoo.so.1"),
        ],
    ),
    Line(
        "one",
        "foo",
        "1.2-r0",
        &[
            ("depends", "so:libfoo.so.1"),
            ("provides", "cmd:foo=1.2-r0"),
            ("replaces", "oldfoo"),
            ("priority", "3"),
            ("script", "post-install"),
            ("trigger", "/usr/share/*"),
            ("file", "usr/bin/foo"),
            ("link", "usr/bin/foo2"),
            ("file", "etc/foo.conf"),
        ],
    ),
    Line(
        "one",
        "foo",
        "1.3-r1",
        &[
            ("depends", "so:libfoo.so.1"),
            ("provides", "cmd:foo=1.3-r1"),
            ("file", "usr/bin/foo"),
            ("link", "usr/bin/foo2"),
            ("file", "etc/foo.conf"),
        ],
    ),
    Line(
        "one",
        "foo-doc",
        "1.2-r0",
        &[
            ("origin", "foo"),
            ("install-if", "foo=1.2-r0 bar"),
            ("file", "usr/share/man/foo.1"),
        ],
    ),
    Line(
        "one",
        "foo-doc",
        "1.3-r1",
        &[
            ("origin", "foo"),
            ("install-if", "foo=1.3-r1 bar"),
            ("file", "usr/share/man/foo.1"),
        ],
    ),
    Line(
        "one",
        "bar",
        "2-r0",
        &[
            ("depends", "!evil foo>=1"),
            ("provides", "virt-thing"),
            ("provider", "5"),
            ("large", "usr/share/bar/data"),
        ],
    ),
    Line("one", "broken", "1-r0", &[("depends", "alsonot nosuch>1")]),
    Line("one", "bad-confl", "1-r0", &[("depends", "!foo")]),
    Line(
        "two",
        "foo",
        "1.4-r0",
        &[("depends", "so:libfoo.so.1"), ("file", "usr/bin/foo")],
    ),
    Line("two", "meta", "1-r0", &[("depends", "foo")]),
];

/// What is installed, in the order of the database.
const INSTALLED: &[(&str, &str)] = &[
    ("bar", "2-r0"),
    ("foo", "1.2-r0"),
    ("foo-doc", "1.2-r0"),
    ("libfoo", "1.0-r0"),
];

fn list(text: &str) -> Vec<Dependency> {
    let mut list = Dependency::parse_list(text).expect("dependencies");
    list.sort_by(|one, other| one.name.cmp(&other.name));
    list
}

impl Place {
    /// With all of it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let key = PrivateKey::generate("test.pub", KeyKind::P256).expect("a key");
        let place = Self { folder, key };
        for repository in ["one", "two"] {
            fs::create_dir_all(place.path(repository).join("x86_64")).expect("a directory");
        }
        let specs: Vec<(&Line, Spec)> = PACKAGES
            .iter()
            .map(|line| (line, place.make(line)))
            .collect();
        for (repository, description) in [("one", "first v1"), ("two", "second")] {
            place.index(repository, description);
        }
        place.root();
        let mut database = Vec::new();
        for (name, version) in INSTALLED {
            let (line, spec) = specs
                .iter()
                .find(|(line, _)| (line.1, line.2) == (*name, *version))
                .expect("a package");
            place.install(line, spec, &mut database);
        }
        fs::write(place.path("root/lib/apk/db/installed"), database).expect("a file");
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The text with this place's directory as `PLACE`.
    pub fn plain(&self, text: &str) -> String {
        text.replace(&*self.folder.path().to_string_lossy(), "PLACE")
    }

    fn tree(line: &Line, root: &Path) {
        for (key, path) in line.3 {
            let place = root.join(path);
            let make = || fs::create_dir_all(place.parent().expect("below")).expect("a directory");
            match *key {
                "file" => {
                    make();
                    fs::write(&place, format!("{path} of {}-{}\n", line.1, line.2))
                        .expect("a file");
                    let mode = if path.starts_with("usr/bin") {
                        0o755
                    } else {
                        0o644
                    };
                    fs::set_permissions(&place, fs::Permissions::from_mode(mode))
                        .expect("permissions");
                }
                "large" => {
                    make();
                    let mut state = 1_u32;
                    let mut next = || {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (state >> 24) as u8
                    };
                    let bytes: Vec<u8> = (0..3_000_000).map(|_| next()).collect();
                    fs::write(&place, bytes).expect("a file");
                    fs::set_permissions(&place, fs::Permissions::from_mode(0o644))
                        .expect("permissions");
                }
                "link" => {
                    make();
                    symlink("foo", &place).expect("a link");
                }
                _ => {}
            }
        }
    }

    fn make(&self, line: &Line) -> Spec {
        let Line(repository, name, version, fields) = line;
        let mut spec = Spec {
            info: Info {
                name: (*name).to_owned(),
                version: Version::from_text(*version),
                description: format!("The {name} thing"),
                arch: "x86_64".to_owned(),
                license: "MIT".to_owned(),
                origin: (*name).to_owned(),
                maintainer: "Max <m@x.example>".to_owned(),
                url: format!("https://{name}.example"),
                commit: "0123456789012345678901234567890123456789".to_owned(),
                ..Info::default()
            },
            ..Spec::default()
        };
        let info = &mut spec.info;
        for (key, value) in *fields {
            match *key {
                "depends" => info.depends = list(value),
                "provides" => info.provides = list(value),
                "replaces" => info.replaces = list(value),
                "install-if" => info.install_if = list(value),
                "origin" => info.origin = (*value).to_owned(),
                "priority" => info.replaces_priority = value.parse().expect("a number"),
                "provider" => info.provider_priority = value.parse().expect("a number"),
                "trigger" => info.triggers.push((*value).to_owned()),
                "script" => {
                    spec.scripts.insert(
                        ScriptKind::from_name(value.as_bytes()).expect("a kind"),
                        b"#!/bin/sh\nexit 0\n".to_vec(),
                    );
                }
                _ => {}
            }
        }
        let folder = self.path(&format!("trees/{name}-{version}"));
        fs::create_dir_all(&folder).expect("a directory");
        Self::tree(line, &folder);
        let options = TreeOptions {
            owners: Owners::Root,
            mtime: Some(1_700_000_000),
            xattrs: false,
        };
        let tree = Tree::read(&folder, &options).expect("a tree");
        let file = self.path(&format!("{repository}/x86_64/{name}-{version}.apk"));
        let mut bytes = Vec::new();
        let identity = write_v3(
            &mut bytes,
            &spec,
            Some(&tree),
            std::slice::from_ref(&self.key),
            Compression::Deflate(0),
        );
        spec.info.identity = Some(identity.expect("a package"));
        spec.info.file_size = bytes.len() as u64;
        spec.info.installed_size = tree.installed_size().max(1);
        fs::write(file, bytes).expect("a file");
        spec
    }

    /// Makes a repository's index anew.
    pub fn index(&self, repository: &str, description: &str) {
        let folder = self.path(repository).join("x86_64");
        let mut maker = IndexMaker::new();
        maker.description = description.to_owned();
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .expect("a directory")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "apk"))
            .collect();
        files.sort();
        for file in files {
            maker.add_file(&file, &Trust::Anything).expect("a package");
        }
        let out = fs::File::create(folder.join("Packages.adb")).expect("a file");
        maker
            .write_v3(
                out,
                std::slice::from_ref(&self.key),
                Compression::Deflate(0),
            )
            .expect("an index");
    }

    fn root(&self) {
        for folder in ["etc/apk/keys", "lib/apk/db", "var/cache/apk", "var/log"] {
            fs::create_dir_all(self.path("root").join(folder)).expect("a directory");
        }
        let write =
            |path: &str, text: &str| fs::write(self.path("root").join(path), text).expect("a file");
        write("etc/apk/arch", "x86_64\n");
        write("etc/apk/world", "bar\nfoo\n");
        write(
            "etc/apk/keys/test.pub",
            &self.key.public_pem().expect("a key"),
        );
        self.repositories(
            &self.path("one").to_string_lossy(),
            &self.path("two").to_string_lossy(),
        );
        write("lib/apk/db/triggers", "");
        fs::write(self.path("root/lib/apk/db/scripts.tar"), [0; 1024]).expect("a file");
    }

    /// Says where the repositories are.
    pub fn repositories(&self, one: &str, two: &str) {
        let text = format!("v3 {one}\nv3 @two {two}\n");
        fs::write(self.path("root/etc/apk/repositories"), text).expect("a file");
    }

    fn install(&self, line: &Line, spec: &Spec, database: &mut Vec<u8>) {
        Self::tree(line, &self.path("root"));
        let mut record = Record {
            info: spec.info.clone(),
            flags: Flags {
                sha256: true,
                ..Flags::default()
            },
            ..Record::default()
        };
        record.info.triggers.clear();
        let mut paths: Vec<(&str, &str)> = line
            .3
            .iter()
            .filter(|(key, _)| matches!(*key, "file" | "large" | "link"))
            .map(|(key, path)| (*path, *key))
            .collect();
        paths.sort();
        for (path, key) in paths {
            let (folder, name) = path.rsplit_once('/').expect("below a directory");
            let mut above = String::new();
            for part in folder.split('/') {
                above = if above.is_empty() {
                    part.to_owned()
                } else {
                    format!("{above}/{part}")
                };
                if !record
                    .directories
                    .iter()
                    .any(|one| one.path == above.as_bytes())
                {
                    record.directories.push(Directory {
                        path: above.clone().into_bytes(),
                        acl: Acl::of_root(0o755),
                        files: Vec::new(),
                    });
                }
            }
            let place = self.path("root").join(path);
            let (content, mode) = match key {
                "link" => (b"foo".to_vec(), 0o777),
                _ => (
                    fs::read(&place).expect("a file"),
                    fs::metadata(&place).expect("a file").permissions().mode() & 0o777,
                ),
            };
            let folder = record
                .directories
                .iter_mut()
                .find(|one| one.path == folder.as_bytes())
                .expect("there");
            folder.files.push(File {
                name: name.as_bytes().to_vec(),
                acl: Acl::of_root(mode),
                digest: Some(Digest::of(Algorithm::Sha256, &content)),
            });
        }
        record
            .directories
            .sort_by(|one, other| one.path.cmp(&other.path));
        record.write(database);
    }

    /// Runs a program on the root; `line` is split at spaces.
    pub fn run_with(&self, program: &Path, line: &str) -> Answer {
        let output = Command::new(program)
            .arg("--root")
            .arg(self.path("root"))
            .args(
                line.split(' ')
                    .filter(|word| !word.is_empty())
                    .map(|word| word.replace("PLACE", &self.folder.path().to_string_lossy())),
            )
            .current_dir(self.folder.path())
            .env("TZ", "UTC")
            .env_remove("APK_CONFIG")
            .env_remove("SSL_CERT_FILE")
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| self.plain(&String::from_utf8_lossy(bytes));
        Answer {
            status: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Runs our program.
    pub fn run(&self, line: &str) -> Answer {
        self.run_with(Path::new(env!("CARGO_BIN_EXE_oil")), line)
    }

    /// Everything below the root but caches, as text: what a command must not change when it fails.
    pub fn state(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut list = Vec::new();
        let mut pending = vec![self.path("root")];
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(folder).expect("a directory") {
                let path = entry.expect("an entry").path();
                let name = path.to_string_lossy().into_owned();
                if ["var/cache", "var/log", "apk/db/lock", "oil.index"]
                    .iter()
                    .any(|part| name.contains(part))
                {
                    continue;
                }
                if path.is_dir() && !path.is_symlink() {
                    pending.push(path);
                } else {
                    let content = fs::read(&path).unwrap_or_default();
                    list.push((path, content));
                }
            }
        }
        list.sort();
        list
    }
}
