//! Directories that come whole: unpacked as they will be, and put in their places by one rename each. Packages of v2 are
//! unpacked file by file, so a root that has both kinds of the same packages shows whether it makes a difference.

use crate::field::{Field, Recipe, Told, add, done, look, options, plan};
use oil::database::lock::Lock;
use oil::package::ScriptKind;
use oil::transact::{Options, Transaction};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

fn recipes() -> Vec<Recipe> {
    let one = Recipe::new(
        "one",
        "1",
        &[
            ("usr/share/one/a", "a"),
            ("usr/share/one/deep/b", "b"),
            ("usr/share/one/deep/link", "-> ../a"),
            ("usr/share/one/hard", "= usr/share/one/a"),
            ("usr/share/one/empty/", ""),
            ("usr/share/one/shared/", ""),
            ("usr/share/one/theirs", "one's"),
        ],
    )
    .mode("usr/share/one/a", 0o4711)
    .mode("usr/share/one/deep", 0o750)
    .mode("usr/share/one/shared", 0o2775);
    // In directories that another package brings, and a link out of one tree into another.
    let two = Recipe::new(
        "two",
        "1",
        &[
            ("opt/two/x", "x"),
            ("opt/two/big", &"0123456789".repeat(40_000)),
            ("usr/share/one/deep/c", "c"),
            ("usr/share/one/more/y", "y"),
            ("usr/share/two/l", "= opt/two/x"),
        ],
    );
    // It takes a file over, and loses one.
    let mut three = Recipe::new(
        "three",
        "1",
        &[
            ("usr/share/one/theirs", "three's"),
            ("usr/share/three/z", "z"),
        ],
    );
    three.replaces = "one".into();
    let mut keeps = Recipe::new("keeps", "1", &[("srv/keeps/f", "keeps'")]);
    keeps.replaces = "loses".into();
    let loses = Recipe::new(
        "loses",
        "1",
        &[("srv/keeps/f", "loses'"), ("srv/keeps/g", "g")],
    );
    vec![one, two, three, keeps, loses]
}

/// All but the database, whose digests are of two kinds.
fn files(root: &Path) -> BTreeMap<String, String> {
    let mut all = look(root);
    all.retain(|path, _| !path.starts_with("lib/apk"));
    all
}

/// Installs some packages at once, in both formats; what there is then is the same.
fn both(order: &[usize], furnish: impl Fn(&Field, &Path)) -> BTreeMap<String, String> {
    let [first, second] = [false, true].map(|v2| {
        let field = Field::new(v2);
        let root = field.root("root");
        furnish(&field, &root);
        let recipes = recipes();
        let steps = order
            .iter()
            .map(|&number| add(&root, &field.make(&recipes[number])));
        done(&root, steps.collect(), "one\n");
        files(&root)
    });
    assert_eq!(first, second);
    first
}

#[test]
fn as_file_by_file() {
    let found = both(&[0, 1, 2, 3, 4], |_, _| {});
    assert!(
        found["usr/share/one/theirs"].contains("three's"),
        "{found:?}"
    );
    assert!(found["srv/keeps/f"].contains("keeps'"), "{found:?}");
    assert!(found.contains_key("usr/share/one/empty"));
    // In whatever order, and where some of it is there already.
    both(&[2, 4, 1, 3, 0], |_, _| {});
    both(&[1, 0], |_, root| {
        fs::create_dir_all(root.join("usr/share/one/deep")).expect("a directory")
    });
    both(&[0], |_, root| {
        fs::create_dir_all(root.join("elsewhere")).expect("a directory");
        fs::create_dir_all(root.join("usr")).expect("a directory");
        std::os::unix::fs::symlink("/elsewhere", root.join("usr/share")).expect("a link");
    });
}

#[test]
fn what_stays_with_an_installed_package() {
    let found = both(&[4], |field, root| {
        done(root, vec![add(root, &field.make(&recipes()[3]))], "keeps\n");
        // The file is still the package's, so it does not come with the directory.
        fs::remove_dir_all(root.join("srv")).expect("ours");
    });
    assert!(!found.contains_key("srv/keeps/f") && found.contains_key("srv/keeps/g"));
}

#[test]
fn by_one_rename() {
    let field = Field::new(false);
    let root = field.root("root");
    fs::create_dir_all(root.join("usr/share")).expect("a directory");
    let package = field.make(&recipes()[0]);
    let (options, told) = (options(), Told::default());
    let lock = Lock::take(&root, Duration::from_secs(60)).expect("free");
    let steps = vec![add(&root, &package)];
    let transaction = Transaction::prepare(&root, &lock, plan(steps, "one\n"), &options, &told);
    let transaction = transaction.expect("prepared");
    let inode = |path: &str| {
        root.join(path)
            .metadata()
            .map(|metadata| metadata.ino())
            .ok()
    };
    let staged = inode("lib/apk/oil/transaction/0/t0");
    assert!(staged.is_some() && inode("usr/share/one").is_none());
    transaction.commit().expect("committed");
    assert_eq!(inode("usr/share/one"), staged);
}

/// A script makes the directory after all has been prepared: what it put there stays, and the package's files come.
#[test]
fn a_directory_that_is_there_by_then() {
    let field = Field::new(false);
    let root = field.root_with_shell("root");
    let script = "#!/bin/sh\nmkdir -p usr/share/one/deep/own\n";
    let package = field.make(&recipes()[0].clone().script(ScriptKind::PreInstall, script));
    let options = Options {
        chroot: rustix::process::geteuid().is_root(),
        ..options()
    };
    let lock = Lock::take(&root, Duration::from_secs(60)).expect("free");
    let told = Told::default();
    let steps = vec![add(&root, &package)];
    let transaction = Transaction::prepare(&root, &lock, plan(steps, "one\n"), &options, &told);
    let outcome = transaction
        .and_then(Transaction::commit)
        .expect("committed");
    assert_eq!(outcome.errors, 0, "{:?}", told.lines());
    for path in ["a", "hard", "deep/b", "deep/own", "empty"] {
        assert!(root.join("usr/share/one").join(path).exists(), "{path}");
    }
    assert!(root.join("usr/share/one/deep/link").is_symlink());
}
