//! `alpenglow clean`

use crate::context::Context;
use crate::error::Result;
use alpenglow_builder::cache::remove_tree;
use clap::Args;
use std::process::ExitCode;

/// Arguments of `clean`.
#[derive(Args)]
pub struct Arguments {
    /// Delete the build roots and the fetched sources too, so that the next build starts from nothing
    #[arg(long)]
    all: bool,
}

/// Deletes what was built and says what remains.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let context = Context::open()?;
    let _lock = context.lock()?;
    let made = ["systems", "store", "work", "logs", "run"];
    let fetched = [
        "keys", "unpacked", "sources", "crates", "apt", "counter", "roots",
    ];
    for name in made.iter().chain(fetched.iter().filter(|_| arguments.all)) {
        remove_tree(&context.cache.dir().join(name))?;
    }
    remove_tree(&context.repository.join("target/log"))?;
    let dir = context.cache.dir().display();
    if arguments.all {
        println!(
            "deleted what was built, the roots and the sources in {dir}; its own tools stay in {}",
            context.repository.join("target").display()
        );
    } else {
        println!(
            "deleted what was built in {dir}; roots and sources stay there (--all deletes them too)"
        );
    }
    Ok(ExitCode::SUCCESS)
}
