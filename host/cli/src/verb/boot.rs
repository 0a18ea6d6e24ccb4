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
    Board, Credential, DiskBus, Finished, Hypervisor, Marker, Network, Outcome, Spec, interactive,
    kvm,
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
    /// How the machine reaches its disks: virtio, sata, nvme or usb
    #[arg(long, value_name = "BUS", value_parser = disk_bus, default_value_t = DiskBus::Virtio)]
    disk_bus: DiskBus,
    /// A further device, as QEMU's -device takes it: e1000; may be repeated
    #[arg(long, value_name = "DEVICE")]
    device: Vec<String>,
    /// Connect a network card: 'user' (QEMU hands on what the guest sends, as a program of this host) or 'tap:NAME' (a TAP
    /// device of this host)
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    network: Option<Network>,
    /// With --network user: what connects to this port of 127.0.0.1 reaches that TCP port of the guest, as in 2222:22; may be
    /// repeated
    #[arg(long, value_name = "HOST:GUEST", value_parser = forward)]
    forward: Vec<(u16, u16)>,
    /// A file of public keys with which root may log in by SSH, for this boot alone
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// What the machine's clock says at its start, as in 2000-01-01
    #[arg(long, value_name = "DATE")]
    clock: Option<String>,
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

fn disk_bus(name: &str) -> Result<DiskBus, String> {
    [DiskBus::Virtio, DiskBus::Sata, DiskBus::Nvme, DiskBus::Usb]
        .into_iter()
        .find(|bus| bus.to_string() == name)
        .ok_or_else(|| format!("there is no bus '{name}'; there are virtio, sata, nvme and usb"))
}

fn network(text: &str) -> Result<Network, String> {
    match text.split_once(':') {
        None if text == "user" => Ok(Network::User {
            forwards: Vec::new(),
        }),
        Some(("tap", name)) if is_interface(name) => Ok(Network::Tap(name.to_owned())),
        _ => Err("there are 'user' and 'tap:NAME', where NAME is a TAP device".to_owned()),
    }
}

/// Whether a text can be a network interface's name (IFNAMSIZ), and none that would change QEMU's words.
fn is_interface(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..16).contains(&name.len()) && name.chars().all(plain)
}

fn forward(text: &str) -> Result<(u16, u16), String> {
    let ports = text.split_once(':');
    let ports = ports.and_then(|(host, guest)| Some((host.parse().ok()?, guest.parse().ok()?)));
    ports
        .filter(|(host, guest)| *host != 0 && *guest != 0)
        .ok_or_else(|| "two ports are expected, as in 2222:22".to_owned())
}

/// Public keys of a file, a line each.
fn keys(path: &Path) -> Result<String> {
    let wrong = |what: &str| Error::Key {
        path: path.to_owned(),
        what: what.to_owned(),
    };
    let text = fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?;
    if text.contains("PRIVATE KEY") {
        return Err(wrong(
            "it is a private key, which is nobody else's: give the public one, most often with '.pub' at its end",
        ));
    }
    let is_key = |line: &str| {
        let kinds = ["ssh-", "ecdsa-", "sk-"];
        line.is_empty() || line.starts_with('#') || kinds.iter().any(|kind| line.starts_with(kind))
    };
    if text.trim().is_empty() || !text.lines().all(is_key) {
        return Err(wrong("it has no public keys: 'ssh-keygen' makes one"));
    }
    Ok(text)
}

