//! What is installed, upgraded and deleted for real, and taken back.

use crate::place::{Answer, Place};
use crate::server::{Server, answer};
use std::fs;
use std::path::{Path, PathBuf};

fn well(place: &Place, line: &str) -> String {
    let answer = place.run(line);
    assert_eq!(answer.status, 0, "{line}: {answer:?}");
    answer.out
}

fn text(place: &Place, path: &str) -> String {
    fs::read_to_string(place.path("root").join(path)).unwrap_or_default()
}

#[test]
fn add_upgrade_delete() {
    let place = Place::new();
    assert_eq!(
        well(&place, "--no-scripts upgrade"),
        "(1/2) Upgrading foo (1.2-r0 -> 1.3-r1)\n(2/2) Upgrading foo-doc (1.2-r0 -> 1.3-r1)\nOK: 2929 KiB in 4 packages\n"
    );
    assert_eq!(text(&place, "usr/bin/foo"), "usr/bin/foo of foo-1.3-r1\n");
    assert_eq!(well(&place, "audit --system"), "");
    assert_eq!(
        well(&place, "--no-scripts del bar"),
        "(1/2) Purging foo-doc (1.3-r1)\n(2/2) Purging bar (2-r0)\nOK: 90 B in 2 packages\n"
    );
    assert!(!place.path("root/usr/share/bar").exists());
    assert_eq!(text(&place, "etc/apk/world"), "foo\n");
    well(&place, "--no-scripts add bar");
    assert_eq!(text(&place, "etc/apk/world"), "bar\nfoo\n");
    assert!(
        text(&place, "var/log/apk.log").contains("(2/2) Installing bar (2-r0)\n")
            || text(&place, "var/log/apk.log").contains("Installing bar (2-r0)\n")
    );
    assert_eq!(
        well(&place, "--no-scripts add -t .tools libfoo")
            .lines()
            .count(),
        2
    );
    assert!(text(&place, "etc/apk/world").starts_with(".tools="));
    well(&place, "--no-scripts del .tools");
    assert_eq!(well(&place, "-q autoremove"), "");
}

#[test]
fn history_and_the_way_back() {
    let place = Place::new();
    let before = text(&place, "lib/apk/db/installed");
    well(&place, "--no-scripts upgrade");
    let listed = well(&place, "history");
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(well(&place, "history 1").contains("~ foo (1.2-r0 -> 1.3-r1)\n"));
    // Whatever became of the repositories.
    place.repositories("/nonexistent/one", "/nonexistent/two");
    let tried = place.run("--no-scripts undo --dry-run");
    assert_eq!(tried.status, 0, "{tried:?}");
    assert_eq!(text(&place, "usr/bin/foo"), "usr/bin/foo of foo-1.3-r1\n");
    well(&place, "--no-scripts undo");
    assert_eq!(text(&place, "usr/bin/foo"), "usr/bin/foo of foo-1.2-r0\n");
    assert_eq!(text(&place, "lib/apk/db/installed"), before);
    assert!(well(&place, "diff 1 2").contains("foo"));
    well(&place, "--no-scripts rollback 1");
    assert_eq!(text(&place, "usr/bin/foo"), "usr/bin/foo of foo-1.3-r1\n");
    assert_eq!(
        place.run("rollback 99").status,
        1.max(place.run("rollback 99").status)
    );
}

#[test]
fn nothing_changes_when_something_is_wrong() {
    let place = Place::new();
    // A package that is another than the index says.
    let file = place.path("one/x86_64/foo-1.3-r1.apk");
    let mut bytes = fs::read(&file).expect("there");
    let end = bytes.len() - 20;
    bytes[end] ^= 0x10;
    fs::write(&file, bytes).expect("a file");
    let before = place.state();
    let answer = place.run("--no-scripts upgrade");
    assert_eq!(answer.status, 99, "{answer:?}");
    assert!(answer.err.contains("foo-1.3-r1.apk"), "{answer:?}");
    assert_eq!(place.state(), before);
    // A file that is not there at all.
    fs::remove_file(&file).expect("there");
    let answer = place.run("--no-scripts upgrade");
    assert_eq!(answer.status, 99, "{answer:?}");
    assert_eq!(place.state(), before);
    // A package given as a file that nobody trusted signed.
    fs::remove_file(place.path("root/etc/apk/keys/test.pub")).expect("there");
    let before = place.state();
    let answer = place.run("--no-scripts add ./one/x86_64/foo-1.2-r0.apk");
    assert_eq!(answer.status, 99, "{answer:?}");
    assert!(answer.err.contains("UNTRUSTED signature"), "{answer:?}");
    assert_eq!(place.state(), before);
}

#[test]
fn over_the_network() {
    let place = Place::new();
    let root = place.path(".");
    let server =
        Server::new(
            move |asked| match fs::read(root.join(asked.path.trim_start_matches('/'))) {
                Ok(bytes) => (answer("200 OK", "", &bytes), false),
                Err(_) => (answer("404 Not Found", "", b""), false),
            },
        );
    place.repositories(
        &format!("{}/one", server.url),
        &format!("{}/two", server.url),
    );
    well(&place, "--no-scripts del foo bar");
    let answer = place.run("--no-scripts add foo bar");
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(text(&place, "usr/bin/foo"), "usr/bin/foo of foo-1.3-r1\n");
    assert!(!place.path("root/lib/apk/oil/download").exists());
    let packages = || {
        server
            .requests()
            .iter()
            .filter(|asked| asked.path.ends_with(".apk"))
            .count()
    };
    assert_eq!(packages(), 4);
    // With a cache, what was fetched once is not fetched again.
    fs::create_dir(place.path("root/var/cache/own")).expect("a directory");
    std::os::unix::fs::symlink("../../var/cache/own", place.path("root/etc/apk/cache"))
        .expect("a link");
    well(&place, "-U --no-scripts fix -d foo");
    let fetched = packages();
    assert!(fetched > 4);
    well(&place, "--no-scripts fix -d foo");
    assert_eq!(packages(), fetched);
    assert_eq!(
        well(&place, "--no-network --no-scripts fix foo")
            .lines()
            .count(),
        2
    );
    well(&place, "cache purge");
    assert_eq!(place.run("--no-network --no-scripts fix foo").status, 99);
}

