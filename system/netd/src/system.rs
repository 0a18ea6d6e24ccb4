//! System calls that rustix has no safe form of.

#![allow(unsafe_code)]

use common::clock;
use rustix::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use rustix::io::Errno;
use std::ffi::CStr;
use std::mem::{size_of, size_of_val};

fn failed() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

fn set_option<T>(fd: impl AsFd, level: i32, name: i32, value: &T) -> Result<(), Errno> {
    let length = libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: the value outlives the call, and its length is its own.
    let result = unsafe {
        libc::setsockopt(
            fd.as_fd().as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            length,
        )
    };
    if result == 0 { Ok(()) } else { Err(failed()) }
}

/// Turns an option of a netlink socket on (netlink(7)).
///
/// # Errors
/// That of setsockopt(2).
pub fn set_netlink(fd: impl AsFd, option: i32) -> Result<(), Errno> {
    set_option(fd, libc::SOL_NETLINK, option, &1i32)
}

/// Lets a socket send and receive on one interface alone (socket(7), `SO_BINDTODEVICE`, by its index).
///
/// # Errors
/// That of setsockopt(2).
pub fn bind_to_interface(fd: impl AsFd, index: u32) -> Result<(), Errno> {
    /// `SO_BINDTOIFINDEX` of `include/uapi/asm-generic/socket.h`.
    const SO_BINDTOIFINDEX: i32 = 62;
    set_option(fd, libc::SOL_SOCKET, SO_BINDTOIFINDEX, &index)
}

/// Starts a program by its path, without input, output and environment, and does not wait for it (posix_spawn(3)): the kernel
/// forgets it when it ends. std's way of doing so is 60 KB.
///
/// # Errors
/// That of posix_spawn(3).
pub fn start(program: &CStr, arguments: &[&CStr]) -> Result<(), Errno> {
    let words = std::iter::once(&program).chain(arguments);
    let mut words: Vec<*mut libc::c_char> = words.map(|word| word.as_ptr().cast_mut()).collect();
    words.push(std::ptr::null_mut());
    let environment: [*mut libc::c_char; 1] = [std::ptr::null_mut()];
    // SAFETY: all of these are plain data, for which zeroes are a value; each is made by its own call before it is used, and
    // given back after. Words and paths end with a zero byte and outlive the calls. Ignoring SIGCHLD runs nothing.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_IGN);
        let mut actions: libc::posix_spawn_file_actions_t = std::mem::zeroed();
        let mut attributes: libc::posix_spawnattr_t = std::mem::zeroed();
        let mut signals: libc::sigset_t = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&mut actions);
        libc::posix_spawnattr_init(&mut attributes);
        for descriptor in 0..3 {
            let null = c"/dev/null".as_ptr();
            libc::posix_spawn_file_actions_addopen(&mut actions, descriptor, null, libc::O_RDWR, 0);
        }
        // What this process has blocked and ignores is not the program's business.
        libc::sigemptyset(&mut signals);
        libc::posix_spawnattr_setsigmask(&mut attributes, &signals);
        libc::sigaddset(&mut signals, libc::SIGCHLD);
        libc::posix_spawnattr_setsigdefault(&mut attributes, &signals);
        let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        libc::posix_spawnattr_setflags(&mut attributes, flags as libc::c_short);
        let mut process = 0;
        let result = libc::posix_spawn(
            &mut process,
            program.as_ptr(),
            &actions,
            &attributes,
            words.as_ptr(),
            environment.as_ptr(),
        );
        libc::posix_spawnattr_destroy(&mut attributes);
        libc::posix_spawn_file_actions_destroy(&mut actions);
        match result {
            0 => Ok(()),
            number => Err(Errno::from_raw_os_error(number)),
        }
    }
}

/// One instruction of a packet filter (`struct sock_filter`): code, jumps if true and false, operand.
pub type Instruction = (u16, u8, u8, u32);

/// Lets the kernel drop what a filter does not want (socket(7), `SO_ATTACH_FILTER`).
///
/// # Errors
/// That of setsockopt(2).
pub fn attach_filter(fd: impl AsFd, filter: &[Instruction]) -> Result<(), Errno> {
    let mut filter: Vec<libc::sock_filter> = filter
        .iter()
        .map(|(code, jt, jf, k)| libc::sock_filter {
            code: *code,
            jt: *jt,
            jf: *jf,
            k: *k,
        })
        .collect();
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).unwrap_or(0),
        filter: filter.as_mut_ptr(),
    };
    set_option(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

fn packet_address(index: u32, protocol: u16, mac: &[u8]) -> libc::sockaddr_ll {
    let mut address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: protocol.to_be(),
        sll_ifindex: i32::try_from(index).unwrap_or(0),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: mac.len().min(8) as u8,
        sll_addr: [0; 8],
    };
    let length = mac.len().min(8);
    address.sll_addr[..length].copy_from_slice(&mac[..length]);
    address
}

