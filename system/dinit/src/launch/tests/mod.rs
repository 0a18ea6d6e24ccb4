//! Starts of real processes.

mod basics;

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

/// What is made of an order, to be changed.
type Change<'c> = &'c dyn for<'o> Fn(&mut Order<'o>);

/// Starts it and waits for its end: what it wrote, and its exit status (128 and more: the signal that killed it).
fn run_as(description: &Description, change: Change) -> Result<(String, i32), LaunchError> {
    let environment = environment(&["PATH=/usr/bin:/bin", "ONE=1"]);
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let mut order = order(description, &environment);
    order.io = Io::Detached {
        input: None,
        output: Some(write.as_fd()),
    };
    change(&mut order);
    let child = launch(&order)?;
    drop(write);
    let mut text = String::new();
    std::fs::File::from(read).read_to_string(&mut text).unwrap();
    Ok((text, status(child.pid)))
}

fn run(description: &Description) -> (String, i32) {
    run_as(description, &|_| ()).unwrap()
}

fn status(pid: i32) -> i32 {
    let pid = rustix::process::Pid::from_raw(pid);
    let options = rustix::process::WaitOptions::empty();
    let (_, status) = rustix::process::waitpid(pid, options).unwrap().unwrap();
    let signal = status.terminating_signal().map(|signal| signal + 128);
    status.exit_status().or(signal).unwrap()
}
