//! The same command lines for us and for the reference that `OIL_REFERENCE_APK` names: the same on standard output,
//! the same exit status.

use crate::place::{Answer, Place};
use std::path::PathBuf;

const COMMANDS: &str = include_str!("commands.txt");

/// What differs for no reason that a user or a script would see.
fn normal(line: &str, answer: Answer) -> (i32, String) {
    let mut text = answer.out;
    if line.contains("audit") {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        text = lines.join("\n");
    }
    (answer.status, without_times(&text))
}

/// The text with the versions of virtual packages, which are the time of day, as `TIME`.
fn without_times(text: &str) -> String {
    const SHAPE: &[u8] = b"dddddddd.dddddd";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let time = rest.as_bytes().get(..SHAPE.len()).is_some_and(|start| {
            let mut pairs = start.iter().zip(SHAPE);
            pairs.all(|(byte, shape)| match shape {
                b'd' => byte.is_ascii_digit(),
                _ => byte == shape,
            })
        });
        let length = if time { SHAPE.len() } else { first.len_utf8() };
        out.push_str(if time { "TIME" } else { &rest[..length] });
        rest = &rest[length..];
    }
    out
}

#[test]
fn times_are_passed_over() {
    let text = "(1/1) Installing x (20261126.020433)\n\u{e4}x-20261126.020434 20261126.02043\n";
    let plain = "(1/1) Installing x (TIME)\n\u{e4}x-TIME 20261126.02043\n";
    assert_eq!(without_times(text), plain);
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
