//! What a machine is made of, and how this computer starts one.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alpenglow_builder::Arch;

/// How QEMU is started here, and the counter that was compiled for it.
pub struct Hypervisor {
    /// Makes the command for a program of QEMU's (or of coreutils: `env`) by its name, without
    /// arguments. What it runs must see the host's files under the host's paths, keep the standard
    /// streams, and end with its parent.
    #[allow(clippy::type_complexity)]
    pub command: Box<dyn Fn(&str) -> Command + Send + Sync>,
    /// The counter plugin compiled from [`crate::counter::source`]; needed for counting only.
    pub counter: Option<PathBuf>,
}

impl fmt::Debug for Hypervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hypervisor")
            .field("counter", &self.counter)
            .finish_non_exhaustive()
    }
}

/// A machine type of QEMU's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Board {
    /// x86_64: a PC with PCI Express, ACPI and SeaBIOS.
    Q35,
    /// x86_64: no PCI, no ACPI; powers off by a reboot that QEMU takes for the end.
    Microvm,
    /// aarch64 and riscv64: QEMU's paravirtual board.
    Virt,
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Board::Q35 => "q35",
            Board::Microvm => "microvm",
            Board::Virt => "virt",
        })
    }
}

impl Board {
    /// The board that an architecture boots on by default.
    pub fn of(arch: Arch) -> Board {
        match arch {
            Arch::X86_64 => Board::Q35,
            Arch::Aarch64 | Arch::Riscv64 => Board::Virt,
        }
    }

    /// The command that ends the machine from a root shell. Without ACPI there is no power-off:
    /// a microvm reboots, and QEMU, told `-no-reboot`, ends.
    pub fn power_off(self) -> &'static str {
        match self {
            Board::Microvm => "reboot",
            Board::Q35 | Board::Virt => "poweroff",
        }
    }
}

/// How a machine reaches its disks. All but the first need a board with PCI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DiskBus {
    /// Paravirtual, one device each.
    #[default]
    Virtio,
    /// The ports of q35's own AHCI controller, of which there are [`DiskBus::SATA_PORTS`].
    Sata,
    /// A controller of NVM Express for each.
    Nvme,
    /// Mass storage on one xHCI controller.
    Usb,
}

impl DiskBus {
    /// Ports of q35's AHCI controller.
    pub const SATA_PORTS: usize = 6;
}

impl fmt::Display for DiskBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DiskBus::Virtio => "virtio",
            DiskBus::Sata => "sata",
            DiskBus::Nvme => "nvme",
            DiskBus::Usb => "usb",
        })
    }
}

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Accelerator {
    /// KVM when it is really usable (see [`crate::kvm`]), else TCG.
    #[default]
    Auto,
    /// KVM, or an error of QEMU's.
    Kvm,
    /// QEMU's translator.
    Tcg,
}

/// How long each part of a machine's life may take before the machine is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the start to the login prompt or marker.
    pub boot: Duration,
    /// From the login prompt to a shell that answers.
    pub login: Duration,
    /// One command.
    pub command: Duration,
    /// From the power-off command to the machine's end.
    pub power_off: Duration,
    /// The longest silence of the console while something is awaited; `None` for no limit, because
    /// a quiet kernel says nothing before its login prompt.
    pub silence: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            boot: Duration::from_secs(120),
            login: Duration::from_secs(60),
            command: Duration::from_secs(300),
            power_off: Duration::from_secs(30),
            silence: None,
        }
    }
}

/// What a machine's network card is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// To QEMU itself, which hands on what programs of the guest send, gives it an address and answers for names. Nobody
    /// reaches the guest but by its ports that are forwarded.
    User {
        /// Ports of the host's loopback, and the guest's TCP ports behind them.
        forwards: Vec<(u16, u16)>,
    },
    /// To this network interface of the host, a TAP device (Documentation/networking/tuntap.rst).
    Tap(String),
}

/// A text on the console that is an event of the boot, under a name for its figures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marker {
    /// The event's name in figures: `login`, `ready`.
    pub name: String,
    /// The text, up to 128 bytes, on one line.
    pub text: String,
}

impl Marker {
    /// A marker.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Marker {
        Marker {
            name: name.into(),
            text: text.into(),
        }
    }

    /// A service of dinit's started, under the name `ready`: what dinit says on the console.
    pub fn started(service: &str) -> Marker {
        Marker::new("ready", format!("[  OK  ] {service}"))
    }

    /// The login prompt, under the name `login`.
    pub fn login() -> Marker {
        Marker::new("login", crate::login::PROMPT)
    }
}

/// A flag that ends whatever a machine is doing: raise it from a signal handler
/// (`signal_hook::flag::register(SIGINT, stop.flag())`). Every wait looks at it ten times a second.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// The flag itself, for a signal handler.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Raises the flag.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was raised.
    pub fn raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one machine is made of.
#[derive(Clone, Debug)]
pub struct Spec {
    /// A name for messages: the edition's, a peer's.
    pub name: String,
    /// The guest's architecture.
    pub arch: Arch,
    /// The machine type.
    pub board: Board,
    /// A kernel that QEMU's `-kernel` takes: bzImage, Image, or an ELF file with a PVH note.
    pub kernel: PathBuf,
    /// The initramfs; what is to be added to it (a credential) is already at its end.
    pub initrd: PathBuf,
    /// Words for the kernel. `console=` is added unless given, and what board and counting need.
    pub words: Vec<String>,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Further devices, as QEMU's `-device` takes them.
    pub devices: Vec<String>,
    /// Its network card's other end; [`None`]: it has no card but those of `devices`.
    pub network: Option<Network>,
    /// When its clock says that it is at its start, as QEMU's `-rtc base=` takes it (`2000-01-01`); [`None`]: now.
    pub clock: Option<String>,
    /// Files that are its disks, in this order, byte for byte. What the machine writes to them is kept.
    pub disks: Vec<PathBuf>,
    /// How it reaches them.
    pub disk_bus: DiskBus,
    /// Counts instructions: deterministic, TCG only. The guest's clock then runs with its
    /// instructions and leaps over idle time, so a prompt's timeout passes at once: measure with
    /// it, don't log in.
    pub counting: bool,
    /// What executes the instructions when not counting.
    pub accelerator: Accelerator,
    /// Texts whose instruction counts are wanted when counting.
    pub markers: Vec<Marker>,
    /// How long things may take.
    pub limits: Limits,
    /// A command that is run after the login, before the memory is looked at: it ends when all is up.
    pub settle: Option<String>,
    /// Ends the machine early.
    pub stop: Stop,
}

impl Spec {
    /// A machine of `arch`'s default board with 256 MiB, not counting.
    pub fn new(
        name: impl Into<String>,
        arch: Arch,
        kernel: impl Into<PathBuf>,
        initrd: impl Into<PathBuf>,
    ) -> Spec {
        Spec {
            name: name.into(),
            arch,
            board: Board::of(arch),
            kernel: kernel.into(),
            initrd: initrd.into(),
            words: vec!["quiet".to_owned()],
            memory_mib: 256,
            devices: Vec::new(),
            network: None,
            clock: None,
            disks: Vec::new(),
            disk_bus: DiskBus::default(),
            counting: false,
            accelerator: Accelerator::Auto,
            markers: Vec::new(),
            limits: Limits::default(),
            settle: None,
            stop: Stop::default(),
        }
    }
}
