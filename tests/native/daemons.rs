//! What the tests of daemons share: the daemons, built for this machine, and a sandbox with Debian's programs beside them.

use alpenglow_builder::debian::NET_PEERS;
use alpenglow_builder::{Cache, Mount, Root, Sandbox};
use alpenglow_tests::{Outcome, check, output, repository, text};
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Runs a script in namespaces of its own, with `/tmp` and the folders of `memory` empty. A daemon of `names` is `/tmp/NAME`;
/// of `folders`, each of this repository is at the path behind it.
pub fn run(names: &[&str], memory: &[&str], folders: &[(&str, &str)], script: &str) -> Outcome {
    run_with(&[], names, memory, folders, script)
}

/// The same with these device nodes of the host's.
pub fn run_with(
    devices: &[&str],
    names: &[&str],
    memory: &[&str],
    folders: &[(&str, &str)],
    script: &str,
) -> Outcome {
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let root = Root::made(&cache, &NET_PEERS).map_err(|e| e.to_string())?;
    let root = root.ok_or("the root of network peers is not there: run ./alpenglow test native")?;
    let mut sandbox = Sandbox::new(root.dir);
    sandbox.devices = devices.iter().map(PathBuf::from).collect();
    let bind = |source: PathBuf, target: &str| Mount::Bind {
        source,
        target: target.into(),
        writable: false,
    };
    let memory = ["/tmp"].iter().chain(memory).map(|target| Mount::Tmpfs {
        target: target.into(),
    });
    sandbox.mounts = memory.collect();
    let programs = programs()?;
    for name in names {
        let mount = bind(programs.join(name), &format!("/tmp/{name}"));
        sandbox.mounts.push(mount);
    }
    for (folder, target) in folders {
        sandbox.mounts.push(bind(repository().join(folder), target));
    }
    let mut command = sandbox.command("sh");
    let output = output(command.args(["-c", script]).stdin(Stdio::null()))?;
    check(output.status.success(), || text(&output))
}

/// The folder with the daemons, and with dinit, which runs them, built for this machine.
pub fn programs() -> Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> Result<PathBuf, String> {
    let cache = Cache::open().map_err(|error| error.to_string())?;
    let target = cache.dir().join("host-daemons");
    // Named, so that the flags below are not those of macros, which cannot be static.
    let machine = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let cargo = env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--profile", "quick", "--locked", "--quiet"])
        .args(["--target", &machine])
        .args(
            ["crond", "devd", "glowfsctl", "logd", "netd", "dinit"].map(|name| format!("-p{name}")),
        )
        .current_dir(repository().join("system"))
        // The root's C library may be older than this machine's.
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env("CARGO_TARGET_DIR", &target);
    let built = output(&mut command)?;
    if built.status.success() {
        Ok(target.join(machine).join("quick"))
    } else {
        Err(format!("the daemons do not build:\n{}", text(&built)))
    }
}
