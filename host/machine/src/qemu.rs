//! QEMU's command line: the one place that knows it.

use alpenglow_builder::Arch;

use crate::counter;
use crate::error::{Error, Result};
use crate::spec::{Accelerator, Board, DiskBus, Hypervisor, Network, Spec};

/// Where the guest's serial console goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// To standard input and output, which are pipes.
    Pipes,
    /// To the terminal: Ctrl-A X ends the machine, and Ctrl-C is the guest's.
    Terminal,
}

/// The program for an architecture.
pub fn program(arch: Arch) -> String {
    format!("qemu-system-{}", arch.name())
}

/// QEMU's arguments for a machine. `kvm` says whether KVM is to be used; counting overrides it.
///
/// # Errors
/// The architecture has no such board; counting without a counter; a marker that can't be counted.
pub fn arguments(
    spec: &Spec,
    kvm: bool,
    console: Console,
    hypervisor: &Hypervisor,
) -> Result<Vec<String>> {
    let kvm = kvm && !spec.counting;
    let mut list = Vec::new();
    let mut add = |words: &[&str]| list.extend(words.iter().map(|&w| w.to_owned()));
    // Nothing that was not asked for: no devices, no configuration files, no window, no network.
    add(&["-nodefaults", "-no-user-config", "-no-reboot"]);
    add(&["-display", "none", "-monitor", "none", "-nic", "none"]);
    add(&["-machine", machine(spec)?]);
    if let Some(cpu) = cpu(spec.arch, kvm) {
        add(&["-cpu", cpu]);
    }
    add(&["-smp", "1", "-m", &format!("{}M", spec.memory_mib)]);
    if kvm {
        add(&["-accel", "kvm"]);
    }
    // Also QEMU's second choice, where KVM was only the best guess.
    if !kvm || spec.accelerator == Accelerator::Auto {
        add(&["-accel", "tcg"]);
    }
    if let (Some(base), false) = (&spec.clock, spec.counting) {
        add(&["-rtc", &format!("base={base}")]);
    }
    if spec.counting {
        // One nanosecond an instruction, no waiting while idle, a clock and a random seed that are
        // the same on every run.
        add(&["-icount", "shift=0,sleep=off"]);
        let base = spec.clock.as_deref().unwrap_or("2026-01-01");
        add(&["-rtc", &format!("base={base},clock=vm"), "-seed", "1"]);
        let counter = hypervisor.counter.as_deref().ok_or(Error::NoCounter {
            machine: spec.name.clone(),
        })?;
        let plugin = counter::plugin_argument(&counter.display().to_string(), spec)?;
        add(&["-plugin", &plugin]);
    }
    add(&["-kernel", &spec.kernel.display().to_string()]);
    add(&["-initrd", &spec.initrd.display().to_string()]);
    add(&["-append", &command_line(spec)]);
    if spec.disk_bus == DiskBus::Usb && !spec.disks.is_empty() {
        add(&["-device", "qemu-xhci"]);
    }
    for (number, disk) in spec.disks.iter().enumerate() {
        // A comma ends a value, two of them are one.
        let file = disk.display().to_string().replace(',', ",,");
        add(&[
            "-drive",
            &format!("id=disk{number},if=none,format=raw,file={file}"),
            "-device",
            &disk_device(spec, number)?,
        ]);
    }
    if let Some(network) = &spec.network {
        let bus = bus(spec.board);
        // No boot from the network: the card's own program is left out.
        let rom = if bus == "pci" { ",romfile=" } else { "" };
        add(&[
            "-netdev",
            &netdev(network),
            "-device",
            &format!("virtio-net-{bus},netdev=network{rom}"),
        ]);
    }
    for device in &spec.devices {
        add(&["-device", device]);
    }
    let mux = match console {
        Console::Pipes => "off",
        Console::Terminal => "on",
    };
    add(&[
        "-chardev",
        &format!("stdio,id=console,signal=off,mux={mux}"),
        "-serial",
        "chardev:console",
    ]);
    Ok(list)
}

/// A disk, as `-device` takes it.
fn disk_device(spec: &Spec, number: usize) -> Result<String> {
    let drive = format!("drive=disk{number}");
    let impossible = Err(Error::DiskBus {
        board: spec.board,
        bus: spec.disk_bus,
    });
    match (spec.disk_bus, spec.board) {
        (DiskBus::Virtio, board) => Ok(format!("virtio-blk-{},{drive}", bus(board))),
        (DiskBus::Sata, Board::Q35) if number < DiskBus::SATA_PORTS => {
            Ok(format!("ide-hd,{drive},bus=ide.{number}"))
        }
        (DiskBus::Nvme, Board::Q35 | Board::Virt) => {
            Ok(format!("nvme,{drive},serial=disk{number}"))
        }
        (DiskBus::Usb, Board::Q35 | Board::Virt) => Ok(format!("usb-storage,{drive}")),
        _ => impossible,
    }
}

