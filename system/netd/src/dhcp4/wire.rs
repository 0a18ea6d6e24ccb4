//! Messages in packets: IPv4 (RFC 791) and UDP (RFC 768) headers, as there is no address yet to have the kernel write them.

use crate::system::Instruction;
use std::net::Ipv4Addr;

const SERVER: u16 = 67;
const CLIENT: u16 = 68;

/// What the kernel lets through: UDP to the client's port, and no piece of a packet but a first (`linux/filter.h`).
pub const FILTER: &[Instruction] = &[
    (0x30, 0, 0, 9),
    (0x15, 0, 6, 17),
    (0x28, 0, 0, 6),
    (0x45, 4, 0, 0x1fff),
    (0xb1, 0, 0, 0),
    (0x48, 0, 0, 2),
    (0x15, 0, 1, CLIENT as u32),
    (0x06, 0, 0, 0xffff),
    (0x06, 0, 0, 0),
];

/// The sum of 16-bit words, folded (RFC 1071).
fn sum(bytes: &[u8], start: u32) -> u32 {
    let mut sum = start;
    for pair in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([
            pair[0],
            pair.get(1).copied().unwrap_or(0),
        ]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

/// A packet of a client for all servers on the link.
pub fn packet(message: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(28 + message.len());
    let udp = u16::try_from(8 + message.len()).unwrap_or(u16::MAX);
    let total = u16::try_from(28 + message.len()).unwrap_or(u16::MAX);
    packet.extend_from_slice(&[0x45, 0x10]);
    packet.extend_from_slice(&total.to_be_bytes());
    // Not one to be cut, by 64 routers at most.
    packet.extend_from_slice(&[0, 0, 0x40, 0, 64, 17, 0, 0]);
    packet.extend_from_slice(&Ipv4Addr::UNSPECIFIED.octets());
    packet.extend_from_slice(&Ipv4Addr::BROADCAST.octets());
    let check = !(sum(&packet, 0) as u16);
    packet[10..12].copy_from_slice(&check.to_be_bytes());
    packet.extend_from_slice(&CLIENT.to_be_bytes());
    packet.extend_from_slice(&SERVER.to_be_bytes());
    packet.extend_from_slice(&udp.to_be_bytes());
    packet.extend_from_slice(&[0, 0]);
    packet.extend_from_slice(message);
    let pseudo = sum(&packet[12..20], 17 + u32::from(udp));
    let check = match !(sum(&packet[20..], pseudo) as u16) {
        0 => 0xffff,
        check => check,
    };
    packet[26..28].copy_from_slice(&check.to_be_bytes());
    packet
}

/// The message in a packet for a client. `counts`: whether the UDP checksum is there to be looked at
/// ([`crate::system::receive`]); one of zero is none (RFC 768).
pub fn message(packet: &[u8], counts: bool) -> Option<&[u8]> {
    let first = *packet.first()?;
    let header = usize::from(first & 15) * 4;
    if first >> 4 != 4 || header < 20 {
        return None;
    }
    let head = packet.get(..header)?;
    let total = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let fragment = u16::from_be_bytes([head[6], head[7]]) & 0x3fff;
    // Cut short, or a piece of something.
    let body = packet.get(header..total)?;
    if fragment != 0 || head[9] != 17 || sum(head, 0) != 0xffff {
        return None;
    }
    let udp = body.get(..8)?;
    let word = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
    if word(0) != SERVER || word(2) != CLIENT {
        return None;
    }
    let body = body.get(..usize::from(word(4)))?;
    let pseudo = sum(&head[12..20], 17 + u32::from(word(4)));
    if counts && word(6) != 0 && sum(body, pseudo) != 0xffff {
        return None;
    }
    body.get(8..)
}
