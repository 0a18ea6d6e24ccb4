//! `alpenglow boot`

use super::Which;
use crate::context::Context;
use crate::error::{Error, Result};
use alpenglow_builder::Arch;
use alpenglow_builder::cache::RunFolder;
use alpenglow_forge::Edition;
use alpenglow_image::system::System;
use alpenglow_image::{Format, Made, initramfs};
use alpenglow_machine::measure::{Until, measure};
use alpenglow_machine::report::BootReport;
use alpenglow_machine::{
    Board, Credential, Finished, Hypervisor, Marker, Outcome, Spec, interactive, kvm,
};
use clap::Args;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Arguments of `boot`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    /// The machine's memory in MiB
    #[arg(long, short, default_value_t = 256, value_parser = clap::value_parser!(u32).range(8..))]
    memory: u32,
    /// The board: q35 (a PC with firmware) or microvm (only what a virtual machine needs)
    #[arg(long, value_parser = board)]
    board: Option<Board>,
    /// Log in on the serial console, run this, print its output and power off; may be repeated.
    /// The exit status is the last command's
    #[arg(long, value_name = "COMMAND")]
    run: Vec<String>,
    /// A word for the kernel's command line; may be repeated
    #[arg(long, value_name = "WORD")]
    append: Vec<String>,
    /// A file that is a disk of the machine's, byte for byte, and keeps what is written to it; may be
    /// repeated
    #[arg(long, value_name = "FILE")]
    disk: Vec<PathBuf>,
    /// A further device, as QEMU's -device takes it: e1000; may be repeated
    #[arg(long, value_name = "DEVICE")]
    device: Vec<String>,
    /// Seconds in which the login prompt must have come, with --run
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    limit: u64,
    /// Write the boot's measurements to this file, as JSON; boots once more to count instructions
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

fn board(name: &str) -> Result<Board, String> {
    [Board::Q35, Board::Microvm, Board::Virt]
        .into_iter()
        .find(|board| board.to_string() == name)
        .ok_or_else(|| format!("there is no board '{name}'; there are q35, microvm and virt"))
}

/// Builds what is not there yet, boots it, and returns the guest's last status.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let context = Context::open()?;
    if let Some(path) = &arguments.report {
        check_folder(path)?;
    }
    let Which { edition, arch } = &arguments.which;
    let board = arguments.board.unwrap_or_else(|| Board::of(*arch));
    // A microvm has no firmware that could unpack a kernel; it takes it as it is.
    let format = if board == Board::Microvm {
        Format::Vmlinux
    } else {
        Format::Bzimage
    };
    check_formats(&context, edition, &[format, Format::Initramfs])?;
    let system = context.system(edition, *arch)?;
    let disks = disks(&arguments.disk)?;
    let hypervisor = context.hypervisor(&disks)?;
    let mut spec = Spec::new(
        edition,
        *arch,
        system.image(format),
        system.image(Format::Initramfs),
    );
    spec.board = board;
    spec.memory_mib = arguments.memory;
    spec.words.extend(arguments.append.iter().cloned());
    spec.devices.clone_from(&arguments.device);
    spec.disks = disks;
    spec.limits.boot = Duration::from_secs(arguments.limit);
    if arguments.run.is_empty() && arguments.report.is_none() {
        return by_hand(&context, &system, &hypervisor, spec);
    }
    let (finished, status) = by_itself(&context, &system, &hypervisor, &spec, &arguments.run)?;
    if let Some(path) = &arguments.report {
        report(&system, &hypervisor, &spec, &finished, *arch)?.write(path)?;
    }
    Ok(status)
}

/// Finds out before anything is built that an edition is made for no machine.
fn check_formats(context: &Context, edition: &str, wanted: &[Format]) -> Result<()> {
    let made = Made::of(&Edition::read(&context.repository, edition)?)?;
    if wanted.iter().all(|format| made.formats.contains(format)) {
        return Ok(());
    }
    let wanted: Vec<&str> = wanted.iter().map(|format| format.name()).collect();
    Err(Error::NoMachine {
        edition: edition.to_owned(),
        made: made.list(),
        wanted: wanted.join(" and "),
    })
}

/// The paths under which QEMU sees these files.
fn disks(files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let path = |file: &PathBuf| {
        let wrong = |source| Error::Disk {
            path: file.clone(),
            source,
        };
        let path = fs::canonicalize(file).map_err(wrong)?;
        match path.is_dir() {
            true => Err(wrong(std::io::ErrorKind::IsADirectory.into())),
            false => Ok(path),
        }
    };
    files.iter().map(path).collect()
}

