//! What cannot be done: a clear error, and nothing changed.

use crate::field::{
    Field, Recipe, Told, add, commit, del, done, look, options, plan, same, with_mounts,
};
use oil::database::lock::Lock;
use oil::error::Error;
use oil::transact::{Conflicts, Options, Quiet, Recovery, Transaction, recover};
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountFlags, mount, mount_bind, mount_remount};
use std::fs;
use std::path::Path;
use std::time::Duration;

fn untouched(root: &Path, attempt: impl FnOnce() -> Error) -> Error {
    let before = look(root);
    let error = attempt();
    same(&before, &look(root), &error.to_string());
    assert!(!root.join("lib/apk/oil/transaction").exists(), "{error}");
    error
}

#[test]
fn files_of_others() {
    let field = Field::new(false);
    let root = field.root("root");
    let owner = field.make(&Recipe::new(
        "owner",
        "1",
        &[("usr/bin/x", "owner"), ("usr/bin/y", "owner")],
    ));
    done(&root, vec![add(&root, &owner)], "owner\n");
    let thief = field.make(&Recipe::new(
        "thief",
        "1",
        &[("usr/bin/x", "thief"), ("usr/bin/z", "thief")],
    ));
    let told = Told::default();
    let error = untouched(&root, || {
        let steps = vec![add(&root, &thief)];
        commit(&root, plan(steps, "owner\nthief\n"), &options(), &told).expect_err("not its file")
    });
    assert_eq!(
        error.to_string(),
        "thief-1 cannot be installed, nothing was changed: 1 file belongs to owner; do without one of the packages, or take it over with --force-overwrite"
    );
    let text = "ERROR: thief-1: trying to overwrite usr/bin/x owned by owner-1.".to_owned();
    assert_eq!(told.lines(), [text]);

    let forced = Options {
        force_overwrite: true,
        ..options()
    };
    commit(
        &root,
        plan(vec![add(&root, &thief)], "owner\nthief\n"),
        &forced,
        &Quiet,
    )
    .expect("forced");
    let text = fs::read_to_string(root.join("lib/apk/db/installed")).expect("there");
    assert_eq!(text.matches("R:x\n").count(), 1, "{text}");
    assert_eq!(
        fs::read_to_string(root.join("usr/bin/x")).expect("there"),
        "thief"
    );
    // What the owner lost does not go with it.
    done(&root, vec![del("owner")], "thief\n");
    assert!(root.join("usr/bin/x").exists() && !root.join("usr/bin/y").exists());

    // Two that come together.
    let root = field.root("another");
    let error = untouched(&root, || {
        let steps = vec![add(&root, &owner), add(&root, &thief)];
        commit(&root, plan(steps, "owner\nthief\n"), &options(), &Quiet).expect_err("both want it")
    });
    assert_eq!(conflicts(&error).files, 1, "{error}");
    assert!(conflicts(&error).owners.contains("owner"), "{error}");
}

fn conflicts(error: &Error) -> &Conflicts {
    match error {
        Error::Conflicts(conflicts) => conflicts,
        other => panic!("{other}"),
    }
}

/// A path that is a file of one package and a directory of another: found before anything is written, whoever comes
/// first and whether the other one is there or comes too.
#[test]
fn files_and_directories() {
    let field = Field::new(false);
    let file = field.make(&Recipe::new("file", "1", &[("usr/lib/x", "a file")]));
    let inside = field.make(&Recipe::new("inside", "1", &[("usr/lib/x/y", "in it")]));
    let world = "file\ninside\n";
    for (name, order, expected) in [
        (
            "one",
            [&file, &inside],
            "ERROR: inside-1: failed to extract usr/lib/x: Not a directory",
        ),
        (
            "two",
            [&inside, &file],
            "ERROR: file-1: failed to commit usr/lib/x: Is a directory",
        ),
    ] {
        let root = field.root(name);
        let told = Told::default();
        let error = untouched(&root, || {
            let steps = order.map(|package| add(&root, package)).into();
            commit(&root, plan(steps, world), &options(), &told).expect_err("both")
        });
        assert_eq!(conflicts(&error).places, 1, "{error}");
        let lines = told.lines();
        assert!(
            lines[0].starts_with(&format!("{expected} in ")),
            "{lines:?}"
        );

        done(&root, vec![add(&root, order[0])], "x\n");
        let told = Told::default();
        let error = untouched(&root, || {
            let steps = vec![add(&root, order[1])];
            commit(&root, plan(steps, world), &options(), &told).expect_err("taken")
        });
        assert_eq!(conflicts(&error).places, 1, "{error}");
        assert_eq!(told.lines(), [expected]);

        // What goes in the same transaction makes room, if it goes before.
        let gone = if name == "one" { "file" } else { "inside" };
        done(&root, vec![del(gone), add(&root, order[1])], "x\n");
        let told = Told::default();
        let error = untouched(&root, || {
            let gone = if name == "one" { "inside" } else { "file" };
            let steps = vec![add(&root, order[0]), del(gone)];
            commit(&root, plan(steps, world), &options(), &told).expect_err("too early")
        });
        assert_eq!(conflicts(&error).places, 1, "{error}");
    }
    // Something of the administrator's stays in the directory, which therefore stays too.
    let root = field.root("mine");
    done(&root, vec![add(&root, &inside)], "inside\n");
    fs::write(root.join("usr/lib/x/mine"), "mine").expect("a file");
    let error = untouched(&root, || {
        let steps = vec![del("inside"), add(&root, &file)];
        commit(&root, plan(steps, "file\n"), &options(), &Quiet).expect_err("not empty")
    });
    assert_eq!(conflicts(&error).places, 1, "{error}");
}

