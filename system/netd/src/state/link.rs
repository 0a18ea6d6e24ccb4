//! Links (`struct ifinfomsg`, rtnetlink(7)).

use crate::address::Mac;
use crate::netlink::constants::{
    AF_INET6, IFF_LOWER_UP, IFF_NOARP, IFF_UP, IFLA_ADDRESS, IFLA_AF_SPEC, IFLA_BOND_AD_LACP_RATE,
    IFLA_BOND_MIIMON, IFLA_BOND_MODE, IFLA_BOND_XMIT_HASH_POLICY, IFLA_BR_STP_STATE,
    IFLA_BR_VLAN_FILTERING, IFLA_CARRIER_DOWN_COUNT, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INET6_FLAGS,
    IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINK, IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MACVLAN_MODE,
    IFLA_MASTER, IFLA_MTU, IFLA_PERM_ADDRESS, IFLA_PROTINFO, IFLA_VLAN_ID, NLM_F_CREATE,
    NLM_F_EXCL, RTM_NEWLINK, VETH_INFO_PEER,
};
use crate::netlink::{Attributes, Builder, Message};

/// What a link is, with what only that kind has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of the hardware's, of the loopback, or of a kind that netd does not make; the kernel's word for it, or nothing.
    Other(String),
    Vlan {
        parent: String,
        id: u16,
    },
    Bridge {
        stp: Option<bool>,
        vlan_filtering: Option<bool>,
    },
    Bond(Bond),
    Veth {
        peer: String,
    },
    Macvlan {
        parent: String,
        mode: MacvlanMode,
    },
    Wireguard,
    Dummy,
}

/// Of a bond, what is set; `None`: as the kernel has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bond {
    /// Its place in [`BOND_MODES`].
    pub mode: u8,
    /// Milliseconds between looks at the carrier.
    pub miimon: Option<u32>,
    /// Whether LACP's packets are asked for every second, not every 30.
    pub lacp_fast: Option<bool>,
    /// Its place in [`BOND_HASHES`].
    pub hash: Option<u8>,
}

/// Modes of a bond (`include/uapi/linux/if_bonding.h`).
pub const BOND_MODES: &[&str] = &[
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
];

/// What of a packet chooses the port of a bond.
pub const BOND_HASHES: &[&str] = &["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4"];

/// Whom the links above one link reach directly (`enum macvlan_mode`, by bit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacvlanMode(pub u8);

/// Names of [`MacvlanMode`]s, by the number of their bit.
pub const MACVLAN_MODES: &[&str] = &["private", "vepa", "bridge", "passthru"];

impl Kind {
    /// The kernel's word (`IFLA_INFO_KIND`).
    pub fn word(&self) -> &str {
        match self {
            Self::Other(word) => word,
            Self::Vlan { .. } => "vlan",
            Self::Bridge { .. } => "bridge",
            Self::Bond(_) => "bond",
            Self::Veth { .. } => "veth",
            Self::Macvlan { .. } => "macvlan",
            Self::Wireguard => "wireguard",
            Self::Dummy => "dummy",
        }
    }

    /// The link that it stands on.
    pub fn parent(&self) -> Option<&str> {
        match self {
            Self::Vlan { parent, .. } | Self::Macvlan { parent, .. } => Some(parent),
            _ => None,
        }
    }

    /// Whether one that is there is as this asks for, what it leaves open aside.
    pub fn holds(&self, there: &Self) -> bool {
        fn open<T: PartialEq>(wanted: Option<T>, there: Option<T>) -> bool {
            wanted.is_none() || wanted == there
        }
        match (self, there) {
            (
                Self::Bridge {
                    stp,
                    vlan_filtering,
                },
                Self::Bridge {
                    stp: has_stp,
                    vlan_filtering: filters,
                },
            ) => open(*stp, *has_stp) && open(*vlan_filtering, *filters),
            (Self::Bond(wanted), Self::Bond(has)) => {
                wanted.mode == has.mode
                    && open(wanted.miimon, has.miimon)
                    && open(wanted.lacp_fast, has.lacp_fast)
                    && open(wanted.hash, has.hash)
            }
            (wanted, has) => wanted == has,
        }
    }

    /// Whether one that is there can become this without being made anew.
    pub fn can_become(&self, there: &Self) -> bool {
        match (self, there) {
            (Self::Bridge { .. }, Self::Bridge { .. }) => true,
            (Self::Bond(wanted), Self::Bond(has)) => wanted.mode == has.mode,
            (wanted, has) => wanted.holds(has),
        }
    }

