//! unload, reload.

use super::Session;
use crate::control::failure::Failure;
use crate::protocol::extension;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;
use crate::protocol::status::Layout;
use crate::text::Show;

pub fn unload(session: &mut Session) -> Result<i32, Failure> {
    let name = session.service();
    let record = session.find(&name)?;
    match session.code(&Request::Unload(record.handle))? {
        Code::Ack => (),
        Code::Nak => {
            session.output.error(format_args!(
                "cannot unload service '{}': it is not stopped, or another loaded service depends on it",
                Show(&name)
            ));
            return Ok(1);
        }
        _ => return Err(Failure::Protocol),
    }
    session
        .output
        .say(format_args!("Service '{}' unloaded.\n", Show(&name)));
    Ok(0)
}

/// Several at once is an extension: all of them are reloaded, or none.
pub fn reload(session: &mut Session) -> Result<i32, Failure> {
    let names = session.given.words.clone();
    let mut handles = Vec::new();
    for name in &names {
        match session.client.find(name, false)? {
            Ok(record) => handles.push(record.handle),
            // Reading it for the first time is as good.
            Err(Code::NoService) => {
                session.load(name)?;
            }
            Err(code) => return Err(session.load_failed(name, code)),
        }
    }
    let done = match (handles.as_slice(), names.as_slice()) {
        ([], _) => true,
        ([handle], [name]) => one(session, *handle, name)?,
        _ => several(session, &handles)?,
    };
    if !done {
        return Ok(1);
    }
    for name in &names {
        session
            .output
            .say(format_args!("Service '{}' reloaded.\n", Show(name)));
    }
    Ok(0)
}

fn one(session: &mut Session, handle: u32, name: &[u8]) -> Result<bool, Failure> {
    match session.code(&Request::Reload(handle))? {
        Code::Ack => return Ok(true),
        Code::Nak => (),
        _ => return Err(Failure::Protocol),
    }
    session.output.error(format_args!(
        "cannot reload service '{}': its state does not allow the change, or its description is wrong",
        Show(name)
    ));
    if let Some(reason) = session.last_error() {
        session.output.error(format_args!("{}", Show(&reason)));
    }
    Ok(false)
}

fn several(session: &mut Session, handles: &[u32]) -> Result<bool, Failure> {
    let output = session.output;
    let Some(request) = extension::reload_many(handles) else {
        output.error(format_args!(
            "no more than {} services can be reloaded at once",
            extension::MAX_RELOAD
        ));
        return Ok(false);
    };
    session.client.send(&request)?;
    match session.client.reply(Layout::V6, &mut |_| ())? {
        Reply::Code(Code::Ack) => Ok(true),
        Reply::Code(Code::BadRequest) => Err(Failure::Lacks("reload several services at once")),
        Reply::ReloadRefused(reason) => {
            output.error(format_args!("nothing was reloaded: {}", Show(reason)));
            Ok(false)
        }
        _ => Err(Failure::Protocol),
    }
}
