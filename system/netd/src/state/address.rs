//! Addresses (`struct ifaddrmsg`, rtnetlink(7)).

use super::Names;
use crate::address::Prefix;
use crate::netlink::constants::{
    AF_INET, AF_INET6, IFA_ADDRESS, IFA_BROADCAST, IFA_CACHEINFO, IFA_F_DADFAILED,
    IFA_F_NOPREFIXROUTE, IFA_F_PERMANENT, IFA_F_TENTATIVE, IFA_FLAGS, IFA_LOCAL, IFA_PROTO,
    RT_SCOPE_HOST, RT_SCOPE_LINK, RT_SCOPE_UNIVERSE, RTM_DELADDR, RTM_NEWADDR,
};
use crate::netlink::{Builder, Message};
use std::net::{IpAddr, Ipv6Addr};

/// For ever, in seconds.
pub const FOREVER: u32 = u32::MAX;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub link: String,
    pub prefix: Prefix,
    /// Whose it is: [`super::STATIC`], [`super::DYNAMIC`], or somebody else's.
    pub protocol: u8,
    /// Seconds that it may still be used, and used for what is new.
    pub valid: u32,
    pub preferred: u32,
    /// `IFA_F_*`.
    pub flags: u32,
    pub scope: u8,
}

impl Address {
    /// One that is to be.
    pub fn wanted(link: &str, prefix: Prefix, protocol: u8) -> Self {
        Self {
            link: link.to_owned(),
            prefix,
            protocol,
            valid: FOREVER,
            preferred: FOREVER,
            flags: 0,
            scope: scope(prefix.address),
        }
    }

    pub fn parse(message: &Message<'_>, names: &Names<'_>) -> Option<Self> {
        let (head, attributes) = message.split(8)?;
        let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
        // Of a tunnel's end, IFA_LOCAL is ours.
        let address = attributes
            .address(IFA_LOCAL)
            .or_else(|| attributes.address(IFA_ADDRESS))?;
        let seconds = |at: usize| {
            let info = attributes.get(IFA_CACHEINFO)?;
            let bytes = info.get(at..at + 4)?.first_chunk()?;
            Some(u32::from_ne_bytes(*bytes))
        };
        Some(Self {
            link: names.get(index)?,
            prefix: Prefix::new(address, head[1]),
            protocol: attributes.u8(IFA_PROTO).unwrap_or(0),
            valid: seconds(4).unwrap_or(FOREVER),
            preferred: seconds(0).unwrap_or(FOREVER),
            flags: attributes.u32(IFA_FLAGS).unwrap_or(u32::from(head[2])),
            scope: head[3],
        })
    }

    /// Whether it is the same one, however long it lasts.
    pub fn is(&self, other: &Self) -> bool {
        self.link == other.link && self.prefix == other.prefix
    }

    /// Whether one that is there is as this asks for. What ends is given a new end when that is another by more than
    /// a minute: the kernel's clock runs down between two looks.
    pub fn holds(&self, there: &Self) -> bool {
        let near = |wanted: u32, has: u32| match (wanted, has) {
            (FOREVER, FOREVER) => true,
            (FOREVER, _) | (_, FOREVER) => false,
            (wanted, has) => wanted.abs_diff(has) < 60,
        };
        self.is(there) && near(self.valid, there.valid) && near(self.preferred, there.preferred)
    }

    /// Whether it can be used: not still looked for on the link, and not found to be somebody else's.
    pub fn is_usable(&self) -> bool {
        self.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) == 0
    }

    /// A message of this kind about it, on the link of that index.
    pub fn message(&self, kind: u16, flags: u16, index: u32) -> Builder {
        let family = if self.prefix.is_v6() {
            AF_INET6
        } else {
            AF_INET
        };
        let mut head = [family, self.prefix.length, 0, self.scope, 0, 0, 0, 0];
        head[4..].copy_from_slice(&index.to_ne_bytes());
        let mut message = Builder::new(kind, flags, &head);
        message.address(IFA_LOCAL, self.prefix.address);
        message.address(IFA_ADDRESS, self.prefix.address);
        if let Some(broadcast) = self.prefix.broadcast() {
            message.address(IFA_BROADCAST, broadcast.into());
        }
        let kept = self.flags & (IFA_F_NOPREFIXROUTE | crate::netlink::constants::IFA_F_NODAD);
        message.u32(IFA_FLAGS, kept);
        message.u8(IFA_PROTO, self.protocol);
        if self.valid != FOREVER || self.flags & IFA_F_PERMANENT == 0 {
            let mut info = [0; 16];
            info[..4].copy_from_slice(&self.preferred.to_ne_bytes());
            info[4..8].copy_from_slice(&self.valid.to_ne_bytes());
            message.bytes(IFA_CACHEINFO, &info);
        }
        message
    }
}

/// Of a message that tells of an IPv6 address's end because somebody else on the link has it (RFC 4862, section 5.4): the link and
/// the address.
pub fn taken(message: &Message<'_>) -> Option<(u32, Ipv6Addr)> {
    let (head, attributes) = message
        .split(8)
        .filter(|_| message.kind == RTM_DELADDR || message.kind == RTM_NEWADDR)?;
    let flags = attributes.u32(IFA_FLAGS).unwrap_or(u32::from(head[2]));
    match attributes
        .address(IFA_LOCAL)
        .or_else(|| attributes.address(IFA_ADDRESS))?
    {
        IpAddr::V6(address) if flags & IFA_F_DADFAILED != 0 => {
            let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
            Some((index, address))
        }
        _ => None,
    }
}

/// How far an address is known (`RT_SCOPE_*`).
fn scope(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(address) if address.is_loopback() => RT_SCOPE_HOST,
        IpAddr::V4(address) if address.is_link_local() => RT_SCOPE_LINK,
        _ => RT_SCOPE_UNIVERSE,
    }
}
