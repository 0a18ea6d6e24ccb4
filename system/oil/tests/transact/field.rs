//! Packages and roots to try transactions on, and what a root looks like.

use oil::database::lock::Lock;
use oil::dependency::Dependency;
use oil::digest::{Algorithm, Digest};
use oil::error::Result;
use oil::format::compress::Compression;
use oil::make::{Owners, Spec, Tree, TreeOptions, write_v2, write_v3};
use oil::package::{Info, ScriptKind};
use oil::stream::Trust;
use oil::transact::{Event, New, Options, Outcome, Plan, Source, Step, Transaction, Watch};
use oil::version::Version;
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::thread::UnshareFlags;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

/// The reference `apk`, where there is one.
pub fn reference() -> Option<PathBuf> {
    std::env::var_os("OIL_REFERENCE_APK").map(PathBuf::from)
}

/// A directory with packages and roots.
pub struct Field {
    pub folder: tempfile::TempDir,
    pub v2: bool,
}

/// A package to be made.
#[derive(Clone, Default)]
pub struct Recipe {
    pub name: String,
    pub version: String,
    /// Path, and content, `-> target`, `= hard link's target` or `% major:minor` of a device; a path with a slash at
    /// its end is a directory.
    pub files: Vec<(String, String)>,
    /// Path and mode.
    pub modes: Vec<(String, u32)>,
    /// A path that belongs to user and group `web`, number 4321.
    pub webs: Vec<String>,
    /// Path, and name and value of an extended attribute.
    pub xattrs: Vec<(String, String, String)>,
    pub scripts: Vec<(ScriptKind, String)>,
    pub triggers: Vec<String>,
    pub replaces: String,
    pub origin: String,
}

impl Recipe {
    pub fn new(name: &str, version: &str, files: &[(&str, &str)]) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            files: files
                .iter()
                .map(|(path, content)| (path.to_string(), content.to_string()))
                .collect(),
            ..Self::default()
        }
    }

    pub fn script(mut self, kind: ScriptKind, text: &str) -> Self {
        self.scripts.push((kind, text.to_owned()));
        self
    }

    pub fn mode(mut self, path: &str, mode: u32) -> Self {
        self.modes.push((path.to_owned(), mode));
        self
    }
}

impl Field {
    pub fn new(v2: bool) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        Self { folder, v2 }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a package; its file is called as repositories call it.
    pub fn make(&self, recipe: &Recipe) -> PathBuf {
        let tree = self.path("tree");
        let _ = fs::remove_dir_all(&tree);
        fs::create_dir(&tree).expect("a directory");
        for (path, content) in &recipe.files {
            let place = tree.join(path);
            fs::create_dir_all(place.parent().expect("in the tree")).expect("a directory");
            if path.ends_with('/') {
                fs::create_dir_all(place).expect("a directory");
            } else if let Some(target) = content.strip_prefix("-> ") {
                symlink(target, place).expect("a link");
            } else if let Some(target) = content.strip_prefix("= ") {
                fs::hard_link(tree.join(target), place).expect("a link");
            } else if let Some((major, minor)) = content
                .strip_prefix("% ")
                .and_then(|device| device.split_once(':'))
            {
                let number = |text: &str| text.parse().expect("a number");
                let device = rustix::fs::makedev(number(major), number(minor));
                let kind = rustix::fs::FileType::CharacterDevice;
                let mode = rustix::fs::Mode::from_raw_mode(0o640);
                rustix::fs::mknodat(rustix::fs::CWD, &place, kind, mode, device).expect("root");
            } else {
                fs::write(place, content).expect("a file");
            }
        }
        let mut owners = Owners::Root;
        for path in &recipe.webs {
            std::os::unix::fs::chown(tree.join(path), Some(4321), Some(4321)).expect("root");
            let names = |name: &str| HashMap::from([(4321, b"web".to_vec()), (0, name.into())]);
            owners = Owners::Named {
                users: names("root"),
                groups: names("root"),
            };
        }
        for (path, mode) in &recipe.modes {
            fs::set_permissions(tree.join(path), fs::Permissions::from_mode(*mode)).expect("ours");
        }
        for (path, name, value) in &recipe.xattrs {
            let flags = rustix::fs::XattrFlags::empty();
            rustix::fs::lsetxattr(tree.join(path), name.as_str(), value.as_bytes(), flags)
                .expect("root");
        }
        let options = TreeOptions {
            owners,
            mtime: Some(1_700_000_000),
            xattrs: !recipe.xattrs.is_empty(),
        };
        let tree = Tree::read(&tree, &options).expect("a tree");
        let spec = Spec {
            info: Info {
                name: recipe.name.clone(),
                version: Version::parse(&recipe.version).expect("a version"),
                arch: "noarch".into(),
                description: format!("{} for tests", recipe.name),
                license: "MIT".into(),
                origin: recipe.origin.clone(),
                build_time: 1_600_000_000,
                triggers: recipe.triggers.clone(),
                replaces: Dependency::parse_list(&recipe.replaces).expect("a list"),
                ..Info::default()
            },
            scripts: recipe
                .scripts
                .iter()
                .map(|(kind, text)| (*kind, text.clone().into_bytes()))
                .collect(),
        };
        let path = self.path(&format!("{}-{}.apk", recipe.name, recipe.version));
        let file = File::create(&path).expect("a file");
        let empty = recipe.files.is_empty();
        let tree = (!empty).then_some(&tree);
        if self.v2 {
            write_v2(file, &spec, tree, &[], self.folder.path()).expect("a package");
        } else {
            write_v3(file, &spec, tree, &[], Compression::default()).expect("a package");
        }
        path
    }

