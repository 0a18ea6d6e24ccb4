//! Rules that choose a table of routes (`struct fib_rule_hdr`, `include/uapi/linux/fib_rules.h`).

use crate::address::Prefix;
use crate::netlink::constants::{
    AF_INET, AF_INET6, FIB_RULE_INVERT, FR_ACT_BLACKHOLE, FR_ACT_PROHIBIT, FR_ACT_TO_TBL,
    FR_ACT_UNREACHABLE, FRA_DST, FRA_FWMARK, FRA_FWMASK, FRA_IIFNAME, FRA_OIFNAME, FRA_PRIORITY,
    FRA_PROTOCOL, FRA_SRC, FRA_TABLE,
};
use crate::netlink::{Builder, Message};

/// What a rule does with packets; the kernel has others, which are never ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Table(u32),
    Blackhole,
    Unreachable,
    Prohibit,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub v6: bool,
    pub priority: u32,
    pub from: Option<Prefix>,
    pub to: Option<Prefix>,
    pub iif: Option<String>,
    pub oif: Option<String>,
    /// A mark and which of its bits count.
    pub mark: Option<(u32, u32)>,
    /// Whether it is for packets that match nothing of this.
    pub not: bool,
    pub doing: Doing,
    pub protocol: u8,
}

impl Rule {
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let (head, attributes) = message.split(12)?;
        let v6 = match head[0] {
            AF_INET => false,
            AF_INET6 => true,
            _ => return None,
        };
        let prefix = |kind: u16, length: u8| {
            let address = attributes.address(kind)?;
            Some(Prefix::new(address, length))
        };
        let doing = match head[7] {
            FR_ACT_TO_TBL => Doing::Table(attributes.u32(FRA_TABLE).unwrap_or(u32::from(head[4]))),
            FR_ACT_BLACKHOLE => Doing::Blackhole,
            FR_ACT_UNREACHABLE => Doing::Unreachable,
            FR_ACT_PROHIBIT => Doing::Prohibit,
            _ => return None,
        };
        let flags = u32::from_ne_bytes([head[8], head[9], head[10], head[11]]);
        let mark = attributes.u32(FRA_FWMARK).filter(|mark| *mark != 0);
        Some(Self {
            v6,
            priority: attributes.u32(FRA_PRIORITY).unwrap_or(0),
            from: prefix(FRA_SRC, head[2]),
            to: prefix(FRA_DST, head[1]),
            iif: attributes.text(FRA_IIFNAME).map(str::to_owned),
            oif: attributes.text(FRA_OIFNAME).map(str::to_owned),
            mark: mark.map(|mark| (mark, attributes.u32(FRA_FWMASK).unwrap_or(u32::MAX))),
            not: flags & FIB_RULE_INVERT != 0,
            doing,
            protocol: attributes.u8(FRA_PROTOCOL).unwrap_or(0),
        })
    }

    /// Whether one that is there is as this asks for.
    pub fn holds(&self, there: &Self) -> bool {
        Self {
            protocol: there.protocol,
            ..self.clone()
        } == *there
    }

    pub fn message(&self, kind: u16, flags: u16) -> Builder {
        let mut head = [0; 12];
        head[0] = if self.v6 { AF_INET6 } else { AF_INET };
        head[1] = self.to.map_or(0, |to| to.length);
        head[2] = self.from.map_or(0, |from| from.length);
        let table = match self.doing {
            Doing::Table(table) => table,
            _ => 0,
        };
        head[4] = u8::try_from(table).unwrap_or(0);
        head[7] = match self.doing {
            Doing::Table(_) => FR_ACT_TO_TBL,
            Doing::Blackhole => FR_ACT_BLACKHOLE,
            Doing::Unreachable => FR_ACT_UNREACHABLE,
            Doing::Prohibit => FR_ACT_PROHIBIT,
        };
        let invert = if self.not { FIB_RULE_INVERT } else { 0 };
        head[8..].copy_from_slice(&invert.to_ne_bytes());
        let mut message = Builder::new(kind, flags, &head);
        message.u32(FRA_PRIORITY, self.priority);
        if table != 0 {
            message.u32(FRA_TABLE, table);
        }
        if let Some(from) = self.from {
            message.address(FRA_SRC, from.address);
        }
        if let Some(to) = self.to {
            message.address(FRA_DST, to.address);
        }
        if let Some(name) = &self.iif {
            message.text(FRA_IIFNAME, name);
        }
        if let Some(name) = &self.oif {
            message.text(FRA_OIFNAME, name);
        }
        if let Some((mark, mask)) = self.mark {
            message.u32(FRA_FWMARK, mark).u32(FRA_FWMASK, mask);
        }
        message.u8(FRA_PROTOCOL, self.protocol);
        message
    }
}
