//! logd with real senders, in a `/dev` and `/var/log` of the test's own. What stands in for the kernel's log is a pipe, which gives
//! a record a read as it does.

use alpenglow_builder::debian::NET_PEERS;
use alpenglow_builder::{Cache, Mount, Root, Sandbox};
use alpenglow_tests::{Outcome, Test, check, output, repository, test, text};
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("logd_writes_what_programs_and_the_kernel_say", || {
            run(WRITE)
        }),
        test("logd_tells_what_a_full_disk_lost", || run(FULL)),
        test("logd_limits_each_sender", || run(FLOOD)),
        test("logd_makes_nobody_wait_for_a_disk", || run(STALL)),
        test("logd_is_read_by_logctl_while_files_are_renamed", || {
            run(FOLLOW)
        }),
        test("logd_tells_what_is_wrong", || run(WRONG)),
        test("logd_sleeps_when_nobody_speaks", || run(IDLE)),
        test("logd_is_run_by_dinit", || run(SERVICE)),
    ]
}

/// What every script begins with.
const BEGIN: &str = include_str!("logd/begin.sh");
const WRITE: &str = include_str!("logd/write.sh");
const FULL: &str = include_str!("logd/full.sh");
const FLOOD: &str = include_str!("logd/flood.sh");
const STALL: &str = include_str!("logd/stall.sh");
const FOLLOW: &str = include_str!("logd/follow.sh");
const WRONG: &str = include_str!("logd/wrong.sh");
const IDLE: &str = include_str!("logd/idle.sh");
const SERVICE: &str = include_str!("logd/service.sh");

/// Runs a script in namespaces of its own, with logd.
fn run(script: &str) -> Outcome {
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let root = Root::made(&cache, &NET_PEERS).map_err(|e| e.to_string())?;
    let root = root.ok_or("the root of network peers is not there: run ./alpenglow test native")?;
    let mut sandbox = Sandbox::new(root.dir);
    let bind = |source: PathBuf, target: &str| Mount::Bind {
        source,
        target: target.into(),
        writable: false,
    };
    let memory = |target: &str| Mount::Tmpfs {
        target: target.into(),
    };
    let programs = programs()?;
    sandbox.mounts = vec![
        memory("/tmp"),
        memory("/run"),
        memory("/var/log"),
        bind(programs.join("logd"), "/tmp/logd"),
        bind(programs.join("dinit"), "/tmp/dinit"),
        bind(repository().join("packages/logd/root"), "/tmp/root"),
    ];
    let mut command = sandbox.command("sh");
    command.args(["-c", &format!("{BEGIN}{script}")]);
    let output = output(command.stdin(Stdio::null()))?;
    check(output.status.success(), || text(&output))
}

/// The folder with logd, crond, devd, and dinit, which runs them, built for this machine.
pub fn programs() -> Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> Result<PathBuf, String> {
    let cache = Cache::open().map_err(|error| error.to_string())?;
    // With netd's: what both are made of is compiled once.
    let target = cache.dir().join("host-netd");
    let cargo = env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--profile", "quick", "--locked", "--quiet"])
        .args(["-p", "crond", "-p", "devd", "-p", "logd", "-p", "dinit"])
        .current_dir(repository().join("system"))
        // The root's C library may be older than this machine's.
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env("CARGO_TARGET_DIR", &target);
    let built = output(&mut command)?;
    if built.status.success() {
        Ok(target.join("quick"))
    } else {
        Err(format!(
            "logd, crond and devd do not build:\n{}",
            text(&built)
        ))
    }
}
