//! System calls that rustix has no safe form of.

#![allow(unsafe_code)]

use crate::record::Sender;
use common::clock;
use rustix::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use rustix::io::Errno;
use std::mem::{size_of, zeroed};
use std::os::fd::RawFd;

fn failed() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// A datagram that came.
pub struct Received {
    pub length: usize,
    /// It was longer than there was room.
    pub cut: bool,
    pub sender: Sender,
}

/// Room for what comes beside a datagram, aligned as it must be.
#[repr(align(8))]
struct Control([u8; 128]);

/// Receives a datagram with its sender (unix(7): the socket has `SO_PASSCRED`). Does not wait.
///
/// rustix's own has a process number that cannot be 0, as that of a process of another namespace is.
///
/// # Errors
/// That of recvmsg(2); [`Errno::AGAIN`] when there is none.
pub fn receive(fd: impl AsFd, buffer: &mut [u8]) -> Result<Received, Errno> {
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let mut control = Control([0; 128]);
    // SAFETY: all of it may be zero.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len() as _;
    // SAFETY: all that it points to outlives the call, with the lengths that are told.
    let length = unsafe {
        let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
        libc::recvmsg(fd.as_fd().as_raw_fd(), &raw mut message, flags)
    };
    let length = usize::try_from(length).map_err(|_| failed())?;
    let mut sender = Sender {
        pid: 0,
        uid: 65_534,
    };
    // SAFETY: the kernel filled the control messages; the macros of cmsg(3) stay within them.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&raw const message);
        while !header.is_null() {
            let data = libc::CMSG_DATA(header);
            if (*header).cmsg_level == libc::SOL_SOCKET {
                let length: usize = (*header).cmsg_len as _;
                let bytes = length.saturating_sub(libc::CMSG_LEN(0) as usize);
                match (*header).cmsg_type {
                    libc::SCM_CREDENTIALS if bytes >= size_of::<libc::ucred>() => {
                        let told: libc::ucred = std::ptr::read_unaligned(data.cast());
                        sender.pid = u32::try_from(told.pid).unwrap_or(0);
                        sender.uid = told.uid;
                    }
                    // Whoever sends descriptors along must not fill our table with them.
                    libc::SCM_RIGHTS => {
                        for at in 0..bytes / size_of::<RawFd>() {
                            let number = std::ptr::read_unaligned(data.cast::<RawFd>().add(at));
                            drop(OwnedFd::from_raw_fd(number));
                        }
                    }
                    _ => {}
                }
            }
            header = libc::CMSG_NXTHDR(&raw const message, header);
        }
    }
    Ok(Received {
        length: length.min(buffer.len()),
        cut: message.msg_flags & libc::MSG_TRUNC != 0,
        sender,
    })
}

/// Becomes a user for good, in every thread, with its own group alone.
///
/// # Errors
/// That of setgroups(2), setresgid(2) or setresuid(2).
pub fn become_user(uid: u32, gid: u32) -> Result<(), Errno> {
    let good = |result: i32| if result == 0 { Ok(()) } else { Err(failed()) };
    let (yes, none): (libc::c_ulong, libc::c_ulong) = (1, 0);
    // SAFETY: none of them takes memory of ours but for an empty list.
    unsafe {
        good(libc::setgroups(0, std::ptr::null()))?;
        good(libc::setresgid(gid, gid, gid))?;
        good(libc::setresuid(uid, uid, uid))?;
        good(libc::prctl(
            libc::PR_SET_NO_NEW_PRIVS,
            yes,
            none,
            none,
            none,
        ))
    }
}

/// Milliseconds since the machine started, those that it slept included.
pub fn now() -> u64 {
    clock::micros(clock::CLOCK_BOOTTIME) / 1000
}

/// Microseconds since the machine started, as the kernel's log has them.
pub fn since_start() -> u64 {
    clock::micros(clock::CLOCK_MONOTONIC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{
        AddressFamily, SendFlags, SocketFlags, SocketType, send, socketpair, sockopt,
    };

    #[test]
    fn who_sent_a_datagram_is_told_by_the_kernel() {
        let flags = SocketFlags::CLOEXEC;
        let (ours, other) =
            socketpair(AddressFamily::UNIX, SocketType::DGRAM, flags, None).unwrap();
        sockopt::set_socket_passcred(&ours, true).unwrap();
        send(&other, b"hello", SendFlags::empty()).unwrap();
        let mut buffer = [0; 3];
        let found = receive(&ours, &mut buffer).unwrap();
        assert_eq!((&buffer, found.length, found.cut), (b"hel", 3, true));
        let uid = rustix::process::getuid().as_raw();
        let pid = std::process::id();
        assert_eq!(found.sender, Sender { pid, uid });
        assert_eq!(receive(&ours, &mut buffer).err(), Some(Errno::AGAIN));
    }
}
