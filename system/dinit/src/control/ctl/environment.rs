//! setenv, unsetenv.

use super::Session;
use crate::control::failure::Failure;
use crate::protocol::reply::Code;
use crate::protocol::request::{MAX_TEXT, Request};
use crate::text::Show;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

pub fn run(session: &mut Session, unset: bool) -> Result<i32, Failure> {
    let output = session.output;
    for word in session.given.words.clone() {
        let named = word.contains(&b'=');
        if unset && named {
            output.error(format_args!(
                "'{}': the name of a variable has no '='",
                Show(&word)
            ));
            return Ok(1);
        }
        let mut entry = word.clone();
        if !unset && !named {
            // Without a value: that of our own environment.
            entry.push(b'=');
            let value = std::env::var_os(std::ffi::OsStr::from_bytes(&word));
            entry.extend_from_slice(&value.unwrap_or_default().into_vec());
        }
        let request = match unset {
            true => Request::UnsetEnvironment(&entry),
            false => Request::SetEnvironment(&entry),
        };
        if request.encode().is_none() {
            let name = word.split(|byte| *byte == b'=').next();
            let name = Show(name.unwrap_or_default());
            output.error(format_args!(
                "variable '{name}' is too long: name, '=' and value may have {MAX_TEXT} bytes"
            ));
            return Ok(1);
        }
        match session.code(&request)? {
            Code::Ack => (),
            Code::BadRequest => {
                output.error(format_args!(
                    "the daemon refused variable '{}'",
                    Show(&word)
                ));
                return Ok(1);
            }
            Code::OutOfMemory => {
                output.error(format_args!("the daemon has no memory for it"));
                return Ok(1);
            }
            _ => return Err(Failure::Protocol),
        }
    }
    Ok(0)
}
