//! Where the kernel tells of devices that come and go (netlink(7), `NETLINK_KOBJECT_UEVENT`).

use super::uevent::Event;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recvfrom, socket_with, sockopt,
};

/// The kernel's own group; others are of programs that speak to each other.
const KERNEL: u32 = 1;
/// Bytes that may wait to be read: the kernel counts some 1,300 for a message.
const WAITING: usize = 8 << 20;
/// No message of the kernel is longer (`UEVENT_BUFFER_SIZE` and what is before it).
const LONGEST: usize = 4096;

/// What came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing more is there.
    Nothing,
    /// A message, which was handed over if it was the kernel's.
    Something,
    /// More came than could wait: what there is must be looked at anew.
    Overrun,
}

pub struct Socket(OwnedFd);

impl Socket {
    /// Hears from now on. `waiting`: bytes that may wait, instead of what is enough for all.
    ///
    /// # Errors
    /// That of socket(2) or bind(2).
    pub fn open(waiting: Option<usize>) -> Result<Self, Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            flags,
            Some(KOBJECT_UEVENT),
        )?;
        let waiting = waiting.unwrap_or(WAITING);
        // Beyond net.core.rmem_max where that is allowed.
        let _ = sockopt::set_socket_recv_buffer_size_force(&socket, waiting)
            .or_else(|_| sockopt::set_socket_recv_buffer_size(&socket, waiting));
        bind(&socket, &SocketAddrNetlink::new(0, KERNEL))?;
        Ok(Self(socket))
    }

    /// Reads one message, without waiting.
    ///
    /// # Errors
    /// That of recvfrom(2), but for what is an answer of [`Heard`].
    pub fn hear(&self, each: impl FnOnce(Event<'_>)) -> Result<Heard, Errno> {
        let mut buffer = [0; LONGEST];
        let (length, _, from) = match recvfrom(&self.0, &mut buffer, RecvFlags::empty()) {
            Ok(message) => message,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Heard::Nothing),
            Err(Errno::NOBUFS) => return Ok(Heard::Overrun),
            Err(errno) => return Err(errno),
        };
        let sender = from.and_then(|address| SocketAddrNetlink::try_from(address).ok());
        // Programs can send to the group too.
        if sender.is_some_and(|sender| sender.pid() == 0)
            && let Some(event) = Event::parse(&buffer[..length])
        {
            each(event);
        }
        Ok(Heard::Something)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
