//! Our programs beside dinit's own, on daemons of dinit's own: the same commands in the same order must print the same
//! to standard output and exit with the same status. Needs DINIT_REFERENCE_BIN, a folder with dinit's own programs.

mod instance;
mod monitor;
mod services;

use instance::{Instance, both, reference};
use services::COMMANDS;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A folder in which our one file has the names of two programs.
fn ours() -> tempfile::TempDir {
    let names = tempfile::tempdir().unwrap();
    for name in ["dinit", "dinitctl"] {
        let program = names.path().join(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_dinit"), program).unwrap();
    }
    names
}

#[test]
fn our_dinitctl_is_as_the_reference() {
    if let Some(reference) = reference() {
        compare(&reference, &reference, ours().path());
    }
}

#[test]
fn our_daemon_is_as_the_reference() {
    if let Some(reference) = reference() {
        compare(&reference, ours().path(), &reference);
    }
}

#[test]
fn our_daemon_with_our_dinitctl_is_as_the_reference() {
    if let Some(reference) = reference() {
        let ours = ours();
        compare(&reference, ours.path(), ours.path());
    }
}

/// The reference alone, beside a daemon and a dinitctl from two folders.
fn compare(reference: &Path, daemon: &Path, control: &Path) {
    let first = Instance::new(&reference.join("dinit"), &reference.join("dinitctl"));
    let second = Instance::new(&daemon.join("dinit"), &control.join("dinitctl"));
    let mut differences = String::new();
    for command in COMMANDS {
        let mut answers = both(&first, &second, command);
        // What only looks may come too early on one side.
        let looks = ["list", "status", "is-"];
        for _ in 0..4 {
            if answers.0.0 == answers.1.0 || !looks.iter().any(|look| command.starts_with(look)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
            answers = both(&first, &second, command);
        }
        let (theirs, ours) = answers;
        let help = command.is_empty();
        if theirs.1 != ours.1 || (theirs.0 != ours.0 && !help) {
            differences += &format!("== {command}\n-- theirs {theirs:#?}\n-- ours {ours:#?}\n");
        }
    }
    for name in ["boot.d", "w.d"] {
        let links = |of: &Instance| {
            std::fs::read_dir(of.folder.path().join(name))
                .unwrap()
                .count()
        };
        assert_eq!(links(&first), links(&second), "links in {name}");
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn shell_accepts_the_completion() {
    let mut script = Command::new(env!("CARGO_BIN_EXE_dinit"));
    let script = script
        .arg0("dinitctl")
        .args(["completion", "bash"])
        .output()
        .unwrap();
    assert!(script.status.success());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script.stdout).unwrap();
    let completed = "COMP_WORDS=(dinitctl stop --f); COMP_CWORD=2; _dinitctl; echo ${COMPREPLY[@]}; \
        COMP_WORDS=(dinitctl un); COMP_CWORD=1; _dinitctl; echo ${COMPREPLY[@]}";
    let shell = Command::new("bash")
        .arg("-c")
        .arg(format!(". {}; {completed}", file.path().display()))
        .output();
    match shell {
        Ok(output) => assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "--force\nunpin unload untrigger unsetenv\n",
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => eprintln!("skipped: no bash: {error}"),
    }
}