/// Directories are reached through links of other packages, as in a root whose `lib` is `usr/lib`.
#[test]
fn directories_through_links() {
    let field = Field::new(false);
    let link = field.make(&Recipe::new(
        "base",
        "1",
        &[("lib64", "-> usr/lib64"), ("usr/lib64/base", "base")],
    ));
    let inside = field.make(&Recipe::new("inside", "1", &[("lib64/x", "x")]));
    let root = field.root("together");
    let steps = vec![add(&root, &link), add(&root, &inside)];
    done(&root, steps, "base\ninside\n");
    assert!(root.join("usr/lib64/x").is_file());
    let steps = vec![add(&root, &inside), add(&root, &link)];
    done(&root, steps, "base\ninside\n");
    assert!(root.join("lib64").is_symlink() && root.join("usr/lib64/x").is_file());
    // The other way round the link finds its place taken.
    let root = field.root("reversed");
    let error = untouched(&root, || {
        let steps = vec![add(&root, &inside), add(&root, &link)];
        commit(&root, plan(steps, "base\ninside\n"), &options(), &Quiet).expect_err("taken")
    });
    assert_eq!(conflicts(&error).places, 1, "{error}");
}

#[test]
fn places_that_are_taken() {
    let field = Field::new(false);
    let root = field.root("root");
    fs::create_dir_all(root.join("usr/bin/x/full")).expect("a directory");
    fs::write(root.join("usr/lib"), "").expect("a file");
    let package = field.make(&Recipe::new(
        "one",
        "1",
        &[("usr/bin/x", "x"), ("usr/lib/y", "y")],
    ));
    let told = Told::default();
    let error = untouched(&root, || {
        commit(
            &root,
            plan(vec![add(&root, &package)], "one\n"),
            &options(),
            &told,
        )
        .expect_err("taken")
    });
    assert_eq!(conflicts(&error).places, 2, "{error}");
    assert_eq!(
        told.lines(),
        [
            "ERROR: one-1: failed to commit usr/bin/x: Is a directory",
            "ERROR: one-1: failed to extract usr/lib: Not a directory"
        ]
    );
}

