//! A netlink socket: a request and its acknowledgement, a dump, and the groups that tell of changes.

use super::constants::{
    NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR,
    NLMSGERR_ATTR_MSG,
};
use super::message::{Builder, HEADER, Message, Messages};
use super::{Attributes, constants};
use crate::system;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::{GENERIC, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send,
    socket_with, sockopt,
};
use std::fmt;

/// Bytes that one datagram of the kernel may have: it makes them no larger than this, if so much is read at once.
const DATAGRAM: usize = 32 << 10;

/// Bytes that may wait to be read by one who watches: a thousand links at once are some 1.5 MB.
const WAITING: usize = 4 << 20;

/// So often is a dump begun again that changed while it ran.
const DUMPS: u32 = 16;

/// Why the kernel did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub errno: Errno,
    /// What the kernel says of it, if anything (`NLMSGERR_ATTR_MSG`).
    pub said: String,
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self {
            errno,
            said: String::new(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        common::words(self.errno).fmt(f)?;
        match &*self.said {
            "" => Ok(()),
            said => write!(f, ": {said}"),
        }
    }
}

/// What came in of those who watch.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing more is there.
    Nothing,
    /// There was something, and it was handed over.
    Something,
    /// More came than could wait: what there is must be asked for anew.
    Overrun,
}

pub struct Socket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Socket {
    /// A socket for requests about links, addresses and routes (`NETLINK_ROUTE`).
    ///
    /// # Errors
    /// That of socket(2): no descriptor left, or a kernel without it.
    pub fn route() -> Result<Self, Failure> {
        Self::open(None, 0)
    }

    /// One for generic netlink.
    ///
    /// # Errors
    /// As [`Socket::route`].
    pub fn generic() -> Result<Self, Failure> {
        Self::open(Some(GENERIC), 0)
    }

    /// One that hears of changes (`constants::group`); reading it never waits.
    ///
    /// # Errors
    /// As [`Socket::route`].
    pub fn watch(groups: u32) -> Result<Self, Failure> {
        Self::open(None, groups)
    }

    fn open(protocol: Option<Protocol>, groups: u32) -> Result<Self, Failure> {
        let mut flags = SocketFlags::CLOEXEC;
        if groups != 0 {
            flags |= SocketFlags::NONBLOCK;
        }
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
        if groups != 0 {
            // Beyond net.core.rmem_max where that is allowed.
            let _ = sockopt::set_socket_recv_buffer_size_force(&fd, WAITING)
                .or_else(|_| sockopt::set_socket_recv_buffer_size(&fd, WAITING));
        } else {
            // Errors in words, without the request sent back. Kernels before 4.20 filter no dumps: all is read then.
            let _ = system::set_netlink(&fd, libc::NETLINK_EXT_ACK);
            let _ = system::set_netlink(&fd, libc::NETLINK_CAP_ACK);
            let _ = system::set_netlink(&fd, libc::NETLINK_GET_STRICT_CHK);
        }
        bind(&fd, &SocketAddrNetlink::new(0, groups))?;
        Ok(Self {
            fd,
            sequence: 0,
            buffer: Vec::new(),
        })
    }

    /// Asks for something to be done, and waits until it is.
    ///
    /// # Errors
    /// The kernel's, with its words.
    pub fn request(&mut self, message: Builder) -> Result<(), Failure> {
        self.send(message, true)?;
        self.answers(&mut |_| {})
    }

