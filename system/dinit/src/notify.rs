//! sd_notify(3): what services say about themselves, as datagrams to one socket for all of them. Who said it is known by
//! the credentials that the kernel adds.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketAddrUnix,
    SocketFlags, SocketType, bind, recvmsg, socket_with, sockopt,
};
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// Bytes of a datagram that are looked at, as in other service managers.
pub const LONGEST: usize = 4096;

/// What one datagram says. What is not known (FDSTORE, BARRIER and others) is passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// `READY=1`
    pub ready: bool,
    /// `RELOADING=1`; followed by another READY.
    pub reloading: bool,
    /// `STOPPING=1`
    pub stopping: bool,
    /// `STATUS=`, for people.
    pub status: Option<&'a [u8]>,
    /// `ERRNO=`
    pub errno: Option<i32>,
    /// `MAINPID=`
    pub main_pid: Option<i32>,
    /// `EXTEND_TIMEOUT_USEC=`: the current timeout, start or stop, is to end no earlier than that from now.
    pub extend_timeout: Option<Duration>,
    /// `WATCHDOG=1`
    pub watchdog: bool,
}

impl<'a> Message<'a> {
    /// From `KEY=VALUE` lines. Values that are wrong are passed over, like unknown keys.
    pub fn parse(text: &'a [u8]) -> Self {
        let mut message = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let Some(at) = line.iter().position(|byte| *byte == b'=') else {
                continue;
            };
            let (key, value) = (&line[..at], &line[at + 1..]);
            match key {
                b"READY" => message.ready |= value == b"1",
                b"RELOADING" => message.reloading |= value == b"1",
                b"STOPPING" => message.stopping |= value == b"1",
                b"WATCHDOG" => message.watchdog |= value == b"1",
                b"STATUS" => message.status = Some(value),
                b"ERRNO" => message.errno = number(value).or(message.errno),
                b"MAINPID" => {
                    let pid = number(value).filter(|pid| *pid > 0);
                    message.main_pid = pid.or(message.main_pid);
                }
                b"EXTEND_TIMEOUT_USEC" => {
                    let time = number(value).map(Duration::from_micros);
                    message.extend_timeout = time.or(message.extend_timeout);
                }
                _ => {}
            }
        }
        message
    }
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    let decimal = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| decimal)?
        .parse()
        .ok()
}

/// Opens the socket, at a path (what is there goes away) or, if it begins with `@`, at an abstract name. Everybody may
/// write to it; what strangers say is for nobody.
pub fn open(path: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    sockopt::set_socket_passcred(&socket, true)?;
    if let [b'@', name @ ..] = path {
        bind(&socket, &SocketAddrUnix::new_abstract_name(name)?)?;
        return Ok(socket);
    }
    let address = SocketAddrUnix::new(path)?;
    match rustix::fs::unlink(path) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno),
    }
    bind(&socket, &address)?;
    rustix::fs::chmod(path, rustix::fs::Mode::from_raw_mode(0o666))?;
    Ok(socket)
}

/// Reads one datagram: the sender's process and how many bytes of `room` it filled. None when there is none. Descriptors
/// that come with it are closed.
pub fn receive(socket: impl AsFd, room: &mut [u8]) -> Result<Option<(i32, usize)>, Errno> {
    // Credentials, and as many descriptors as can come at once (SCM_MAX_FD).
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1), ScmRights(253))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut pieces = [IoSliceMut::new(room)];
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = match recvmsg(socket, &mut pieces, &mut ancillary, flags) {
        Ok(received) => received,
        Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let mut pid = 0;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmCredentials(sender) = message {
            pid = sender.pid.as_raw_nonzero().get();
        }
    }
    Ok(Some((pid, received.bytes)))
}

/// The first of a process and its parents, up to process 1, that somebody knows: a service may speak through a child.
pub fn known_ancestor<T>(pid: i32, known: impl Fn(i32) -> Option<T>) -> Option<T> {
    let mut at = pid;
    // Deeper than that is nobody's service.
    for _ in 0..32 {
        if at <= 0 {
            return None;
        }
        if let Some(found) = known(at) {
            return Some(found);
        }
        at = parent(at)?;
    }
    None
}