/// The end of the names of paravirtual devices on a board.
fn bus(board: Board) -> &'static str {
    match board {
        Board::Q35 => "pci",
        Board::Microvm | Board::Virt => "device",
    }
}

/// The host's end of a network card.
fn netdev(network: &Network) -> String {
    match network {
        Network::Tap(name) => format!("tap,id=network,ifname={name},script=no,downscript=no"),
        Network::User { forwards } => {
            let mut text = "user,id=network".to_owned();
            for (host, guest) in forwards {
                text += &format!(",hostfwd=tcp:127.0.0.1:{host}-:{guest}");
            }
            text
        }
    }
}

fn machine(spec: &Spec) -> Result<&'static str> {
    match (spec.arch, spec.board) {
        (Arch::X86_64, Board::Q35) => Ok("q35"),
        // Without ACPI QEMU takes qboot instead of SeaBIOS, and the kernel has less to do.
        (Arch::X86_64, Board::Microvm) => Ok("microvm,acpi=off"),
        (Arch::Aarch64, Board::Virt) => Ok("virt,gic-version=3"),
        (Arch::Riscv64, Board::Virt) => Ok("virt"),
        (arch, board) => Err(Error::Board { arch, board }),
    }
}

/// The processor; `None` for the machine's own default. Arm's `virt` would be a 32-bit one. QEMU's own for x86_64 has no random numbers,
/// which every one since 2012 has: without them a kernel makes its own, for more instructions than all else at its start takes.
fn cpu(arch: Arch, kvm: bool) -> Option<&'static str> {
    match (arch, kvm) {
        // The host's own with KVM, and TCG has one of that name too.
        (_, true) => Some("max"),
        (Arch::Aarch64, false) => Some("cortex-a72"),
        (Arch::X86_64, false) => Some("qemu64,+rdrand"),
        (Arch::Riscv64, false) => None,
    }
}

