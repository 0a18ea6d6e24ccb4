//! What a program in a root may see and do, and the command that runs it so.

use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program in a root of its own: mount, process, IPC and host-name namespaces of its own, a
/// `/dev` of a few nodes, and a network only where asked.
///
/// The command that it turns into runs this same executable under the name [`ENTER`]; a program
/// that uses it must call [`crate::enter::run_if_asked`] first thing in `main`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sandbox {
    /// The tree that becomes `/`; `/` itself stays where it is, with private mounts.
    pub root: PathBuf,
    /// Whether `/` can be written.
    pub writable: bool,
    /// What is mounted below it, in this order. Targets are made where they lack.
    pub mounts: Vec<Mount>,
    /// Whether it has the host's network; if not, only a loopback device that is down.
    pub network: bool,
    /// The user and group it runs as.
    pub user: u32,
    /// The folder it starts in.
    pub folder: PathBuf,
    /// Its environment, whole; [`None`] hands on the caller's.
    pub environment: Option<Vec<(String, String)>>,
    /// Device nodes of the host that it sees beside the usual ones, if the host has them.
    pub devices: Vec<PathBuf>,
    /// A file of the host's that is written when all has ended: what it took ([`Usage`]).
    #[serde(default)]
    pub usage: Option<PathBuf>,
}

/// What everything in a sandbox took (getrusage(2), RUSAGE_CHILDREN).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Milliseconds of processors, the kernel's among them.
    pub cpu_ms: u64,
    /// KiB of memory of the largest process.
    pub peak_kib: u64,
}

impl Usage {
    /// What a sandbox wrote; nothing where it did not.
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read(file).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// One mount below a sandbox's `/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Mount {
    /// A folder or file of the host.
    Bind {
        /// On the host.
        source: PathBuf,
        /// In the sandbox.
        target: PathBuf,
        /// Whether it can be written.
        writable: bool,
    },
    /// A tree that is not changed, with the changes kept beside it
    /// (Documentation/filesystems/overlayfs.rst).
    Overlay {
        /// The tree.
        lower: PathBuf,
        /// Where changes go; on the same file system as `work`.
        upper: PathBuf,
        /// An empty folder for the kernel's own use.
        work: PathBuf,
        /// In the sandbox.
        target: PathBuf,
    },
    /// Memory.
    Tmpfs {
        /// In the sandbox.
        target: PathBuf,
    },
}

/// The name (`argv[0]`) that the executable is run under to enter a sandbox.
pub const ENTER: &str = "alpenglow-enter";

impl Sandbox {
    /// A sandbox that sees `root` read-only, as root, without a network.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            writable: false,
            mounts: Vec::new(),
            network: false,
            user: 0,
            folder: "/".into(),
            environment: Some(vec![
                ("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into()),
                ("HOME".into(), "/root".into()),
                ("LC_ALL".into(), "C.UTF-8".into()),
            ]),
            devices: Vec::new(),
            usage: None,
        }
    }

    /// Adds a folder of the host at `target`.
    #[must_use]
    pub fn bind(
        mut self,
        source: impl AsRef<Path>,
        target: impl AsRef<Path>,
        writable: bool,
    ) -> Self {
        self.mounts.push(Mount::Bind {
            source: source.as_ref().to_owned(),
            target: target.as_ref().to_owned(),
            writable,
        });
        self
    }

    /// Adds an empty folder in memory at `target`.
    #[must_use]
    pub fn tmpfs(mut self, target: impl AsRef<Path>) -> Self {
        self.mounts.push(Mount::Tmpfs {
            target: target.as_ref().to_owned(),
        });
        self
    }

    /// Adds a variable to the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment
            .get_or_insert_default()
            .push((name.to_owned(), value.into()));
        self
    }

    /// The command that runs `program` inside, found in the sandbox's PATH. Its exit status is
    /// the program's, or 125 when the sandbox could not be made (the reason is on its stderr).
    /// When the process that spawned it ends, so does everything in the sandbox.
    pub fn command(&self, program: &str) -> Command {
        let spec = serde_json::to_string(self).expect("a sandbox has only plain fields");
        let mut command = Command::new("/proc/self/exe");
        command.arg0(ENTER).arg(spec).arg(OsString::from(program));
        command
    }
}
