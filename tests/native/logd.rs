//! logd with real senders, in a `/dev` and `/var/log` of the test's own. What stands in for the kernel's log is a pipe, which gives
//! a record a read as it does.

use crate::daemons;
use alpenglow_tests::{Outcome, Test, test};

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
    daemons::run(
        &["logd", "dinit"],
        &["/run", "/var/log"],
        &[("packages/logd/root", "/tmp/root")],
        &format!("{BEGIN}{script}"),
    )
}
