//! Routes (`struct rtmsg`, rtnetlink(7)).

use super::Names;
use crate::address::Prefix;
use crate::netlink::constants::{
    AF_INET, AF_INET6, RT_SCOPE_LINK, RT_SCOPE_UNIVERSE, RT_TABLE_LOCAL, RTA_DST, RTA_GATEWAY,
    RTA_METRICS, RTA_MULTIPATH, RTA_OIF, RTA_PREFSRC, RTA_PRIORITY, RTA_TABLE, RTA_VIA, RTAX_MTU,
    RTN_BLACKHOLE, RTN_PROHIBIT, RTN_UNICAST, RTN_UNREACHABLE, RTNH_F_ONLINK,
};
use crate::netlink::{Builder, Message};
use std::net::IpAddr;

/// What happens to packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// They go on.
    Unicast,
    Blackhole,
    Unreachable,
    Prohibit,
}

impl Way {
    pub const ALL: [(&'static str, Self); 4] = [
        ("unicast", Self::Unicast),
        ("blackhole", Self::Blackhole),
        ("unreachable", Self::Unreachable),
        ("prohibit", Self::Prohibit),
    ];

    fn number(self) -> u8 {
        match self {
            Self::Unicast => RTN_UNICAST,
            Self::Blackhole => RTN_BLACKHOLE,
            Self::Unreachable => RTN_UNREACHABLE,
            Self::Prohibit => RTN_PROHIBIT,
        }
    }

    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, way)| *way == self)
            .map_or("", |(name, _)| name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub to: Prefix,
    pub way: Way,
    pub via: Option<IpAddr>,
    pub link: Option<String>,
    pub source: Option<IpAddr>,
    /// The smallest is taken. For IPv6, the kernel makes 1024 of 0.
    pub metric: u32,
    pub table: u32,
    pub mtu: Option<u32>,
    /// Whether the gateway is on the link though no network there has it.
    pub onlink: bool,
    /// Whose it is: [`super::STATIC`], [`super::DYNAMIC`], or somebody else's.
    pub protocol: u8,
}

impl Route {
    /// `None` too for those of the kernel's own table, copies made on the way (`RTM_F_CLONED`), and those with several
    /// ways, which are never ours.
    pub fn parse(message: &Message<'_>, names: &Names<'_>) -> Option<Self> {
        /// Of `include/uapi/linux/rtnetlink.h`.
        const RTM_F_CLONED: u32 = 0x200;
        let (head, attributes) = message.split(12)?;
        let v6 = match head[0] {
            AF_INET => false,
            AF_INET6 => true,
            _ => return None,
        };
        let flags = u32::from_ne_bytes([head[8], head[9], head[10], head[11]]);
        let table = attributes.u32(RTA_TABLE).unwrap_or(u32::from(head[4]));
        let several = attributes.get(RTA_MULTIPATH).is_some() || attributes.get(RTA_VIA).is_some();
        if flags & RTM_F_CLONED != 0 || several || table == RT_TABLE_LOCAL {
            return None;
        }
        let (_, way) = Way::ALL
            .into_iter()
            .find(|(_, way)| way.number() == head[7])?;
        let to = match attributes.address(RTA_DST) {
            Some(address) => Prefix::new(address, head[1]),
            None => Prefix::everything(v6),
        };
        let link = match attributes.u32(RTA_OIF) {
            Some(index) => Some(names.get(index)?),
            None => None,
        };
        Some(Self {
            to,
            way,
            via: attributes.address(RTA_GATEWAY),
            // The kernel puts the loopback in where packets end.
            link: link.filter(|_| way == Way::Unicast),
            source: attributes.address(RTA_PREFSRC),
            metric: attributes.u32(RTA_PRIORITY).unwrap_or(0),
            table,
            mtu: attributes.nested(RTA_METRICS).u32(RTAX_MTU),
            onlink: flags & RTNH_F_ONLINK != 0,
            protocol: head[5],
        })
    }

    /// Whether both cannot be at once: the kernel has one for each network, metric and table. For IPv6 it has several
    /// with different ways, which it then shares packets out to; none is ours.
    pub fn is(&self, other: &Self) -> bool {
        self.to == other.to && self.metric == other.metric && self.table == other.table
    }

    /// Whether one that is there is as this asks for.
    pub fn holds(&self, there: &Self) -> bool {
        let same_link = self.link == there.link || self.link.is_none() && self.via.is_some();
        self.is(there)
            && self.way == there.way
            && self.via == there.via
            && same_link
            && self.source == there.source
            && self.mtu == there.mtu
            && self.onlink == there.onlink
    }

    pub fn message(&self, kind: u16, flags: u16, index: Option<u32>) -> Builder {
        let family = if self.to.is_v6() { AF_INET6 } else { AF_INET };
        let local = self.way == Way::Unicast && self.via.is_none() && family == AF_INET;
        let scope = if local {
            RT_SCOPE_LINK
        } else {
            RT_SCOPE_UNIVERSE
        };
        let mut head = [0; 12];
        head[0] = family;
        head[1] = self.to.length;
        head[4] = u8::try_from(self.table).unwrap_or(0);
        head[5] = self.protocol;
        head[6] = scope;
        head[7] = self.way.number();
        let route_flags = if self.onlink { RTNH_F_ONLINK } else { 0 };
        head[8..].copy_from_slice(&route_flags.to_ne_bytes());
        let mut message = Builder::new(kind, flags, &head);
        if self.to.length > 0 {
            message.address(RTA_DST, self.to.address);
        }
        message.u32(RTA_TABLE, self.table);
        message.u32(RTA_PRIORITY, self.metric);
        if let Some(via) = self.via {
            message.address(RTA_GATEWAY, via);
        }
        if let Some(index) = index {
            message.u32(RTA_OIF, index);
        }
        if let Some(source) = self.source {
            message.address(RTA_PREFSRC, source);
        }
        if let Some(mtu) = self.mtu {
            message.nest(RTA_METRICS, |metrics| {
                metrics.u32(RTAX_MTU, mtu);
            });
        }
        message
    }
}
