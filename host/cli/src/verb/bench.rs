//! `alpenglow bench`

mod glowfs;
mod init;
mod kernelctl;
mod netd;
mod oil;

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
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Arguments of `bench`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    name: Option<Name>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Name {
    /// Instructions, time and memory to the prompt, of min and of peers
    Boot,
    /// Bytes of kernel and initramfs, of min and of peers
    Size,
    /// Time, memory and system calls of dinit and of other service managers
    Init(init::Arguments),
    /// Time and memory of Oil, apk and dpkg
    Oil(oil::Arguments),
    /// Time, memory and wake-ups of netd and of other clients of DHCP
    Netd(netd::Arguments),
    /// Instructions of kernelctl for a policy of 100 sysctls and 20 groups
    Kernelctl,
    /// Bytes of GlowFS, squashfs and EROFS, and instructions of reading them
    Glowfs(glowfs::Arguments),
}

/// Runs a comparison, or lists them.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.name {
        None => {
            println!(
                "boot  instructions, guest time and memory to the prompt, of min and of peers"
            );
            println!("size  bytes of kernel and initramfs, of min and of peers");
            println!("init  time, memory and system calls of dinit and of other service managers");
            println!("oil   time and memory of Oil, apk and dpkg");
            println!("netd  time, memory and wake-ups of netd and of other clients of DHCP");
            println!(
                "kernelctl  instructions of kernelctl for a policy of 100 sysctls and 20 groups"
            );
            println!(
                "glowfs  bytes of GlowFS, squashfs and EROFS, and instructions of reading them"
            );
        }
        Some(Name::Boot) => boots(true, arguments.json)?,
        Some(Name::Size) => boots(false, arguments.json)?,
        Some(Name::Init(own)) => init::run(own, arguments.json)?,
        Some(Name::Oil(own)) => oil::run(own, arguments.json)?,
        Some(Name::Netd(own)) => netd::run(own, arguments.json)?,
        Some(Name::Kernelctl) => kernelctl::run(arguments.json)?,
        Some(Name::Glowfs(own)) => glowfs::run(own, arguments.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares images: boots them, or only looks at their size.
fn boots(booted: bool, json: bool) -> Result<()> {
    let context = Context::open()?;
    let system = context.system("min", Arch::X86_64)?;
    let root = {
        let _lock = context.lock()?;
        context.root(&PEERS)?
    };
    let folder = context.cache.run_folder()?;
    let subjects = peers::subjects(&system, &root, folder.path())?;
    let (columns, rows): (&[Column], Vec<Row>) = if booted {
        let hypervisor = context.hypervisor(&[], false)?;
        let rows = subjects
            .iter()
            .map(|subject| measured(&context, &system, &hypervisor, subject));
        (&boot::BOOT, rows.collect::<Result<_>>()?)
    } else {
        let rows = subjects.iter().map(boot::size);
        (&boot::SIZE, rows.collect::<Result<_, _>>()?)
    };
    if json {
        print_json(columns, &rows);
    } else {
        print!("{}", table::text(columns, &rows));
    }
    Ok(())
}

fn print_json(columns: &[Column], rows: &[Row]) {
    println!("{:#}", serde_json::json!(table::objects(columns, rows)));
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