/// Builds what is not there yet, boots it, and returns the guest's last status.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let context = Context::open()?;
    if let Some(path) = &arguments.report {
        check_folder(path)?;
    }
    let keys = arguments.key.as_deref().map(keys).transpose()?;
    let Which { edition, arch } = &arguments.which;
    let board = arguments.board.unwrap_or_else(|| Board::of(*arch));
    // A microvm has no firmware that could unpack a kernel; it takes kernel and root as they are.
    let (kernel, root) = match board {
        Board::Microvm => (Format::Vmlinux, Format::Cpio),
        Board::Q35 | Board::Virt => (Format::Bzimage, Format::Initramfs),
    };
    check_formats(&context, edition, &[kernel, root])?;
    let system = context.system(edition, *arch)?;
    let disks = disks(&arguments.disk)?;
    let network = with_forwards(arguments.network.clone(), &arguments.forward)?;
    let hypervisor = context.hypervisor(&disks, network.is_some())?;
    let mut spec = Spec::new(edition, *arch, system.image(kernel), system.image(root));
    spec.board = board;
    spec.memory_mib = arguments.memory;
    spec.words.extend(arguments.append.iter().cloned());
    spec.devices.clone_from(&arguments.device);
    spec.disks = disks;
    spec.disk_bus = arguments.disk_bus;
    spec.network = network;
    spec.clock.clone_from(&arguments.clock);
    if let (Some(_), Some(ready)) = (&arguments.report, &system.ready) {
        // And what comes after it, where there is such a thing (docs/services.md): the memory is that of a system that has nothing to do.
        spec.settle = Some(format!("dinitctl start {ready}; dinitctl start late"));
    }
    spec.limits.boot = Duration::from_secs(arguments.limit);
    if arguments.run.is_empty() && arguments.report.is_none() {
        return by_hand(&context, &system, &hypervisor, spec, keys.as_deref());
    }
    let (finished, status) = by_itself(
        &context,
        &system,
        &hypervisor,
        &spec,
        keys.as_deref(),
        &arguments.run,
    )?;
    if let Some(path) = &arguments.report {
        report(&system, &hypervisor, &spec, &finished, *arch)?.write(path)?;
    }
    Ok(status)
}

/// Ports are forwarded by QEMU's own network alone, which is taken where they are all that is asked for.
fn with_forwards(network: Option<Network>, ports: &[(u16, u16)]) -> Result<Option<Network>> {
    match network {
        Some(Network::Tap(name)) if !ports.is_empty() => Err(Error::Forward(name)),
        None if ports.is_empty() => Ok(None),
        Some(tap @ Network::Tap(_)) => Ok(Some(tap)),
        _ => Ok(Some(Network::User {
            forwards: ports.to_vec(),
        })),
    }
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
    keys: Option<&str>,
) -> Result<(Option<String>, RunFolder)> {
    let folder = context.cache.run_folder()?;
    let Ok(shadow) = fs::read_to_string(system.root().join("etc/shadow")) else {
        return Ok((None, folder));
    };
    let credential = alpenglow_image::Credential::random()?;
    let initrd = folder.path().join("initramfs");
    initramfs::append(
        &spec.initrd,
        &credential.archive(&shadow, keys, system.layer())?,
        &initrd,
    )?;
    spec.initrd = initrd;
    Ok((Some(credential.password().to_owned()), folder))
}

/// The terminal is the machine's.
fn by_hand(
    context: &Context,
    system: &System,
    hypervisor: &Hypervisor,
    mut spec: Spec,
    keys: Option<&str>,
) -> Result<ExitCode> {
    let (password, _folder) = with_credential(context, system, &mut spec, keys)?;
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
    keys: Option<&str>,
    commands: &[String],
) -> Result<(Finished, ExitCode)> {
    let mut spec = spec.clone();
    let (password, _folder) = with_credential(context, system, &mut spec, keys)?;
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
    by_itself(context, system, hypervisor, spec, None, &[]).map(|(finished, _)| finished)
}

/// Boots once more, counting; the image is the edition's own, without a credential.
fn report(
    system: &System,
    hypervisor: &Hypervisor,
    spec: &Spec,
    finished: &Finished,
    arch: Arch,
) -> Result<BootReport> {
    let mut markers = vec![Marker::login()];
    markers.extend(system.ready.as_deref().map(Marker::started));
    let counted = measure(hypervisor, spec, &markers, Until::Markers)?;
    let login = counted.marker("login").unwrap_or(counted.first_user);
    // Where nothing else says so, the prompt is the last of what starts.
    let ready = counted.marker("ready").unwrap_or(login);
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
        instructions_to_ready: ready.instructions,
        guest_ms_to_login: login.guest_ms(),
        mem_given_kib: u64::from(spec.memory_mib) * 1024,
        mem_total_kib: finished.memory.total_kib,
        mem_available_kib: finished.memory.available_kib,
        wall_ms: u64::try_from(finished.to_login.as_millis()).unwrap_or(u64::MAX),
        marks: finished.marks.clone(),
    })
}