    /// Asks for one answer.
    ///
    /// # Errors
    /// As [`Socket::request`].
    pub fn ask(
        &mut self,
        message: Builder,
        answer: &mut dyn FnMut(Message<'_>),
    ) -> Result<(), Failure> {
        self.send(message, true)?;
        self.answers(answer)
    }

    /// Asks for all there is of a kind. What the kernel changed meanwhile makes it begin again: `each` is called with nothing first
    /// each time, then with each message. The header is the family's own.
    ///
    /// # Errors
    /// As [`Socket::request`]; [`Errno::AGAIN`] when there was no quiet moment.
    pub fn dump(
        &mut self,
        kind: u16,
        header: &[u8],
        each: &mut dyn FnMut(Option<Message<'_>>),
    ) -> Result<(), Failure> {
        for _ in 0..DUMPS {
            each(None);
            let mut interrupted = false;
            self.send(Builder::new(kind, NLM_F_DUMP, header), false)?;
            self.answers(&mut |message| {
                interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
                each(Some(message));
            })?;
            if !interrupted {
                return Ok(());
            }
        }
        Err(Errno::AGAIN.into())
    }

    fn send(&mut self, message: Builder, acknowledge: bool) -> Result<(), Failure> {
        self.sequence = self.sequence.wrapping_add(1);
        let bytes = message.finish(self.sequence, acknowledge);
        loop {
            match send(&self.fd, &bytes, SendFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Reads until the request is answered: an acknowledgement, an error, or the end of a dump.
    fn answers(&mut self, each: &mut dyn FnMut(Message<'_>)) -> Result<(), Failure> {
        self.buffer.resize(DATAGRAM, 0);
        let result = loop {
            let length = match recv(&self.fd, &mut self.buffer[..], RecvFlags::empty()) {
                Ok((length, _)) => length,
                Err(Errno::INTR) => continue,
                Err(errno) => break Err(errno.into()),
            };
            let of_this = |message: &Message<'_>| message.sequence == self.sequence;
            let mut end = None;
            for message in Messages(&self.buffer[..length]).filter(of_this) {
                match message.kind {
                    NLMSG_ERROR => end = Some(acknowledgement(&message)),
                    NLMSG_DONE => end = Some(done(&message)),
                    _ => each(message),
                }
            }
            if let Some(end) = end {
                break end;
            }
        };
        self.buffer = Vec::new();
        result
    }

    /// Reads what has come of the groups, one datagram.
    ///
    /// # Errors
    /// That of recv(2), but for the ones that are an answer of [`Heard`].
    pub fn hear(&mut self, mut each: impl FnMut(Message<'_>)) -> Result<Heard, Failure> {
        let mut buffer = [0; 8192];
        let mut large = Vec::new();
        let (length, whole) = match recv(&self.fd, &mut buffer, RecvFlags::PEEK | RecvFlags::TRUNC)
        {
            Ok(lengths) => lengths,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Heard::Nothing),
            Err(Errno::NOBUFS) => return Ok(Heard::Overrun),
            Err(errno) => return Err(errno.into()),
        };
        let bytes = if whole > length {
            large.resize(whole, 0);
            &mut large[..]
        } else {
            &mut buffer[..]
        };
        let length = match recv(&self.fd, &mut *bytes, RecvFlags::empty()) {
            Ok((length, _)) => length,
            Err(Errno::NOBUFS) => return Ok(Heard::Overrun),
            Err(errno) => return Err(errno.into()),
        };
        Messages(&bytes[..length]).for_each(&mut each);
        Ok(Heard::Something)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// `struct nlmsgerr`: an error number below zero, the header of the request, and attributes.
fn acknowledgement(message: &Message<'_>) -> Result<(), Failure> {
    let code = message.body.first_chunk::<4>();
    let code = code.map_or(-libc::EBADMSG, |bytes| i32::from_ne_bytes(*bytes));
    if code == 0 {
        return Ok(());
    }
    let mut said = String::new();
    if message.flags & NLM_F_ACK_TLVS != 0 {
        // Behind the header of the request, or all of it.
        let request = message.body.get(4..).unwrap_or_default();
        let length = request.first_chunk::<4>();
        let length = length.map_or(0, |bytes| u32::from_ne_bytes(*bytes));
        let skip = match message.flags & NLM_F_CAPPED {
            0 => usize::try_from(length)
                .unwrap_or(usize::MAX)
                .checked_next_multiple_of(4),
            _ => Some(HEADER),
        };
        let rest = skip.and_then(|skip| request.get(skip..));
        let attributes = Attributes::new(rest.unwrap_or_default());
        attributes
            .text(NLMSGERR_ATTR_MSG)
            .unwrap_or_default()
            .clone_into(&mut said);
    }
    Err(Failure {
        errno: errno(code),
        said,
    })
}

/// The kernel's error numbers are -1 to -4095; what is none is a message that makes no sense.
fn errno(code: i32) -> Errno {
    Errno::from_raw_os_error(match code {
        -4095..0 => -code,
        _ => libc::EBADMSG,
    })
}

/// The end of a dump: an error number below zero, and perhaps attributes.
fn done(message: &Message<'_>) -> Result<(), Failure> {
    let code = message.body.first_chunk::<4>();
    let code = code.map_or(0, |bytes| i32::from_ne_bytes(*bytes));
    match code {
        0.. => Ok(()),
        _ => {
            let said = Attributes::new(message.body.get(4..).unwrap_or_default());
            let said = said.text(constants::NLMSGERR_ATTR_MSG).unwrap_or_default();
            Err(Failure {
                errno: errno(code),
                said: said.to_owned(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn any_acknowledgement_is_an_answer(flags: u16, body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let message = Message { kind: NLMSG_ERROR, flags, sequence: 1, body: &body };
            let _ = acknowledgement(&message);
            let _ = done(&message);
        }
    }

    #[test]
    fn the_kernels_words_are_told() {
        // A link of no kind that there is.
        let mut socket = Socket::route().unwrap();
        let header = [0u8; 16];
        let mut message = Builder::new(constants::RTM_SETLINK, 0, &header);
        message.text(constants::IFLA_IFNAME, "nosuchlink0");
        let failure = socket.request(message).unwrap_err();
        assert_eq!(failure.errno, Errno::NODEV);
        let mut links = Vec::new();
        let read = socket.dump(constants::RTM_GETLINK, &header, &mut |message| {
            if let Some(message) = message {
                let (_, attributes) = message.split(16).unwrap();
                links.push(attributes.text(constants::IFLA_IFNAME).unwrap().to_owned());
            }
        });
        assert!(read.is_ok() && links.contains(&"lo".to_owned()));
    }
}
