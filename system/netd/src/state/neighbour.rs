//! Neighbours that do not change (`struct ndmsg`, rtnetlink(7)); what the kernel learns by itself is none of ours.

use super::Names;
use crate::address::Mac;
use crate::netlink::constants::{
    AF_INET, AF_INET6, NDA_DST, NDA_LLADDR, NDA_PROTOCOL, NUD_PERMANENT,
};
use crate::netlink::{Builder, Message};
use std::net::IpAddr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub link: String,
    pub address: IpAddr,
    pub mac: Mac,
    pub protocol: u8,
}

impl Neighbour {
    pub fn parse(message: &Message<'_>, names: &Names<'_>) -> Option<Self> {
        let (head, attributes) = message.split(12)?;
        let state = u16::from_ne_bytes([head[8], head[9]]);
        if state & NUD_PERMANENT == 0 || !matches!(head[0], AF_INET | AF_INET6) {
            return None;
        }
        let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
        Some(Self {
            link: names.get(index)?,
            address: attributes.address(NDA_DST)?,
            mac: Mac::of(attributes.get(NDA_LLADDR)?)?,
            protocol: attributes.u8(NDA_PROTOCOL).unwrap_or(0),
        })
    }

    /// Whether it is of the same address.
    pub fn is(&self, other: &Self) -> bool {
        self.link == other.link && self.address == other.address
    }

    pub fn message(&self, kind: u16, flags: u16, index: u32) -> Builder {
        let mut head = [0; 12];
        head[0] = if self.address.is_ipv6() {
            AF_INET6
        } else {
            AF_INET
        };
        head[4..8].copy_from_slice(&index.to_ne_bytes());
        head[8..10].copy_from_slice(&NUD_PERMANENT.to_ne_bytes());
        let mut message = Builder::new(kind, flags, &head);
        message.address(NDA_DST, self.address);
        message.bytes(NDA_LLADDR, &self.mac.0);
        message.u8(NDA_PROTOCOL, self.protocol);
        message
    }
}
