//! dinit as process 1: the edition `dinit-demo`, with a service for everything that dinit offers, under User Mode Linux and,
//! on the standard kernel, under QEMU.

use crate::uml;
use alpenglow_tests::{Outcome, Test, boot, check, has, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("dinit_boots_and_powers_off", boots),
        test("dinit_services_do_what_they_are_for", services),
        test("dinit_ends_a_service_with_its_cgroup", cgroup),
        test("dinit_goes_on_after_reexecution", reexecution),
        test("dinit_survives_what_is_thrown_at_it", survives),
        test(
            "dinit_starts_afresh_when_its_memory_is_overwritten",
            overwritten,
        ),
        test("dinit_demo_on_qemu_boots_and_powers_off", on_qemu),
    ]
}

/// Runs commands in the demo; their outputs, each of which had status 0.
fn run(commands: &[&str]) -> Result<Vec<String>, String> {
    run_with(&[], commands)
}

/// The same with further words for the kernel.
fn run_with(words: &[&str], commands: &[&str]) -> Result<Vec<String>, String> {
    let finished = uml::run_with(uml::PLAIN, "dinit-demo", words, commands)?;
    let mut outputs = Vec::new();
    for (command, outcome) in commands.iter().zip(finished.outcomes) {
        check(outcome.status == 0, || format!("{command}: {outcome:?}"))?;
        outputs.push(outcome.output);
    }
    Ok(outputs)
}

/// Waits until all is started. The slowest is the timer's first time.
const SETTLED: &str =
    "n=0; until dinitctl is-started boot || [ $n = 50 ]; do n=$((n+1)); sleep 0.1; done";

/// That the machine also ended by itself, at dinit's `poweroff`, is part of every run.
fn boots() -> Outcome {
    let outputs = run(&[
        "readlink /proc/1/exe",
        SETTLED,
        "dinitctl list | cat",
        "dinitctl is-failed never",
        "dinitctl analyze critical-chain",
        "wc -w < /proc/1/task/1/children",
    ])?;
    has(&outputs[0], &["/sbin/dinit"])?;
    listed(&outputs[2])
}

/// `dinitctl list` has the demo's services, twenty of them started.
fn listed(list: &str) -> Outcome {
    let started = list
        .lines()
        .filter(|line| line.starts_with("[{+}") || line.starts_with("[[+]"))
        .count();
    check(started >= 20, || format!("{started} are started:\n{list}"))?;
    has(
        list,
        &["[[+]     ] boot", "[{+}     ] getty", "{X}] never", "[{s}"],
    )
}

/// Drivers and firmware of a PC, where the machine is switched off by ACPI; a network by its side.
fn on_qemu() -> Outcome {
    let words = ["--edition", "dinit-demo"];
    let said = boot(
        &[
            &words[..],
            &["--run", "readlink /proc/1/exe", "--run", SETTLED],
            &["--run", "dinitctl list | cat"],
            &["--run", "ifconfig lo; hostname"],
            &["--run", "wc -l < /sys/fs/cgroup/limited/cgroup.procs"],
        ]
        .concat(),
        0,
    )?;
    has(&said, &["/sbin/dinit", "127.0.0.1", "alpenglow"])?;
    listed(&said)
}

fn services() -> Outcome {
    let outputs = run(&[
        "n=0; until [ -s /run/demo/consumed -a -s /run/demo/beats ] || [ $n = 50 ]; do n=$((n+1)); sleep 0.1; done",
        "sort /run/demo/instances",
        "cat /run/demo/consumed /run/demo/beats",
        "dinitctl catlog messages | tail -n 1",
        "test ! -e /tmp/mine && test ! -e /etc/touched && dinitctl is-started confined",
        "test ! -e /run/demo/asked && dinitctl is-started asked",
        "dinitctl status never; dinitctl why never",
        "dinitctl stop ready && dinitctl start ready && dinitctl restart ready",
    ])?;
    check(
        outputs[1].contains("one") && outputs[1].contains("two"),
        || outputs[1].clone(),
    )?;
    has(&outputs[2], &["line", "beat"])?;
    has(&outputs[3], &["message 200"])?;
    has(&outputs[6], &["never"])
}

