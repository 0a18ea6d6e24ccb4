//! What the tests share: where the project is, running its command line, and the harness.

pub mod mirror;

use libtest_mimic::{Arguments, Failed, Trial};
use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Output};

/// What a test says when it fails.
pub type Outcome = Result<(), String>;

/// A test: its name, which begins with its subject, and what it does.
pub type Test = (String, Box<dyn FnOnce() -> Outcome + Send>);

/// A test that is a plain function.
pub fn test(name: &str, run: fn() -> Outcome) -> Test {
    (name.to_owned(), Box::new(run))
}

/// Runs tests as `cargo test` would. The executable also serves as what enters sandboxes.
pub fn main(tests: impl FnOnce() -> Vec<Test>) -> ExitCode {
    if let Some(code) = alpenglow_builder::enter::run_if_asked() {
        return code;
    }
    let arguments = Arguments::from_args();
    let trials = tests()
        .into_iter()
        .map(|(name, run)| Trial::test(name, move || run().map_err(Failed::from)))
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A folder or file that `./alpenglow test` names in the environment.
///
/// # Panics
/// When the tests are run otherwise.
pub fn named(variable: &str) -> PathBuf {
    let value = env::var_os(variable);
    PathBuf::from(value.unwrap_or_else(|| panic!("{variable} is not set: run ./alpenglow test")))
}

/// The checkout.
pub fn repository() -> PathBuf {
    named("ALPENGLOW_REPOSITORY")
}

/// The command line, with nothing of the tests' own settings.
pub fn alpenglow() -> Command {
    let mut command = Command::new(named("ALPENGLOW_BIN"));
    command.env("ALPENGLOW_REPOSITORY", repository());
    command
}

/// `alpenglow boot` with these words; fails unless it ends with this status. Returns what it printed.
///
/// # Errors
/// What it printed, with another status.
pub fn boot(words: &[&str], status: i32) -> Result<String, String> {
    let output = output(alpenglow().arg("boot").args(words))?;
    let said = text(&output);
    check(output.status.code() == Some(status), || {
        format!("{:?} instead of {status}: {said}", output.status.code())
    })?;
    Ok(said)
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started.
pub fn output(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|e| format!("{command:?}: {e}"))
}

/// What a command printed on both streams.
pub fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// Fails with what was found unless `good`.
///
/// # Errors
/// `found`, when not.
pub fn check(good: bool, found: impl FnOnce() -> String) -> Outcome {
    if good { Ok(()) } else { Err(found()) }
}

/// Fails unless a text has each of these parts.
///
/// # Errors
/// The text and the part that lacks.
pub fn has(text: &str, parts: &[&str]) -> Outcome {
    match parts.iter().find(|part| !text.contains(*part)) {
        Some(part) => Err(format!("'{part}' is not in:\n{text}")),
        None => Ok(()),
    }
}
