//! Files that a new version has as they lie in their places: they stay, and everything else is written.

use crate::field::{Field, Recipe, add, done, look, options, plan, same};
use oil::database::lock::Lock;
use oil::package::ScriptKind;
use oil::transact::{Quiet, Recovery, Transaction, recover};
use rustix::fs::{FileType, Mode, OFlags};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// Several pieces of what is compared at once, and some bytes more.
fn large() -> String {
    "0123456789abcdef".repeat(20_000) + "end"
}

fn recipe(version: &str, other: &str) -> Recipe {
    Recipe::new(
        "one",
        version,
        &[
            ("usr/bin/same", "same"),
            ("usr/bin/other", other),
            ("usr/bin/opened", "opened"),
            ("usr/bin/empty", ""),
            ("usr/bin/link", "-> same"),
            ("usr/lib/large", &large()),
            ("etc/one.conf", "same"),
        ],
    )
    .mode("usr/bin/same", 0o4755)
}

const FILES: [&str; 6] = [
    "usr/bin/same",
    "usr/bin/opened",
    "usr/bin/empty",
    "usr/lib/large",
    "usr/bin/other",
    "etc/one.conf",
];

/// What a change may put beside a file.
const BESIDE: &str = "usr/bin/beside";

/// Which files of a root are those that `before` says, by the numbers that the file system gives them.
fn stayed(root: &Path, before: &[u64]) -> Vec<&'static str> {
    let files = FILES.iter().zip(before);
    let stays = files.filter(|(path, inode)| number(&root.join(path)) == **inode);
    stays.map(|(path, _)| *path).collect()
}

fn number(path: &Path) -> u64 {
    path.symlink_metadata().map_or(0, |metadata| metadata.ino())
}

/// A root with the first version, which `change` changed, upgraded to the second; what stayed, and whether it is what it
/// would be if the second had been installed at once.
fn upgraded(v2: bool, second: &Recipe, change: impl FnOnce(&Path)) -> Vec<&'static str> {
    let field = Field::new(v2);
    let (root, fresh) = (
        field.root_with_shell("root"),
        field.root_with_shell("fresh"),
    );
    let first = field.make(&recipe("1", "first"));
    let second = field.make(second);
    done(&root, vec![add(&root, &first)], "one\n");
    change(&root);
    // Nothing that is made from here on has a number of these: they are all there until then.
    let numbers = FILES.map(|path| number(&root.join(path)));
    let flags = OFlags::PATH | OFlags::NOFOLLOW;
    let held = FILES.map(|path| rustix::fs::open(root.join(path), flags, Mode::empty()).ok());
    done(&root, vec![add(&root, &second)], "one\n");
    done(&fresh, vec![add(&fresh, &second)], "one\n");
    let found = stayed(&root, &numbers);
    drop(held);
    // What a change put beside a file is nobody's.
    let _ = fs::remove_file(root.join(BESIDE));
    same(&look(&fresh), &look(&root), "as if installed at once");
    found
}

fn formats(test: impl Fn(bool)) {
    [false, true].into_iter().for_each(test);
}

#[test]
fn what_is_the_same_is_not_written() {
    formats(|v2| {
        let second = recipe("2", "other").mode("usr/bin/opened", 0o600);
        let stays = upgraded(v2, &second, |root| {
            // Another time is put right.
            let file = File::open(root.join("usr/lib/large")).expect("there");
            let time = UNIX_EPOCH + Duration::from_secs(1);
            file.set_modified(time).expect("ours");
        });
        // What is in a v2 package is known only as it comes.
        let expected: &[&str] = match v2 {
            true => &[],
            false => &[
                "usr/bin/same",
                "usr/bin/empty",
                "usr/lib/large",
                "etc/one.conf",
            ],
        };
        assert_eq!(stays, expected, "v2: {v2}");
    });
}

#[test]
fn what_has_several_names_is_written_with_all_of_them() {
    formats(|v2| {
        let mut second = recipe("2", "first");
        let further = ("usr/new/further".to_owned(), "= usr/bin/same".to_owned());
        second.files.push(further);
        assert!(upgraded(v2, &second, |_| ()).is_empty(), "v2: {v2}");
    });
}