/// The parent of a process (proc_pid_stat(5)). The name before it may hold anything.
fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = stat.get(end + 1..)?.trim_ascii_start();
    number(rest.split(|byte| *byte == b' ').nth(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn messages_are_understood() {
        let text = b"READY=1\nSTATUS=all = well\nMAINPID=42\nX=y\nFDSTORE=1\n=\n\nWATCHDOG=1";
        let expected = Message {
            ready: true,
            watchdog: true,
            status: Some(b"all = well"),
            main_pid: Some(42),
            ..Message::default()
        };
        assert_eq!(Message::parse(text), expected);
        let message =
            Message::parse(b"EXTEND_TIMEOUT_USEC=1500000\nERRNO=2\nSTOPPING=1\nRELOADING=1\n");
        assert_eq!(message.extend_timeout, Some(Duration::from_millis(1500)));
        assert!(message.stopping && message.reloading && message.errno == Some(2));
        for wrong in [
            "READY=0",
            "READY",
            "READY=10",
            " READY=1",
            "ready=1",
            "MAINPID=0",
            "MAINPID=-1",
            "MAINPID=+1",
            "MAINPID=99999999999",
            "MAINPID=",
            "EXTEND_TIMEOUT_USEC=x",
            "ERRNO=1x",
            "WATCHDOG=trigger",
            "",
        ] {
            assert_eq!(
                Message::parse(wrong.as_bytes()),
                Message::default(),
                "{wrong}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            Message::parse(&text);
        }
    }

    /// What a shell sends with a program of the test's own is too much; a datagram of this process does.
    fn speak(socket: &OwnedFd, connect: impl Fn(&UnixDatagram)) {
        let mut room = [0; LONGEST];
        assert_eq!(receive(socket, &mut room), Ok(None));
        let sender = UnixDatagram::unbound().unwrap();
        connect(&sender);
        sender.send(b"READY=1").unwrap();
        sender.send(&[b'x'; LONGEST + 1]).unwrap();
        let own = std::process::id() as i32;
        assert_eq!(receive(socket, &mut room), Ok(Some((own, 7))));
        assert!(Message::parse(&room[..7]).ready);
        assert_eq!(receive(socket, &mut room), Ok(Some((own, LONGEST))));
        assert_eq!(receive(socket, &mut room), Ok(None));
    }

    #[test]
    fn senders_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let bytes = path.as_os_str().as_encoded_bytes();
        drop(open(bytes).unwrap());
        let socket = open(bytes).unwrap();
        speak(&socket, |sender| sender.connect(&path).unwrap());
        assert_eq!(open(b"/nonexistent/x").err(), Some(Errno::NOENT));
    }

    #[test]
    fn an_abstract_name_needs_no_file() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("dinit-test-{}", std::process::id());
        let socket = open(format!("@{name}").as_bytes()).unwrap();
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name).unwrap();
        speak(&socket, |sender| sender.connect_addr(&address).unwrap());
    }

    #[test]
    fn descriptors_that_come_along_are_closed() {
        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = open(path.as_os_str().as_encoded_bytes()).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(&path).unwrap();
        let (read, write) = rustix::pipe::pipe().unwrap();
        let files = [write.as_fd(); 3];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&files)));
        let text = [std::io::IoSlice::new(b"FDSTORE=1")];
        sendmsg(&sender, &text, &mut ancillary, SendFlags::empty()).unwrap();
        drop(write);
        let mut room = [0; LONGEST];
        let (pid, _) = receive(&socket, &mut room).unwrap().unwrap();
        assert_eq!(pid, std::process::id() as i32);
        // No write end is left anywhere.
        assert_eq!(rustix::io::read(&read, &mut room), Ok(0));
    }

    #[test]
    fn children_speak_for_their_service() {
        let own = std::process::id() as i32;
        let known = |pid: i32| (pid == own).then_some("service");
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        assert_eq!(known_ancestor(child.id() as i32, known), Some("service"));
        assert_eq!(known_ancestor(own, known), Some("service"));
        assert_eq!(known_ancestor(1, known), None);
        assert_eq!(known_ancestor(0, known), None);
        assert_eq!(known_ancestor(i32::MAX, known), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