    /// A root with an empty database.
    pub fn root(&self, name: &str) -> PathBuf {
        let root = self.path(name);
        for directory in ["lib/apk/db", "etc/apk", "proc", "dev"] {
            fs::create_dir_all(root.join(directory)).expect("a directory");
        }
        for (file, text) in [
            ("lib/apk/db/installed", ""),
            ("lib/apk/db/triggers", ""),
            ("etc/apk/world", ""),
            ("etc/apk/arch", "x86_64\n"),
        ] {
            fs::write(root.join(file), text).expect("a file");
        }
        root
    }

    /// A root in which `/bin/sh` works.
    pub fn root_with_shell(&self, name: &str) -> PathBuf {
        let root = self.root(name);
        for program in ["/bin/sh", "/bin/cat", "/bin/ls", "/bin/mkdir"] {
            copy_program(&root, Path::new(program));
        }
        root
    }
}

fn copy_program(root: &Path, program: &Path) {
    let text = Command::new("ldd").arg(program).output().map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    let libraries = text
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from);
    for path in libraries.chain([program.to_owned()]) {
        let place = root.join(path.strip_prefix("/").expect("absolute"));
        fs::create_dir_all(place.parent().expect("in the root")).expect("a directory");
        fs::copy(&path, &place).expect("a program");
        let file = File::options().write(true).open(&place).expect("ours");
        file.set_modified(std::time::UNIX_EPOCH).expect("ours");
    }
}

/// What was told.
#[derive(Default)]
pub struct Told(pub Mutex<Vec<String>>);

impl Watch for Told {
    fn tell(&self, event: Event) {
        if !matches!(event, Event::Unpacked { .. }) {
            self.0.lock().expect("not poisoned").push(event.to_string());
        }
    }
}

impl Told {
    pub fn lines(self) -> Vec<String> {
        self.0.into_inner().expect("not poisoned")
    }
}

/// As assembling an image does it: no history, no waiting for the disk.
pub fn options() -> Options {
    Options {
        sync: false,
        generations: 0,
        commit_hooks: false,
        ..Options::default()
    }
}

/// A package that comes, in place of the one of its name if that is installed.
pub fn add(root: &Path, package: &Path) -> Step<'static> {
    let file = package
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let name = file.split_once('-').expect("name-version.apk").0.to_owned();
    let installed = fs::read_to_string(root.join("lib/apk/db/installed")).unwrap_or_default();
    let old = installed
        .lines()
        .any(|line| line == format!("P:{name}"))
        .then(|| name.clone());
    Step {
        title: format!(
            "{} {name}",
            if old.is_some() {
                "Upgrading"
            } else {
                "Installing"
            }
        ),
        old,
        new: Some(New {
            source: Source::File {
                path: package.to_owned(),
                trust: Trust::Anything,
            },
            tag: None,
        }),
    }
}

