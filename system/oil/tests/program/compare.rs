//! The same command lines for us and for the reference that `OIL_REFERENCE_APK` names: the same on standard output,
//! the same exit status.

use crate::place::{Answer, Place};
use std::path::PathBuf;

const COMMANDS: &str = include_str!("commands.txt");

/// What differs for no reason that a user or a script would see.
fn normal(line: &str, answer: Answer) -> (i32, String) {
    let mut text = answer.out;
    if line.contains("stats") {
        // How texts are kept in memory is a program's own affair.
        text = text.split("atoms:").next().unwrap_or_default().to_owned();
    }
    if line.contains("audit") {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        text = lines.join("\n");
    }
    if line.contains("--virtual") || line.contains("-t .virt") {
        text = text.split(" (20").next().unwrap_or_default().to_owned();
    }
    (answer.status, text)
}

#[test]
fn answers_are_those_of_the_reference() {
    let Some(apk) = std::env::var_os("OIL_REFERENCE_APK").map(PathBuf::from) else {
        eprintln!("skipped: OIL_REFERENCE_APK names no reference program");
        return;
    };
    let place = Place::new();
    let mut differences = String::new();
    let lines = COMMANDS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let theirs = place.run_with(&apk, line);
        let ours = place.run(line);
        let (told, said) = (theirs.err.clone(), ours.err.clone());
        let (theirs, ours) = (normal(line, theirs), normal(line, ours));
        if theirs != ours {
            differences += &format!(
                "$ {line}\nreference ({}):\n{}{told}\nours ({}):\n{}{said}\n",
                theirs.0, theirs.1, ours.0, ours.1
            );
        }
    }
    assert!(differences.is_empty(), "{differences}");
}
