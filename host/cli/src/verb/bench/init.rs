//! `alpenglow bench init`

use super::print_json;
use crate::context::Context;
use crate::error::Result;
use alpenglow_bench::init::{self, NOTES, Reference, Settings};
use alpenglow_bench::table;
use alpenglow_builder::Arch;
use alpenglow_builder::debian::INIT_PEERS;
use clap::Args;
use std::env;
use std::path::{Path, PathBuf};

/// The variable that names the reference where the option does not; tests of dinit know it as well.
const REFERENCE: &str = "DINIT_REFERENCE_BIN";

/// Arguments of `bench init`.
#[derive(Args)]
pub struct Arguments {
    /// The reference dinit: the folder of its programs, or the manager [default: $DINIT_REFERENCE_BIN, if set]
    #[arg(long, value_name = "PATH", value_parser = reference)]
    reference: Option<Reference>,
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
    let names = ["dinit", "bench-probe"].map(str::to_owned);
    // They are run here: no other architecture's.
    let built = context.with_forge(Arch::X86_64, |forge| Ok(forge.build(&names)?))?;
    let root = {
        let _lock = context.lock()?;
        context.root(&INIT_PEERS)?
    };
    let settings = if arguments.quick {
        Settings::quick()
    } else {
        Settings::whole()
    };
    let ours = built["dinit"].tree.join("sbin/dinit");
    let probe = built["bench-probe"].tree.join("bench");
    let subjects = init::subjects(&ours, &probe, reference.as_ref(), &root)?;
    let rows = init::run(&subjects, &settings, &context.bars)?;
    let columns = init::columns(&settings.sizes);
    if json {
        print_json(&columns, &rows);
    } else {
        print!("{}\n{NOTES}", table::lines(&columns, &rows));
    }
    Ok(())
}
