//! A demo edition whose services have been started, under QEMU.

use alpenglow_tests::boot;

/// Waits until a condition of the shell's holds, for at most half a minute.
pub fn until(condition: &str) -> String {
    format!("n=0; until {condition}; do n=$((n+1)); [ $n -lt 300 ] || exit 1; sleep 0.1; done")
}

/// Runs commands, each of which must have status 0, in the edition; what they printed.
pub fn run(edition: &str, commands: &[&str]) -> Result<String, String> {
    let settled = until("dinitctl is-started boot");
    let mut words = vec!["--edition", edition, "--board", "microvm"];
    for command in [&*settled].iter().chain(commands) {
        words.extend(["--run", command]);
    }
    boot(&words, 0)
}
