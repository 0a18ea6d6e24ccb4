//! What is wrong is said, nothing is changed, and the status tells.

use crate::place::Place;
use std::fs;

#[test]
fn wrong_use() {
    let place = Place::new();
    for (line, status, words) in [
        (
            "ugprade",
            1,
            "'ugprade' is not an oil command. Did you mean 'upgrade'?",
        ),
        (
            "add --simulte",
            1,
            "unrecognized option 'simulte'; did you mean '--simulate'?",
        ),
        ("add --s foo", 1, "ambiguous option 's'"),
        (
            "query --format xml foo",
            1,
            "invalid argument for option 'format': 'xml'",
        ),
        ("add a=b=c", 99, "is not a valid world dependency"),
        ("cache bogus", 99, "clean, download, purge or sync"),
        ("verify /nonexistent", 1, ""),
        (
            "--repository ftp://h/x search foo",
            0,
            "ftp://h/x is neither",
        ),
    ] {
        let answer = place.run(line);
        assert_eq!(answer.status, status, "{line}: {answer:?}");
        assert!(answer.err.contains(words), "{line}: {answer:?}");
    }
}

#[test]
fn no_root_and_no_database() {
    let place = Place::new();
    let answer = place.run("--root /nonexistent/root info");
    assert_eq!(answer.status, 99);
    assert!(answer.err.contains("Unable to open root"), "{answer:?}");
    fs::create_dir(place.path("empty")).expect("a directory");
    let answer = place.run("--root PLACE/empty list");
    assert_eq!(answer.status, 99);
    assert!(
        answer.err.contains("Unable to read database") && answer.err.contains("--initdb"),
        "{answer:?}"
    );
}

#[test]
fn repositories_that_are_not_there() {
    let place = Place::new();
    place.repositories(
        "/nonexistent/repository",
        &place.path("two").to_string_lossy(),
    );
    let answer = place.run("search -a foo");
    assert_eq!(
        (answer.status, answer.out.as_str()),
        (0, "foo-1.2-r0\nfoo-1.4-r0\nfoo-doc-1.2-r0\nlibfoo-1.0-r0\n")
    );
    assert!(
        answer.err.contains("WARNING: opening /nonexistent/repository/x86_64/Packages.adb: No such file or directory"),
        "{answer:?}"
    );
}

#[test]
fn wrong_keys_and_damage() {
    let place = Place::new();
    fs::remove_file(place.path("root/etc/apk/keys/test.pub")).expect("there");
    let answer = place.run("list foo");
    assert_eq!(answer.out, "foo-1.2-r0 x86_64 {foo} (MIT) [installed]\n");
    assert!(answer.err.contains("UNTRUSTED signature"), "{answer:?}");
    let trusting = place.run("--allow-untrusted list foo");
    assert_eq!(trusting.out.lines().count(), 3);
    // What was compiled without trust is not taken for trusted later.
    assert_eq!(place.run("list foo").out, answer.out);

    let place = Place::new();
    let index = place.path("one/x86_64/Packages.adb");
    let mut bytes = fs::read(&index).expect("there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&index, bytes).expect("a file");
    let answer = place.run("list meta foo");
    assert!(
        answer
            .err
            .contains("WARNING: opening PLACE/one/x86_64/Packages.adb: "),
        "{answer:?}"
    );
}

#[test]
fn a_database_from_the_future() {
    let place = Place::new();
    let path = place.path("root/lib/apk/db/installed");
    let text = fs::read_to_string(&path).expect("there");
    fs::write(&path, text.replace("P:foo\n", "P:foo\n^:new\n")).expect("a file");
    let answer = place.run("info -d foo");
    assert_eq!(answer.status, 99, "{answer:?}");
    assert!(answer.err.contains("too old"), "{answer:?}");
}
