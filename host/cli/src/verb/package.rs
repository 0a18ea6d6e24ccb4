//! `alpenglow package`

use crate::context::Context;
use crate::error::Result;
use alpenglow_builder::Arch;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Arguments of `package`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// The architecture: x86_64, aarch64 or riscv64
    #[arg(long, default_value = "x86_64", global = true)]
    arch: Arch,
}

#[derive(Subcommand)]
enum Verb {
    /// Build packages and what they need
    Build {
        /// The packages
        #[arg(required = true)]
        names: Vec<String>,
        /// Build each once more and compare every byte with what is in the store
        #[arg(long)]
        twice: bool,
    },
    /// List the packages that there are recipes for
    List,
}

/// Does it.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let context = Context::open()?;
    context.with_forge(arguments.arch, |forge| {
        match &arguments.verb {
            Verb::Build { names, twice } => {
                let built = forge.build(names)?;
                for name in names {
                    let package = &built[name];
                    println!(
                        "{} {} {}",
                        package.name,
                        package.version,
                        package.tree.display()
                    );
                    if *twice {
                        forge.rebuild(name)?;
                        println!("{name}: a second build gave the same bytes");
                    }
                }
            }
            Verb::List => {
                let width = forge.recipes().keys().map(String::len).max().unwrap_or(0);
                for (name, recipe) in forge.recipes() {
                    let split = recipe.split.get(name);
                    let summary = split.map_or(&recipe.summary, |split| &split.summary);
                    println!("{name:width$}  {:42}  {summary}", recipe.license);
                }
            }
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
