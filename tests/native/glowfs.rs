//! glowfsctl with real file systems: devices, attributes, an overlay that is really mounted.

use crate::daemons;
use alpenglow_tests::{Outcome, Test, test};
use std::path::Path;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("glowfs_images_have_all_that_a_root_has", || run(ROUND)),
        test("glowfs_signs_verifies_and_updates", || run(SIGNED)),
        test("glowfs_commits_what_an_overlay_changed", || run(COMMIT)),
        test("glowfs_is_mounted_by_fuse", is_mounted_by_fuse),
    ]
}

/// What every script begins with.
const BEGIN: &str = include_str!("glowfs/begin.sh");
const ROUND: &str = include_str!("glowfs/round.sh");
const SIGNED: &str = include_str!("glowfs/signed.sh");
const COMMIT: &str = include_str!("glowfs/commit.sh");
const FUSE: &str = include_str!("glowfs/fuse.sh");

/// What FUSE needs of the machine.
const DEVICE: &str = "/dev/fuse";

/// Runs a script in namespaces of its own, with glowfsctl.
fn run(script: &str) -> Outcome {
    daemons::run(&["glowfsctl"], &[], &[], &format!("{BEGIN}{script}"))
}

/// Where the machine has no FUSE there is nothing to be tested.
fn is_mounted_by_fuse() -> Outcome {
    if !Path::new(DEVICE).exists() {
        eprintln!("{DEVICE} is not there: nothing is mounted");
        return Ok(());
    }
    let script = format!("{BEGIN}{FUSE}");
    daemons::run_with(&[DEVICE], &["glowfsctl"], &[], &[], &script)
}
