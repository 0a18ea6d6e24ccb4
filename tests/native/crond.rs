//! crond with real users and a clock that is really waited for, in a sandbox; what it tells goes to logd.

use crate::logd;
use alpenglow_builder::debian::NET_PEERS;
use alpenglow_builder::{Cache, Mount, Root, Sandbox};
use alpenglow_tests::{Outcome, Test, check, output, repository, test, text};
use std::path::PathBuf;
use std::process::Stdio;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("crond_runs_jobs_as_their_users", || run(JOBS)),
        test("crond_tells_what_is_wrong", || run(WRONG)),
        test("crond_sleeps_when_nothing_is_due", || run(IDLE)),
    ]
}

/// What every script begins with.
const BEGIN: &str = include_str!("crond/begin.sh");
const JOBS: &str = include_str!("crond/jobs.sh");
const WRONG: &str = include_str!("crond/wrong.sh");
const IDLE: &str = include_str!("crond/idle.sh");

/// Runs a script in namespaces of its own, with crond and logd.
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
    let programs = logd::programs()?;
    sandbox.mounts = vec![
        memory("/tmp"),
        memory("/run"),
        memory("/var/log"),
        bind(programs.join("crond"), "/tmp/crond"),
        bind(programs.join("logd"), "/tmp/logd"),
        bind(programs.join("dinit"), "/tmp/dinit"),
        bind(repository().join("packages/crond/root"), "/tmp/root"),
    ];
    let mut command = sandbox.command("sh");
    command.args(["-c", &format!("{BEGIN}{script}")]);
    let output = output(command.stdin(Stdio::null()))?;
    check(output.status.success(), || text(&output))
}