fn cgroup() -> Outcome {
    let outputs = run(&[
        "wc -l < /sys/fs/cgroup/limited/cgroup.procs",
        "dinitctl stop limited",
        "n=0; while [ -e /sys/fs/cgroup/limited ]; do n=$((n+1)); [ $n -lt 50 ] || exit 1; sleep 0.1; done",
        "pgrep -f 2147483646 | wc -l",
    ])?;
    // The shell became one of them, and the other would have lived on by itself.
    has(&outputs[0], &["2"])?;
    has(&outputs[3], &["0"])
}

fn reexecution() -> Outcome {
    let outputs = run(&[
        "n=0; until dinitctl list | grep -q 'heartbeat (exit' || [ $n = 50 ]; do n=$((n+1)); sleep 0.1; done",
        "dinitctl list > /tmp/before; dinitctl reexec",
        SETTLED,
        "dinitctl list > /tmp/after; diff /tmp/before /tmp/after && echo the same",
        "dinitctl catlog messages | tail -n 1",
        "dinitctl restart ready && dinitctl is-started ready",
        "dinitctl stop limited && n=0; while [ -e /sys/fs/cgroup/limited ]; do n=$((n+1)); [ $n -lt 50 ] || exit 1; sleep 0.1; done",
    ])?;
    has(&outputs[3], &["the same"])?;
    has(&outputs[4], &["message 200"])
}

/// Descriptions that are nonsense, floods of bytes on the control socket, no room, signals.
fn survives() -> Outcome {
    let outputs = run(&[
        "mkdir -p /run/dinit.d; head -c 100000 /dev/urandom > /run/dinit.d/noise; dinitctl start noise || echo refused",
        "printf 'type = process\\ncommand = /no/such/program\\n' > /run/dinit.d/nothing; dinitctl start nothing || echo refused",
        "printf 'depends-on: b\\ntype = internal\\n' > /run/dinit.d/a; printf 'depends-on: a\\ntype = internal\\n' > /run/dinit.d/b; dinitctl start a || echo refused",
        "for signal in HUP USR2 ALRM TERM; do [ $signal = TERM ] || kill -$signal 1; done; kill -STOP 1; kill -CONT 1",
        "dd if=/dev/zero of=/run/full bs=1M 2> /dev/null; dinitctl restart ready && rm /run/full",
        // Timers are on time whatever the clock is set to.
        "for moment in 4000000000 1000000000; do date @$moment > /dev/null && dinitctl restart clock || exit 1; beats=$(wc -l < /run/demo/beats); n=0; until [ $(wc -l < /run/demo/beats) -gt $beats ]; do n=$((n+1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done; done; echo beats",
        "dinitctl is-started boot && cat /proc/1/status | grep State",
    ])?;
    has(&outputs[5], &["beats"])?;
    for output in &outputs[..3] {
        has(output, &["refused"])?;
    }
    has(&outputs[1], &["nothing"])
}

/// A fault of process 1 itself: the login is that of the second start.
fn overwritten() -> Outcome {
    let outputs = run_with(
        &["dinit-demo.overwrite"],
        &[
            "cat /run/demo/overwritten && grep -c after-crash /proc/1/cmdline",
            "n=0; until dinitctl is-started boot || [ $n = 50 ]; do n=$((n+1)); sleep 0.1; done; dinitctl list | cat",
            // A signal that somebody sends is none.
            "kill -SEGV 1; kill -ILL 1; kill -ABRT 1; dinitctl is-started boot && grep -c after-crash /proc/1/cmdline",
        ],
    )?;
    has(&outputs[0], &["1"])?;
    has(&outputs[1], &["[[+]     ] boot", "[{+}     ] getty"])?;
    has(&outputs[2], &["1"])
}
