//! Starts of real processes.

mod basics;
mod console;
mod count;
mod descriptors;
mod rights;
mod sandbox;

use super::*;
use crate::description::Kind;
use std::io::Read;
use std::os::fd::AsFd;

/// A service that runs `sh -c script`.
fn shell(script: &str) -> Description {
    let mut made = Description::new(b"test", Kind::Process);
    made.command = command(&["/bin/sh", "-c", script]);
    made
}

fn command(words: &[&str]) -> Command {
    Command(
        words
            .iter()
            .map(|word| format!("{word}\0"))
            .collect::<String>()
            .into_bytes()
            .into(),
    )
}

fn environment(entries: &[&str]) -> Environment {
    let mut made = Environment::default();
    entries.iter().for_each(|entry| made.set(entry.as_bytes()));
    made
}

/// An order for its command with nothing special.
fn order<'a>(description: &'a Description, environment: &'a Environment) -> Order<'a> {
    Order {
        description,
        command: &description.command,
        environment,
        io: Io::Detached {
            input: None,
            output: None,
        },
        notify: Notify::None,
        listen: &[],
        control: None,
        cgroup: None,
        cgroup_base: b"",
    }
}

/// Starts it and waits for its end: what it wrote, and its exit status (128 and more: the signal that killed it).
fn run_order(order: Order<'_>) -> Result<(String, i32), LaunchError> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let mut order = order;
    if let Io::Detached { output, .. } = &mut order.io {
        *output = Some(write.as_fd());
    }
    let child = launch(&order)?;
    drop(write);
    Ok((text(read), status(child.pid)))
}

fn run_or_fail(description: &Description) -> Result<(String, i32), LaunchError> {
    let environment = environment(&["PATH=/usr/bin:/bin", "ONE=1"]);
    run_order(order(description, &environment))
}

fn text(file: OwnedFd) -> String {
    let mut text = String::new();
    std::fs::File::from(file).read_to_string(&mut text).unwrap();
    text
}

fn failure(stage: Stage, errno: rustix::io::Errno) -> LaunchError {
    LaunchError {
        stage,
        errno: errno.raw_os_error(),
    }
}

fn run(description: &Description) -> (String, i32) {
    run_or_fail(description).unwrap()
}

fn status(pid: i32) -> i32 {
    let pid = rustix::process::Pid::from_raw(pid);
    let options = rustix::process::WaitOptions::empty();
    let (_, status) = rustix::process::waitpid(pid, options).unwrap().unwrap();
    let signal = status.terminating_signal().map(|signal| signal + 128);
    status.exit_status().or(signal).unwrap()
}
