//! start, stop, restart, wake, release; unpin.

use super::Session;
use super::wait::{Goal, Outcome, outcome};
use crate::control::failure::Failure;
use crate::engine::{Event, State};
use crate::protocol::Handle;
use crate::protocol::command::{Order, OrderFlags};
use crate::protocol::info::Info;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;
use crate::protocol::status::Layout;
use crate::text::Show;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// What was seen between the daemon's first word on an order and its last.
#[derive(Default)]
struct Seen {
    stopped: bool,
    outcome: Option<Outcome>,
}

pub fn run(session: &mut Session, command: &str) -> Result<i32, Failure> {
    let name = session.service();
    let output = session.output;
    let restart = command == "restart";
    let (order, goal) = match command {
        "start" => (Order::Start, Goal::Started),
        "wake" => (Order::Wake, Goal::Started),
        "release" => (Order::Release, Goal::Stopped),
        _ if restart => (Order::Stop, Goal::Started),
        _ => (Order::Stop, Goal::Stopped),
    };
    let ignore =
        session.given.has("ignore-unstarted") && (order == Order::Stop || order == Order::Release);
    let record = match session.client.find(&name, true)? {
        Ok(record) => record,
        Err(_) if ignore => return Ok(0),
        Err(code) => return Err(session.load_failed(&name, code)),
    };
    if goal == Goal::Started {
        warn_of_changes(session, record.handle, &name)?;
    }

    // PREACK for all orders: an event between it and the reply belongs to this order.
    let mut flags = OrderFlags::PREACK;
    flags.set(OrderFlags::PIN, session.given.has("pin"));
    flags.set(OrderFlags::RESTART, restart);
    let gentle = order == Order::Stop && !session.given.has("force");
    flags.set(OrderFlags::GENTLE, gentle);
    let (code, mut seen) = match give(session, order, flags, record.handle, goal)? {
        Ok(answer) => answer,
        Err(dependents) => {
            output.error(format_args!(
                "cannot stop service '{}' because of the following dependents:",
                Show(&name)
            ));
            if !restart {
                output.error(format_args!(
                    "(only direct dependents are listed; --force stops them too)"
                ));
            }
            let mut line = Vec::new();
            for dependent in dependents {
                line.push(b' ');
                line.extend_from_slice(&session.client.name(dependent)?);
            }
            output.error(format_args!("{}", Show(&line)));
            return Ok(1);
        }
    };
    match code {
        Code::Ack => (),
        Code::Already => {
            let wanted = match goal {
                Goal::Started => State::Started,
                Goal::Stopped => State::Stopped,
            };
            match (restart, record.state == wanted) {
                (true, _) => output.say(format_args!("Service restarted.\n")),
                (_, true) => output.say(format_args!("Service (already) {}.\n", goal.state())),
                (_, false) => output.say(format_args!("Service {}.\n", goal.state())),
            }
            return Ok(0);
        }
        Code::Nak if restart && ignore => {
            output.say(format_args!(
                "Service '{}' is not currently started.\n",
                Show(&name)
            ));
            return Ok(0);
        }
        _ => return refused(session, &name, code, order),
    }

    if session.given.has("no-wait") {
        output.say(format_args!(
            "Issued {} command successfully for service '{}'.\n",
            goal.verb(),
            Show(&name)
        ));
        return Ok(0);
    }
    if restart {
        let stopped = match seen.stopped {
            true => session.conclude(&name, Goal::Stopped, Outcome::Reached),
            false => session.wait(record.handle, &name, Goal::Stopped)?,
        };
        if stopped != 0 {
            return Ok(stopped);
        }
    }
    if let Some(outcome) = seen.outcome {
        return Ok(session.conclude(&name, goal, outcome));
    }
    if order == Order::Release && stays(session, record.handle, &mut seen.outcome)? {
        output.say(format_args!(
            "Service '{}' released; it goes on for services that need it.\n",
            Show(&name)
        ));
        return Ok(0);
    }
    match seen.outcome {
        Some(outcome) => Ok(session.conclude(&name, goal, outcome)),
        None => session.wait(record.handle, &name, goal),
    }
}