/// The kernel's words: the caller's, and what the board and counting need.
pub fn command_line(spec: &Spec) -> String {
    let mut words = Vec::new();
    if !spec.words.iter().any(|word| word.starts_with("console=")) {
        words.push(match spec.arch {
            Arch::X86_64 | Arch::Riscv64 => "console=ttyS0",
            Arch::Aarch64 => "console=ttyAMA0",
        });
    }
    words.extend(spec.words.iter().map(String::as_str));
    if spec.board == Board::Microvm {
        // A triple fault ends the machine; other ways to reboot hang. Not `acpi=off`: a kernel
        // without MPS tables then leaves the local APIC closed, and no interrupt arrives.
        words.push("reboot=t");
    }
    if spec.counting {
        words.push("nokaslr");
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Marker;
    use std::process::Command;

    fn hypervisor(counter: bool) -> Hypervisor {
        Hypervisor {
            command: Box::new(|program| Command::new(program)),
            counter: counter.then(|| "/c/counter.so".into()),
        }
    }

    fn line(spec: &Spec, kvm: bool, console: Console) -> String {
        arguments(spec, kvm, console, &hypervisor(true))
            .unwrap()
            .join(" ")
    }

    #[test]
    fn a_plain_pc() {
        let spec = Spec::new("min", Arch::X86_64, "/i/kernel", "/i/initramfs");
        assert_eq!(
            line(&spec, false, Console::Pipes),
            "-nodefaults -no-user-config -no-reboot -display none -monitor none -nic none \
             -machine q35 -cpu qemu64,+rdrand -smp 1 -m 256M -accel tcg -kernel /i/kernel -initrd /i/initramfs \
             -append console=ttyS0 quiet -chardev stdio,id=console,signal=off,mux=off \
             -serial chardev:console"
        );
        assert!(
            line(&spec, true, Console::Pipes)
                .contains("-cpu max -smp 1 -m 256M -accel kvm -accel tcg ")
        );
        assert!(line(&spec, false, Console::Terminal).contains("signal=off,mux=on"));
    }

    #[test]
    fn further_devices_and_disks() {
        let mut spec = Spec::new("min", Arch::X86_64, "/i/kernel", "/i/initramfs");
        spec.disks = vec!["/i/a,b".into(), "/i/c".into()];
        spec.devices = vec!["e1000".into()];
        let text = line(&spec, false, Console::Pipes);
        assert!(
            text.contains(
                "-drive id=disk0,if=none,format=raw,file=/i/a,,b -device virtio-blk-pci,drive=disk0 \
                 -drive id=disk1,if=none,format=raw,file=/i/c -device virtio-blk-pci,drive=disk1 \
                 -device e1000 -chardev"
            ),
            "{text}"
        );
        let mut has = |bus: DiskBus, expected: &str| {
            spec.disk_bus = bus;
            let text = line(&spec, false, Console::Pipes);
            assert!(text.contains(expected), "{text}");
        };
        has(DiskBus::Sata, " ide-hd,drive=disk1,bus=ide.1 ");
        has(DiskBus::Nvme, " nvme,drive=disk1,serial=disk1 ");
        has(DiskBus::Usb, " -device qemu-xhci -drive id=disk0,");
        has(DiskBus::Usb, " usb-storage,drive=disk1 ");
        spec.disk_bus = DiskBus::Virtio;
        spec.board = Board::Microvm;
        assert!(line(&spec, false, Console::Pipes).contains(" virtio-blk-device,drive=disk0"));
    }

    #[test]
    fn disks_that_a_board_has_no_place_for() {
        let mut spec = Spec::new("min", Arch::X86_64, "/i/kernel", "/i/initramfs");
        spec.disks = vec!["/i/a".into(); DiskBus::SATA_PORTS];
        spec.disk_bus = DiskBus::Sata;
        assert!(disk_device(&spec, DiskBus::SATA_PORTS - 1).is_ok());
        let error = disk_device(&spec, DiskBus::SATA_PORTS).unwrap_err();
        assert!(error.to_string().starts_with("q35 has no place"), "{error}");
        spec.board = Board::Microvm;
        for bus in [DiskBus::Sata, DiskBus::Nvme, DiskBus::Usb] {
            spec.disk_bus = bus;
            assert!(disk_device(&spec, 0).is_err(), "{bus}");
        }
    }

    #[test]
    fn networks_and_clocks() {
        let mut spec = Spec::new("min", Arch::X86_64, "/i/kernel", "/i/initramfs");
        spec.clock = Some("2000-01-01".to_owned());
        spec.network = Some(Network::User {
            forwards: vec![(2222, 22), (8080, 80)],
        });
        let text = line(&spec, false, Console::Pipes);
        assert!(
            text.contains(
                "-netdev user,id=network,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=tcp:127.0.0.1:8080-:80 \
                 -device virtio-net-pci,netdev=network,romfile= "
            ),
            "{text}"
        );
        assert!(text.contains(" -rtc base=2000-01-01 "), "{text}");
        spec.network = Some(Network::Tap("tap0".to_owned()));
        (spec.board, spec.counting) = (Board::Microvm, true);
        let text = line(&spec, false, Console::Pipes);
        assert!(
            text.contains(
                "-netdev tap,id=network,ifname=tap0,script=no,downscript=no \
                 -device virtio-net-device,netdev=network -chardev"
            ),
            "{text}"
        );
        assert!(text.contains(" -rtc base=2000-01-01,clock=vm "), "{text}");
    }

    #[test]
    fn a_counted_microvm() {
        let mut spec = Spec::new("min", Arch::X86_64, "/i/vmlinux", "/i/initramfs");
        spec.board = Board::Microvm;
        spec.counting = true;
        spec.memory_mib = 20;
        spec.markers = vec![Marker::login()];
        assert_eq!(
            line(&spec, true, Console::Pipes),
            "-nodefaults -no-user-config -no-reboot -display none -monitor none -nic none \
             -machine microvm,acpi=off -cpu qemu64,+rdrand -smp 1 -m 20M -accel tcg -icount shift=0,sleep=off \
             -rtc base=2026-01-01,clock=vm -seed 1 \
             -plugin file=/c/counter.so,marker=login:6c6f67696e3a20 \
             -kernel /i/vmlinux -initrd /i/initramfs \
             -append console=ttyS0 quiet reboot=t nokaslr \
             -chardev stdio,id=console,signal=off,mux=off -serial chardev:console"
        );
        let error = arguments(&spec, false, Console::Pipes, &hypervisor(false)).unwrap_err();
        assert!(matches!(error, Error::NoCounter { .. }), "{error}");
    }

    #[test]
    fn other_architectures_have_their_board() {
        let arm = Spec::new("min", Arch::Aarch64, "/i/Image", "/i/initramfs");
        let text = line(&arm, false, Console::Pipes);
        assert!(
            text.contains("-machine virt,gic-version=3 -cpu cortex-a72"),
            "{text}"
        );
        assert!(text.contains("-append console=ttyAMA0 quiet"), "{text}");
        let riscv = Spec::new("min", Arch::Riscv64, "/i/Image", "/i/initramfs");
        let text = line(&riscv, false, Console::Pipes);
        assert!(text.contains("-machine virt -smp 1"), "{text}");
        assert_eq!(program(Arch::Riscv64), "qemu-system-riscv64");
        let mut wrong = arm;
        wrong.board = Board::Q35;
        let error = arguments(&wrong, false, Console::Pipes, &hypervisor(true)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no q35 machine for aarch64; boards for it: virt"
        );
    }

    #[test]
    fn a_given_console_stays() {
        let mut spec = Spec::new("min", Arch::X86_64, "k", "i");
        spec.words = vec!["console=hvc0".to_owned()];
        assert_eq!(command_line(&spec), "console=hvc0");
    }
}
