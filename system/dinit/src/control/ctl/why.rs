//! Extension: why. In sentences: why a service runs, does not run, or is on the way.

use super::Session;
use super::describe::{Ended, Stage};
use super::details::{self, Services, active};
use crate::control::failure::Failure;
use crate::control::output::{Errno, Span};
use crate::engine::{DependencyKind, State};
use crate::protocol::details::{Console, Entry, kind_name, state_name};
use crate::text::Show;

/// So deep reasons of reasons are told.
const DEPTH: usize = 16;

pub fn run(session: &mut Session) -> Result<i32, Failure> {
    let name = session.service();
    // Whether it is loaded at all is asked first, so that this is said by every daemon.
    session.find(&name)?;
    let text = details::text(session, "tell why")?;
    let services = Services::parse(&text);
    let Some(entry) = services.get(&name) else {
        return Err(Failure::Protocol);
    };
    session
        .output
        .print(format_args!("{}", explain(&services, entry)));
    Ok(0)
}

fn explain(services: &Services<'_>, entry: &Entry<'_>) -> String {
    let service = &entry.service;
    let name = Show(service.name);
    let mut text = String::new();
    match service.state {
        State::Started => running(services, entry, &mut text),
        State::Starting => {
            text += &format!("{name} is starting.\n");
            starting(services, entry, &mut text, 1);
            wanted(services, entry, &mut text);
        }
        State::Stopping => {
            text += &format!("{name} is stopping.\n");
            stopping(services, entry, &mut text);
        }
        State::Stopped => {
            text += &format!("{name} is stopped.\n");
            stopped(services, entry, &mut text, 1);
            let mut dependents = services.dependents(service.name).peekable();
            if dependents.peek().is_some() {
                text += "  It starts with";
                for (number, (kind, other)) in dependents.enumerate() {
                    let comma = if number == 0 { "" } else { "," };
                    text += &format!("{comma} {} ({})", Show(other.service.name), kind_name(kind));
                }
                text += ".\n";
            }
        }
    }
    if let Some(words) = service.status {
        text += &format!("  It says: {}\n", Show(words));
    }
    if let Some(file) = service.file {
        text += &format!("  Its description is {}.\n", Show(file));
    }
    text
}

fn running(services: &Services<'_>, entry: &Entry<'_>, text: &mut String) {
    let service = &entry.service;
    *text += &format!("{} is started", Show(service.name));
    if service.started != 0 {
        let since = services.header.now.saturating_sub(service.started);
        *text += &format!(" since {}", Span(since));
    }
    if let Some(pid) = service.pid {
        *text += &format!(", as process {pid}");
    }
    *text += ".\n";
    if service.skipped {
        *text += "  Its start was skipped: nothing of it runs, but what needs it goes on.\n";
    }
    wanted(services, entry, text);
}

/// Who wants it to run.
fn wanted(services: &Services<'_>, entry: &Entry<'_>, text: &mut String) {
    let service = &entry.service;
    let mut reasons = 0;
    if service.explicit {
        *text += "  It was started explicitly; 'dinitctl release' takes that back.\n";
        reasons += 1;
    }
    if service.pinned_started {
        *text += "  It is pinned started; 'dinitctl unpin' takes that back.\n";
        reasons += 1;
    }
    for (kind, other) in services.dependents(service.name) {
        if active(other) {
            let needs = match kind {
                DependencyKind::Need | DependencyKind::PreparedBy => "needs it",
                DependencyKind::Milestone => "needed it to start",
                _ => "wants it",
            };
            *text += &format!(
                "  {} {needs} ({}).\n",
                Show(other.service.name),
                kind_name(kind)
            );
            reasons += 1;
        }
    }
    if reasons == 0 {
        *text += "  Nothing wants it any more.\n";
    }
}

/// What keeps it from being started.
fn starting(services: &Services<'_>, entry: &Entry<'_>, text: &mut String, depth: usize) {
    let service = &entry.service;
    let indent = "  ".repeat(depth);
    if service.pinned_stopped {
        *text += &format!("{indent}It is pinned stopped.\n");
    }
    if service.console == Some(Console::Waits) {
        *text += &format!("{indent}It waits for the console, which another service has.\n");
    }
    for (kind, on) in &entry.waiting {
        let name = Show(on);
        let Some(other) = services.get(on) else {
            *text += &format!("{indent}It waits for {name} ({}).\n", kind_name(*kind));
            continue;
        };
        *text += &format!(
            "{indent}It waits for {name} ({}), which is {}.\n",
            kind_name(*kind),
            state_name(other.service.state)
        );
        if depth < DEPTH {
            match other.service.state {
                State::Starting => starting(services, other, text, depth + 1),
                State::Stopped => stopped(services, other, text, depth + 1),
                _ => (),
            }
        }
    }
    if entry.waiting.is_empty() && service.console != Some(Console::Waits) {
        match service.pid {
            Some(pid) => {
                *text += &format!("{indent}Its process {pid} is not ready yet");
                if service.launched != 0 {
                    let since = services.header.now.saturating_sub(service.launched);
                    *text += &format!(", after {}", Span(since));
                }
                *text += ".\n";
            }
            None => *text += &format!("{indent}It waits to be run, or for its trigger.\n"),
        }
    }
}

