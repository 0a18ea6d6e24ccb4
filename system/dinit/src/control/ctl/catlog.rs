//! catlog.

use super::Session;
use crate::control::failure::Failure;
use crate::protocol::extension;
use crate::protocol::info::Info;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;
use crate::text::Show;
use std::io::Write;

pub fn run(session: &mut Session) -> Result<i32, Failure> {
    session.client.require(2)?;
    let output = session.output;
    let name = session.service();
    let handle = session.load(&name)?.handle;
    let clear = session.given.has("clear");
    let follow = session.given.has("follow");
    let log = match session.client.ask(&Request::CatLog { handle, clear })? {
        Reply::Log(log) => log.to_vec(),
        Reply::Code(Code::Nak) => {
            output.error(format_args!(
                "service '{}' does not buffer its output (log-type = buffer)",
                Show(&name)
            ));
            return Ok(1);
        }
        _ => return Err(Failure::Protocol),
    };
    output.bytes(&log);
    if follow {
        return self::follow(session, handle);
    }
    if log.last().is_some_and(|last| *last != b'\n') {
        output.print(format_args!("\n(last line is truncated or incomplete)\n"));
    }
    Ok(0)
}

/// Until the reader, the daemon or the user ends it.
fn follow(session: &mut Session, handle: u32) -> Result<i32, Failure> {
    match session.code(&Request::Extension(extension::Request::FollowLog(handle)))? {
        Code::Ack => (),
        Code::BadRequest => return Err(Failure::Lacks("follow a log")),
        _ => return Err(Failure::Protocol),
    }
    let mut out = std::io::stdout();
    loop {
        match session.client.info() {
            Ok(Info::Log { handle: of, bytes }) if of == handle => {
                if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
                    return Ok(1);
                }
            }
            Ok(_) => (),
            Err(Failure::Closed) => return Ok(0),
            Err(failure) => return Err(failure),
        }
    }
}
