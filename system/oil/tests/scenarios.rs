//! Every scenario of `scenarios/` is answered by Oil as it was seen to be answered by apk 3.
//!
//! With a reference in `OIL_REFERENCE_APK` it is asked again, and `OIL_RECORD=1` writes what it says.

mod common;

use common::{Scenario, ours, reference};
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("scenarios")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

/// The scenarios of a file, each with the lines before it that say what it is about.
fn scenarios(text: &str) -> Vec<(String, Scenario)> {
    let part = |part: &str| {
        let about: String = part
            .lines()
            .take_while(|line| line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        (about, Scenario::parse(part))
    };
    text.split("===\n").map(part).collect()
}

#[test]
fn answered_as_apk_answers() {
    let mut commands = 0;
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("text");
        for (about, scenario) in scenarios(&text) {
            for command in &scenario.commands {
                let expected = command.answer.as_ref().expect("an answer");
                let answer = ours::answer(&scenario, &command.words);
                assert_eq!(
                    &answer,
                    expected,
                    "{}: {about}apk {}",
                    file.display(),
                    command.words.join(" ")
                );
                commands += 1;
            }
        }
    }
    assert!(commands > 100, "{commands} commands");
}

#[test]
fn written_down_as_apk_answers() {
    let Some(program) = reference::program() else {
        return;
    };
    for file in files() {
        let mut all: Vec<(String, Scenario)> =
            scenarios(&std::fs::read_to_string(&file).expect("text"));
        let mut differences = 0;
        for (_, scenario) in &mut all {
            let directory = tempfile::tempdir().expect("a directory");
            reference::root(scenario, directory.path());
            for command in &mut scenario.commands {
                let answer = Some(reference::answer(
                    &program,
                    directory.path(),
                    &command.words,
                ));
                differences += usize::from(command.answer != answer);
                command.answer = answer;
            }
        }
        if std::env::var_os("OIL_RECORD").is_some() {
            let parts: Vec<String> = all
                .iter()
                .map(|(about, scenario)| format!("{about}{scenario}"))
                .collect();
            std::fs::write(&file, parts.join("===\n")).expect("written");
        } else {
            assert_eq!(differences, 0, "{}", file.display());
        }
    }
}