#[test]
fn what_was_changed_is_written() {
    formats(|v2| {
        type Change<'c> = (&'static str, &'c dyn Fn(&Path));
        let changes: [Change; 9] = [
            ("usr/bin/same", &|path| {
                fs::write(path, "SAME").expect("ours")
            }),
            ("usr/lib/large", &|path| {
                let text = large().replace("end", "END");
                fs::write(path, text).expect("ours");
            }),
            ("usr/lib/large", &|path| {
                // As long as it was, with another middle.
                let mut text = large().into_bytes();
                text[150_000] ^= 1;
                fs::write(path, text).expect("ours");
            }),
            ("usr/bin/opened", &|path| {
                let mode = fs::Permissions::from_mode(0o666);
                fs::set_permissions(path, mode).expect("ours");
            }),
            ("usr/bin/opened", &|path| {
                fs::remove_file(path).expect("ours")
            }),
            ("usr/bin/opened", &|path| {
                fs::hard_link(path, path.with_file_name("beside")).expect("ours");
            }),
            ("usr/bin/opened", &|path| {
                fs::rename(path, path.with_file_name("beside")).expect("ours");
                symlink("beside", path).expect("ours");
            }),
            ("usr/bin/opened", &|path| {
                fs::remove_file(path).expect("ours");
                let mode = Mode::from_raw_mode(0o644);
                let kind = FileType::Fifo;
                rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).expect("ours");
            }),
            ("usr/bin/opened", &|path| {
                let flags = rustix::fs::XattrFlags::empty();
                rustix::fs::setxattr(path, "trusted.oil", b"1", flags).expect("root");
            }),
        ];
        for (number, (path, change)) in changes.into_iter().enumerate() {
            let second = recipe("2", "first");
            let stays = upgraded(v2, &second, |root| change(&root.join(path)));
            let others = FILES.into_iter().filter(|one| !v2 && *one != path);
            let others: Vec<&str> = others.collect();
            assert_eq!(stays, others, "v2: {v2}, change {number}");
        }
    });
}

/// A script that runs before a package's files come may delete them, or write into them: it counts on new ones.
#[test]
fn what_scripts_take_away_comes_anew() {
    formats(|v2| {
        let damage = "#!/bin/sh\necho damaged > /usr/lib/large\necho damaged > /usr/bin/opened\n";
        let own = recipe("2", "first").script(ScriptKind::PreUpgrade, damage);
        assert!(upgraded(v2, &own, |_| ()).is_empty(), "v2: {v2}");

        // The same of a package that comes before.
        let field = Field::new(v2);
        let (root, fresh) = (
            field.root_with_shell("root"),
            field.root_with_shell("fresh"),
        );
        let first = field.make(&recipe("1", "first"));
        let second = field.make(&recipe("2", "first"));
        let another = Recipe::new("another", "1", &[("opt/another", "another")]);
        let another = field.make(&another.script(ScriptKind::PostInstall, damage));
        done(&root, vec![add(&root, &first)], "one\n");
        let steps = vec![add(&root, &another), add(&root, &second)];
        done(&root, steps, "another\none\n");
        done(&fresh, vec![add(&fresh, &first)], "one\n");
        fs::remove_dir_all(fresh.join("usr/lib")).expect("ours");
        let steps = vec![add(&fresh, &another), add(&fresh, &second)];
        done(&fresh, steps, "another\none\n");
        let content = fs::read(root.join("usr/lib/large")).expect("there");
        assert!(content == large().as_bytes(), "v2: {v2}");
        same(&look(&fresh), &look(&root), &format!("v2: {v2}"));
    });
}

/// Until a transaction is decided, nothing of what stays is touched, its time neither.
#[test]
fn nothing_is_touched_before_it_is_decided() {
    let field = Field::new(false);
    let root = field.root("root");
    let first = field.make(&recipe("1", "first"));
    let second = field.make(&recipe("2", "first"));
    done(&root, vec![add(&root, &first)], "one\n");
    let file = File::open(root.join("usr/lib/large")).expect("there");
    file.set_modified(UNIX_EPOCH).expect("ours");
    let before = look(&root);
    let lock = Lock::take(&root, Duration::from_secs(60)).expect("a lock");
    let steps = vec![add(&root, &second)];
    let options = options();
    let prepared = Transaction::prepare(&root, &lock, plan(steps, "one\n"), &options, &Quiet);
    drop(prepared.expect("prepared"));
    let found = recover(&root, &lock, &options, &Quiet).expect("nothing to do");
    assert_eq!(found, Recovery::Clean);
    same(&before, &look(&root), "not committed");
}
