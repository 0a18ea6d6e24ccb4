//! `alpenglow test`

use crate::context::Context;
use crate::error::{Error, Result};
use alpenglow_builder::Arch;
use alpenglow_builder::debian::{CONTAINER_PEERS, MACHINE, NET_PEERS};
use alpenglow_forge::{Edition, edition};
use alpenglow_image::system::System;
use clap::{Args, ValueEnum};
use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Arguments of `test`.
#[derive(Args)]
pub struct Arguments {
    /// One kind only; a word that is no kind is a filter
    kind: Option<String>,
    /// Run the tests whose name contains this
    filter: Option<String>,
}

/// What a test needs to run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Nothing: the crates' own tests, and the lints.
    Unit,
    /// This machine: namespaces, whole programs, builds.
    Native,
    /// Machines under QEMU and User Mode Linux.
    Boot,
}

/// Counts over all runs.
#[derive(Default)]
struct Sum {
    passed: usize,
    failed: usize,
}

/// Runs the tests and closes with one line, `N passed, N failed`.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let kind = arguments
        .kind
        .as_deref()
        .map(|word| Kind::from_str(word, false));
    let (kinds, filter) = match (kind, &arguments.kind, &arguments.filter) {
        (None, _, _) => (Kind::value_variants().to_vec(), None),
        (Some(Ok(kind)), _, filter) => (vec![kind], filter.clone()),
        (Some(Err(_)), word, None) => (Kind::value_variants().to_vec(), word.clone()),
        (Some(Err(_)), Some(word), Some(_)) => {
            eprintln!("alpenglow: '{word}' is no kind of test; there are unit, native and boot");
            return Ok(ExitCode::from(2));
        }
        (Some(Err(_)), None, Some(_)) => (Vec::new(), None),
    };
    let context = Context::open()?;
    let mut sum = Sum::default();
    let compiling = Compiling::begin(&context, &kinds);
    let system = prepare(&context, &kinds, filter.is_some())?;
    compiling.end();
    for kind in kinds {
        for mut command in commands(&context, kind) {
            command.env("ALPENGLOW_TREE", system.root());
            command.env("ALPENGLOW_BIN", env::current_exe().unwrap_or_default());
            command.env("ALPENGLOW_REPOSITORY", &context.repository);
            command.arg("--");
            if let Some(filter) = &filter {
                command.arg(filter);
            }
            if let Some(threads) = threads(kind) {
                command.arg(format!("--test-threads={threads}"));
            }
            one(command, &mut sum)?;
        }
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(if sum.failed == 0 && sum.passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds what the tests run, with its progress shown. For all tests these are the packages of all editions, several at once,
/// and the kernels first, which take longest; for chosen ones it is `min`, and a test that needs more builds it.
fn prepare(context: &Context, kinds: &[Kind], chosen: bool) -> Result<System> {
    if !chosen && kinds.iter().any(|kind| *kind != Kind::Unit) {
        context.with_forge(Arch::X86_64, |forge| {
            let recipes = forge.recipes();
            let mut names = edition::tested(recipes, &Edition::all(&context.repository)?);
            names.sort_by_key(|name| recipes[name].kernel.is_none());
            forge.build(&names)?;
            Ok(())
        })?;
    }
    let system = context.system("min", Arch::X86_64)?;
    if kinds.contains(&Kind::Boot) {
        let _lock = context.lock()?;
        context.root(&MACHINE)?;
    }
    if kinds.iter().any(|kind| *kind != Kind::Unit) {
        let _lock = context.lock()?;
        context.root(&NET_PEERS)?;
        context.root(&CONTAINER_PEERS)?;
    }
    Ok(system)
}

/// The tests being compiled while what they run is built: much of either keeps only one processor busy.
struct Compiling {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Compiling {
    /// Begins. What does not compile is told when it is to be run.
    fn begin(context: &Context, kinds: &[Kind]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let commands: Vec<Command> = kinds
            .iter()
            .flat_map(|kind| commands(context, *kind))
            .collect();
        let thread = thread::spawn(move || {
            for mut command in commands {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                command.arg("--no-run").stdin(Stdio::null());
                let Ok(mut child) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()
                else {
                    return;
                };
                while matches!(child.try_wait(), Ok(None)) {
                    if stopped.load(Ordering::Relaxed) {
                        let _ = child.kill();
                    }
                    thread::sleep(Duration::from_millis(50));
                }
            }
        });
        let thread = Some(thread);
        Self { stop, thread }
    }

    /// Waits until all are compiled.
    fn end(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Compiling {
    /// Stops it where it has not ended.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How many tests run at once, where it is not the harness's own choice.
fn threads(kind: Kind) -> Option<usize> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    match kind {
        Kind::Unit => None,
        // Most wait for something; those that build in the one cache wait for each other.
        Kind::Native => Some(processors + 1),
        // A machine under emulation keeps one processor busy.
        Kind::Boot => Some(processors),
    }
}

/// The `cargo test` runs of a kind.
fn commands(context: &Context, kind: Kind) -> Vec<Command> {
    let cargo = |folder: PathBuf, profile: &str, words: &[&str]| {
        let mut command =
            Command::new(env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["test", "--locked", "--no-fail-fast", "--quiet", "--profile"]);
        command.arg(profile).args(words).current_dir(folder);
        command
    };
    // The profile and the features of dependencies that the command line itself was built with, so that what both need
    // is there: of all crates together, whichever has the tests.
    let host = |words: &[&str]| cargo(context.repository.clone(), "release", words);
    match kind {
        Kind::Unit => {
            let folder = context.repository.join("system");
            let mut system = cargo(folder, "quick", &["--workspace"]);
            system.env("CARGO_TARGET_DIR", context.repository.join("target/system"));
            vec![
                host(&["--workspace", "--exclude", "alpenglow-tests"]),
                system,
                host(&["--workspace", "--test", "lint"]),
            ]
        }
        Kind::Native => vec![host(&["--workspace", "--test", "native"])],
        Kind::Boot => vec![host(&["--workspace", "--test", "boot"])],
    }
}

/// Runs one, hands its output on, and adds its results up. A run that ends without any result
/// (it did not compile, say) is one failure.
fn one(mut command: Command, sum: &mut Sum) -> Result<()> {
    let failed = |e| Error::Run("cargo test".into(), e);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let (mut results, mut failures) = (0, 0);
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output)
            .lines()
            .map_while(std::io::Result::ok)
        {
            println!("{line}");
            if let Some((passed, failed)) = result_of(&line) {
                results += 1;
                failures += failed;
                sum.passed += passed;
                sum.failed += failed;
            }
        }
    }
    let status = child.wait().map_err(failed)?;
    if results == 0 || (!status.success() && failures == 0) {
        println!("a test run ended without results ({status})");
        sum.failed += 1;
    }
    Ok(())
}

/// The counts of a line `test result: ok. 3 passed; 1 failed; …`.
fn result_of(line: &str) -> Option<(usize, usize)> {
    let rest = line.strip_prefix("test result: ")?;
    let count = |word: &str| {
        let before = rest.split(&format!(" {word}")).next()?;
        before
            .rsplit([' ', ';', '.'])
            .find(|part| !part.is_empty())?
            .parse()
            .ok()
    };
    Some((count("passed")?, count("failed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.3s";
        assert_eq!(result_of(line), Some((12, 3)));
        assert_eq!(result_of("running 3 tests"), None);
    }
}
