//! The sockets of `socket-listen`, opened before the service is started and handed to it (sd_listen_fds(3)).

use crate::description::{Description, Extra, Socket};
use crate::text::Show;
use rustix::fs::{CWD, FileType, Gid, Mode, Uid};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::fmt;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// Connections that may wait to be accepted, as in the reference.
const BACKLOG: i32 = 128;

/// Mode of a unix socket for which none is given.
const DEFAULT_MODE: u32 = 0o666;

/// A socket that could not be opened.
#[derive(Debug)]
pub struct Error {
    pub errno: i32,
    address: Box<str>,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Create,
    NotASocket,
    Check,
    Bind,
    Own,
    Permit,
    Listen,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Create => "cannot be created",
            What::NotASocket => return write!(f, "{} is there and is not a socket", self.address),
            What::Check => "cannot be looked at",
            What::Bind => "cannot be bound",
            What::Own => "cannot be given to its owner",
            What::Permit => "cannot be given its permissions",
            What::Listen => "cannot be listened at",
        };
        let error = crate::text::Errno(self.errno);
        write!(f, "socket {} {what}: {error}", self.address)
    }
}

/// Opens them all, in the description's order; none if one of them fails.
pub fn open(description: &Description) -> Result<Vec<OwnedFd>, Error> {
    let extra = description.extra();
    let mut opened = Vec::new();
    for socket in &extra.sockets {
        let made = open_one(socket, extra).map_err(|(what, errno)| Error {
            errno: errno.raw_os_error(),
            address: address(socket).into(),
            what,
        })?;
        opened.push(made);
    }
    Ok(opened)
}

/// Removes the files of unix sockets. What is there and is none stays.
pub fn remove(description: &Description) {
    for socket in &description.extra().sockets {
        if let Some(path) = path(socket).filter(|path| matches!(is_socket(path), Ok(Some(true)))) {
            let _ = rustix::fs::unlink(path);
        }
    }
}

fn path(socket: &Socket) -> Option<&[u8]> {
    match socket {
        Socket::Unix(path) | Socket::UnixDatagram(path) | Socket::UnixSequenced(path) => Some(path),
        Socket::Tcp(_) | Socket::Udp(_) => None,
    }
}

fn address(socket: &Socket) -> String {
    match socket {
        Socket::Unix(path) | Socket::UnixDatagram(path) | Socket::UnixSequenced(path) => {
            Show(path).to_string()
        }
        Socket::Tcp(address) => format!("tcp:{address}"),
        Socket::Udp(address) => format!("udp:{address}"),
    }
}

type Failure = (What, Errno);

fn open_one(socket: &Socket, extra: &Extra) -> Result<OwnedFd, Failure> {
    let (kind, listens) = match socket {
        Socket::Unix(_) | Socket::Tcp(_) => (SocketType::STREAM, true),
        Socket::UnixDatagram(_) | Socket::Udp(_) => (SocketType::DGRAM, false),
        Socket::UnixSequenced(_) => (SocketType::SEQPACKET, true),
    };
    let made = match socket {
        Socket::Unix(path) | Socket::UnixDatagram(path) | Socket::UnixSequenced(path) => {
            open_unix(path, kind, extra)?
        }
        Socket::Tcp(address) | Socket::Udp(address) => open_internet(address, kind)?,
    };
    if listens {
        net::listen(&made, BACKLOG).map_err(|errno| (What::Listen, errno))?;
    }
    Ok(made)
}

fn create(family: AddressFamily, kind: SocketType) -> Result<OwnedFd, Failure> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    net::socket_with(family, kind, flags, None).map_err(|errno| (What::Create, errno))
}

fn open_unix(path: &[u8], kind: SocketType, extra: &Extra) -> Result<OwnedFd, Failure> {
    match is_socket(path) {
        Ok(Some(false)) => return Err((What::NotASocket, Errno::EXIST)),
        // Left over. If it cannot be removed, binding says so.
        Ok(Some(true)) => drop(rustix::fs::unlink(path)),
        Ok(None) => {}
        Err(errno) => return Err((What::Check, errno)),
    }
    let address = SocketAddrUnix::new(path).map_err(|errno| (What::Bind, errno))?;
    let made = create(AddressFamily::UNIX, kind)?;
    net::bind(&made, &address).map_err(|errno| (What::Bind, errno))?;
    // Nobody can connect before listen(2), so there is no moment with the wrong permissions for streams.
    if extra.socket_uid.is_some() || extra.socket_gid.is_some() {
        let uid = extra.socket_uid.map(Uid::from_raw);
        let gid = extra.socket_gid.map(Gid::from_raw);
        let flags = rustix::fs::AtFlags::empty();
        rustix::fs::chownat(CWD, path, uid, gid, flags).map_err(|errno| (What::Own, errno))?;
    }
    let mode = Mode::from_raw_mode(extra.socket_mode.unwrap_or(DEFAULT_MODE));
    rustix::fs::chmod(path, mode).map_err(|errno| (What::Permit, errno))?;
    Ok(made)
}