#[test]
fn damaged_packages() {
    for v2 in [false, true] {
        let field = Field::new(v2);
        let root = field.root("root");
        let good = field.make(&Recipe::new("good", "1", &[("usr/bin/good", "good")]));
        let content: String = (0..200_000_u32)
            .map(|number| format!("{:x}", number.wrapping_mul(2_654_435_761)))
            .collect();
        let bad = field.make(&Recipe::new("bad", "1", &[("usr/bin/bad", &content)]));
        let mut bytes = fs::read(&bad).expect("there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(&bad, bytes).expect("written");
        let error = untouched(&root, || {
            let steps = vec![add(&root, &good), add(&root, &bad)];
            commit(&root, plan(steps, "bad\ngood\n"), &options(), &Quiet).expect_err("damaged")
        });
        assert!(
            matches!(&error, Error::Package { path, .. } if *path == bad),
            "{error}"
        );
        assert!(!root.join("usr").exists());
    }
}

#[test]
fn a_database_from_the_future() {
    let field = Field::new(false);
    let root = field.root("root");
    let one = field.make(&Recipe::new("one", "1", &[("usr/bin/one", "one")]));
    done(&root, vec![add(&root, &one)], "one\n");
    let path = root.join("lib/apk/db/installed");
    let text = fs::read_to_string(&path).expect("there");
    for (now, future) in [
        ("A:noarch", "A:noarch\nY:new"),
        ("f:S", "f:SN"),
        ("R:one\n", "R:one\nY:new\n"),
    ] {
        fs::write(&path, text.replace(now, future)).expect("written");
        let error = untouched(&root, || {
            let step = del("one");
            commit(&root, plan(vec![step], ""), &options(), &Quiet).expect_err("not understood")
        });
        assert!(matches!(error, Error::Database { .. }), "{error}");
    }
}

#[test]
fn one_at_a_time() {
    let field = Field::new(false);
    let root = field.root("root");
    let one = field.make(&Recipe::new("one", "1", &[("usr/bin/one", "one")]));
    let lock = Lock::take(&root, Duration::ZERO).expect("free");
    let steps = || plan(vec![add(&root, &one)], "one\n");
    let error = untouched(&root, || {
        let second = Lock::take(&root, Duration::ZERO).map(|_| ());
        second.expect_err("locked")
    });
    assert!(matches!(error, Error::Locked(_)), "{error}");
    // One that is dropped leaves nothing; one that is decided has to be finished first.
    let options = options();
    let before = look(&root);
    let prepared = Transaction::prepare(&root, &lock, steps(), &options, &Quiet).expect("prepared");
    assert_eq!(prepared.steps().len(), 1);
    let again = Transaction::prepare(&root, &lock, steps(), &options, &Quiet).err();
    assert!(matches!(again, Some(Error::Interrupted(_))));
    drop(prepared);
    same(&before, &look(&root), "dropped");
    assert_eq!(
        recover(&root, &lock, &options, &Quiet).expect("nothing"),
        Recovery::Clean
    );
}

#[test]
fn read_only_roots() {
    let field = Field::new(false);
    let root = field.root("root");
    let one = field.make(&Recipe::new(
        "one",
        "1",
        &[("usr/bin/one", "one"), ("etc/one", "one")],
    ));
    done(&root, vec![], "");
    with_mounts(|| {
        mount_bind(&root, &root).expect("mounted");
        mount_remount(&root, MountFlags::BIND | MountFlags::RDONLY, c"").expect("read-only");
        let error = untouched(&root, || {
            commit(
                &root,
                plan(vec![add(&root, &one)], "one\n"),
                &options(),
                &Quiet,
            )
            .expect_err("read-only")
        });
        assert!(
            error.to_string().contains("Read-only file system"),
            "{error}"
        );
    });
    // One volume of it alone.
    with_mounts(|| {
        fs::create_dir_all(root.join("usr")).expect("a directory");
        mount_bind(root.join("usr"), root.join("usr")).expect("mounted");
        mount_remount(root.join("usr"), MountFlags::BIND | MountFlags::RDONLY, c"")
            .expect("read-only");
        let error = untouched(&root, || {
            commit(
                &root,
                plan(vec![add(&root, &one)], "one\n"),
                &options(),
                &Quiet,
            )
            .expect_err("read-only")
        });
        assert!(
            error
                .to_string()
                .contains("usr/.oil-transaction: Read-only file system"),
            "{error}"
        );
    });
}

#[test]
fn full_disks() {
    let field = Field::new(false);
    let noise: String = (0..300_000_u32)
        .map(|number| format!("{:08x}", number.wrapping_mul(2_654_435_761)))
        .collect();
    let large = field.make(&Recipe::new(
        "large",
        "1",
        &[("usr/bin/large", &noise), ("usr/bin/small", "x")],
    ));
    let small = field.make(&Recipe::new("small", "1", &[("usr/bin/small", "small")]));
    with_mounts(|| {
        let root = field.root("root");
        mount("none", &root, "tmpfs", MountFlags::empty(), c"size=1m").expect("mounted");
        let root = field.root("root");
        done(&root, vec![add(&root, &small)], "small\n");
        let error = untouched(&root, || {
            let steps = vec![del("small"), add(&root, &large)];
            commit(&root, plan(steps, "large\n"), &options(), &Quiet).expect_err("full")
        });
        assert!(
            error.to_string().contains("No space left on device"),
            "{error}"
        );
        // And what fits still fits.
        done(&root, vec![del("small")], "");
    });
}

/// Files that are on several file systems below the root, with history.
#[test]
fn several_volumes() {
    let field = Field::new(false);
    let package = |version: &str| {
        let files = [
            ("usr/bin/one", version),
            ("var/lib/one/x", version),
            ("opt/deep/one", version),
            ("usr/bin/hard", "= var/lib/one/x"),
        ];
        field.make(&Recipe::new("one", version, &files))
    };
    let (first, second) = (package("1"), package("2"));
    with_mounts(|| {
        let root = field.root("root");
        for volume in ["var", "opt"] {
            let place = root.join(volume);
            fs::create_dir_all(&place).expect("a directory");
            mount("none", &place, "tmpfs", MountFlags::empty(), c"size=1m").expect("mounted");
        }
        let remember = Options {
            generations: 4,
            sync: true,
            ..options()
        };
        let go = |steps, world: &str| {
            commit(&root, plan(steps, world), &remember, &Quiet).expect("committed");
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            for volume in ["var", "opt"] {
                let place = root.join(volume).join(".oil-transaction");
                assert!(
                    rustix::fs::open(&place, flags, Mode::empty()).is_err(),
                    "{volume}"
                );
            }
        };
        go(vec![add(&root, &first)], "one\n");
        let before = look(&root);
        go(vec![add(&root, &second)], "one\n");
        assert_eq!(
            fs::read_to_string(root.join("opt/deep/one")).expect("there"),
            "2"
        );
        let way = oil::history::History::read(&root).expect("a history");
        let way = way.plan_before(&root, 2).expect("a way back");
        commit(&root, way, &remember, &Quiet).expect("committed");
        same(&before, &look(&root), "undone");
        go(vec![del("one")], "");
        assert!(!root.join("opt/deep").exists() && root.join("opt").exists());
    });
}
