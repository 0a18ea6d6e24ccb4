//! The control socket: one packet with a command comes, packets with the answer go: the exit status in a byte, then the text.

use crate::error::{Error, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, connect, listen, recv, send, socket_with, sockopt,
};
use std::fs;
use std::path::Path;

/// Bytes of a packet.
const PACKET: usize = 16 << 10;

/// Makes the socket, in place of one that nobody answers at.
///
/// # Errors
/// Another devd answers, or that of the file.
pub fn open(path: &Path) -> Result<OwnedFd> {
    let shown = path.display().to_string();
    let wrong = |errno: Errno| Error::file(&shown, "making it")(errno.into());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file(&shown, "making its folder"))?;
    }
    if call(path).is_ok() {
        return Err(Error::Impossible(format!(
            "{shown}: a devd runs already: stop it first, or speak to it with 'devd status'"
        )));
    }
    let _ = fs::remove_file(path);
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket =
        socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).map_err(wrong)?;
    bind(&socket, &SocketAddrUnix::new(path).map_err(wrong)?).map_err(wrong)?;
    // All may ask; who may change something is asked of the kernel.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    fs::set_permissions(path, mode).map_err(Error::file(&shown, "its mode"))?;
    listen(&socket, 16).map_err(wrong)?;
    Ok(socket)
}

/// Connects to the daemon.
///
/// # Errors
/// There is none.
pub fn call(path: &Path) -> Result<OwnedFd, Errno> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

/// Has the daemon do something; its status and its answer.
///
/// # Errors
/// There is none, or it ended meanwhile.
pub fn ask(path: &Path, command: &str) -> Result<(u8, String)> {
    let shown = path.display().to_string();
    let socket = call(path).map_err(|errno| {
        Error::Impossible(format!(
            "{shown}: {}: no daemon runs: start 'devd run'",
            common::words(errno)
        ))
    })?;
    let failed = |errno: Errno| Error::file(&shown, "speaking to the daemon")(errno.into());
    send(&socket, command.as_bytes(), SendFlags::NOSIGNAL).map_err(failed)?;
    let mut answer = Vec::new();
    let mut room = vec![0; PACKET];
    loop {
        match recv(&socket, &mut room[..], RecvFlags::empty()) {
            Ok((0, _)) => break,
            Ok((length, _)) => answer.extend_from_slice(&room[..length]),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
    match answer.split_first() {
        Some((status, text)) => Ok((*status, String::from_utf8_lossy(text).into_owned())),
        None => Err(Error::Impossible(format!("{shown}: the daemon ended"))),
    }
}

pub struct Connection {
    fd: OwnedFd,
    root: bool,
    over: bool,
    /// It waits until a pass is over.
    pub waits: bool,
}

impl Connection {
    /// The next that waits at the socket.
    pub fn accept(listener: &OwnedFd) -> Option<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = accept_with(listener, flags).ok()?;
        let root = sockopt::socket_peercred(&fd).is_ok_and(|peer| peer.uid.is_root());
        Some(Self {
            fd,
            root,
            over: false,
            waits: false,
        })
    }

    /// The command, if one has come. A client that went, or says more while it waits, is done with.
    pub fn read(&mut self) -> Option<String> {
        let mut room = [0; 256];
        match recv(&self.fd, &mut room, RecvFlags::empty()) {
            Ok((length @ 1.., _)) if !self.waits => {
                Some(String::from_utf8_lossy(&room[..length]).into_owned())
            }
            Err(Errno::AGAIN | Errno::INTR) => None,
            _ => {
                self.over = true;
                None
            }
        }
    }

    pub fn may_change(&self) -> bool {
        self.root
    }

    /// Answers, and ends. Who does not read loses what does not fit into the socket.
    pub fn answer(&mut self, status: u8, text: &str) {
        let mut bytes = vec![status];
        bytes.extend_from_slice(text.as_bytes());
        for packet in bytes.chunks(PACKET) {
            if send(&self.fd, packet, SendFlags::NOSIGNAL).is_err() {
                break;
            }
        }
        self.over = true;
    }

    pub fn is_over(&self) -> bool {
        self.over
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
