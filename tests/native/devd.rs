//! devd on this machine's kernel: its own events, loop devices, file systems that Debian's programs make. Each test has mounts of
//! its own and a root of its own, in which /sys is the machine's and /dev is not. No module is loaded.

use crate::daemons;
use alpenglow_tests::{Outcome, Test, check, output, test, text};
use std::process::{Command, Stdio};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("devd_names_disks_by_what_is_on_them", || run(NAMES)),
        test("devd_looks_again_when_it_could_not_hear_all", || {
            run(OVERRUN)
        }),
        test("devd_sleeps_when_nothing_happens", || run(IDLE)),
        test("devd_tells_mistakes_and_goes_on", || run(MISTAKES)),
        test("devd_makes_the_nodes_of_modules", || run(NODES)),
    ]
}

/// What every script begins with: a root in `$root`, `run` starts devd in it, `attach` makes a loop device of a file.
const BEGIN: &str = include_str!("devd/begin.sh");
const NAMES: &str = include_str!("devd/names.sh");
const OVERRUN: &str = include_str!("devd/overrun.sh");
const IDLE: &str = include_str!("devd/idle.sh");
const NODES: &str = include_str!("devd/nodes.sh");
const MISTAKES: &str = include_str!("devd/mistakes.sh");

/// Runs a script in mounts of its own.
fn run(script: &str) -> Outcome {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private", "sh", "-c"])
        .arg(format!("{BEGIN}{script}"))
        .env("DEVD", daemons::programs()?.join("devd"))
        .env("root", folder.path())
        .stdin(Stdio::null());
    let output = output(&mut command)?;
    check(output.status.success(), || text(&output))
}
