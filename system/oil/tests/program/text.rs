//! Files of format v3 as text and back, and the database in that format; beside the reference where there is one.

use crate::place::Place;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn ours() -> PathBuf {
    env!("CARGO_BIN_EXE_oil").into()
}

fn reference() -> Option<PathBuf> {
    let program = std::env::var_os("OIL_REFERENCE_APK").map(PathBuf::from);
    if program.is_none() {
        eprintln!("skipped in part: OIL_REFERENCE_APK names no reference program");
    }
    program
}

/// What a command writes to standard output.
fn bytes(place: &Place, program: &Path, words: &[&str]) -> Vec<u8> {
    let root = place.path("root");
    let mut command = Command::new(program);
    command.arg("--root").arg(root).args(words);
    let output = command
        .current_dir(place.path(""))
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{program:?} {words:?}: {output:?}");
    output.stdout
}

/// A text without what `adbgen` does not make again: sizes, signatures and data.
fn essence(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("# "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn text_and_back() {
    let place = Place::new();
    fs::write(
        place.path("script"),
        "#!/bin/sh\n\n\nif true; then\n  echo: x # y\nfi\n\n",
    )
    .expect("a file");
    let made = place.run(
        "mkpkg -F PLACE/trees/foo-1.2-r0 -I name:mine -I version:1 -I arch:noarch -I depends:b=2 -I depends:!a \
         -I provides:z -t /usr/* -t /b -s post-install:PLACE/script -s trigger:PLACE/script -o PLACE/mine.apk",
    );
    assert_eq!(made.status, 0, "{made:?}");
    // Directories and files with uncommon owners and permissions.
    let database = place.path("root/lib/apk/db/installed");
    let text = fs::read_to_string(&database).expect("there");
    let text = text.replace("F:usr/bin\n", "F:usr/bin\nM:0:1234:1711\n");
    fs::write(
        &database,
        text.replace("R:foo.1\n", "R:foo.1\na:4321:0:7\n"),
    )
    .expect("written");
    let converted = place.run("convdb -c none");
    assert_eq!(converted.status, 0, "{converted:?}");
    let apk = reference();
    let files = [
        "mine.apk",
        "one/x86_64/foo-1.2-r0.apk",
        "one/x86_64/bar-2-r0.apk",
        "one/x86_64/Packages.adb",
        "installed.adb",
    ];
    for file in files {
        let dump = bytes(&place, &ours(), &["adbdump", file]);
        fs::write(place.path("dump"), &dump).expect("a file");
        let made = bytes(&place, &ours(), &["adbgen", "dump"]);
        assert!(made.starts_with(b"ADB."), "{file}");
        fs::write(place.path("made"), &made).expect("a file");
        let again = bytes(&place, &ours(), &["adbdump", "made"]);
        assert_eq!(essence(&again), essence(&dump), "{file}");
        if let Some(apk) = &apk {
            let theirs = bytes(&place, apk, &["adbdump", file]);
            assert_eq!(
                String::from_utf8_lossy(&dump),
                String::from_utf8_lossy(&theirs),
                "{file}"
            );
            let theirs = bytes(&place, apk, &["adbgen", "dump"]);
            assert!(made == theirs, "{file}: other bytes than the reference's");
        }
    }
    if let Some(apk) = &apk {
        let ours = fs::read(place.path("installed.adb")).expect("there");
        bytes(&place, apk, &["convdb", "-c", "none"]);
        let theirs = fs::read(place.path("installed.adb")).expect("there");
        assert!(ours == theirs, "convdb: other bytes than the reference's");
    }
}

#[test]
fn a_text_that_is_none_is_refused() {
    let place = Place::new();
    fs::write(
        place.path("text"),
        "#%SCHEMA: 676B6370\ninfo:\n  name: a\n  nme: b\n",
    )
    .expect("a file");
    let made = place.run("adbgen PLACE/text");
    assert_eq!((made.status, made.out.as_str()), (99, ""), "{made:?}");
    let said = "ERROR: PLACE/text: ADB schema error: line 4: there is no field 'nme' here, but name, version";
    assert!(made.err.starts_with(said), "{made:?}");
}
