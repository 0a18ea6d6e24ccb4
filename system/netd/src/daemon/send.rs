//! How messages of DHCPv4 leave, and the socket that hears the answers.

use crate::dhcp4::wire;
use crate::system;
use rustix::fd::{AsFd, OwnedFd};
use std::net::{Ipv4Addr, SocketAddrV4};

/// `ETH_P_IP` (`linux/if_ether.h`).
const IP: u16 = 0x0800;

/// A socket for the answers of servers.
pub fn socket(index: u32) -> Option<OwnedFd> {
    let socket = system::packet_socket(index, IP, wire::FILTER).ok()?;
    // Without it every checksum counts.
    let _ = system::tell_checksums(&socket);
    Some(socket)
}

/// To everybody on the link, from nobody, by this socket or another.
pub fn broadcast(packets: Option<&OwnedFd>, index: u32, message: &[u8]) {
    let packet = wire::packet(message);
    let own;
    let socket = match packets {
        Some(socket) => socket.as_fd(),
        None => match system::packet_socket(index, 0, &[]) {
            Ok(socket) => {
                own = socket;
                own.as_fd()
            }
            Err(_) => return,
        },
    };
    // What cannot be sent is sent again in time.
    let _ = system::send_packet(socket, index, IP, &[0xff; 6], &packet);
}

/// To a server, from the address that the link has.
pub fn unicast(index: u32, message: &[u8], server: Ipv4Addr) {
    use rustix::net::{
        AddressFamily, SendFlags, SocketFlags, SocketType, bind, sendto, socket_with, sockopt,
    };
    let send = || -> Result<(), rustix::io::Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        system::bind_to_interface(&socket, index)?;
        bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68))?;
        sendto(
            &socket,
            message,
            SendFlags::empty(),
            &SocketAddrV4::new(server, 67),
        )?;
        Ok(())
    };
    let _ = send();
}
