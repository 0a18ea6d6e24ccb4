//! `alpenglow bench oil`

use super::print_json;
use crate::context::Context;
use crate::error::Result;
use alpenglow_bench::oil::{self, NOTES, Reference, Settings};
use alpenglow_bench::table;
use alpenglow_builder::Arch;
use alpenglow_builder::debian::INIT_PEERS;
use clap::Args;
use std::env;
use std::path::{Path, PathBuf};

/// The variable that names the reference where the option does not; tests of Oil know it as well.
const REFERENCE: &str = "OIL_REFERENCE_APK";

/// Arguments of `bench oil`.
#[derive(Args)]
pub struct Arguments {
    /// The program of apk-tools 3 [default: $OIL_REFERENCE_APK, if set]
    #[arg(long, value_name = "PATH", value_parser = reference)]
    reference: Option<Reference>,
    /// Our program, in place of the one that the package `oil` has
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Measure everything once and small: shows that it works, and little else
    #[arg(long)]
    quick: bool,
}

fn reference(path: &str) -> Result<Reference, alpenglow_bench::Error> {
    Reference::at(Path::new(path))
}

/// Measures and prints.
pub fn run(arguments: &Arguments, json: bool) -> Result<()> {
    let reference = match (&arguments.reference, env::var_os(REFERENCE)) {
        (Some(reference), _) => Some(reference.clone()),
        (None, Some(path)) if !path.is_empty() => Some(Reference::at(&PathBuf::from(path))?),
        (None, _) => None,
    };
    let context = Context::open()?;
    let ours = match &arguments.program {
        Some(path) => path.clone(),
        None => {
            let names = ["oil".to_owned()];
            // It is run here: no other architecture's.
            let built = context.with_forge(Arch::X86_64, |forge| Ok(forge.build(&names)?))?;
            built["oil"].tree.join("sbin/oil")
        }
    };
    let root = {
        let _lock = context.lock()?;
        context.root(&INIT_PEERS)?
    };
    let settings = if arguments.quick {
        Settings::quick()
    } else {
        Settings::whole()
    };
    let folder = context.cache.run_folder()?;
    let subjects = oil::subjects(&ours, reference.as_ref(), &root)?;
    let rows = oil::run(&subjects, &settings, folder.path(), &context.bars)?;
    let columns = oil::columns(&settings.sizes);
    if json {
        print_json(&columns, &rows);
    } else {
        print!("{}\n{NOTES}", table::lines(&columns, &rows));
    }
    Ok(())
}
