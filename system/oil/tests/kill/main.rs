//! A transaction that is cut at every system call that writes: a real process with its scripts, really killed, or its
//! disk taken away. After each cut the next start finds the old root or the new one, whole.
//!
//! The child is this program again. It is traced from the instant at which it begins, and stops on its way into each
//! such call.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod disk;
#[path = "../transact/field.rs"]
#[allow(dead_code, reason = "shared with tests/transact")]
mod field;
mod killed;
mod power;
mod traced;

use field::{Field, Recipe, Told, add, del, done, look, options, plan};
use oil::database::lock::Lock;
use oil::package::ScriptKind;
use oil::transact::{Options, Recovery, Transaction, recover};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What the child is to do, and where: `commit`, `careless` for the same without waiting for the disk, or `recover`.
const CHILD: &str = "OIL_KILL_CHILD";

/// A child that another test starts at this instant has a lock's file open too, until it is executed.
const WAIT: Duration = Duration::from_secs(60);

/// A file system in memory if there is one: thousands of small files are written.
fn field(v2: bool) -> Field {
    let place = if Path::new("/dev/shm").is_dir() {
        "/dev/shm"
    } else {
        "/tmp"
    };
    Field {
        folder: tempfile::tempdir_in(place).expect("a directory"),
        v2,
    }
}

/// Whether scripts run in the root, which only root can do. Else they run beside it, in its directory.
fn whole_options(generations: usize) -> Options {
    Options {
        sync: true,
        threads: 1,
        generations,
        chroot: nix::unistd::geteuid().is_root(),
        ..options()
    }
}

fn packages(field: &Field) -> BTreeMap<&'static str, PathBuf> {
    let sh = |text: &str| format!("#!/bin/sh\n{text}\n");
    let mark = |recipe: Recipe, kinds: &[ScriptKind]| {
        kinds.iter().fold(recipe, |recipe, kind| {
            let text = format!("echo $@ > var/$APK_PACKAGE.{}", kind.name());
            recipe.script(*kind, &sh(&text))
        })
    };
    let upgrade = [ScriptKind::PreUpgrade, ScriptKind::PostUpgrade];
    let mut old = Recipe::new(
        "changes",
        "1",
        &[
            ("usr/bin/changes", "first"),
            ("usr/bin/changes-link", "-> changes"),
            ("usr/lib/changes/gone", "gone"),
            ("usr/lib/changes/becomes-file/x", "x"),
            ("usr/lib/changes/same", "same"),
            ("etc/changes.conf", "first"),
            ("etc/other.conf", "first"),
        ],
    );
    old = mark(old, &upgrade);
    let new = Recipe::new(
        "changes",
        "2",
        &[
            ("usr/bin/changes", "second"),
            ("usr/bin/changes-hard", "= usr/bin/changes"),
            ("usr/bin/changes-link", "-> elsewhere"),
            ("usr/lib/changes/becomes-file", "a file"),
            ("usr/lib/changes/same", "same"),
            ("usr/lib/new/deep/file", "new"),
            ("etc/changes.conf", "second"),
            ("etc/other.conf", "second"),
        ],
    )
    .mode("usr/bin/changes", 0o4755);
    let goes = Recipe::new(
        "goes",
        "1",
        &[
            ("usr/lib/goes/a", "a"),
            ("usr/lib/goes/b", "-> a"),
            ("usr/bin/goes", "x"),
        ],
    );
    let goes = mark(goes, &[ScriptKind::PreDeinstall, ScriptKind::PostDeinstall]);
    let mut comes = Recipe::new(
        "comes",
        "1",
        &[
            ("usr/share/comes/a", "a"),
            ("usr/bin/comes", "comes"),
            ("srv/", ""),
        ],
    )
    .mode("srv", 0o700)
    .script(ScriptKind::Trigger, &sh("echo $@ > var/trigger"));
    if nix::unistd::geteuid().is_root() {
        // A directory that takes several calls to make.
        comes.files.push(("srv/owned/".into(), String::new()));
        comes.webs.push("srv/owned".into());
        comes.modes.push(("srv/owned".into(), 0o2775));
        let xattr = ("srv/owned", "trusted.oil", "owned");
        comes
            .xattrs
            .push((xattr.0.into(), xattr.1.into(), xattr.2.into()));
    }
    comes.triggers = vec!["/usr/lib/*".into()];
    let comes = mark(comes, &[ScriptKind::PreInstall, ScriptKind::PostInstall]);
    let stays = Recipe::new(
        "stays",
        "1",
        &[("usr/bin/stays", "stays"), ("usr/lib/stays/x", "x")],
    );
    // No script runs before it: what it has as before is left where it is.
    let steady = |version, other| {
        let files = [
            ("usr/lib/steady/same", "same"),
            ("usr/lib/steady/other", other),
        ];
        Recipe::new("steady", version, &files)
    };
    [
        ("steady", steady("1", "first")),
        ("steadier", steady("2", "second")),
        ("old", old),
        ("new", mark(new, &upgrade)),
        ("goes", goes),
        ("comes", comes),
        ("stays", stays),
    ]
    .map(|(key, recipe)| (key, field.make(&recipe)))
    .into()
}

