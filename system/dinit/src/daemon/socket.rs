//! The control socket: where dinitctl(8) and its kin connect to.

use super::manager::Manager;
use super::options::Level;
use super::poll::{Interest, Token};
use crate::text::Show;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::os::fd::{FromRawFd, OwnedFd};

/// The socket and where it is.
#[derive(Default)]
pub struct ControlSocket {
    pub path: Vec<u8>,
    pub fd: Option<OwnedFd>,
    /// A descriptor that gets the path once commands are accepted.
    pub ready: Option<i32>,
    /// A descriptor to be given up for a connection when there is no other: who is to find out why must get in.
    pub spare: Option<OwnedFd>,
    /// Nobody is let in until there is a descriptor again.
    pub full: bool,
}

/// Connections waiting to be accepted.
const BACKLOG: i32 = 16;

impl Manager {
    /// Opens the socket if it is not open, or was removed from its folder. False: it could not be, and not for the
    /// reason that the file system is read-only yet (`early`: that is no failure then).
    pub(super) fn open_control(&mut self, report_read_only: bool) -> bool {
        if let Some(fd) = &self.control.fd {
            if rustix::fs::stat(&*self.control.path).is_ok() {
                return true;
            }
            self.poll.remove(fd);
            self.control.fd = None;
            self.control.spare = None;
            self.control.full = false;
        }
        if self.control.path.is_empty() {
            return true;
        }
        let result = open(&self.control.path);
        let path = Show(&self.control.path);
        match result {
            Ok(fd) => {
                if let Err(error) = self.poll.add(&fd, Token::Control, Interest::Read) {
                    self.log
                        .say(Level::Error, format_args!("control socket {path}: {error}"));
                    return false;
                }
                self.control.fd = Some(fd);
                self.tell_ready();
                true
            }
            Err(Errno::ROFS) if !report_read_only => true,
            Err(Errno::ADDRINUSE) => {
                let text = "somebody listens there already; is another dinit running?";
                self.log
                    .say(Level::Error, format_args!("control socket {path}: {text}"));
                false
            }
            Err(Errno::EXIST) => {
                let text = "there is a file that is no socket; remove it, or name another path with --socket-path";
                self.log
                    .say(Level::Error, format_args!("control socket {path}: {text}"));
                false
            }
            Err(error) => {
                let error = crate::text::Errno(error.raw_os_error());
                self.log
                    .say(Level::Error, format_args!("control socket {path}: {error}"));
                false
            }
        }
    }

    /// Takes in who knocks, if need be with the descriptor that is kept for it.
    pub(super) fn accept(&mut self) {
        let Some(socket) = &self.control.fd else {
            return;
        };
        let accept =
            || rustix::net::accept_with(socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK);
        let full = |error: &Errno| {
            matches!(
                *error,
                Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM
            )
        };
        let mut accepted = accept();
        if accepted.as_ref().is_err_and(full) {
            self.control.spare = None;
            accepted = accept();
        }
        match accepted {
            Ok(fd) => {
                self.connect(fd);
            }
            Err(error) if full(&error) => {
                // It would be there at once, again and again.
                self.poll.remove(socket);
                self.control.full = true;
            }
            Err(_) => {}
        }
    }

    /// Takes back what was given up for a connection, once there is a descriptor again.
    pub(super) fn keep_spare(&mut self) {
        if self.control.spare.is_some() {
            return;
        }
        let Some(socket) = &self.control.fd else {
            return;
        };
        self.control.spare = rustix::io::fcntl_dupfd_cloexec(socket, 3).ok();
        if self.control.full && self.control.spare.is_some() {
            self.control.full = self
                .poll
                .add(socket, Token::Control, Interest::Read)
                .is_err();
        }
    }

    /// Writes the path to the descriptor of `--ready-fd`, once.
    pub(super) fn tell_ready(&mut self) {
        if self.control.fd.is_none() {
            return;
        }
        if let Some(number) = self.control.ready.take() {
            let mut text = self.control.path.clone();
            text.push(0);
            // SAFETY: the caller of the program gave us this descriptor for this purpose.
            let fd = unsafe { OwnedFd::from_raw_fd(number) };
            let _ = rustix::io::write(&fd, &text);
            if number <= 2 {
                // Our own output stays.
                std::mem::forget(fd);
            }
        }
    }

    pub(super) fn close_control(&mut self) {
        if let Some(fd) = self.control.fd.take() {
            self.poll.remove(&fd);
            self.control.spare = None;
            let _ = rustix::fs::unlink(&*self.control.path);
        }
    }
}

/// A socket that listens at `path`. A file that nobody listens at any more is replaced.
fn open(path: &[u8]) -> Result<OwnedFd, Errno> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&fd, &address) {
        Ok(()) | Err(Errno::AGAIN) => return Err(Errno::ADDRINUSE),
        Err(_) => {}
    }
    match rustix::fs::lstat(path) {
        Ok(found)
            if rustix::fs::FileType::from_raw_mode(found.st_mode)
                != rustix::fs::FileType::Socket =>
        {
            return Err(Errno::EXIST);
        }
        Ok(_) => rustix::fs::unlink(path)?,
        Err(_) => {}
    }
    rustix::net::bind(&fd, &address)?;
    // Nobody can connect before it listens, so that nobody sees other permissions.
    rustix::fs::chmod(path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
    rustix::net::listen(&fd, BACKLOG)?;
    Ok(fd)
}
