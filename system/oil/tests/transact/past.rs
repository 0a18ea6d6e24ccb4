//! The way back: versions and files exactly as they were, and no content kept twice.

use crate::field::{Field, Recipe, add, commit, del, look, options, plan, same};
use oil::error::Error;
use oil::history::History;
use oil::package::ScriptKind;
use oil::transact::{Options, Quiet};
use std::fs;
use std::path::Path;

fn remembering(generations: usize) -> Options {
    Options {
        generations,
        scripts: false,
        ..options()
    }
}

fn recipe(version: &str, content: &str) -> Recipe {
    let mut recipe = Recipe::new(
        "one",
        version,
        &[
            ("usr/bin/one", content),
            ("usr/bin/copy", content),
            ("usr/bin/link", &format!("-> {content}")),
            ("usr/lib/one/same", "always the same"),
            ("usr/lib/one/empty", ""),
            ("etc/one.conf", content),
        ],
    )
    .mode("usr/bin/one", 0o4755)
    .script(ScriptKind::PostUpgrade, "#!/bin/sh\n")
    .script(ScriptKind::Trigger, "#!/bin/sh\n");
    recipe.triggers = vec!["/usr/lib/*".into()];
    recipe
}

fn kept(root: &Path) -> usize {
    fs::read_dir(root.join("lib/apk/oil/store")).map_or(0, Iterator::count)
}

/// Devices, and attributes of everything: what the database alone could not bring back. Needs root, whose these are.
#[test]
fn devices_and_attributes() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: needs root");
        return;
    }
    for v2 in [false, true] {
        let field = Field::new(v2);
        let root = field.root("root");
        let options = remembering(10);
        let go = |steps, world: &str| {
            commit(&root, plan(steps, world), &options, &Quiet).expect("committed")
        };
        // Revision 2, permitted and effective: cap_net_bind_service, as the kernel takes it.
        let capability = "\u{1}\0\0\u{2}\0\u{4}\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let mut first = Recipe::new(
            "one",
            "1",
            &[
                ("srv/one/null", "% 1:3"),
                ("srv/one/bin", "a program"),
                ("srv/one/other", "a program"),
                ("srv/one/link", "-> bin"),
                ("srv/two/x", "x"),
            ],
        );
        first.xattrs = [
            ("srv/one", "trusted.oil", "of a directory"),
            ("srv/one/null", "trusted.oil", "of a device"),
            ("srv/one/link", "trusted.oil", "of a link"),
            ("srv/one/bin", "security.capability", capability),
        ]
        .map(|(path, name, value)| (path.into(), name.into(), value.into()))
        .into();
        go(vec![add(&root, &field.make(&first))], "one\n");
        let all = look(&root);
        assert!(
            all["srv/one/null"].contains("device 259 trusted.oil="),
            "{all:?}"
        );
        assert!(all["srv/one"].contains("trusted.oil="), "{all:?}");
        assert!(all["srv/one/link"].contains("trusted.oil="), "{all:?}");
        assert!(
            all["srv/one/bin"].contains("security.capability="),
            "{all:?}"
        );
        // Replaced by others of their kind, and then removed.
        let second = Recipe::new(
            "one",
            "2",
            &[("srv/one/null", "% 1:5"), ("srv/one/bin", "another")],
        );
        go(vec![add(&root, &field.make(&second))], "one\n");
        let later = look(&root);
        assert!(later["srv/one/null"].contains("device 261"), "{later:?}");
        go(vec![del("one")], "\n");
        assert!(!root.join("srv").exists());
        let back = |number: u64| {
            let history = History::read(&root).expect("a history");
            let plan = history.plan_after(&root, number).expect("a way back");
            commit(&root, plan, &options, &Quiet).expect("committed");
        };
        back(1);
        same(&all, &look(&root), "the first");
        back(2);
        same(&later, &look(&root), "the second");
        back(1);
        same(&all, &look(&root), "the first again");
    }
}

