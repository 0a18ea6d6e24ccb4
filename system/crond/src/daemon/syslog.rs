//! What is told, to syslog: a datagram each, as syslog(3) writes them. Without a log daemon, to standard error.

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, send, socket_with,
};
use std::io::Write;
use std::path::PathBuf;

/// LOG_CRON of syslog(3).
const CRON: u8 = 9 << 3;
pub const ERR: u8 = 3;
pub const WARNING: u8 = 4;
pub const INFO: u8 = 6;

pub struct Syslog {
    path: PathBuf,
    socket: Option<OwnedFd>,
}

impl Syslog {
    pub fn new(path: PathBuf) -> Self {
        Self { path, socket: None }
    }

    /// Says something. Never waits: a log daemon that does not keep up does not hear it.
    pub fn say(&mut self, level: u8, text: &str) {
        let datagram = format!("<{}>crond: {text}", CRON | level);
        // Once more, as the daemon may have been started anew.
        for _ in 0..2 {
            if self.socket.is_none() {
                self.socket = self.connect().ok();
            }
            let Some(socket) = &self.socket else { break };
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match send(socket, datagram.as_bytes(), flags) {
                Ok(_) | Err(Errno::AGAIN) => return,
                Err(_) => self.socket = None,
            }
        }
        let _ = std::io::stderr().write_all(format!("crond: {text}\n").as_bytes());
    }

    fn connect(&self) -> Result<OwnedFd, Errno> {
        let flags = SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
        connect(&socket, &SocketAddrUnix::new(&*self.path)?)?;
        Ok(socket)
    }
}
