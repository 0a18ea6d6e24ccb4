//! The programs that scenarios run against: ours, and the reference's where `DINIT_REFERENCE_BIN` names their folder.

use alpenglow_builder::Cache;
use alpenglow_tests::{output, repository, text};
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Whose daemon, and whose tools speak to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Whether the daemon is ours.
    pub our_daemon: bool,
    /// Whether the tools are.
    pub our_tools: bool,
}

/// Tools beside the daemon.
const TOOLS: [&str; 4] = ["dinitctl", "dinit-check", "dinit-monitor", "shutdown"];

/// The folder of the reference's programs, if there is one.
pub fn reference() -> Option<PathBuf> {
    env::var_os("DINIT_REFERENCE_BIN").map(PathBuf::from)
}

impl Pair {
    /// The reference alone.
    pub const REFERENCE: Self = Self {
        our_daemon: false,
        our_tools: false,
    };

    /// Ours alone, or every combination with the reference's.
    pub fn all() -> Vec<Self> {
        let pair = |our_daemon, our_tools| Self {
            our_daemon,
            our_tools,
        };
        let mut pairs = vec![pair(true, true)];
        if reference().is_some() {
            pairs.extend([pair(true, false), pair(false, true), Self::REFERENCE]);
        }
        pairs
    }

    /// What is said of it in a test's name.
    pub fn said(self) -> &'static str {
        match (self.our_daemon, self.our_tools) {
            (true, true) => "",
            (true, false) => " (the reference's tools)",
            (false, true) => " (the reference's daemon)",
            (false, false) => " (the reference alone)",
        }
    }

    /// Makes a folder with a link for each program, and one for `speak`.
    ///
    /// # Errors
    /// When it cannot be made, or ours not be built.
    pub fn link(self, folder: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        symlink(path("dinit", self.our_daemon)?, folder.join("dinit")).map_err(failed)?;
        for name in TOOLS {
            symlink(path(name, self.our_tools)?, folder.join(name)).map_err(failed)?;
        }
        let itself = env::current_exe().map_err(failed)?;
        symlink(itself, folder.join("speak")).map_err(failed)
    }
}

/// A program: ours is one under all names.
fn path(name: &str, ours: bool) -> Result<PathBuf, String> {
    if ours {
        static OURS: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        return OURS.get_or_init(build).clone();
    }
    let folder = reference().ok_or("DINIT_REFERENCE_BIN is not set")?;
    Ok(folder.join(name))
}

/// Builds ours for this machine.
fn build() -> Result<PathBuf, String> {
    let cache = Cache::open().map_err(|error| error.to_string())?;
    let target = cache.dir().join("host-system");
    let cargo = env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into());
    let built = output(
        Command::new(cargo)
            .args(["build", "--release", "--locked", "--quiet", "-p", "dinit"])
            .current_dir(repository().join("system"))
            .env("CARGO_TARGET_DIR", &target),
    )?;
    if built.status.success() {
        Ok(target.join("release/dinit"))
    } else {
        Err(format!("dinit does not build:\n{}", text(&built)))
    }
}
