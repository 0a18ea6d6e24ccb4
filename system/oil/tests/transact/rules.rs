//! apk's rules one by one: owners, protected paths, directories, broken scripts.

use crate::field::{Field, Recipe, Told, add, commit, del, done, options, plan};
use oil::package::ScriptKind;
use oil::transact::{Options, Quiet};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

#[test]
fn owners_that_the_transaction_brings() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for v2 in [false, true] {
        let field = Field::new(v2);
        let root = field.root("root");
        let base = field.make(&Recipe::new(
            "base",
            "1",
            &[
                ("etc/passwd", "web:x:77:78::/:\n"),
                ("etc/group", "web:x:78:\n"),
            ],
        ));
        let mut web = Recipe::new("web", "1", &[("srv/web/x", "x"), ("srv/web/y", "y")])
            .mode("srv/web/x", 0o4750);
        web.webs = vec!["srv/web".into(), "srv/web/x".into()];
        let web = field.make(&web);
        done(
            &root,
            vec![add(&root, &base), add(&root, &web)],
            "base\nweb\n",
        );
        let of = |path: &str| {
            let metadata = root.join(path).metadata().expect("there");
            (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
        };
        assert_eq!(of("srv/web/x"), (77, 78, 0o4750));
        assert_eq!(of("srv/web"), (77, 78, 0o755));
        assert_eq!(of("srv/web/y"), (0, 0, 0o644));
        let text = fs::read_to_string(root.join("lib/apk/db/installed")).expect("there");
        assert!(
            text.contains("F:srv/web\nM:77:78:755\nR:x\na:77:78:4750\n"),
            "{text}"
        );
    }
}

#[test]
fn protected_files() {
    let field = Field::new(false);
    let make = |version: &str| {
        field.make(&Recipe::new(
            "one",
            version,
            &[("etc/one", version), ("etc/two", version)],
        ))
    };
    let (first, second) = (make("1"), make("2"));
    let read = |root: &std::path::Path, path: &str| fs::read_to_string(root.join(path)).ok();
    for (clean, purge) in [(false, false), (true, true)] {
        let root = field.root(&format!("root-{clean}"));
        done(&root, vec![add(&root, &first)], "one\n");
        fs::write(root.join("etc/one"), "mine").expect("written");
        let options = Options {
            clean_protected: clean,
            purge,
            ..options()
        };
        let go =
            |step| commit(&root, plan(vec![step], "one\n"), &options, &Quiet).expect("committed");
        go(add(&root, &second));
        assert_eq!(read(&root, "etc/one").as_deref(), Some("mine"));
        assert_eq!(read(&root, "etc/two").as_deref(), Some("2"));
        assert_eq!(read(&root, "etc/one.apk-new").is_some(), !clean);
        go(del("one"));
        assert_eq!(read(&root, "etc/one").is_some(), !purge);
        assert_eq!(
            (read(&root, "etc/two"), read(&root, "etc/one.apk-new")),
            (None, None)
        );
    }
}

#[test]
fn directories_that_are_there_stay_as_they_are() {
    let field = Field::new(false);
    let root = field.root("root");
    fs::create_dir(root.join("opt")).expect("a directory");
    fs::set_permissions(root.join("opt"), fs::Permissions::from_mode(0o711)).expect("ours");
    let package = field.make(
        &Recipe::new("one", "1", &[("opt/x", "x"), ("run/one/", "")]).mode("run/one", 0o1777),
    );
    done(&root, vec![add(&root, &package)], "one\n");
    let mode = |path: &str| root.join(path).metadata().expect("there").mode() & 0o7777;
    assert_eq!((mode("opt"), mode("run/one")), (0o711, 0o1777));
}

#[test]
fn scripts_that_fail_are_remembered_as_broken() {
    let field = Field::new(false);
    let root = field.root("root");
    let mut recipe = Recipe::new("one", "1", &[("usr/bin/one", "one")])
        .script(ScriptKind::PostInstall, "#!/none\n")
        .script(ScriptKind::Trigger, "#!/none\n");
    recipe.triggers = vec!["/usr/*".into()];
    let package = field.make(&recipe);
    let other = field.make(&Recipe::new("other", "1", &[("opt/other", "other")]));
    let told = Told::default();
    let beside = Options {
        chroot: false,
        ..options()
    };
    let outcome = commit(
        &root,
        plan(vec![add(&root, &package)], "one\n"),
        &beside,
        &told,
    )
    .expect("committed");
    assert_eq!(
        outcome.errors, 2,
        "the package and its trigger, as apk counts"
    );
    let lines = told.lines();
    let error = "ERROR: lib/apk/exec/one-1.post-install: exited with error 127".to_owned();
    assert!(lines.contains(&error), "{lines:?}");
    let text = fs::read_to_string(root.join("lib/apk/db/installed")).expect("there");
    assert!(text.contains("\nf:sS\n"), "{text}");
    let outcome = commit(
        &root,
        plan(vec![add(&root, &other)], "one\nother\n"),
        &beside,
        &Quiet,
    )
    .expect("committed");
    assert_eq!(outcome.errors, 1, "and from then on it counts once");
    let without = Options {
        scripts: false,
        ..options()
    };
    let outcome = commit(
        &root,
        plan(vec![add(&root, &package)], "one\nother\n"),
        &without,
        &Quiet,
    )
    .expect("committed");
    assert_eq!(outcome.errors, 0);
}

/// What is there already, with the world as it is: the database is not written, and the history has nothing to say.
#[test]
fn nothing_to_do_leaves_the_database_alone() {
    let field = Field::new(false);
    let root = field.root("root");
    let one = field.make(&Recipe::new("one", "1", &[("usr/bin/one", "1")]));
    done(&root, vec![add(&root, &one)], "one\n");
    let inode = |file: &str| fs::metadata(root.join(file)).expect("there").ino();
    let files = [
        "lib/apk/db/installed",
        "lib/apk/db/triggers",
        "etc/apk/world",
    ];
    let before = files.map(inode);
    let options = Options {
        generations: 3,
        ..options()
    };
    let outcome = commit(&root, plan(Vec::new(), "one\n"), &options, &Quiet).expect("nothing");
    assert_eq!((outcome.errors, outcome.packages, outcome.bytes), (0, 1, 1));
    assert_eq!(files.map(inode), before);
    assert!(!root.join("lib/apk/oil/history").exists());
    // Another world is something to do.
    commit(&root, plan(Vec::new(), "one\ntwo\n"), &options, &Quiet).expect("written");
    let world = fs::read_to_string(root.join("etc/apk/world")).expect("there");
    assert_eq!(world, "one\ntwo\n");
    assert!(root.join("lib/apk/oil/history/1").exists());
}
