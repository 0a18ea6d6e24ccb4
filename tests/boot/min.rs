//! `min` run by itself: commands, statuses, machines that panic or hang.

use alpenglow_tests::{Outcome, Test, boot, check, has, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("boot_min_runs_commands", runs_commands),
        test("boot_min_hands_on_the_last_status", hands_on_status),
        test("boot_min_on_microvm", on_microvm),
        test("boot_min_mounts_what_a_system_needs", mounts),
        test("boot_min_panic_is_told", panic_is_told),
        test("boot_min_fault_is_told", fault_is_told),
        test("boot_min_hang_is_told", hang_is_told),
        test("boot_init_alone", init_alone),
    ]
}

fn runs_commands() -> Outcome {
    let said = boot(
        &[
            "--edition",
            "min",
            "--run",
            "uname -sr",
            "--run",
            "cat /proc/1/comm",
        ],
        0,
    )?;
    // A line about another test that has the cache at this instant may stand behind them.
    let lines: Vec<&str> = said.lines().collect();
    let answers = |pair: &[&str]| pair[0].starts_with("Linux 7.") && pair[1] == "init";
    check(lines.windows(2).any(answers), || said.clone())
}

fn hands_on_status() -> Outcome {
    boot(&["--run", "false", "--run", "true"], 0)?;
    boot(&["--run", "true", "--run", "sh -c 'exit 3'"], 3).map(drop)
}

fn on_microvm() -> Outcome {
    let said = boot(&["--board", "microvm", "--run", "echo up $((6 * 7))"], 0)?;
    has(&said, &["up 42"])
}

fn mounts() -> Outcome {
    let said = boot(
        &[
            "--run",
            "cat /proc/mounts",
            "--run",
            "stat -c '%a %n' /run /dev/shm /tmp /root /etc/shadow",
            "--run",
            "hostname; cat /sys/class/tty/console/active; id",
        ],
        0,
    )?;
    let expected = [
        " /proc proc ",
        " /sys sysfs ",
        " /dev devtmpfs ",
        " /dev/pts devpts ",
        " /run tmpfs ",
        " /dev/shm tmpfs ",
        "755 /run",
        "1777 /dev/shm",
        "1777 /tmp",
        "700 /root",
        "600 /etc/shadow",
        "alpenglow",
        "ttyS0",
        "uid=0(root)",
    ];
    has(&said, &expected)
}

fn panic_is_told() -> Outcome {
    let said = boot(&["--append", "rdinit=/bin/false", "--run", "true"], 1)?;
    has(&said, &["panic", "alpenglow: ", "Attempted to kill init"])
}

/// A kernel that goes on after a fault of its own: all commands run, and then it is told.
fn fault_is_told() -> Outcome {
    let faults = "echo '<1>kernel BUG at mm/usercopy.c:102!' > /dev/kmsg";
    let said = boot(&["--run", faults, "--run", "echo up $((6 * 7))"], 1)?;
    has(
        &said,
        &[
            "up 42",
            "its kernel has a fault",
            "kernel BUG at mm/usercopy.c:102!",
        ],
    )
}

/// Process 1 is a program that waits for ever; the limit that passed is told.
fn hang_is_told() -> Outcome {
    let said = boot(
        &[
            "--append",
            "rdinit=/bin/cat",
            "--limit",
            "15",
            "--run",
            "true",
        ],
        1,
    )?;
    has(&said, &["15 s", "login"])
}

/// The kernel, init and nothing else: init says what it misses and stays.
fn init_alone() -> Outcome {
    let said = boot(&["--edition", "init", "--limit", "15", "--run", "true"], 1)?;
    has(&said, &["init: /sbin/getty: error 2"])
}
