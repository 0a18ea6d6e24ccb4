//! What is opened before it is a user like others.

use crate::error::{Error, Result};
use crate::kmsg::Kmsg;
use crate::store::{self, Owner};
use crate::user::{self, User};
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, socket_with, sockopt,
};
use std::env;
use std::path::Path;

/// The user of that name; none if there is no name, or we are no root that could become one.
pub fn user(name: Option<&str>) -> Result<Option<User>> {
    let Some(name) = name else { return Ok(None) };
    let path = "/etc/passwd";
    let text = std::fs::read(path).map_err(Error::file(path, "reading it"))?;
    let user = user::find(&text, name).ok_or_else(|| {
        Error::Impossible(format!(
            "{path}: there is no user '{name}': make one, or leave --user out"
        ))
    })?;
    let ours = rustix::process::geteuid().as_raw();
    match ours {
        0 => Ok(Some(user)),
        uid if uid == user.uid => Ok(None),
        _ => Err(Error::Impossible(format!(
            "only root can become '{name}': leave --user out"
        ))),
    }
}

/// The socket that programs send to: one that was handed over (sd_listen_fds(3)), or the one of this path, which whoever
/// likes may write to.
pub fn socket(path: &Path) -> Result<OwnedFd> {
    let shown = path.display().to_string();
    let socket = match handed_over() {
        Some(socket) => socket,
        None => listen(path).map_err(|errno| match errno {
            Errno::ADDRINUSE => {
                Error::Impossible(format!("{shown}: another listens there: end it first"))
            }
            errno => Error::file(&shown, "listening there")(errno),
        })?,
    };
    match sockopt::socket_type(&socket) {
        Ok(SocketType::DGRAM) => {}
        _ => {
            let told = "the socket that was handed over takes no datagrams: write socket-listen = unix-dgram:/dev/log";
            return Err(Error::Impossible(told.to_owned()));
        }
    }
    // From now on the kernel says of each message whose it is.
    sockopt::set_socket_passcred(&socket, true)
        .map_err(Error::file(&shown, "asking for senders"))?;
    Ok(socket)
}

fn handed_over() -> Option<OwnedFd> {
    let number = |name| env::var(name).ok()?.parse::<u32>().ok();
    let ours = number("LISTEN_PID")? == std::process::id() && number("LISTEN_FDS")? >= 1;
    if ours { common::handed_over(3) } else { None }
}

fn listen(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let make = || socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None);
    let address = SocketAddrUnix::new(path)?;
    // One that nobody listens at any more is in the way.
    if let Ok(stat) = rustix::fs::lstat(path)
        && FileType::from_raw_mode(stat.st_mode) == FileType::Socket
    {
        match connect(&make()?, &address) {
            Err(Errno::CONNREFUSED) => rustix::fs::unlink(path)?,
            _ => return Err(Errno::ADDRINUSE),
        }
    }
    let socket = make()?;
    bind(&socket, &address)?;
    rustix::fs::chmod(path, Mode::from_raw_mode(0o666))?;
    Ok(socket)
}

/// The kernel's log, from that record on.
pub fn kernel(path: &Path, wanted: bool, next: u64) -> Result<Option<Kmsg>> {
    if !wanted {
        return Ok(None);
    }
    let shown = path.display().to_string();
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file =
        rustix::fs::open(path, flags, Mode::empty()).map_err(Error::file(&shown, "opening it"))?;
    Ok(Some(Kmsg::new(file, next)))
}

/// A file with the number of the kernel's next record, so that nothing stands in the log twice after another start.
/// It belongs below /run: the numbers begin anew with the machine.
pub struct Sequence(OwnedFd);

impl Sequence {
    /// Opens it, and tells what it holds. Without it all that the kernel has is read.
    pub fn open(path: &Path, owner: Owner) -> (Result<Self>, u64) {
        let shown = path.display().to_string();
        let next = std::fs::read_to_string(path).ok();
        let next = next.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let open = || -> std::io::Result<OwnedFd> {
            if let Some(folder) = path.parent() {
                store::make_folder(folder, owner)?;
            }
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            Ok(rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))?)
        };
        (
            open().map(Self).map_err(Error::file(&shown, "making it")),
            next,
        )
    }

    /// Of one length, so that no half of it is ever read.
    pub fn keep(&self, next: u64) {
        let _ = rustix::io::pwrite(&self.0, format!("{next:020}\n").as_bytes(), 0);
    }
}
