//! What can go wrong with a machine, each with its way out.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use alpenglow_builder::Arch;

use crate::spec::{Board, DiskBus};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The last lines that a machine wrote, shown below a message; nothing when there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// What wrote them: "its console", "QEMU".
    pub from: &'static str,
    /// The lines, oldest first.
    pub lines: Vec<String>,
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lines.is_empty() {
            return Ok(());
        }
        write!(f, "\nThe last lines of {}:", self.from)?;
        for line in &self.lines {
            write!(f, "\n  | {line}")?;
        }
        Ok(())
    }
}

fn seconds(limit: &Duration) -> String {
    if limit.subsec_millis() == 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{:.1} s", limit.as_secs_f64())
    }
}

/// Why a machine did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The building computer failed.
    #[error(transparent)]
    Builder(#[from] alpenglow_builder::Error),

    /// The instruction counter did not compile.
    #[error("the instruction counter did not compile for this QEMU:\n{0}")]
    Counter(String),

    /// A file that the machine is made of cannot be read.
    #[error(
        "machine '{machine}': cannot read {}: {source}; build the image again",
        path.display()
    )]
    File {
        /// The machine's name.
        machine: String,
        /// The kernel, the initramfs or the program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program that is the machine could not be started.
    #[error(
        "machine '{machine}': cannot start {program}: {source}; 'alpenglow doctor' says what is missing"
    )]
    Start {
        /// The machine's name.
        machine: String,
        /// QEMU's or User Mode Linux's program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such machine.
    #[error("there is no {board} machine for {arch}; boards for it: {}", boards(*arch))]
    Board {
        /// The architecture asked for.
        arch: Arch,
        /// The board asked for.
        board: Board,
    },
    /// A board has no such bus, or no further place on it.
    #[error(
        "{board} has no place for a further disk by {bus}: sata is q35's, with {} places; nvme and usb need PCI, which microvm has not; virtio is everywhere",
        DiskBus::SATA_PORTS
    )]
    DiskBus {
        /// The machine's board.
        board: Board,
        /// How the disk was to be reached.
        bus: DiskBus,
    },
    /// Counting was asked for without the counter.
    #[error(
        "machine '{machine}': counting instructions needs the counter plugin, and it is not built; run 'alpenglow build' again"
    )]
    NoCounter {
        /// The machine's name.
        machine: String,
    },
    /// The kernel panicked.
    #[error("machine '{machine}': the kernel panicked before {waiting_for}: {line}{tail}")]
    Panic {
        /// The machine's name.
        machine: String,
        /// What was being waited for.
        waiting_for: String,
        /// The kernel's own line.
        line: String,
        /// The console's last lines.
        tail: Box<Tail>,
    },
    /// The kernel told of a fault of its own and went on.
    #[error(
        "machine '{machine}': its kernel has a fault, and nothing that it did after that is to be trusted: {line}{tail}"
    )]
    Fault {
        /// The machine's name.
        machine: String,
        /// The kernel's own line.
        line: String,
        /// The console's last lines.
        tail: Box<Tail>,
    },
    /// A limit passed.
    #[error(
        "machine '{machine}': {} passed without {waiting_for}; the machine was stopped{tail}",
        seconds(limit)
    )]
    TimedOut {
        /// The machine's name.
        machine: String,
        /// What was being waited for.
        waiting_for: String,
        /// The limit that passed.
        limit: Duration,
        /// The console's last lines.
        tail: Box<Tail>,
    },
    /// The console said nothing for too long.
    #[error(
        "machine '{machine}': its console was silent for {} before {waiting_for}; the machine was stopped{tail}",
        seconds(limit)
    )]
    Silent {
        /// The machine's name.
        machine: String,
        /// What was being waited for.
        waiting_for: String,
        /// The limit that passed.
        limit: Duration,
        /// The console's last lines.
        tail: Box<Tail>,
    },
    /// The machine ended by itself, too early.
    #[error("machine '{machine}' ended ({status}) before {waiting_for}{said}{tail}")]
    Ended {
        /// The machine's name.
        machine: String,
        /// What was being waited for.
        waiting_for: String,
        /// How its process ended.
        status: String,
        /// What QEMU itself said.
        said: Box<Tail>,
        /// The console's last lines.
        tail: Box<Tail>,
    },
    /// More came than is kept in memory.
    #[error(
        "machine '{machine}': more than {limit} bytes came before {waiting_for}; write such output to a file in the guest{tail}"
    )]
    TooMuch {
        /// The machine's name.
        machine: String,
        /// What was being waited for.
        waiting_for: String,
        /// The limit in bytes.
        limit: usize,
        /// The console's last lines.
        tail: Box<Tail>,
    },
    /// The caller's stop flag was raised (Ctrl-C).
    #[error("machine '{machine}': interrupted; the machine was stopped")]
    Interrupted {
        /// The machine's name.
        machine: String,
    },
    /// The machine's input cannot be written.
    #[error("machine '{machine}': cannot write to its console: {source}{tail}")]
    Write {
        /// The machine's name.
        machine: String,
        /// What the system said.
        source: io::Error,
        /// The console's last lines.
        tail: Box<Tail>,
    },
    /// The guest refused the user or the password.
    #[error(
        "machine '{machine}': it did not let user '{user}' log in; is the credential in its initramfs?{tail}"
    )]
    Refused {
        /// The machine's name.
        machine: String,
        /// The user.
        user: String,
        /// The console's last lines.
        tail: Box<Tail>,
    },
    /// A command that a terminal's input line cannot hold.
    #[error(
        "the command '{start}…' makes a line of {bytes} bytes, and a terminal takes at most {limit}; put it into a script in the image"
    )]
    LongCommand {
        /// Its first characters.
        start: String,
        /// The bytes of the line it makes, quoted.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A command with a byte that a terminal acts upon.
    #[error(
        "the command '{command}' holds the control character 0x{byte:02x}, which a terminal acts upon; only newline and tab can be sent"
    )]
    ControlByte {
        /// The command, with the byte escaped.
        command: String,
        /// The byte.
        byte: u8,
    },
    /// The guest said something else than expected.
    #[error("machine '{machine}': cannot make out {what} in what it wrote: {text:?}")]
    Reply {
        /// The machine's name.
        machine: String,
        /// What was looked for.
        what: &'static str,
        /// The start of what there was.
        text: String,
    },
    /// The counter left no figure for an event that happened.
    #[error(
        "machine '{machine}': the counter gave no figure for '{name}'; does the plugin match this QEMU?{said}"
    )]
    NoFigure {
        /// The machine's name.
        machine: String,
        /// The event.
        name: String,
        /// What QEMU itself said.
        said: Box<Tail>,
    },
    /// A marker that the counter cannot take.
    #[error(
        "the marker '{name}' cannot be counted: a name has 1 to 31 of a-z, 0-9 and '_', a text 1 to 128 bytes, and there are at most 16"
    )]
    Marker {
        /// The marker's name.
        name: String,
    },
    /// A QEMU whose version is not understood.
    #[error("cannot make out QEMU's version in {version:?}; something like '7.2.22' is expected")]
    QemuVersion {
        /// The text.
        version: String,
    },
    /// Not even the largest memory allowed was enough.
    #[error("machine '{machine}': {mib} MiB is not enough either: {source}")]
    Memory {
        /// The machine's name.
        machine: String,
        /// The largest memory tried, MiB.
        mib: u32,
        /// How that boot ended.
        source: Box<Error>,
    },
    /// The report could not be written.
    #[error("cannot write the report {}: {source}", path.display())]
    Report {
        /// The report's file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn boards(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "q35, microvm",
        Arch::Aarch64 | Arch::Riscv64 => "virt",
    }
}
