//! status, is-started, is-failed.

use super::describe::{self, Ended, Stage};
use super::{Session, list, order};
use crate::control::failure::Failure;
use crate::control::output::Errno;
use crate::engine::{State, StopReason};
use crate::protocol::status::{Process, Status};
use crate::text::Show;
use document::json::Json;

pub fn run(session: &mut Session) -> Result<i32, Failure> {
    let name = session.service();
    let record = session.find(&name)?;
    let file = match session.client.version {
        0..3 => None,
        _ => Some(session.client.description(record.handle, &name)?),
    };
    let status = session.client.status(record.handle)?;
    let changed = session.client.version >= 6
        && file
            .as_deref()
            .and_then(order::modified)
            .is_some_and(|modified| modified != status.modified);
    if session.given.has("json") {
        print_json(session, &name, &status, file.as_deref(), changed);
        return Ok(0);
    }
    let mut text = format!("Service: {}\n", Show(&name));
    if let Some(file) = file {
        let mark = if changed {
            " (modified since loaded)"
        } else {
            ""
        };
        text += &format!("    File: {}{mark}\n", Show(&file));
    }
    text += &format!("    State: {}\n", state(&status));
    if status.target == State::Started {
        text += "    Activation: ";
        text += match status.explicit {
            true => "explicitly started\n",
            false => "start due to dependent(s)\n",
        };
    }
    if let Process::Running { pid } = status.process {
        text += &format!("    Process ID: {pid}\n");
    }
    session.output.print(format_args!("{text}"));
    Ok(0)
}

/// The state and all that belongs to it.
fn state(status: &Status) -> String {
    let mut text = String::from(describe::state(status.state));
    let ended = match status.process {
        Process::Ended(exit) if exit.status != 0 => format!("; {}", Ended(exit)),
        _ => String::new(),
    };
    match status.state {
        State::Stopped => match status.stop_reason {
            StopReason::Normal => (),
            StopReason::DependencyRestarted => text += " (dependency restarted)",
            StopReason::DependencyFailed => text += " (dependency failed/terminated)",
            StopReason::Failed => text += &format!(" (failed to start{ended})"),
            StopReason::ExecFailed => {
                text += " (could not be launched)";
                if let Process::NotLaunched { stage, errno } = status.process {
                    text += &format!("\n        Stage: {}", Stage(stage));
                    text += &format!("\n        Error: {}", Errno(errno));
                }
            }
            StopReason::TimedOut => text += " (start timed out)",
            StopReason::Terminated => text += &format!(" (terminated{ended})"),
        },
        State::Starting if status.target == State::Stopped => text += " (target state: STOPPED)",
        State::Starting => (),
        State::Started if status.skipped => text += " (startup skipped)",
        State::Started => (),
        State::Stopping => {
            if status.target == State::Started {
                text += " (target state: STARTED)";
            }
            if !ended.is_empty() {
                text += &format!(" (terminated{ended})");
            }
        }
    }
    if status.has_console {
        text += " (holding console)";
    }
    if status.waits_for_console {
        text += " (waiting for console)";
    }
    text
}

fn print_json(session: &Session, name: &[u8], status: &Status, file: Option<&[u8]>, changed: bool) {
    let mut json = Json::default();
    json.object();
    list::members(&mut json, name, status);
    if let Some(file) = file {
        json.key("file");
        json.bytes(file);
        json.key("modified_since_loaded");
        json.bool(changed);
    }
    json.end();
    session.output.print(format_args!("{}\n", json.finish()));
}

pub fn is_started(session: &mut Session) -> Result<i32, Failure> {
    let status = quietly(session)?;
    Ok(status.map_or(1, |status| i32::from(status.state != State::Started)))
}

/// Failed: stopped because it could not start. That it ended later is no failure here.
pub fn is_failed(session: &mut Session) -> Result<i32, Failure> {
    use StopReason::{DependencyFailed, ExecFailed, Failed, TimedOut};
    let status = quietly(session)?;
    let failed = status.is_some_and(|status| {
        status.state == State::Stopped
            && matches!(
                status.stop_reason,
                DependencyFailed | ExecFailed | Failed | TimedOut
            )
    });
    Ok(i32::from(!failed))
}

/// Prints the state; of what is not loaded nothing is said.
fn quietly(session: &mut Session) -> Result<Option<Status>, Failure> {
    let name = session.service();
    let Ok(record) = session.client.find(&name, false)? else {
        return Ok(None);
    };
    let status = session.client.status(record.handle)?;
    session
        .output
        .say(format_args!("{}\n", describe::state(status.state)));
    Ok(Some(status))
}
