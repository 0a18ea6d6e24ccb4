//! enable, disable: `waits-for` dependencies that last, as links in the dependent's `waits-for.d` folder.

use super::Session;
use super::description::{self, Dependent};
use super::wait::{Goal, Outcome, outcome};
use crate::control::arguments::Given;
use crate::control::client::{join, template};
use crate::control::failure::Failure;
use crate::control::output::{Output, reason};
use crate::description::environment::Environment;
use crate::description::search;
use crate::description::users::Users;
use crate::engine::{DependencyKind, State};
use crate::protocol::command::Change;
use crate::protocol::info::Info;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;
use crate::protocol::status::{Layout, Status};
use crate::text::Show;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What `enable` and `disable` work on.
struct Link {
    /// In the `waits-for.d` folder.
    path: Vec<u8>,
    target: Vec<u8>,
}

pub fn offline(output: Output, given: &Given, system: bool, enable: bool) -> Result<i32, Failure> {
    let mut folders: Vec<Vec<u8>> = given.values("services-dir").map(<[u8]>::to_vec).collect();
    if folders.is_empty() {
        let usual = match system {
            true => search::system(),
            false => search::user(&Environment::of_process(), &Users::system()),
        };
        folders = usual.into_iter().map(Vec::from).collect();
    }
    let find = |name: &[u8]| {
        let paths = folders.iter().map(|folder| join(folder, template(name)));
        let mut there = paths.filter(|path| as_path(path).exists());
        there.next().ok_or_else(|| {
            output.error(format_args!(
                "no description of service '{}' was found",
                Show(name)
            ));
            Failure::Said
        })
    };
    let environment = description::environment_offline(output, system)?;
    let to = given.words.first().cloned().unwrap_or_default();
    let to_path = find(&to)?;
    let from = dependent(output, given, &environment, &to, &to_path)?;
    let from_path = find(&from)?;
    let link = link(output, &environment, &from, &from_path, &to, &to_path)?;
    check(output, &link, enable)?;
    if !apply(output, &link, enable) {
        return Ok(1);
    }
    done(output, &to, enable);
    Ok(0)
}

pub fn online(session: &mut Session, enable: bool) -> Result<i32, Failure> {
    session.client.require(3)?;
    let output = session.output;
    let to_name = session.service();
    let environment = environment(session)?;
    let to = session.load(&to_name)?.handle;
    let to_path = session.client.description(to, &to_name)?;
    let from_name = dependent(output, &session.given, &environment, &to_name, &to_path)?;
    let from = session.load(&from_name)?;
    let from_path = session.client.description(from.handle, &from_name)?;
    let link = link(
        output,
        &environment,
        &from_name,
        &from_path,
        &to_name,
        &to_path,
    )?;
    check(output, &link, enable)?;
    if enable && from.state != State::Started {
        output.error(format_args!(
            "warning: service '{}', with which it is to start, is not started",
            Show(&from_name)
        ));
    }

    let change = match (enable, session.client.version) {
        (false, _) => Change::Remove,
        (true, 7..) => Change::Enable7,
        (true, _) => Change::Enable,
    };
    let request = Request::Dependency {
        change,
        kind: DependencyKind::WaitsFor,
        from: from.handle,
        to,
    };
    let mut seen = None;
    let mut watch = |info: &Info<'_>| seen = outcome(info, to, Goal::Started).or(seen);
    session
        .client
        .send(&request.encode().ok_or(Failure::Protocol)?)?;
    let mut status: Option<Status> = match session.client.reply(Layout::V6, &mut watch)? {
        Reply::Status { status, .. } => Some(status),
        Reply::Code(Code::Ack) => None,
        Reply::Code(Code::Nak) if enable => {
            output.error(format_args!(
                "cannot enable service '{}': the dependency would be circular",
                Show(&to_name)
            ));
            return Ok(1);
        }
        Reply::Code(Code::Nak) => {
            output.error(format_args!("service '{}' is not enabled", Show(&to_name)));
            return Ok(1);
        }
        _ => return Err(Failure::Protocol),
    };
    if !apply(output, &link, enable) {
        output.error(format_args!(
            "the service is {} until the daemon ends, not for good",
            if enable { "enabled" } else { "disabled" }
        ));
        return Ok(1);
    }
    done(output, &to_name, enable);

    if status.is_none() {
        let layout = session.client.status_layout();
        let request = Request::Status(layout, to).encode();
        session.client.send(&request.ok_or(Failure::Protocol)?)?;
        if let Reply::Status { status: now, .. } = session.client.reply(layout, &mut watch)? {
            status = Some(now);
        }
    }
    let status = status.ok_or(Failure::Protocol)?;
    if !enable {
        if status.target != State::Stopped {
            output.error(format_args!(
                "note: service '{}' is wanted by others too, and goes on",
                Show(&to_name)
            ));
        }
        return Ok(0);
    }
    match (status.state, status.target) {
        (State::Started, _) => Ok(0),
        (_, State::Started) => session.wait(to, &to_name, Goal::Started),
        (_, _) => match seen {
            Some(failed @ Outcome::Failed(_)) => {
                Ok(session.conclude(&to_name, Goal::Started, failed))
            }
            _ => Ok(0),
        },
    }
}

