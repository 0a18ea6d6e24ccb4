//! `alpenglow package`

mod update;

use crate::context::Context;
use crate::error::Result;
use alpenglow_builder::Arch;
use alpenglow_forge::Forge;
use clap::{Args, Subcommand};
use std::path::PathBuf;
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
    /// Build packages and write a signed repository of them, with what must be in a root with them
    Repository {
        /// Where: DIR/KEY.rsa.pub, DIR/ARCH/*.apk, and the indexes Packages.adb and APKINDEX.tar.gz beside them
        dir: PathBuf,
        /// The packages
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Tell what upstream has newer than the pins in sources.lock, and what of it can be fetched
    Update {
        /// The packages or sources; all sources when none is given
        names: Vec<String>,
        /// Fetch what is newer, check it, and pin it in sources.lock before the other pins
        #[arg(long)]
        write: bool,
    },
}

/// Does it.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let context = Context::open()?;
    let arch = arguments.arch;
    match &arguments.verb {
        Verb::Build { names, twice } => {
            context.with_forge(arch, |forge| build(forge, names, *twice))?;
        }
        Verb::List => context.with_forge(arch, |forge| {
            list(forge);
            Ok(())
        })?,
        Verb::Repository { dir, names } => {
            let key = context.with_forge(arch, |forge| Ok(forge.repository(names, dir)?))?;
            println!("{} {}", dir.display(), key.display());
        }
        Verb::Update { names, write } => update::run(&context, names, *write)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn build(forge: &Forge<'_>, names: &[String], twice: bool) -> Result<()> {
    let built = forge.build(names)?;
    for name in names {
        let package = &built[name];
        println!(
            "{} {} {}",
            package.name,
            package.version,
            package.tree.display()
        );
    }
    if twice {
        forge.rebuild(names)?;
        for name in names {
            println!("{name}: a second build gave the same bytes");
        }
    }
    Ok(())
}

fn list(forge: &Forge<'_>) {
    let width = forge.recipes().keys().map(String::len).max().unwrap_or(0);
    for (name, recipe) in forge.recipes() {
        let split = recipe.split.get(name);
        let summary = split.map_or(&recipe.summary, |split| &split.summary);
        println!("{name:width$}  {:42}  {summary}", recipe.license);
    }
}