    /// `IFLA_LINKINFO`, and the parent's index where there is one.
    fn write(&self, message: &mut Builder, parent: Option<u32>) {
        if let Some(parent) = parent {
            message.u32(IFLA_LINK, parent);
        }
        message.nest(IFLA_LINKINFO, |info| {
            info.text(IFLA_INFO_KIND, self.word());
            info.nest(IFLA_INFO_DATA, |data| match self {
                Self::Vlan { id, .. } => {
                    data.u16(IFLA_VLAN_ID, *id);
                }
                Self::Bridge {
                    stp,
                    vlan_filtering,
                } => {
                    if let Some(stp) = stp {
                        data.u32(IFLA_BR_STP_STATE, u32::from(*stp));
                    }
                    if let Some(filtering) = vlan_filtering {
                        data.u8(IFLA_BR_VLAN_FILTERING, u8::from(*filtering));
                    }
                }
                Self::Bond(bond) => bond.write(data),
                Self::Veth { peer } => {
                    data.nest(VETH_INFO_PEER, |nest| {
                        // `struct ifinfomsg`, of zeroes, then attributes.
                        nest.raw(&[0; 16]);
                        nest.text(IFLA_IFNAME, peer);
                    });
                }
                Self::Macvlan { mode, .. } => {
                    data.u32(IFLA_MACVLAN_MODE, 1 << mode.0);
                }
                Self::Other(_) | Self::Wireguard | Self::Dummy => {}
            });
        });
    }

    fn parse(info: Attributes<'_>) -> Self {
        let data = info.nested(IFLA_INFO_DATA);
        match info.text(IFLA_INFO_KIND).unwrap_or("") {
            "vlan" => Self::Vlan {
                parent: String::new(),
                id: data.u16(IFLA_VLAN_ID).unwrap_or(0),
            },
            "bridge" => Self::Bridge {
                stp: data.u32(IFLA_BR_STP_STATE).map(|state| state != 0),
                vlan_filtering: data.u8(IFLA_BR_VLAN_FILTERING).map(|on| on != 0),
            },
            "bond" => Self::Bond(Bond {
                mode: data.u8(IFLA_BOND_MODE).unwrap_or(0),
                miimon: data.u32(IFLA_BOND_MIIMON),
                lacp_fast: data.u8(IFLA_BOND_AD_LACP_RATE).map(|rate| rate != 0),
                hash: data.u8(IFLA_BOND_XMIT_HASH_POLICY),
            }),
            "veth" => Self::Veth {
                peer: String::new(),
            },
            "macvlan" => Self::Macvlan {
                parent: String::new(),
                mode: MacvlanMode(
                    data.u32(IFLA_MACVLAN_MODE)
                        .map_or(0, |mode| mode.trailing_zeros().min(7) as u8),
                ),
            },
            "wireguard" => Self::Wireguard,
            "dummy" => Self::Dummy,
            word => Self::Other(word.to_owned()),
        }
    }
}

impl Bond {
    fn write(&self, data: &mut Builder) {
        data.u8(IFLA_BOND_MODE, self.mode);
        if let Some(miimon) = self.miimon {
            data.u32(IFLA_BOND_MIIMON, miimon);
        }
        // The kernel refuses what the mode makes nothing of.
        const XOR: u8 = 2;
        const LACP: u8 = 4;
        const TLB: u8 = 5;
        if let Some(fast) = self.lacp_fast
            && self.mode == LACP
        {
            data.u8(IFLA_BOND_AD_LACP_RATE, u8::from(fast));
        }
        if let Some(hash) = self.hash
            && matches!(self.mode, XOR | LACP | TLB)
        {
            data.u8(IFLA_BOND_XMIT_HASH_POLICY, hash);
        }
    }
}

/// A link as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    pub kind: Kind,
    pub mac: Option<Mac>,
    /// The one that it left the factory with.
    pub permanent: Option<Mac>,
    pub mtu: u32,
    /// `IFF_*`.
    pub flags: u32,
    /// How often carrier was lost (`IFLA_CARRIER_DOWN_COUNT`). The kernel tells of it at most once a second: what comes back sooner
    /// looks as if it had stayed, and may be another network.
    pub losses: u32,
    pub master: Option<String>,
    pub(super) master_index: Option<u32>,
    pub(super) parent_index: Option<u32>,
    pub alias: String,
    /// `IF_RA_*`: what routers said of DHCPv6.
    pub advertised: u32,
    /// `ARPHRD_*`: 1 is Ethernet.
    pub hardware: u16,
}

