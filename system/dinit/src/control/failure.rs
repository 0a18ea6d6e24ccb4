//! Why a program could not do what it was asked.

use super::output::{Output, reason};
use crate::protocol;
use crate::text::Show;
use std::{fmt, io};

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
        if matches!(self, Self::Said) {
            return;
        }
        output.error(format_args!("{self}"));
        if let Self::Connect {
            error, user: true, ..
        } = self
            && error.kind() == io::ErrorKind::NotFound
        {
            output.error(format_args!(
                "perhaps no user instance of dinit is running (-s is for the system's)"
            ));
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said => Ok(()),
            Self::NoAddress => f.write_str(
                "cannot tell where the control socket is: set XDG_RUNTIME_DIR or HOME, or give its path with -p",
            ),
            Self::Connect { path, error, .. } => {
                write!(f, "connecting to socket: {}: {}", Show(path), reason(error))
            }
            Self::Read(error) => {
                write!(f, "reading from the control socket: {}", reason(error))
            }
            Self::Write(error) => write!(f, "writing to the control socket: {}", reason(error)),
            Self::Closed => f.write_str("the daemon closed the connection"),
            Self::Protocol => {
                f.write_str("protocol error: the daemon's answer makes no sense here")
            }
            Self::DaemonNewer => write!(
                f,
                "too old for this daemon: it no longer speaks protocol version {}",
                protocol::VERSION
            ),
            Self::DaemonOlder => f.write_str("this daemon is too old for that"),
            Self::Lacks(what) => write!(
                f,
                "this daemon cannot {what}: it is an extension that it does not know"
            ),
        }
    }
}
