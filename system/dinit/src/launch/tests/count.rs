//! What a start costs: the daemon's system calls, and the child's up to the command, counted by strace.

use super::*;
use std::process::Command as Program;

/// Set in the program that is counted.
const COUNTED: &str = "DINIT_TEST_COUNTED";

/// At most so many of the daemon, clone3 itself among them.
const OF_PARENT: usize = 1;
/// At most so many of the child, execve among them, for a service with a folder and a log pipe.
const OF_CHILD: usize = 12;

#[test]
fn a_start_is_one_system_call_of_the_daemon() {
    if std::env::var_os(COUNTED).is_some() {
        return start_between_marks();
    }
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let run = Program::new("strace")
        .args(["-f", "-o", trace.to_str().unwrap()])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "launch::tests::count::a_start_is_one_system_call_of_the_daemon",
        ])
        .env(COUNTED, "1")
        .output();
    match run {
        Ok(run) => assert!(run.status.success(), "{run:?}"),
        Err(_) => {
            eprintln!("skipped: no strace");
            return;
        }
    }
    let trace = std::fs::read_to_string(&trace).unwrap();
    let calls = trace.lines().filter(|line| !line.contains("resumed>"));
    let calls = calls.filter_map(|line| {
        line.split_once(' ')
            .map(|(pid, call)| (pid, call.trim_start()))
    });
    // Signals and ends are lines as well.
    let calls: Vec<_> = calls
        .filter(|(_, call)| !call.starts_with("---") && !call.starts_with("+++"))
        .collect();
    let mark = |call: &str| call.starts_with("getppid(");
    let first = calls.iter().position(|(_, call)| mark(call)).unwrap();
    let daemon = calls[first].0;
    let after = &calls[first + 1..];
    let last = after
        .iter()
        .position(|(pid, call)| *pid == daemon && mark(call));
    let during: Vec<_> = after[..last.unwrap()].iter().collect();
    let of_daemon: Vec<_> = during.iter().filter(|(pid, _)| *pid == daemon).collect();
    assert!(of_daemon.len() <= OF_PARENT, "{of_daemon:#?}");
    assert!(of_daemon[0].1.starts_with("clone3("), "{of_daemon:#?}");
    // Other threads of these tests have calls of their own.
    let exec = after
        .iter()
        .position(|(_, call)| call.starts_with("execve("))
        .unwrap();
    let child = after[exec].0;
    let of_child: Vec<_> = after[..=exec]
        .iter()
        .filter(|(pid, _)| *pid == child)
        .collect();
    assert!(of_child.len() <= OF_CHILD, "{of_child:#?}");
}

/// One start, with a call on each side of it that nothing else makes and that may be answered with 0, as where the
/// parent is of another namespace.
fn start_between_marks() {
    let mut service = shell(":");
    service.file = Some((*b"/usr/service").into());
    let environment = environment(&["PATH=/bin:/usr/bin"]);
    let (_read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let mut order = order(&service, &environment);
    order.io = Io::Detached {
        input: None,
        output: Some(write.as_fd()),
    };
    let _parent = rustix::process::getppid();
    let child = launch(&order);
    let _parent = rustix::process::getppid();
    assert_eq!(status(child.unwrap().pid), 0);
}