/// The daemon's environment, as far as it tells: names in descriptions may hold variables.
fn environment(session: &mut Session) -> Result<Environment, Failure> {
    match session.client.version {
        0..4 => Ok(Environment::default()),
        _ => session.client.environment(),
    }
}

/// The service that it is to start with: `--from`, `@meta enable-via`, or boot.
fn dependent(
    output: Output,
    given: &Given,
    environment: &Environment,
    to: &[u8],
    to_path: &[u8],
) -> Result<Vec<u8>, Failure> {
    let from = match given.value("from") {
        Some(from) => from.to_vec(),
        None => match description::enable_via(environment, to, to_path) {
            Ok(via) => via.unwrap_or_else(|| b"boot".to_vec()),
            Err(error) => {
                output.error(format_args!("{error}"));
                return Err(Failure::Said);
            }
        },
    };
    if from.contains(&b'@') {
        output.error(format_args!(
            "'{}': nothing can be enabled from a service that has an argument",
            Show(&from)
        ));
        return Err(Failure::Said);
    }
    Ok(from)
}

/// Where the link is to be.
fn link(
    output: Output,
    environment: &Environment,
    from: &[u8],
    from_path: &[u8],
    to: &[u8],
    to_path: &[u8],
) -> Result<Link, Failure> {
    let wrong = |text: std::fmt::Arguments<'_>| {
        output.error(text);
        Err(Failure::Said)
    };
    let Dependent { folders, fixed } = match description::dependent(environment, from, from_path) {
        Ok(dependent) => dependent,
        Err(error) => return wrong(format_args!("{error}")),
    };
    if fixed.iter().any(|name| name == to) {
        return wrong(format_args!(
            "the description of '{}' itself says that it depends on '{}'",
            Show(from),
            Show(to)
        ));
    }
    match folders.as_slice() {
        [folder] => Ok(Link {
            path: join(folder, to),
            target: target(folder, to, to_path),
        }),
        [] => wrong(format_args!(
            "the description of '{}' names no folder by 'waits-for.d'",
            Show(from)
        )),
        _ => wrong(format_args!(
            "the description of '{}' names more than one folder by 'waits-for.d'",
            Show(from)
        )),
    }
}

/// What the link says: relative if the folder lies beside the description. Nobody reads it but people.
fn target(folder: &[u8], to: &[u8], to_path: &[u8]) -> Vec<u8> {
    let end = folder.iter().rposition(|byte| *byte != b'/');
    let folder = &folder[..end.map_or(0, |end| end + 1)];
    if let Some(slash) = folder.iter().rposition(|byte| *byte == b'/')
        && let Some(rest) = to_path.strip_prefix(&folder[..=slash])
    {
        return join(b"..", rest);
    }
    match to_path.first() {
        Some(b'/') => to_path.to_vec(),
        _ => join(b"..", to),
    }
}

/// Whether the link is there already, when it is to be made.
fn check(output: Output, link: &Link, enable: bool) -> Result<(), Failure> {
    match std::fs::symlink_metadata(as_path(&link.path)) {
        Ok(_) if enable => output.error(format_args!(
            "already enabled: {} is there",
            Show(&link.path)
        )),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            output.error(format_args!("{}: {}", Show(&link.path), reason(&error)));
        }
        _ => return Ok(()),
    }
    Err(Failure::Said)
}

/// Makes or removes the link; false: it said why not.
fn apply(output: Output, link: &Link, enable: bool) -> bool {
    let path = as_path(&link.path);
    let (what, done) = match enable {
        true => (
            "cannot make the link",
            std::os::unix::fs::symlink(as_path(&link.target), path),
        ),
        false => ("cannot remove the link", std::fs::remove_file(path)),
    };
    if let Err(error) = &done {
        output.error(format_args!(
            "{what} {}: {}",
            Show(&link.path),
            reason(error)
        ));
    }
    done.is_ok()
}

fn done(output: Output, to: &[u8], enable: bool) {
    output.say(format_args!(
        "Service '{}' has been {}.\n",
        Show(to),
        if enable { "enabled" } else { "disabled" }
    ));
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_where_they_can_be() {
        for (folder, to_path, expected) in [
            ("/etc/dinit.d/boot.d", "/etc/dinit.d/x", "../x"),
            ("/etc/dinit.d/boot.d/", "/etc/dinit.d/x", "../x"),
            ("/etc/dinit.d/boot.d", "/lib/dinit.d/x", "/lib/dinit.d/x"),
            ("/a/boot.d", "/ab/x", "/ab/x"),
            ("boot.d", "x", "../x"),
            ("d/boot.d", "d/x", "../x"),
        ] {
            let target = target(folder.as_bytes(), b"x", to_path.as_bytes());
            assert_eq!(Show(&target).to_string(), expected, "{folder} {to_path}");
        }
    }
}
