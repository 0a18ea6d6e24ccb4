//! Random scenarios, answered by Oil and by a reference `apk` (`OIL_REFERENCE_APK`), must be answered alike.
//!
//! `OIL_CASES` says how many (200), `OIL_SEED` where to begin (1), `OIL_SHOW` how many differences to show (3).
//! Without a reference there is nothing to compare with; what was seen of it stands in `scenarios/`.

mod common;

use common::{Scenario, generate, ours, reference};
use std::path::Path;

fn differs(program: &Path, scenario: &Scenario) -> Option<(String, String)> {
    let directory = tempfile::tempdir().expect("a directory");
    reference::root(scenario, directory.path());
    let words = &scenario.commands[0].words;
    let theirs = reference::answer(program, directory.path(), words);
    let ours = std::panic::catch_unwind(|| ours::answer(scenario, words))
        .unwrap_or_else(|_| "panic\n".to_owned());
    (ours != theirs).then_some((ours, theirs))
}

/// What kind of difference it is.
fn kind(ours: &str, theirs: &str) -> &'static str {
    let body = |text: &str| {
        text.rsplit_once("exit ")
            .map_or(String::new(), |(body, _)| body.to_owned())
    };
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| {
                line.split_once(") ")
                    .map_or(line, |(_, rest)| rest)
                    .trim()
                    .to_owned()
            })
            .collect();
        lines.sort();
        lines
    };
    match (ours.starts_with("ERROR"), theirs.starts_with("ERROR")) {
        _ if body(ours) == body(theirs) => "status alone",
        _ if sorted(ours) == sorted(theirs) => "order",
        (true, true) => "report",
        (true, false) => "refused by us alone",
        (false, true) => "refused by them alone",
        (false, false) => "selection",
    }
}

/// An answer from `OIL_MEMORY`, a directory of answers, if it is there; else it is asked for.
fn remembered(scenario: &Scenario, words: &[String], ask: impl FnOnce() -> String) -> String {
    let Some(directory) = std::env::var_os("OIL_MEMORY") else {
        return ask();
    };
    let asked = Scenario {
        commands: vec![common::Command {
            words: words.to_vec(),
            answer: None,
        }],
        ..scenario.clone()
    };
    let mut hash = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(&asked.to_string(), &mut hash);
    let file = Path::new(&directory).join(format!("{:016x}", std::hash::Hasher::finish(&hash)));
    std::fs::read_to_string(&file).unwrap_or_else(|_| {
        let answer = ask();
        std::fs::write(&file, &answer).expect("a file");
        answer
    })
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn oil_answers_as_the_reference() {
    let Some(program) = reference::program() else {
        return;
    };
    let (cases, seed, show) = (
        number("OIL_CASES", 200),
        number("OIL_SEED", 1),
        number("OIL_SHOW", 3),
    );
    let (mut total, mut wrong, mut shown) = (0, 0, 0);
    let mut sorts = [(0, 0); 2];
    let mut kinds = std::collections::BTreeMap::new();
    for seed in seed..seed + cases {
        let whole = generate::scenario(seed);
        let mut root = None;
        for command in &whole.commands {
            total += 1;
            let theirs = remembered(&whole, &command.words, || {
                let directory = root.get_or_insert_with(|| {
                    let directory = tempfile::tempdir().expect("a directory");
                    reference::root(&whole, directory.path());
                    directory
                });
                reference::answer(&program, directory.path(), &command.words)
            });
            let ours = std::panic::catch_unwind(|| ours::answer(&whole, &command.words))
                .unwrap_or_else(|_| "panic\n".to_owned());
            let well = usize::from(!theirs.starts_with("ERROR"));
            sorts[well].0 += 1;
            sorts[well].1 += usize::from(ours == theirs);
            if ours == theirs {
                continue;
            }
            wrong += 1;
            if let Some(directory) = std::env::var_os("OIL_RAW") {
                let text = format!(
                    "{whole}##{:?}\n--- ours\n{ours}--- reference\n{theirs}",
                    command.words
                );
                std::fs::write(Path::new(&directory).join(format!("{seed}-{total}")), text)
                    .expect("a file");
            }
            if std::env::var("OIL_KIND").is_ok_and(|only| only != kind(&ours, &theirs)) {
                *kinds.entry(kind(&ours, &theirs)).or_insert(0) += 1;
                continue;
            }
            shown += 1;
            *kinds.entry(kind(&ours, &theirs)).or_insert(0) += 1;
            if shown > show {
                continue;
            }
            let sort = kind(&ours, &theirs);
            let mut scenario = Scenario {
                commands: vec![command.clone()],
                ..whole.clone()
            };
            while let Some(smaller) = generate::smaller(&scenario).into_iter().find(|smaller| {
                differs(&program, smaller)
                    .is_some_and(|(ours, theirs)| kind(&ours, &theirs) == sort)
            }) {
                scenario = smaller;
            }
            if let Some((ours, theirs)) = differs(&program, &scenario) {
                println!("seed {seed}\n{scenario}--- ours\n{ours}--- reference\n{theirs}");
            }
        }
    }
    println!(
        "{total} commands, {wrong} answered otherwise: {kinds:?}; refused ones {:?}, others {:?}",
        sorts[0], sorts[1]
    );
    assert_eq!(wrong, 0, "of {total} commands");
}
