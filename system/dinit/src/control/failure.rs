//! Why a program could not do what it was asked.

use super::output::{Output, reason};
use crate::protocol;
use crate::text::Show;
use std::io;

#[derive(Debug)]
pub enum Failure {
    /// It was said already.
    Said,
    /// There is no telling where the socket is.
    NoAddress,
    Connect {
        path: Vec<u8>,
        error: io::Error,
        /// It is the usual place of a user's instance.
        user: bool,
    },
    Read(io::Error),
    Write(io::Error),
    /// The daemon ended the connection.
    Closed,
    /// The daemon said something that makes no sense here.
    Protocol,
    /// The daemon no longer speaks our version.
    DaemonNewer,
    /// The daemon is older than what this needs.
    DaemonOlder,
    /// The daemon does not know an extension.
    Lacks(&'static str),
}

impl Failure {
    pub fn report(&self, output: Output) {
        match self {
            Self::Said => (),
            Self::NoAddress => output.error(format_args!(
                "cannot tell where the control socket is: set XDG_RUNTIME_DIR or HOME, or give its path with -p"
            )),
            Self::Connect { path, error, user } => {
                output.error(format_args!(
                    "connecting to socket: {}: {}",
                    Show(path),
                    reason(error)
                ));
                if *user && error.kind() == io::ErrorKind::NotFound {
                    output.error(format_args!(
                        "perhaps no user instance of dinit is running (-s is for the system's)"
                    ));
                }
            }
            Self::Read(error) => {
                output.error(format_args!("reading from the control socket: {}", reason(error)));
            }
            Self::Write(error) => {
                output.error(format_args!("writing to the control socket: {}", reason(error)));
            }
            Self::Closed => output.error(format_args!("the daemon closed the connection")),
            Self::Protocol => output.error(format_args!(
                "protocol error: the daemon's answer makes no sense here"
            )),
            Self::DaemonNewer => output.error(format_args!(
                "too old for this daemon: it no longer speaks protocol version {}",
                protocol::VERSION
            )),
            Self::DaemonOlder => {
                output.error(format_args!("this daemon is too old for that"));
            }
            Self::Lacks(what) => output.error(format_args!(
                "this daemon cannot {what}: it is an extension that it does not know"
            )),
        }
    }
}