/// Whether there is a socket, something else, or nothing.
fn is_socket(path: &[u8]) -> Result<Option<bool>, Errno> {
    match rustix::fs::stat(path) {
        Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode).is_socket())),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn open_internet(address: &SocketAddr, kind: SocketType) -> Result<OwnedFd, Failure> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let made = create(family, kind)?;
    if kind == SocketType::STREAM {
        // Connections of the run before may still be closing.
        let done = net::sockopt::set_socket_reuseaddr(&made, true);
        done.map_err(|errno| (What::Bind, errno))?;
    }
    net::bind(&made, address).map_err(|errno| (What::Bind, errno))?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Kind;
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
    use std::path::Path;

    fn service(sockets: Vec<Socket>) -> Description {
        let mut made = Description::new(b"test", Kind::Process);
        made.extra_mut().sockets = sockets;
        made
    }

    fn bytes(path: &Path) -> Box<[u8]> {
        path.as_os_str().as_encoded_bytes().into()
    }

    #[test]
    fn unix_sockets_of_every_kind_are_opened_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["stream", "datagram", "sequenced"].map(|name| folder.path().join(name));
        let mut service = service(vec![
            Socket::Unix(bytes(&paths[0])),
            Socket::UnixDatagram(bytes(&paths[1])),
            Socket::UnixSequenced(bytes(&paths[2])),
        ]);
        let extra = service.extra_mut();
        (extra.socket_mode, extra.socket_gid) = (Some(0o600), Some(77));
        let opened = open(&service).unwrap();
        let kinds = opened
            .iter()
            .map(|socket| net::sockopt::socket_type(socket).unwrap());
        let expected = [SocketType::STREAM, SocketType::DGRAM, SocketType::SEQPACKET];
        assert_eq!(kinds.collect::<Vec<_>>(), expected);
        for path in &paths {
            let meta = fs::metadata(path).unwrap();
            assert_eq!(
                (meta.mode() & 0o7777, meta.uid(), meta.gid()),
                (0o600, 0, 77)
            );
        }
        UnixStream::connect(&paths[0]).unwrap();
        UnixDatagram::unbound()
            .unwrap()
            .send_to(b"x", &paths[1])
            .unwrap();
        for socket in &opened {
            let flags = rustix::io::fcntl_getfd(socket).unwrap();
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        }
        // Those of the run before are in the way, until they are removed.
        drop(opened);
        service.extra_mut().socket_mode = None;
        let opened = open(&service).unwrap();
        assert_eq!(fs::metadata(&paths[0]).unwrap().mode() & 0o7777, 0o666);
        remove(&service);
        drop(opened);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        remove(&service);
    }

    #[test]
    fn internet_sockets_are_opened() {
        let any = |address: &str| address.parse::<SocketAddr>().unwrap();
        let opened = open(&service(vec![
            Socket::Tcp(any("127.0.0.1:0")),
            Socket::Udp(any("127.0.0.1:0")),
        ]));
        let opened = opened.unwrap();
        let bound = SocketAddr::try_from(net::getsockname(&opened[0]).unwrap()).unwrap();
        std::net::TcpStream::connect(bound).unwrap();
        let bound = SocketAddr::try_from(net::getsockname(&opened[1]).unwrap()).unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(b"x", bound).unwrap();
    }

    #[test]
    fn errors_name_the_address() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "precious").unwrap();
        let shown = path.display();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap();
        let _live = UnixListener::bind(folder.path().join("live")).unwrap();
        let long = folder.path().join("x".repeat(120));
        for (socket, errno, text) in [
            (
                Socket::Unix(bytes(&path)),
                Errno::EXIST,
                format!("{shown} is there and is not a socket"),
            ),
            (
                Socket::Unix(bytes(&path.join("x"))),
                Errno::NOTDIR,
                format!("socket {shown}/x cannot be looked at: Not a directory"),
            ),
            (
                Socket::Unix(bytes(&folder.path().join("no/x"))),
                Errno::NOENT,
                format!(
                    "socket {}/no/x cannot be bound: No such file or directory",
                    folder.path().display()
                ),
            ),
            (
                Socket::UnixDatagram(bytes(&long)),
                Errno::NAMETOOLONG,
                format!(
                    "socket {} cannot be bound: File name too long",
                    long.display()
                ),
            ),
            (
                Socket::Tcp(port),
                Errno::ADDRINUSE,
                format!("socket tcp:{port} cannot be bound: Address in use"),
            ),
        ] {
            let error = open(&service(vec![socket])).unwrap_err();
            assert_eq!(error.errno, errno.raw_os_error());
            let same = |text: &str| text.replace("Address already in use", "Address in use");
            assert_eq!(same(&error.to_string()), text);
        }
        remove(&service(vec![Socket::Unix(bytes(&path))]));
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }
}
