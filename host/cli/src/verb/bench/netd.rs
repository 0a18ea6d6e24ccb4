//! `alpenglow bench netd`

use super::print_json;
use crate::context::Context;
use crate::error::Result;
use alpenglow_bench::netd::{self, NOTES, Settings};
use alpenglow_bench::table;
use alpenglow_builder::Arch;
use alpenglow_builder::debian::NET_PEERS;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `bench netd`.
#[derive(Args)]
pub struct Arguments {
    /// Our program, in place of the one that the package `system-tools` has
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Measure everything once and shortly: shows that it works, and little else
    #[arg(long)]
    quick: bool,
}

/// Measures and prints.
pub fn run(arguments: &Arguments, json: bool) -> Result<()> {
    let context = Context::open()?;
    let ours = match &arguments.program {
        Some(path) => path.clone(),
        None => {
            let names = ["system-tools".to_owned()];
            // It is run here: no other architecture's.
            let built = context.with_forge(Arch::X86_64, |forge| Ok(forge.build(&names)?))?;
            built["system-tools"].tree.join("sbin/system-tools")
        }
    };
    let root = {
        let _lock = context.lock()?;
        context.root(&NET_PEERS)?
    };
    let settings = if arguments.quick {
        Settings::quick()
    } else {
        Settings::whole()
    };
    let rows = netd::run(&ours, &root, settings, &context.bars)?;
    let columns = netd::columns();
    if json {
        print_json(&columns, &rows);
    } else {
        print!("{}\n{NOTES}", table::lines(&columns, &rows));
    }
    Ok(())
}