impl Link {
    /// `None`: it is no message of a link.
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let (head, attributes) = message.split(16)?;
        // Those of AF_BRIDGE tell of ports, not of links.
        if head[0] != 0 {
            return None;
        }
        let word =
            |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let inet6 = attributes.nested(IFLA_AF_SPEC).nested(u16::from(AF_INET6));
        // The index of a parent in another namespace means nothing here.
        let here = attributes.get(IFLA_LINK_NETNSID).is_none();
        Some(Self {
            index: word(4),
            name: attributes.text(IFLA_IFNAME)?.to_owned(),
            kind: Kind::parse(attributes.nested(IFLA_LINKINFO)),
            mac: attributes.get(IFLA_ADDRESS).and_then(Mac::of),
            permanent: attributes.get(IFLA_PERM_ADDRESS).and_then(Mac::of),
            mtu: attributes.u32(IFLA_MTU).unwrap_or(0),
            flags: word(8),
            losses: attributes.u32(IFLA_CARRIER_DOWN_COUNT).unwrap_or(0),
            master: None,
            master_index: attributes.u32(IFLA_MASTER).filter(|index| *index != 0),
            parent_index: attributes.u32(IFLA_LINK).filter(|_| here),
            alias: attributes.text(IFLA_IFALIAS).unwrap_or("").to_owned(),
            advertised: inet6.u32(IFLA_INET6_FLAGS).unwrap_or(0),
            hardware: u16::from_ne_bytes([head[2], head[3]]),
        })
    }

    /// One for tests of what is pure.
    #[cfg(test)]
    pub fn model(name: &str, kind: Kind) -> Self {
        Self {
            index: 0,
            name: name.to_owned(),
            kind,
            mac: None,
            permanent: None,
            mtu: 1500,
            flags: 0,
            losses: 0,
            master: None,
            master_index: None,
            parent_index: None,
            alias: String::new(),
            advertised: 0,
            hardware: 1,
        }
    }

    pub fn is_up(&self) -> bool {
        self.flags & IFF_UP != 0
    }

    /// Whether something is at the other end. A link that is down has no carrier.
    pub fn has_carrier(&self) -> bool {
        self.is_up() && self.flags & IFF_LOWER_UP != 0 && self.flags & libc::IFF_RUNNING as u32 != 0
    }

    pub fn is_ours(&self) -> bool {
        self.alias == super::OURS
    }

    /// Whether ARP means something on it.
    pub fn has_arp(&self) -> bool {
        self.flags & IFF_NOARP == 0 && self.hardware == 1 && self.mac.is_some()
    }
}

/// What a router said of DHCPv6, of a message that tells of a link's IPv6 alone (`RTNLGRP_IPV6_IFINFO`).
pub fn advertised(message: &Message<'_>) -> Option<(u32, u32)> {
    let (head, attributes) = message.split(16)?;
    if head[0] != AF_INET6 {
        return None;
    }
    let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    let flags = attributes.nested(IFLA_PROTINFO).u32(IFLA_INET6_FLAGS)?;
    Some((index, flags))
}

/// `struct ifinfomsg`, with flags and which of them count.
pub fn header(index: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut head = [0; 16];
    head[4..8].copy_from_slice(&index.to_ne_bytes());
    head[8..12].copy_from_slice(&flags.to_ne_bytes());
    head[12..].copy_from_slice(&change.to_ne_bytes());
    head
}

/// A message that makes a link, ours by its alias.
pub fn create(name: &str, kind: &Kind, parent: Option<u32>, mac: Option<Mac>) -> Builder {
    let mut message = Builder::new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &[0; 16]);
    message.text(IFLA_IFNAME, name);
    if let Some(mac) = mac {
        message.bytes(IFLA_ADDRESS, &mac.0);
    }
    kind.write(&mut message, parent);
    message
}

/// A message that gives a link what its kind can change.
pub fn change_kind(index: u32, kind: &Kind) -> Builder {
    let mut message = Builder::new(RTM_NEWLINK, 0, &header(index, 0, 0));
    kind.write(&mut message, None);
    message
}