fn there_and_back(v2: bool) {
    let field = Field::new(v2);
    let root = field.root("root");
    let options = remembering(10);
    let go = |steps, world: &str| {
        commit(&root, plan(steps, world), &options, &Quiet).expect("committed")
    };
    // A transaction of nothing brings the files of the database that are not there yet.
    commit(&root, plan(Vec::new(), ""), &remembering(0), &Quiet).expect("committed");
    let mut states = vec![look(&root)];
    let packages = ["first", "second", "third"]
        .iter()
        .zip(["1", "2", "3"])
        .map(|(content, version)| field.make(&recipe(version, content)))
        .collect::<Vec<_>>();
    let two = field.make(&Recipe::new("two", "1", &[("usr/lib/two/x", "third")]));
    go(vec![add(&root, &packages[0])], "one\n");
    states.push(look(&root));
    assert_eq!(kept(&root), 0, "nothing went");
    go(
        vec![add(&root, &packages[1]), add(&root, &two)],
        "one\ntwo\n",
    );
    states.push(look(&root));
    // Two files of the same content are kept once.
    assert_eq!(kept(&root), 2);
    go(vec![add(&root, &packages[2])], "one\ntwo\n");
    states.push(look(&root));
    go(vec![del("one")], "two\n");
    states.push(look(&root));

    let back = |number: u64| {
        let history = History::read(&root).expect("a history");
        let plan = match number {
            0 => history.plan_before(&root, 1),
            number => history.plan_after(&root, number),
        };
        commit(&root, plan.expect("a way back"), &options, &Quiet).expect("committed");
        let what = format!("after {number}");
        same(&states[number as usize], &look(&root), &what);
    };
    for number in [3, 1, 4, 2, 0, 3, 2] {
        back(number);
    }
    let history = History::read(&root).expect("a history");
    assert_eq!(history.generations.len(), 10);
    assert_eq!(history.generations[0].number, 2, "the first is forgotten");
    assert!(matches!(
        history.plan_before(&root, 1),
        Err(Error::History(_))
    ));
    let changes = history.diff(2, 4).expect("both are remembered");
    let texts: Vec<String> = changes
        .iter()
        .map(|change| {
            let version =
                |build: &Option<oil::history::Build>| build.as_ref().map(|one| one.version.clone());
            format!(
                "{} {:?} {:?}",
                change.name,
                version(&change.before),
                version(&change.after)
            )
        })
        .collect();
    assert_eq!(texts, ["one Some(\"2\") None"]);
    assert_eq!(history.diff(4, 2).expect("both").len(), 1);
    // And none at all.
    commit(
        &root,
        plan(vec![del("two")], "one\n"),
        &remembering(0),
        &Quiet,
    )
    .expect("committed");
    assert_eq!(kept(&root), 0);
    assert!(History::read(&root).expect("none").generations.is_empty());
}

#[test]
fn there_and_back_v3() {
    there_and_back(false);
}

#[test]
fn there_and_back_v2() {
    there_and_back(true);
}

#[test]
fn what_was_changed_meanwhile_is_not_believed() {
    let field = Field::new(false);
    let root = field.root("root");
    let options = remembering(3);
    let package = |version, content| {
        let files = [("usr/bin/one", content), ("usr/bin/same", "same")];
        field.make(&Recipe::new("one", version, &files))
    };
    let (first, second) = (package("1", "first"), package("2", "second"));
    let go = |steps| commit(&root, plan(steps, "one\n"), &options, &Quiet).expect("committed");
    go(vec![add(&root, &first)]);
    fs::write(root.join("usr/bin/one"), "tampered with").expect("a file");
    go(vec![add(&root, &second)]);
    let before = look(&root);
    let way = History::read(&root)
        .expect("a history")
        .plan_before(&root, 2)
        .expect("a way back");
    let error = commit(&root, way, &options, &Quiet).expect_err("it is not what it was");
    assert!(
        matches!(error, Error::History(_)) && error.to_string().contains("usr/bin/one"),
        "{error}"
    );
    same(&before, &look(&root), "refused");
    assert!(!root.join("lib/apk/oil/transaction").exists());
}

#[test]
fn directories_that_go_whole_come_back() {
    let field = Field::new(false);
    let root = field.root("root");
    let options = remembering(3);
    let go = |steps, world: &str| {
        commit(&root, plan(steps, world), &options, &Quiet).expect("committed")
    };
    let one = [
        ("usr/share/one/a", "a"),
        ("usr/share/one/deep/b", "b"),
        ("usr/share/one/deep/link", "-> b"),
        ("usr/share/shared/one", "1"),
        ("usr/share/used/c", "c"),
    ];
    let one = field.make(&Recipe::new("one", "1", &one));
    let two = field.make(&Recipe::new("two", "1", &[("usr/share/shared/two", "2")]));
    go(vec![add(&root, &one), add(&root, &two)], "one\ntwo\n");
    // Of nobody: its directory stays.
    fs::write(root.join("usr/share/used/mine"), "mine").expect("a file");
    let before = look(&root);
    go(vec![del("one")], "two\n");
    let after = look(&root);
    assert!(!root.join("usr/share/one").exists());
    assert!(root.join("usr/share/used/mine").exists());
    assert!(!root.join("usr/share/used/c").exists());
    assert!(root.join("usr/share/shared/two").exists());
    let trees = || {
        let entries = fs::read_dir(root.join("lib/apk/oil/store")).expect("a store");
        let trees = entries.map(|entry| entry.expect("an entry").path());
        trees.filter(|path| path.is_dir()).count()
    };
    assert_eq!((trees(), kept(&root)), (1, 3));
    // What is in its place again is not kept as well.
    for (number, state, left) in [(1, &before, 0), (2, &after, 1), (1, &before, 0)] {
        let way = History::read(&root)
            .expect("a history")
            .plan_after(&root, number);
        commit(&root, way.expect("a way"), &remembering(9), &Quiet).expect("committed");
        same(state, &look(&root), "there and back");
        assert_eq!(trees(), left, "after {number}");
    }
    // Else it goes with the last generation that remembers it.
    go(vec![del("one")], "two\n");
    for (world, left) in [("a\n", 1), ("b\n", 1), ("c\n", 0)] {
        go(Vec::new(), world);
        assert_eq!(trees(), left, "{world}");
    }
}