/// Whether a service that was released is not going to stop.
fn stays(
    session: &mut Session,
    handle: Handle,
    seen: &mut Option<Outcome>,
) -> Result<bool, Failure> {
    let layout = session.client.status_layout();
    let request = Request::Status(layout, handle).encode();
    session.client.send(&request.ok_or(Failure::Protocol)?)?;
    let mut watch = |info: &Info<'_>| *seen = outcome(info, handle, Goal::Stopped).or(*seen);
    match session.client.reply(layout, &mut watch)? {
        Reply::Status { status, .. } => Ok(status.target == State::Started),
        _ => Err(Failure::Protocol),
    }
}

/// Gives the order. The inner error is the dependents that would have to stop.
#[allow(clippy::type_complexity)]
fn give(
    session: &mut Session,
    order: Order,
    flags: OrderFlags,
    handle: Handle,
    goal: Goal,
) -> Result<Result<(Code, Seen), Vec<Handle>>, Failure> {
    let request = Request::Order(order, flags, handle).encode();
    session.client.send(&request.ok_or(Failure::Protocol)?)?;
    let mut seen = Seen::default();
    let mut acknowledged = false;
    loop {
        let mut watch = |info: &Info<'_>| {
            // A restart stops first: what was told before that is of no interest.
            if let Info::Service {
                handle: of,
                event: Event::Stopped,
                ..
            } = info
                && *of == handle
                && !seen.stopped
            {
                seen.stopped = true;
                if flags.contains(OrderFlags::RESTART) {
                    seen.outcome = None;
                }
            }
            seen.outcome = outcome(info, handle, goal).or(seen.outcome);
        };
        let reply = session.client.reply(Layout::V6, &mut watch)?;
        match reply {
            Reply::Code(Code::PreAck) => {
                acknowledged = true;
                seen = Seen::default();
            }
            Reply::Code(code) => {
                if !acknowledged {
                    // An older daemon: there is no telling what the events belong to.
                    seen = Seen::default();
                }
                return Ok(Ok((code, seen)));
            }
            Reply::Dependents(handles) => return Ok(Err(handles.iter().collect())),
            _ => return Err(Failure::Protocol),
        }
    }
}

fn refused(session: &Session, name: &[u8], code: Code, order: Order) -> Result<i32, Failure> {
    let output = session.output;
    let name = Show(name);
    match code {
        Code::PinnedStarted => output.error(format_args!(
            "cannot stop service '{name}': it is pinned started"
        )),
        Code::PinnedStopped => output.error(format_args!(
            "cannot start service '{name}': it is pinned stopped"
        )),
        Code::Nak if order == Order::Stop => output.error(format_args!(
            "cannot restart service '{name}': it is not started"
        )),
        Code::Nak if order == Order::Wake => output.error(format_args!(
            "cannot wake service '{name}': no active service depends on it"
        )),
        Code::ShuttingDown => output.error(format_args!(
            "cannot start service '{name}': the system is shutting down"
        )),
        Code::ServiceOutOfMemory => output.error(format_args!(
            "cannot start service '{name}': the daemon has no memory for it"
        )),
        _ => return Err(Failure::Protocol),
    }
    Ok(1)
}

/// Says when the description was edited since the daemon read it.
fn warn_of_changes(session: &mut Session, handle: Handle, name: &[u8]) -> Result<(), Failure> {
    if session.client.version < 6 {
        return Ok(());
    }
    let path = session.client.description(handle, name)?;
    let Some(on_disk) = modified(&path) else {
        return Ok(());
    };
    if on_disk != session.client.status(handle)?.modified {
        session.output.error(format_args!(
            "warning: the description of '{}' changed since it was read; 'dinitctl reload {}' applies it",
            Show(name),
            Show(name)
        ));
    }
    Ok(())
}

/// When a file was last modified: seconds, nanoseconds.
pub fn modified(path: &[u8]) -> Option<(i64, u32)> {
    let metadata = std::fs::metadata(std::ffi::OsStr::from_bytes(path)).ok()?;
    Some((
        metadata.mtime(),
        u32::try_from(metadata.mtime_nsec()).unwrap_or(0),
    ))
}

pub fn unpin(session: &mut Session) -> Result<i32, Failure> {
    let name = session.service();
    let record = session.load(&name)?;
    match session.code(&Request::Unpin(record.handle))? {
        Code::Ack => (),
        _ => return Err(Failure::Protocol),
    }
    session
        .output
        .say(format_args!("Service '{}' unpinned.\n", Show(&name)));
    Ok(0)
}
