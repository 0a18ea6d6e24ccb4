//! add-dep, rm-dep.

use super::{Session, dependency_kind};
use crate::control::failure::Failure;
use crate::protocol::command::Change;
use crate::protocol::reply::Code;
use crate::protocol::request::Request;
use crate::text::Show;

pub fn run(session: &mut Session, add: bool) -> Result<i32, Failure> {
    let output = session.output;
    let [word, from_name, to_name] = session.given.words.as_slice() else {
        return Err(Failure::Protocol);
    };
    let Some(kind) = dependency_kind(word) else {
        output.error(format_args!(
            "no such type of dependency: '{}' (there are need, milestone and waits-for)",
            Show(word)
        ));
        return Ok(1);
    };
    let (from_name, to_name) = (from_name.clone(), to_name.clone());
    if from_name == to_name {
        output.error(format_args!("a service cannot depend on itself"));
        return Ok(1);
    }
    let from = session.load(&from_name)?.handle;
    let to = session.load(&to_name)?.handle;
    let change = if add { Change::Add } else { Change::Remove };
    let code = session.code(&Request::Dependency {
        change,
        kind,
        from,
        to,
    })?;
    match code {
        Code::Ack => (),
        Code::Nak if add => {
            output.error(format_args!(
                "cannot add the dependency: it would be circular, or the states of the services contradict it"
            ));
            return Ok(1);
        }
        Code::Nak => {
            output.error(format_args!("there is no such dependency"));
            return Ok(1);
        }
        _ => return Err(Failure::Protocol),
    }
    output.say(format_args!(
        "Service '{}': dependency '{}' {}\n",
        Show(&from_name),
        Show(&to_name),
        if add { "added" } else { "removed" }
    ));
    Ok(0)
}