/// A socket for whole packets of a protocol (`ETH_P_*`) on an interface, without the link's own header (packet(7),
/// `SOCK_DGRAM`). The filter is there before the first packet can be. Reading it never waits.
///
/// # Errors
/// That of socket(2), setsockopt(2), bind(2).
pub fn packet_socket(index: u32, protocol: u16, filter: &[Instruction]) -> Result<OwnedFd, Errno> {
    // SAFETY: no memory is handed over; what it returns is new and ours.
    let fd = unsafe {
        let kind = libc::SOCK_DGRAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        // With no protocol it receives nothing until it is bound.
        match libc::socket(libc::AF_PACKET, kind, 0) {
            -1 => return Err(failed()),
            fd => OwnedFd::from_raw_fd(fd),
        }
    };
    if !filter.is_empty() {
        attach_filter(&fd, filter)?;
    }
    let address = packet_address(index, protocol, &[]);
    let length = libc::socklen_t::try_from(size_of_val(&address)).unwrap_or(0);
    // SAFETY: the address outlives the call, and its length is its own.
    let result = unsafe { libc::bind(fd.as_raw_fd(), std::ptr::from_ref(&address).cast(), length) };
    if result == 0 { Ok(fd) } else { Err(failed()) }
}

/// Has the kernel tell with each packet whether its checksum is there yet ([`receive`]; packet(7), `PACKET_AUXDATA`).
///
/// # Errors
/// That of setsockopt(2).
pub fn tell_checksums(fd: impl AsFd) -> Result<(), Errno> {
    set_option(fd, libc::SOL_PACKET, libc::PACKET_AUXDATA, &1i32)
}

/// Reads a packet: its bytes as far as there is room, and whether its checksum counts. It does not where the packet never left
/// the machine, whose hardware would have written it (`TP_STATUS_CSUMNOTREADY`), nor where it has been looked at already
/// (`TP_STATUS_CSUM_VALID`).
///
/// # Errors
/// That of recvmsg(2): `EAGAIN` when there is none.
pub fn receive(fd: impl AsFd, buffer: &mut [u8]) -> Result<(usize, bool), Errno> {
    const SPACE: usize = 128;
    /// As aligned as `struct cmsghdr`.
    #[repr(align(8))]
    struct Control([u8; SPACE]);
    let mut control = Control([0; SPACE]);
    let mut piece = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: all zeroes is a message without anything.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut piece;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = SPACE as _;
    // SAFETY: what the message points to outlives the call, with its own lengths.
    let got =
        unsafe { libc::recvmsg(fd.as_fd().as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
    let Ok(length) = usize::try_from(got) else {
        return Err(failed());
    };
    let mut counts = true;
    // SAFETY: the kernel filled the control data, and the macros stay within what it says it filled; the value is copied
    // out whatever its alignment, if it is as long as it must be.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&raw const message);
        while !header.is_null() {
            let one = &*header;
            let needed = libc::CMSG_LEN(size_of::<libc::tpacket_auxdata>() as u32) as usize;
            if one.cmsg_level == libc::SOL_PACKET
                && one.cmsg_type == libc::PACKET_AUXDATA
                && one.cmsg_len as usize >= needed
            {
                let data = libc::CMSG_DATA(header).cast::<libc::tpacket_auxdata>();
                let status = data.read_unaligned().tp_status;
                /// `linux/if_packet.h`.
                const NOT_READY: u32 = 1 << 3;
                const VALID: u32 = 1 << 7;
                counts = status & (NOT_READY | VALID) == 0;
            }
            header = libc::CMSG_NXTHDR(&raw const message, header);
        }
    }
    Ok((length, counts))
}

/// Has an interface receive what is sent to a group of the link layer (packet(7), `PACKET_ADD_MEMBERSHIP`).
///
/// # Errors
/// That of setsockopt(2).
pub fn join(fd: impl AsFd, index: u32, group: [u8; 6]) -> Result<(), Errno> {
    let mut request = libc::packet_mreq {
        mr_ifindex: i32::try_from(index).unwrap_or(0),
        mr_type: libc::PACKET_MR_MULTICAST as u16,
        mr_alen: 6,
        mr_address: [0; 8],
    };
    request.mr_address[..6].copy_from_slice(&group);
    set_option(fd, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
}

/// Sends a packet to an address of the link layer.
///
/// # Errors
/// That of sendto(2): `ENETDOWN` when the interface is down.
pub fn send_packet(
    fd: impl AsFd,
    index: u32,
    protocol: u16,
    to: &[u8],
    bytes: &[u8],
) -> Result<(), Errno> {
    let address = packet_address(index, protocol, to);
    let length = libc::socklen_t::try_from(size_of_val(&address)).unwrap_or(0);
    // SAFETY: bytes and address outlive the call, and their lengths are their own.
    let sent = unsafe {
        libc::sendto(
            fd.as_fd().as_raw_fd(),
            bytes.as_ptr().cast(),
            bytes.len(),
            libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
            std::ptr::from_ref(&address).cast(),
            length,
        )
    };
    if sent >= 0 { Ok(()) } else { Err(failed()) }
}

/// Bytes that nobody can guess.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // SAFETY: the kernel writes no more than the length of the array.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), N, 0) };
    if usize::try_from(got) != Ok(N) {
        // Before the kernel has entropy: times differ between machines, and none of this is a secret.
        let time = clock::micros(clock::CLOCK_BOOTTIME);
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = (time >> (8 * (at % 4))) as u8 ^ at as u8;
        }
    }
    bytes
}

/// Milliseconds since the machine started, those that it slept included (`CLOCK_BOOTTIME`).
pub fn now() -> u64 {
    clock::micros(clock::CLOCK_BOOTTIME) / 1000
}

/// Seconds since 1970.
pub fn wall_clock() -> u64 {
    clock::micros(clock::CLOCK_REALTIME) / 1_000_000
}
