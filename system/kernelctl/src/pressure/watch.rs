//! The loop: it sleeps until the kernel says that a trigger has fired, a frozen group is to go on, or it is to end.

use super::act::{act, freeze};
use super::{Doing, Level, Trigger, folder};
use crate::error::{Error, Result, told};
use crate::files::Value;
use crate::policy::Policy;
use common::Root;
use common::Signals;
use common::clock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fmt;
use std::io::Write;
use std::os::fd::AsFd;

/// A trigger that the kernel watches.
struct Watched<'p> {
    trigger: &'p Trigger,
    file: Value,
    level: Level,
}

/// Watches until it is told to end. `ready`: the number of a descriptor to write to when all triggers are set.
///
/// # Errors
/// When a trigger cannot be set.
pub fn watch(root: &Root, policy: &Policy, ready: Option<u32>) -> Result<()> {
    if policy.triggers.is_empty() {
        let file = if policy.file.is_empty() {
            "/etc/kernelctl.toml"
        } else {
            &policy.file
        };
        return Err(told!(
            "there is nothing to watch: write [[pressure]] in {file}"
        ));
    }
    let signals =
        Signals::take(&common::signals::ENDING).map_err(|error| told!("signals: {error}"))?;
    let mut watched = Vec::new();
    for trigger in &policy.triggers {
        watched.push(set(root, policy, trigger)?);
    }
    // What is to help when memory is short must not wait for its own.
    if rustix::mm::mlockall(rustix::mm::MlockAllFlags::CURRENT).is_err() {
        log(format_args!(
            "its memory cannot be locked: it may be slow when memory is short"
        ));
    }
    if let Some(number) = ready {
        let path = format!("/proc/self/fd/{number}");
        let file = std::fs::OpenOptions::new().write(true).open(&path);
        file.and_then(|mut file| file.write_all(b"ready\n"))
            .map_err(|error| Error::file(&path, "telling that it is ready", error))?;
    }
    let mut frozen: Vec<(String, u64)> = Vec::new();
    let result = run(root, policy, &signals, &mut watched, &mut frozen);
    for (folder, _) in frozen {
        go_on(root, &folder);
    }
    result
}

fn set<'p>(root: &Root, policy: &Policy, trigger: &'p Trigger) -> Result<Watched<'p>> {
    let path = trigger.file(&policy.cgroup_root);
    let open =
        Value::open(&root.at(&path)).and_then(|file| file.write(&trigger.line()).map(|()| file));
    match open {
        Ok(file) => Ok(Watched {
            trigger,
            file,
            level: Level::default(),
        }),
        Err(errno) => {
            let way_out = match errno {
                Errno::NOENT => "apply the policy first, so that the group is there",
                Errno::OPNOTSUPP => {
                    "the kernel was started without pressure: add 'psi=1' to its command line"
                }
                Errno::ACCESS | Errno::PERM => "run it as root",
                _ => "the kernel takes no such trigger",
            };
            let words = common::words(errno);
            let told = format_args!("{path}: {words}: {way_out}");
            Err(Error::syntax(&trigger.origin, told))
        }
    }
}

fn run(
    root: &Root,
    policy: &Policy,
    signals: &Signals,
    watched: &mut Vec<Watched<'_>>,
    frozen: &mut Vec<(String, u64)>,
) -> Result<()> {
    loop {
        let fired = {
            let mut files = Vec::new();
            for each in watched.iter() {
                files.push(PollFd::new(&each.file, PollFlags::PRI));
            }
            files.push(PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN));
            let next = frozen.iter().map(|(_, until)| *until).min();
            let pause = next.map(|until| duration(until.saturating_sub(now())));
            match poll(&mut files, pause.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => {
                    return Err(told!("waiting: {}", common::words(errno)));
                }
            }
            files.iter().map(PollFd::revents).collect::<Vec<_>>()
        };
        if fired.last().is_some_and(|last| !last.is_empty()) {
            return Ok(());
        }
        frozen.retain(|(folder, until)| {
            let over = *until <= now();
            if over {
                go_on(root, folder);
            }
            !over
        });
        for (each, events) in watched.iter_mut().zip(&fired) {
            if events.contains(PollFlags::PRI) && !events.contains(PollFlags::ERR) {
                fire(root, policy, each, frozen);
            }
        }
        let mut events = fired.iter();
        watched.retain(|each| {
            let gone = events
                .next()
                .is_some_and(|events| events.contains(PollFlags::ERR));
            if gone {
                log(format_args!(
                    "{}: its group is gone, it is watched no more",
                    each.trigger.shown()
                ));
            }
            !gone
        });
    }
}

/// The next action; when it can do nothing, the one after it.
fn fire(root: &Root, policy: &Policy, each: &mut Watched<'_>, frozen: &mut Vec<(String, u64)>) {
    let trigger = each.trigger;
    if trigger.available.is_some_and(|room| !room.is_all(root)) {
        return;
    }
    let first = each.level.fire(now(), trigger.calm, trigger.actions.len());
    for action in &trigger.actions[first..] {
        let done = act(root, &policy.cgroup_root, &action.doing);
        let (text, helped) = match done {
            Ok(text) => (text, true),
            Err(error) => (error.to_string(), false),
        };
        log(format_args!("{}: {text}", trigger.shown()));
        if !helped {
            continue;
        }
        if let Doing::Freeze { group, pause } = &action.doing {
            let folder = folder(&policy.cgroup_root, group);
            frozen.retain(|(other, _)| *other != folder);
            frozen.push((folder, now().saturating_add(*pause)));
        }
        return;
    }
}

fn go_on(root: &Root, folder: &str) {
    match freeze(root, folder, false) {
        Ok(()) => log(format_args!("{folder} goes on")),
        Err(error) => log(format_args!("{folder} does not go on: {error}")),
    }
}

/// A line of the log. Nobody who does not read it holds up the loop: what cannot be written is lost.
fn log(what: fmt::Arguments<'_>) {
    let _ = std::io::stdout().write_all(format!("kernelctl: {what}\n").as_bytes());
}

/// Microseconds since some beginning.
fn now() -> u64 {
    clock::micros(clock::CLOCK_MONOTONIC)
}

fn duration(micros: u64) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(micros / 1_000_000).unwrap_or(i64::MAX),
        tv_nsec: i64::try_from(micros % 1_000_000 * 1000).unwrap_or(0),
    }
}