/// What both the child and the parent know: where the packages are.
fn change(root: &Path) -> oil::transact::Plan<'static> {
    let folder = root.parent().expect("in a folder");
    let steps = vec![
        add(root, &folder.join("steady-2.apk")),
        add(root, &folder.join("comes-1.apk")),
        del("goes"),
        add(root, &folder.join("changes-2.apk")),
    ];
    plan(steps, "changes\ncomes\nstays\nsteady\n")
}

/// The child's part; nothing when the tests are run.
#[test]
fn child() {
    let Some(what) = std::env::var_os(CHILD) else {
        return;
    };
    let what = what.into_string().expect("text");
    let mut words = what.splitn(3, ' ');
    let mut word = || words.next().expect("three words").to_owned();
    let (verb, generations, root) = (word(), word(), PathBuf::from(word()));
    let mut options = whole_options(generations.parse().expect("a number"));
    options.sync = verb != "careless";
    println!("ready");
    // The parent has begun to trace when it says so.
    std::io::stdin().read_exact(&mut [0]).expect("a word");
    let lock = Lock::take(&root, WAIT).expect("free");
    let told = Told::default();
    let well = match verb.as_str() {
        "commit" | "careless" => Transaction::prepare(&root, &lock, change(&root), &options, &told)
            .and_then(Transaction::commit)
            .is_ok(),
        _ => recover(&root, &lock, &options, &told).is_ok(),
    };
    std::process::exit(if well { 42 } else { 43 });
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let well = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(well.expect("cp runs").success());
}

/// The root as it is compared: what scripts wrote has no time of its own.
fn state(root: &Path) -> BTreeMap<String, String> {
    let mut all = look(root);
    for (path, text) in &mut all {
        if path.starts_with("var/") {
            let mut words: Vec<&str> = text.splitn(5, ' ').collect();
            words[3] = "0";
            *text = words.join(" ");
        }
    }
    all
}

fn difference(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> String {
    let paths = one.keys().chain(other.keys());
    let differs = paths.filter(|path| one.get(*path) != other.get(*path));
    differs
        .map(|path| format!("{path}: {:?} / {:?}\n", one.get(path), other.get(path)))
        .collect()
}

/// Recovers what was cut, which leaves the old state or the new one: whether it is the new one, or what is wrong.
fn survives(
    root: &Path,
    generations: usize,
    states: [&BTreeMap<String, String>; 2],
) -> Result<bool, String> {
    let lock = Lock::take(root, WAIT).map_err(|error| error.to_string())?;
    let found = recover(root, &lock, &whole_options(generations), &Told::default());
    let found = found.map_err(|error| error.to_string())?;
    let now = state(root);
    let [old, new] = states;
    let is_new = now == *new;
    let fits = match found {
        Recovery::RolledBack => !is_new,
        Recovery::RolledForward(outcome) => is_new && outcome.errors == 0,
        Recovery::Clean => true,
        Recovery::Abandoned => false,
    };
    if !fits || (!is_new && now != *old) || root.join("lib/apk/oil/transaction").exists() {
        return Err(format!(
            "{found:?}: from the old state\n{}from the new one\n{}",
            difference(old, &now),
            difference(new, &now)
        ));
    }
    Ok(is_new)
}

/// As after a power cut: the machine was started anew, and the progress is not to be believed.
fn forget_progress(root: &Path) {
    let journal = root.join("lib/apk/oil/transaction/journal");
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a running kernel");
    if let Ok(text) = fs::read_to_string(&journal) {
        fs::write(&journal, text.replace(boot.trim(), "another")).expect("written");
    }
}

/// What only the new state has.
const CHANGED: [&str; 3] = [
    "etc/changes.conf.apk-new",
    "var/trigger",
    "var/changes.post-upgrade",
];

/// A root in the old state.
fn furnish(field: &Field) -> PathBuf {
    let packages = packages(field);
    let template = field.root_with_shell("template");
    fs::create_dir(template.join("var")).expect("a directory");
    let steps = ["old", "goes", "stays", "steady"].map(|key| add(&template, &packages[key]));
    done(&template, steps.into(), "changes\ngoes\nstays\nsteady\n");
    // It gets the time that the package says.
    let same = fs::File::open(template.join("usr/lib/steady/same")).expect("there");
    same.set_modified(std::time::UNIX_EPOCH).expect("ours");
    fs::write(template.join("etc/changes.conf"), "mine").expect("a file");
    template
}
