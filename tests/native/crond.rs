//! crond with real users and a clock that is really waited for, in a sandbox; what it tells goes to logd.

use crate::daemons;
use alpenglow_tests::{Outcome, Test, test};

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
    daemons::run(
        &["crond", "logd", "dinit"],
        &["/run", "/var/log"],
        &[("packages/crond/root", "/tmp/root")],
        &format!("{BEGIN}{script}"),
    )
}