/// A file of another package: apk installs the rest and says how many packages are not whole; Oil says the same of
/// it, with the same status, but changes nothing.
#[test]
fn files_of_others() {
    let place = Place::new();
    let tree = place.path("tree");
    fs::create_dir_all(tree.join("usr/bin")).expect("a directory");
    for file in ["foo", "thief"] {
        fs::write(tree.join("usr/bin").join(file), "stolen").expect("a file");
    }
    let made = place.run("mkpkg -I name:thief -I version:1 -F PLACE/tree -o PLACE/thief-1.apk");
    assert_eq!(made.status, 0, "{made:?}");
    let line = "--allow-untrusted --no-scripts add libfoo PLACE/thief-1.apk";
    let before = place.state();
    let answer = place.run(line);
    let told = "ERROR: thief-1: trying to overwrite usr/bin/foo owned by foo-1.2-r0.\n";
    let way_out = "ERROR: thief-1 cannot be installed, nothing was changed: 1 file belongs to foo; do without one of the packages, or take it over with --force-overwrite\n";
    assert_eq!(answer.err, format!("{told}{way_out}"));
    assert_eq!(answer.status, 1);
    assert_eq!(place.state(), before);
    if let Some(apk) = std::env::var_os("OIL_REFERENCE_APK").map(PathBuf::from) {
        let theirs = Place::new();
        fs::copy(place.path("thief-1.apk"), theirs.path("thief-1.apk")).expect("a copy");
        let reference = theirs.run_with(&apk, line);
        assert_eq!(
            (reference.err.as_str(), reference.status),
            (told, answer.status)
        );
    }
    let forced = place.run(&format!("--force-overwrite {line}"));
    assert_eq!(forced.status, 0, "{forced:?}");
    assert_eq!(text(&place, "usr/bin/foo"), "stolen");
}

fn without_times(answer: Answer) -> (i32, String) {
    let lines = answer
        .out
        .lines()
        .map(|line| line.split(" (20").next().unwrap_or_default().to_owned());
    (answer.status, lines.collect::<Vec<_>>().join("\n"))
}

/// Paths and digests of what is below a root, but for what each place has of its own.
fn tree(root: &Path) -> Vec<(PathBuf, String)> {
    let mut list = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).expect("a directory") {
            let path = entry.expect("an entry").path();
            let below = path.strip_prefix(root).expect("below").to_owned();
            let own = ["lib/apk", "var", "etc/apk/keys", "etc/apk/repositories"];
            if own.iter().any(|path| below.starts_with(path)) {
                continue;
            }
            if path.is_dir() {
                pending.push(path);
            } else {
                let content = fs::read(&path).unwrap_or_default();
                let digest = oil::digest::Digest::of(oil::digest::Algorithm::Sha1, &content);
                list.push((below, digest.hex()));
            }
        }
    }
    list.sort();
    list
}

/// One line after the other, on two roots: the same is said, and the same is there.
#[test]
fn as_the_reference() {
    let Some(apk) = std::env::var_os("OIL_REFERENCE_APK").map(PathBuf::from) else {
        eprintln!("skipped: OIL_REFERENCE_APK names no reference program");
        return;
    };
    for lines in [
        &[
            "upgrade",
            "del bar",
            "add bar",
            "-v fix foo",
            "del -r libfoo",
        ][..],
        &[
            "del foo",
            "add -t .virt=1 libfoo bar",
            "upgrade -a",
            "del .virt",
            "add",
        ],
        &[
            "-v del bar",
            "add foo=1.2-r0",
            "add foo-doc",
            "-q upgrade",
            "fix -d foo-doc",
        ],
        &[
            "-vv upgrade",
            "-vv fix foo",
            "-q --allow-untrusted add PLACE/two/x86_64/foo-1.4-r0.apk",
            "-v add -t own=1 libfoo",
            "-i add -s -t .own=1 libfoo",
            "-v add libfoo",
            "-i add -s libfoo",
            "-vv del foo",
            "-vv --purge del bar foo",
        ],
    ] {
        let (theirs, ours) = (Place::new(), Place::new());
        fs::write(theirs.path("root/etc/foo.conf"), "mine\n").expect("a file");
        fs::write(ours.path("root/etc/foo.conf"), "mine\n").expect("a file");
        for line in lines {
            let line = format!("--no-scripts {line}");
            let (told, said) = (theirs.run_with(&apk, &line), ours.run(&line));
            assert_eq!(
                without_times(said.clone()),
                without_times(told),
                "{line}: {said:?}"
            );
            assert_eq!(
                tree(&ours.path("root")),
                tree(&theirs.path("root")),
                "{line}"
            );
            // Keys and so signatures, identities and sizes of files are each place's own; a package that was given
            // as a file is known by what it says itself.
            let names = |place: &Place| {
                let text = text(place, "lib/apk/db/installed");
                text.lines()
                    .filter(|line| !line.starts_with("C:") && !line.starts_with("S:"))
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(names(&ours), names(&theirs), "{line}");
        }
        // The reference finds our root in order.
        let audit = ours.run_with(&apk, "audit --system");
        assert_eq!((audit.status, audit.out.as_str()), (0, ""));
    }
}