/// A package that goes.
pub fn del(name: &str) -> Step<'static> {
    Step {
        title: format!("Purging {name}"),
        old: Some(name.to_owned()),
        new: None,
    }
}

pub fn plan(steps: Vec<Step<'static>>, world: &str) -> Plan<'static> {
    Plan {
        steps,
        world: world.to_owned(),
        command: "test".to_owned(),
        ..Plan::default()
    }
}

/// Prepares and commits.
pub fn commit(
    root: &Path,
    plan: Plan<'static>,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Outcome> {
    // A script that another test starts at this instant has the lock's file open too, until it is executed.
    let lock = Lock::take(root, Duration::from_secs(60))?;
    Transaction::prepare(root, &lock, plan, options, watch)?.commit()
}

/// One that must go well.
pub fn done(root: &Path, steps: Vec<Step<'static>>, world: &str) -> Vec<String> {
    let told = Told::default();
    let outcome = commit(root, plan(steps, world), &options(), &told).expect("committed");
    let lines = told.lines();
    assert_eq!(outcome.errors, 0, "{lines:?}");
    lines
}

/// The extended attributes that tests set.
fn xattrs(path: &Path) -> String {
    let mut text = String::new();
    for name in ["trusted.oil", "security.capability"] {
        let mut value = [0; 64];
        if let Ok(length) = rustix::fs::lgetxattr(path, name, &mut value[..]) {
            text += &format!(" {name}={}", oil::digest::hex(&value[..length]));
        }
    }
    text
}

/// All of a root but what is Oil's own: type, mode, owner, time of change, attributes, and content or target. Times of directories
/// and of the database are left out, as is what differs from run to run.
pub fn look(root: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path
                .strip_prefix(root)
                .expect("below")
                .to_string_lossy()
                .into_owned();
            if name == "lib/apk/oil"
                || name.starts_with("lib/apk/db/oil.")
                || name == "lib/apk/db/lock"
                || name == "var/log/apk.log"
            {
                continue;
            }
            let metadata = path.symlink_metadata().expect("there");
            let own = name.starts_with("lib/apk/db/") || name.starts_with("etc/apk/");
            let content = if metadata.is_dir() {
                pending.push(path.clone());
                String::new()
            } else if metadata.is_symlink() {
                fs::read_link(&path)
                    .expect("a link")
                    .to_string_lossy()
                    .into_owned()
            } else if name.ends_with(".gz") {
                format!(
                    "{:?}",
                    oil::database::scripts::Scripts::read(root).map(|all| all.entries)
                )
            } else if metadata.len() > 4096 {
                let digest = Digest::of(Algorithm::Sha256, &fs::read(&path).expect("a file"));
                digest.to_string()
            } else if metadata.is_file() {
                String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned()
            } else {
                format!("device {}", metadata.rdev())
            };
            let time = if metadata.is_dir() || metadata.is_symlink() || own {
                0
            } else {
                metadata.mtime()
            };
            let links = if metadata.is_dir() {
                0
            } else {
                metadata.nlink()
            };
            let text = format!(
                "{:o} {}:{} {links} {time} {content}{}",
                metadata.mode(),
                metadata.uid(),
                metadata.gid(),
                xattrs(&path)
            );
            all.insert(name, text);
        }
    }
    all
}

/// Makes sure that two roots look the same.
pub fn same(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>, what: &str) {
    for (path, text) in one {
        let found = other.get(path).map_or("nothing", String::as_str);
        assert_eq!(text, found, "{what}: {path}");
    }
    for path in other.keys() {
        assert!(one.contains_key(path), "{what}: {path} is there too");
    }
}

/// Runs in a mount namespace of its own, where that is allowed; the mounts go with the thread. Whether it ran.
pub fn with_mounts(run: impl FnOnce() + Send) -> bool {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            #[expect(
                deprecated,
                reason = "UnshareFlags::FILES, for which it is, is not passed"
            )]
            if rustix::thread::unshare(UnshareFlags::NEWNS).is_err() {
                return false;
            }
            let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            mount_change("/", private).expect("private");
            run();
            true
        });
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
