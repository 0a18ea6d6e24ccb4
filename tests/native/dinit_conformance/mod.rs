//! Conformance with dinit: scenarios in `scenarios/`, one subject a file, run against a daemon and tools.
//!
//! What a scenario expects was recorded from the reference and read by a person. With `DINIT_REFERENCE_BIN`, the folder
//! of the reference's programs, every scenario also runs with its daemon, with its tools, and with both; with
//! `DINIT_RECORD` as well, what the reference does is written to the files in place of what they expect, and nothing is
//! compared. A file that begins with [`OURS`] is about our daemon, and neither is done with it.

mod programs;
mod run;
mod scenario;
pub mod speak;

use super::root::Directory;
use alpenglow_tests::{Outcome, Test, repository};
use programs::Pair;
use scenario::Scenario;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// How a file begins whose scenarios are not the reference's.
const OURS: &str = "# Ours alone: ";

/// All tests: each scenario with each pair of programs.
pub fn tests() -> Vec<Test> {
    let recording = env::var_os("DINIT_RECORD").is_some();
    let mut tests: Vec<Test> = Vec::new();
    for path in files() {
        let subject = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("dinit_conformance {subject}");
        match read(&path) {
            Ok((text, _)) if recording => {
                if !text.starts_with(OURS) {
                    tests.push((name, Box::new(move || record(&path))));
                }
            }
            Ok((text, scenarios)) if text.starts_with(OURS) => {
                tests.extend(of_file(&name, &scenarios, &Pair::all()[..1]));
            }
            Ok((_, scenarios)) => tests.extend(of_file(&name, &scenarios, &Pair::all())),
            Err(error) => tests.push((name, Box::new(move || Err(error)))),
        }
    }
    tests
}

fn of_file(name: &str, scenarios: &[Scenario], pairs: &[Pair]) -> Vec<Test> {
    let mut tests: Vec<Test> = Vec::new();
    for &pair in pairs {
        for scenario in scenarios {
            let scenario = scenario.clone();
            let name = format!("{name}: {}{}", scenario.name, pair.said());
            tests.push((name, Box::new(move || one(&scenario, pair))));
        }
    }
    tests
}

/// The files of scenarios, in order.
fn files() -> Vec<PathBuf> {
    let Some(repository) = env::var_os("ALPENGLOW_REPOSITORY") else {
        return Vec::new();
    };
    let folder = Path::new(&repository).join("tests/native/dinit_conformance/scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Result<(String, Vec<Scenario>), String> {
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| said(&error))?;
    let scenarios = scenario::parse(&text).map_err(|error| said(&error))?;
    if scenarios.is_empty() {
        return Err(said(&"holds no scenario"));
    }
    Ok((text, scenarios))
}

/// Runs one, and shows the steps that went otherwise.
fn one(scenario: &Scenario, pair: Pair) -> Outcome {
    let directory = Directory::new()?;
    let found = run::run(scenario, pair, directory.path())?;
    let mut differences = String::new();
    for (step, found) in scenario.steps.iter().zip(&found) {
        if step.printed == *found {
            continue;
        }
        let _ = writeln!(differences, "$ {}", step.command.replace('\n', "\n> "));
        for line in &step.printed {
            let _ = writeln!(differences, "  expected  {line}");
        }
        for line in found {
            let _ = writeln!(differences, "     found  {line}");
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

/// Writes what the reference does to the file.
fn record(path: &Path) -> Outcome {
    let (text, scenarios) = read(path)?;
    let mut found = Vec::new();
    for scenario in &scenarios {
        let directory = Directory::new()?;
        let printed = run::run(scenario, Pair::REFERENCE, directory.path())?;
        let places = scenario.steps.iter().map(|step| step.lines.clone());
        found.extend(places.zip(printed));
    }
    fs::write(repository().join(path), scenario::recorded(&text, &found))
        .map_err(|error| format!("{}: {error}", path.display()))
}
