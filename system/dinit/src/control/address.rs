//! Where the daemon is: the control socket's path, or a connection that was passed on.

use super::arguments::Given;
use super::failure::Failure;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;

/// The system instance's socket.
pub const SYSTEM_SOCKET: &str = "/run/dinitctl";

/// Which daemon is meant.
#[derive(Clone, Debug, Default)]
pub struct Address {
    /// `-p`
    pub path: Option<Vec<u8>>,
    /// A user's instance rather than the system's.
    pub user: bool,
    /// `--use-passed-cfd`: a connection whose number is in DINIT_CS_FD; when there is none, the socket after all.
    pub passed: bool,
}

impl Address {
    /// The system's instance for root, otherwise the user's.
    pub fn usual() -> Self {
        Self {
            user: !rustix::process::getuid().is_root(),
            ..Self::default()
        }
    }

    /// Takes over `--system`, `--user`, `--socket-path` and `--use-passed-cfd`.
    pub fn choose(&mut self, given: &Given) {
        if let Some(which) = given.last_of(["system", "user"]) {
            self.user = which == "user";
        }
        self.path = given.value("socket-path").map(<[u8]>::to_vec);
        self.passed = given.has("use-passed-cfd");
    }

    /// The path to connect to: `-p`, DINIT_SOCKET_PATH, or the usual place; true: the usual one of a user's instance.
    pub fn resolve(&self) -> Result<(Vec<u8>, bool), Failure> {
        let variable = |name| std::env::var_os(name).map(OsStringExt::into_vec);
        if let Some(path) = &self.path {
            return Ok((path.clone(), false));
        }
        if let Some(path) = variable("DINIT_SOCKET_PATH") {
            return Ok((path, self.user));
        }
        if !self.user {
            return Ok((SYSTEM_SOCKET.into(), false));
        }
        let (mut path, name) = match variable("XDG_RUNTIME_DIR") {
            Some(folder) => (folder, "/dinitctl"),
            None => (home().ok_or(Failure::NoAddress)?, "/.dinitctl"),
        };
        path.extend_from_slice(name.as_bytes());
        Ok((path, true))
    }
}

/// The user's home: HOME, or what /etc/passwd says.
pub fn home() -> Option<Vec<u8>> {
    if let Some(home) = std::env::var_os("HOME") {
        return Some(home.into_vec());
    }
    let users = std::fs::read("/etc/passwd").ok()?;
    let uid = rustix::process::getuid().as_raw().to_string();
    users.split(|byte| *byte == b'\n').find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':').skip(2);
        (fields.next()? == uid.as_bytes()).then_some(())?;
        Some(fields.nth(2)?.to_vec())
    })
}

/// The connection that DINIT_CS_FD names, made blocking. It is a copy: the number stays open.
pub fn passed() -> Option<OwnedFd> {
    let number = std::env::var("DINIT_CS_FD").ok()?.parse().ok()?;
    let this = rustix::process::pidfd_open(
        rustix::process::getpid(),
        rustix::process::PidfdFlags::empty(),
    )
    .ok()?;
    let flags = rustix::process::PidfdGetfdFlags::empty();
    let connection = rustix::process::pidfd_getfd(this, number, flags).ok()?;
    let flags = rustix::fs::fcntl_getfl(&connection).ok()?;
    rustix::fs::fcntl_setfl(&connection, flags - rustix::fs::OFlags::NONBLOCK).ok()?;
    Some(connection)
}
