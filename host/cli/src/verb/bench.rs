//! `alpenglow bench`

use super::boot::session_of;
use crate::context::Context;
use crate::error::Result;
use alpenglow_bench::table::{self, Column, Row};
use alpenglow_bench::{Subject, boot, peers};
use alpenglow_builder::Arch;
use alpenglow_builder::debian::PEERS;
use alpenglow_builder::progress::step;
use alpenglow_image::System;
use alpenglow_machine::Hypervisor;
use clap::{Args, ValueEnum};
use std::process::ExitCode;

/// Arguments of `bench`.
#[derive(Args)]
pub struct Arguments {
    /// The comparison
    name: Option<Name>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Instructions, time and memory to the prompt
    Boot,
    /// Bytes of kernel and initramfs
    Size,
}

/// Runs a comparison, or lists them.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Some(name) = arguments.name else {
        println!("boot  instructions, guest time and memory to the prompt, of min and of peers");
        println!("size  bytes of kernel and initramfs, of min and of peers");
        return Ok(ExitCode::SUCCESS);
    };
    let context = Context::open()?;
    let system = context.system("min", Arch::X86_64)?;
    let root = {
        let _lock = context.lock()?;
        context.root(&PEERS)?
    };
    let folder = context.cache.run_folder()?;
    let subjects = peers::subjects(&system, &root, folder.path())?;
    let (columns, rows): (&[Column], Vec<Row>) = match name {
        Name::Size => (
            &boot::SIZE,
            subjects.iter().map(boot::size).collect::<Result<_, _>>()?,
        ),
        Name::Boot => {
            let hypervisor = context.hypervisor()?;
            let rows = subjects
                .iter()
                .map(|subject| measured(&context, &system, &hypervisor, subject));
            (&boot::BOOT, rows.collect::<Result<_>>()?)
        }
    };
    if arguments.json {
        println!("{:#}", serde_json::json!(table::objects(columns, &rows)));
    } else {
        print!("{}", table::text(columns, &rows));
    }
    Ok(ExitCode::SUCCESS)
}

fn measured(
    context: &Context,
    system: &System,
    hypervisor: &Hypervisor,
    subject: &Subject,
) -> Result<Row> {
    step(
        &context.bars,
        &format!("{} ({})", subject.name, subject.board()),
        |_| {
            let given = u64::from(subject.spec.memory_mib) * 1024;
            let used = if subject.ours {
                let finished = session_of(context, system, hypervisor, &subject.spec)?;
                Some(given.saturating_sub(finished.memory.available_kib))
            } else {
                None
            };
            Ok(boot::boot(hypervisor, subject, used)?)
        },
    )
}