/// Finds out before the boot that a report's folder is not there.
fn check_folder(report: &Path) -> Result<()> {
    let folder = report
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::Write {
            path: report.to_owned(),
            source: std::io::ErrorKind::NotADirectory.into(),
        }),
        Err(source) => Err(Error::Write {
            path: report.to_owned(),
            source,
        }),
    }
}

/// The machine's initramfs with a credential of its own at the end, in a folder that goes with
/// this process. A system without accounts is booted as it is.
fn with_credential(
    context: &Context,
    system: &System,
    spec: &mut Spec,
) -> Result<(Option<String>, RunFolder)> {
    let folder = context.cache.run_folder()?;
    let Ok(shadow) = fs::read_to_string(system.root().join("etc/shadow")) else {
        return Ok((None, folder));
    };
    let credential = alpenglow_image::Credential::random()?;
    let initrd = folder.path().join("initramfs");
    initramfs::append(&spec.initrd, &credential.archive(&shadow)?, &initrd)?;
    spec.initrd = initrd;
    Ok((Some(credential.password().to_owned()), folder))
}

/// The terminal is the machine's.
fn by_hand(
    context: &Context,
    system: &System,
    hypervisor: &Hypervisor,
    mut spec: Spec,
) -> Result<ExitCode> {
    let (password, _folder) = with_credential(context, system, &mut spec)?;
    let login = match password {
        Some(password) => {
            format!("Log in as root with the password {password} (made for this boot alone).")
        }
        None => "It has no accounts, so nobody can log in.".to_owned(),
    };
    context.bars.say(&format!(
        "\nAlpenglow {} for {}: board {}, {} MiB, on {}.\n{login}\n`{}` ends the machine; so does Ctrl-A X.\n",
        spec.name,
        spec.arch,
        spec.board,
        spec.memory_mib,
        kvm::verdict().reason,
        spec.board.power_off(),
    ));
    interactive::run(hypervisor, &spec)?;
    Ok(ExitCode::SUCCESS)
}

/// Logs in, runs the commands and powers off.
fn by_itself(
    context: &Context,
    system: &System,
    hypervisor: &Hypervisor,
    spec: &Spec,
    commands: &[String],
) -> Result<(Finished, ExitCode)> {
    let mut spec = spec.clone();
    let (password, _folder) = with_credential(context, system, &mut spec)?;
    let credential = Credential {
        user: "root".into(),
        password: password.unwrap_or_default(),
    };
    let show = |_: &str, outcome: &Outcome| {
        let mut out = std::io::stdout();
        let _ = out.write_all(outcome.output.as_bytes());
        if !outcome.output.is_empty() && !outcome.output.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    };
    let finished = alpenglow_machine::run(hypervisor, &spec, &credential, commands, show)?;
    let status = finished.outcomes.last().map_or(0, |outcome| outcome.status);
    Ok((finished, ExitCode::from(u8::try_from(status).unwrap_or(1))))
}

/// Boots, logs in, looks at the memory and powers off.
pub fn session_of(
    context: &Context,
    system: &System,
    hypervisor: &Hypervisor,
    spec: &Spec,
) -> Result<Finished> {
    by_itself(context, system, hypervisor, spec, &[]).map(|(finished, _)| finished)
}

/// Boots once more, counting; the image is the edition's own, without a credential.
fn report(
    system: &System,
    hypervisor: &Hypervisor,
    spec: &Spec,
    finished: &Finished,
    arch: Arch,
) -> Result<BootReport> {
    let counted = measure(hypervisor, spec, &[Marker::login()], Until::Markers)?;
    let login = counted.marker("login").unwrap_or(counted.first_user);
    let size = |path: &Path| {
        let metadata =
            fs::metadata(path).map_err(|e| alpenglow_builder::Error::io("read", path, e));
        metadata.map(|metadata| metadata.len())
    };
    Ok(BootReport {
        edition: system.edition.clone(),
        arch: arch.to_string(),
        kernel_bytes: size(&spec.kernel)?,
        initramfs_bytes: size(&spec.initrd)?,
        instructions_to_init: counted.first_user.instructions,
        instructions_to_login: login.instructions,
        // The prompt is the last service that `min` has.
        instructions_to_ready: login.instructions,
        guest_ms_to_login: login.guest_ms(),
        mem_given_kib: u64::from(spec.memory_mib) * 1024,
        mem_total_kib: finished.memory.total_kib,
        mem_available_kib: finished.memory.available_kib,
        wall_ms: u64::try_from(finished.to_login.as_millis()).unwrap_or(u64::MAX),
    })
}
