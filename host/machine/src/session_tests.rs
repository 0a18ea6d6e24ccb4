//! Logins and commands against a real shell on a real pseudo-terminal.

use super::*;
use crate::login::{self, Credential, PROMPT};
use crate::testing;

/// script(1) ends with the shell that the power-off ends.
const OFF: &str = "kill -KILL $PPID";

fn root(password: &str) -> Credential {
    Credential {
        user: "root".to_owned(),
        password: password.to_owned(),
    }
}

/// Boots the fake guest to its prompt.
fn guest(folder: &tempfile::TempDir, before: &str, power_off: &str) -> Machine {
    let mut machine = testing::login_guest(folder.path(), before, power_off, testing::limits());
    let limit = machine.limits().boot;
    machine.expect("a prompt", &[PROMPT], limit).unwrap();
    machine
}

#[test]
fn commands_give_their_output_and_status() {
    let folder = tempfile::tempdir().unwrap();
    let mut machine = guest(&folder, "", OFF);
    let mut session = login::at_prompt(&mut machine, &root("secret")).unwrap();
    let wide = "w".repeat(3000);
    let wide_command = format!("echo {wide}");
    let wide_line = format!("{wide}\n");
    for (command, output, status) in [
        ("echo hello", "hello\n", 0),
        ("printf 'no newline'", "no newline", 0),
        ("printf '\\n\\n'", "\n\n", 0),
        ("true", "", 0),
        ("exit 3", "", 3),
        ("echo out; echo err >&2; (exit 200)", "out\nerr\n", 200),
        // Empty input, never the next command.
        ("cat; echo $?", "0\n", 0),
        ("read x || echo none", "none\n", 0),
        ("echo \"it's\" '$HOME' \\\\", "it's $HOME \\\n", 0),
        ("echo one\necho 'two\tthree'\n", "one\ntwo\tthree\n", 0),
        ("cd /; pwd", "/\n", 0),
        ("sh -c 'kill -TERM $$'", "", 143),
        // Nothing that looks like our frame is taken for it.
        (
            "echo 'x00000000$9x00000000 0'",
            "x00000000$9x00000000 0\n",
            0,
        ),
        ("set -x; : echo", "+ : echo\n", 0),
        // A terminal that echoes again changes nothing.
        ("stty echo </dev/tty", "", 0),
        ("echo still here", "still here\n", 0),
        ("echo one\necho two", "one\ntwo\n", 0),
        (&wide_command, &wide_line, 0),
        // UTF-8, and a lone quote.
        ("echo 'é ü' \"'\"", "é ü '\n", 0),
    ] {
        let outcome = session.run(command).unwrap();
        if command.contains("kill") {
            // What shells say of a signal differs.
            assert_eq!(outcome.status, status, "{command}");
        } else {
            assert_eq!(
                (outcome.output.as_str(), outcome.status),
                (output, status),
                "{command}"
            );
        }
    }
    let outcome = session.run("echo (").unwrap();
    assert!(
        outcome.status != 0 && !outcome.output.is_empty(),
        "{outcome:?}"
    );
    let outcome = session.run("seq 200000 | tail -c 1000000").unwrap();
    assert_eq!(outcome.output.len(), 1_000_000);
    assert!(outcome.output.ends_with("\n199999\n200000\n"));
    let memory = session.memory().unwrap();
    assert!(memory.total_kib > memory.available_kib, "{memory:?}");
    session.power_off().unwrap();
}

#[test]
fn a_wrong_password_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut machine = guest(&folder, "", OFF);
    let error = login::at_prompt(&mut machine, &root("wrong"))
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("user 'root'") && text.contains("| Login incorrect"),
        "{text}"
    );
}

#[test]
fn a_lost_user_name_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let lossy = "printf 'fake login: '; read lost";
    let mut machine = guest(&folder, lossy, OFF);
    let mut session = login::at_prompt(&mut machine, &root("secret")).unwrap();
    assert_eq!(session.run("echo in").unwrap().output, "in\n");
}

#[test]
fn a_login_that_ends_again_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ends = "while :; do printf 'fake login: '; read user; printf 'Password: '; \
                read password; echo 'login: no such shell'; done";
    let mut machine = guest(&folder, ends, OFF);
    let error = login::at_prompt(&mut machine, &root("secret"))
        .map(drop)
        .unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Refused { .. }), "{text}");
    assert!(text.contains("| login: no such shell"), "{text}");
}

#[test]
fn a_machine_that_stays_on_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut machine = testing::login_guest(folder.path(), "", ":", {
        let mut limits = testing::limits();
        limits.power_off = Duration::from_millis(300);
        limits
    });
    let limit = machine.limits().boot;
    machine.expect("a prompt", &[PROMPT], limit).unwrap();
    let session = login::at_prompt(&mut machine, &root("secret")).unwrap();
    let error = session.power_off().unwrap_err().to_string();
    assert!(
        error.starts_with("machine 'fake': 0.3 s passed without it powered off; the machine was stopped\nThe last lines of its console:"),
        "{error}"
    );
}

#[test]
fn a_command_that_hangs_meets_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut machine = guest(&folder, "", OFF);
    let mut session = login::at_prompt(&mut machine, &root("secret")).unwrap();
    let error = session
        .run_within("echo begun; sleep 1000", Duration::from_secs(1))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("1 s passed without the end of the command 'echo begun"),
        "{error}"
    );
    assert!(error.contains("| begun"), "{error}");
}

#[test]
fn an_early_end_says_how() {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "echo booting; echo 'no such kernel' >&2; exit 7"]);
    let mut machine = testing::machine(command, testing::limits());
    let limit = machine.limits().boot;
    let error = machine
        .expect("its login prompt", &[PROMPT], limit)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "machine 'fake' ended (exit status: 7) before its login prompt\
         \nThe last lines of its standard error:\n  | no such kernel\
         \nThe last lines of its console:\n  | booting"
    );
}

#[test]
fn dropping_a_machine_ends_its_whole_group() {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' TERM; sleep 1000 & echo $!; wait"]);
    let mut machine = testing::machine(command, testing::limits());
    let limit = machine.limits().boot;
    let child = machine.expect("a number", &["\n"], limit).unwrap().before;
    let status = format!("/proc/{child}/status");
    assert!(std::path::Path::new(&status).exists());
    drop(machine);
    // Whoever inherits it may not have collected it yet.
    let ended = || std::fs::read_to_string(&status).map_or(true, |s| s.contains("State:\tZ"));
    for _ in 0..600 {
        if ended() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("process {child} lives on");
}

#[test]
fn what_a_terminal_cannot_take_is_refused() {
    let long = "x".repeat(4000);
    let error = check(&long).unwrap_err().to_string();
    assert!(error.contains("makes a line of 4002 bytes"), "{error}");
    // Each quote becomes four bytes.
    assert!(check(&"'".repeat(1000)).is_err());
    assert!(check(&"x".repeat(3900)).is_ok());
    assert!(check(&["x".repeat(3000), "y".repeat(3000)].join("\n")).is_ok());
    let error = check("echo \u{4}").unwrap_err().to_string();
    assert!(
        error.contains(r"'echo \u{4}' holds the control character 0x04"),
        "{error}"
    );
    assert!(check("printf 'a\tb\nc'").is_ok());
}
