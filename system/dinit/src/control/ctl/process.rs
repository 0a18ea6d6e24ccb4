//! signal, trigger, untrigger, shutdown, reexec.

use super::Session;
use crate::control::failure::Failure;
use crate::control::output::Output;
use crate::description::values::SIGNALS;
use crate::protocol::command::Shutdown;
use crate::protocol::extension;
use crate::protocol::reply::Code;
use crate::protocol::request::Request;
use crate::text::Show;

/// `signal --list`
pub fn list(output: Output) -> i32 {
    let mut text = String::from("dinitctl: The following signal names are supported:");
    for (name, number) in SIGNALS {
        text += &format!("\ndinitctl: {name:<5}-> {number}");
    }
    output.print(format_args!("{text}\n"));
    0
}

pub fn signal(session: &mut Session) -> Result<i32, Failure> {
    session.client.require(2)?;
    let output = session.output;
    let [word, name] = session.given.words.as_slice() else {
        return Err(Failure::Protocol);
    };
    let word = Show(word).to_string();
    let named = SIGNALS.iter().find(|(name, _)| *name == word);
    let Some(signal) = named.map(|(_, number)| *number).or(word.parse().ok()) else {
        output.error(format_args!(
            "'{word}' is neither a number nor the name of a signal (signal --list shows the names)"
        ));
        return Ok(1);
    };
    let name = name.clone();
    let handle = session.load(&name)?.handle;
    let name = Show(&name);
    match session.code(&Request::Signal { handle, signal })? {
        Code::Ack => return Ok(0),
        Code::NoPid => output.error(format_args!(
            "service '{name}' has no process: it is of another type, or not running"
        )),
        Code::BadSignal => output.error(format_args!("there is no signal {signal}")),
        Code::KillError => {
            output.error(format_args!("the signal could not be sent to '{name}'"));
        }
        _ => return Err(Failure::Protocol),
    }
    Ok(1)
}

pub fn trigger(session: &mut Session, set: bool) -> Result<i32, Failure> {
    session.client.require(2)?;
    let name = session.service();
    let handle = session.load(&name)?.handle;
    match session.code(&Request::SetTrigger(handle, set))? {
        Code::Ack => Ok(0),
        Code::Nak => {
            session.output.error(format_args!(
                "service '{}' has no trigger: it is not of type 'triggered'",
                Show(&name)
            ));
            Ok(1)
        }
        _ => Err(Failure::Protocol),
    }
}

/// Waits until the daemon has stopped all services: then it closes the connection.
pub fn shutdown(session: &mut Session) -> Result<i32, Failure> {
    let output = session.output;
    match session.code(&Request::Shutdown(Shutdown::Halt))? {
        Code::Ack => (),
        _ => return Err(Failure::Protocol),
    }
    output.say(format_args!("Shutting down dinit...\n"));
    while session.client.info().is_ok() {}
    output.say(format_args!("Connection closed.\n"));
    Ok(0)
}

pub fn reexec(session: &mut Session) -> Result<i32, Failure> {
    let request = Request::Extension(extension::Request::Reexec);
    match session.code(&request)? {
        Code::Ack => {
            session.output.say(format_args!("Replacing dinit.\n"));
            Ok(0)
        }
        Code::Nak => {
            session.output.error(format_args!(
                "the daemon could not replace itself; its log tells why"
            ));
            Ok(1)
        }
        Code::BadRequest => Err(Failure::Lacks("replace itself")),
        _ => Err(Failure::Protocol),
    }
}
