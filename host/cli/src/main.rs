//! `alpenglow VERB`: argument handling and printing; the work is in the stages' crates.

mod context;
mod error;
mod interrupt;
mod progress;
mod verb;

use alpenglow_bench::{init, netd, oil};
use alpenglow_builder::enter;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Builds, boots and tests Alpenglow: packages from recipes, roots from packages, images from
/// roots, machines from images.
#[derive(Parser)]
#[command(name = "alpenglow", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build an edition's packages, root and images; print a line for each: FORMAT PATH BYTES
    Build(verb::build::Arguments),
    /// Build and boot an edition; the terminal is the machine's until it is powered off
    Boot(verb::boot::Arguments),
    /// Run the tests: unit, native, boot, or all of them
    Test(verb::test::Arguments),
    /// Compare with peers, all in one run; without a name, list the comparisons
    Bench(verb::bench::Arguments),
    /// Build, list or check single packages
    Package(verb::package::Arguments),
    /// Tell what this machine lacks and how to get it
    Doctor,
    /// Delete what has been built; the next build makes it again
    Clean(verb::clean::Arguments),
}

fn main() -> ExitCode {
    if let Some(code) = enter::run_if_asked_with(&[
        (init::WORK, init::inside::run),
        (oil::WORK, oil::inside::run),
        (netd::WORK, netd::inside::run),
    ]) {
        return code;
    }
    interrupt::end_unread();
    // Wrong use is status 2 (clap's own), a failure is 1.
    let arguments = Arguments::parse();
    interrupt::watch();
    let result = match arguments.verb {
        Verb::Build(arguments) => verb::build::run(&arguments),
        Verb::Boot(arguments) => verb::boot::run(&arguments),
        Verb::Test(arguments) => verb::test::run(&arguments),
        Verb::Bench(arguments) => verb::bench::run(&arguments),
        Verb::Package(arguments) => verb::package::run(&arguments),
        Verb::Doctor => verb::doctor::run(),
        Verb::Clean(arguments) => verb::clean::run(&arguments),
    };
    result.unwrap_or_else(|error| {
        eprintln!("alpenglow: {error}");
        ExitCode::FAILURE
    })
}