fn stopping(services: &Services<'_>, entry: &Entry<'_>, text: &mut String) {
    let service = &entry.service;
    let mut waits = false;
    for (kind, other) in services.dependents(service.name) {
        let hard = matches!(kind, DependencyKind::Need | DependencyKind::PreparedBy);
        if hard && other.service.state != State::Stopped {
            *text += &format!(
                "  It waits for {} to stop, which needs it and is {}.\n",
                Show(other.service.name),
                state_name(other.service.state)
            );
            waits = true;
        }
    }
    if let Some(pid) = service.stop_pid {
        *text += &format!("  Its stop command runs, as process {pid}.\n");
    } else if let Some(pid) = service.pid.filter(|_| !waits) {
        *text += &format!("  Its process {pid} has not ended yet.\n");
    }
    if service.target == State::Started {
        *text += "  It will start again.\n";
    }
}

/// Why it is not started.
fn stopped(services: &Services<'_>, entry: &Entry<'_>, text: &mut String, depth: usize) {
    let service = &entry.service;
    let indent = "  ".repeat(depth);
    if service.pinned_stopped {
        *text += &format!("{indent}It is pinned stopped; 'dinitctl unpin' takes that back.\n");
    }
    let ended = match service.exit {
        Some(exit) => format!(" ({})", Ended(exit)),
        None => String::new(),
    };
    // Numbers of StopReason.
    match service.reason {
        0 if service.requested == 0 => {
            *text += &format!("{indent}It was never asked to start.\n");
        }
        0 => *text += &format!("{indent}It was stopped, or nothing wanted it any more.\n"),
        1 => {
            *text += &format!("{indent}It stopped because a service that it needs was restarted.\n")
        }
        2 => {
            let mut named = false;
            for (kind, on) in &entry.depends {
                let Some(other) = services.get(on) else {
                    continue;
                };
                let hard = !details::only_order(*kind) && *kind != DependencyKind::WaitsFor;
                if !hard || other.service.state != State::Stopped {
                    continue;
                }
                *text += &format!(
                    "{indent}It needs {} ({}), which is stopped.\n",
                    Show(on),
                    kind_name(*kind)
                );
                named = true;
                if depth < DEPTH {
                    stopped(services, other, text, depth + 1);
                }
            }
            if !named {
                *text += &format!("{indent}A service that it needs failed or ended.\n");
            }
        }
        3 => *text += &format!("{indent}Its process ended before it was ready{ended}.\n"),
        4 => match service.launch_error {
            Some((stage, errno)) => {
                *text += &format!(
                    "{indent}Its process could not be made: {}: {}.\n",
                    Stage(stage),
                    Errno(errno)
                );
            }
            None => *text += &format!("{indent}Its process could not be made.\n"),
        },
        5 => *text += &format!("{indent}It was not ready in time (start-timeout).\n"),
        6 => *text += &format!("{indent}Its process ended by itself{ended}.\n"),
        _ => *text += &format!("{indent}The daemon's reason is not known here.\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, name: &str) -> String {
        let services = Services::parse(text.as_bytes());
        explain(&services, services.get(name.as_bytes()).unwrap())
    }

    #[test]
    fn the_root_of_a_failure_is_told() {
        let text = "now 5\n\nservice a\nreason 2\nrequested 1\ndepends depends-on b\ndepends waits-for c\n\n\
            service b\nreason 2\nrequested 1\ndepends depends-ms c\n\nservice c\nreason 4\nstage 18 2\nfile /d/c\n";
        assert_eq!(
            told(text, "a"),
            "a is stopped.\n  It needs b (depends-on), which is stopped.\n    It needs c (depends-ms), which is stopped.\n      \
             Its process could not be made: executing command: No such file or directory.\n"
        );
        assert_eq!(
            told(text, "c"),
            "c is stopped.\n  Its process could not be made: executing command: No such file or directory.\n  \
             It starts with a (waits-for), b (depends-ms).\n  Its description is /d/c.\n"
        );
    }

    #[test]
    fn who_wants_it_is_told() {
        let text = "now 3000000000\n\nservice a\nstate started\nexplicit\nstarted 1000000000\npid 4\nstatus fine\n\n\
            service b\nstate started\ndepends depends-on a\n\nservice c\ndepends depends-on a\n";
        assert_eq!(
            told(text, "a"),
            "a is started since 2.000s, as process 4.\n  \
             It was started explicitly; 'dinitctl release' takes that back.\n  b needs it (depends-on).\n  It says: fine\n"
        );
        assert_eq!(
            told(text, "b"),
            "b is started.\n  Nothing wants it any more.\n"
        );
        assert!(told(text, "c").contains("It was never asked to start."));
    }

    #[test]
    fn what_it_waits_for_is_told() {
        let text = "now 2000000000\n\nservice a\nstate starting\nexplicit\nwaiting depends-on b\ndepends depends-on b\n\n\
            service b\nstate starting\npid 3\nlaunched 1000000000\n";
        assert_eq!(
            told(text, "a"),
            "a is starting.\n  It waits for b (depends-on), which is starting.\n    \
             Its process 3 is not ready yet, after 1.000s.\n  \
             It was started explicitly; 'dinitctl release' takes that back.\n"
        );
        let text = "now 1\n\nservice a\nstate stopping\npid 2\n\nservice b\nstate stopping\ndepends depends-on a\n";
        assert_eq!(
            told(text, "a"),
            "a is stopping.\n  It waits for b to stop, which needs it and is stopping.\n"
        );
    }
}
