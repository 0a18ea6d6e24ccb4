//! `alpenglow package`

mod update;

use crate::context::Context;
use crate::error::Result;
use alpenglow_builder::Arch;
use alpenglow_forge::{Forge, Record, tree};
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
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        names: Vec<String>,
        /// All that there are recipes for
        #[arg(long)]
        all: bool,
        /// Go on after a failure with all that does not need what failed, and tell of all failures at the end
        #[arg(long)]
        keep_going: bool,
        /// Build each once more and compare every byte with what is in the store
        #[arg(long)]
        twice: bool,
    },
    /// List the packages that there are recipes for: version, licence and, of what is built, size and seconds of building
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
        Verb::Build {
            names,
            all,
            keep_going,
            twice,
        } => context.with_forge(arch, |forge| {
            let every: Vec<String> = forge.recipes().keys().cloned().collect();
            let names = if *all { &every } else { names };
            build(forge, names, *keep_going, *twice)
        })?,
        Verb::List => context.with_forge(arch, list)?,
        Verb::Repository { dir, names } => {
            let key = context.with_forge(arch, |forge| Ok(forge.repository(names, dir)?))?;
            println!("{} {}", dir.display(), key.display());
        }
        Verb::Update { names, write } => update::run(&context, names, *write)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn build(forge: &Forge<'_>, names: &[String], keep_going: bool, twice: bool) -> Result<()> {
    let built = match keep_going {
        true => forge.build_what_can_be(names)?,
        false => forge.build(names)?,
    };
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

fn list(forge: &Forge<'_>) -> Result<()> {
    let built = forge.known()?;
    let mut rows =
        vec![["package", "version", "licence", "bytes", "seconds", "CPU"].map(str::to_owned)];
    let mut summaries = vec!["summary"];
    for (name, recipe) in forge.recipes() {
        let there = built.get(name);
        let record = there.and_then(|built| forge.record(built));
        // Of the packages that one build makes, each has a size, and all have the seconds.
        let seconds = |of: fn(&Record) -> u64| match &record {
            Some(record) => of(record).to_string(),
            None => "-".to_owned(),
        };
        rows.push([
            name.clone(),
            forge.version(recipe)?,
            recipe.license.clone(),
            match there {
                Some(built) => tree::size(&built.tree)?.to_string(),
                None => "-".to_owned(),
            },
            seconds(|record| record.seconds),
            seconds(|record| record.cpu_seconds),
        ]);
        let split = recipe.split.get(name);
        summaries.push(split.map_or(&recipe.summary, |split| &split.summary));
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    for (row, summary) in rows.iter().zip(summaries) {
        let [name, version, license, bytes, seconds, cpu] = row;
        println!(
            "{name:0$}  {version:1$}  {license:2$}  {bytes:>3$}  {seconds:>4$}  {cpu:>5$}  {summary}",
            widths[0], widths[1], widths[2], widths[3], widths[4], widths[5]
        );
    }
    Ok(())
}
