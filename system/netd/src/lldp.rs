//! What neighbours on a link tell of themselves (LLDP, IEEE 802.1AB-2016, clauses 8 and 9): read and kept as long as they say. No
//! input, no output, no clock; nothing is ever sent.

use crate::address::Mac;
use crate::netlink::attribute::address;
use std::fmt::Write;
use std::net::IpAddr;

/// `ETH_P_LLDP` (`linux/if_ether.h`).
pub const PROTOCOL: u16 = 0x88cc;

/// The groups that are told: the nearest bridge, the nearest that is no two-port relay, the nearest customer's (table 7-1).
pub const GROUPS: [[u8; 6]; 3] = [
    [0x01, 0x80, 0xc2, 0, 0, 0x0e],
    [0x01, 0x80, 0xc2, 0, 0, 0x03],
    [0x01, 0x80, 0xc2, 0, 0, 0x00],
];

/// So many neighbours of a link are kept: none has more but by somebody's mischief.
const MOST: usize = 16;

/// Names of capabilities, by the number of their bit (table 8-4).
const CAPABILITIES: [&str; 11] = [
    "other",
    "repeater",
    "bridge",
    "access-point",
    "router",
    "telephone",
    "cable-modem",
    "station",
    "c-vlan",
    "s-vlan",
    "relay",
];

/// A neighbour, by what it says; a text that it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbour {
    /// The device and its port: together they tell it from others.
    pub chassis: String,
    pub port: String,
    pub port_description: String,
    pub name: String,
    pub description: String,
    /// What it does at present.
    pub capabilities: Vec<&'static str>,
    /// Where it can be managed.
    pub addresses: Vec<IpAddr>,
    /// The VLAN of what has no tag (annex D.2.1).
    pub vlan: Option<u16>,
}

/// The values of a unit, with their types: 7 bits, then a length of 9.
struct Values<'a>(&'a [u8]);

impl<'a> Iterator for Values<'a> {
    /// `Err`: it is cut short.
    type Item = Result<(u8, &'a [u8]), ()>;

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.0.split_first_chunk::<2>()?;
        let head = u16::from_be_bytes(*head);
        let (kind, length) = ((head >> 9) as u8, usize::from(head & 0x1ff));
        // Behind the end is what fills a frame.
        if kind == 0 {
            self.0 = &[];
            return None;
        }
        let Some((value, rest)) = rest.split_at_checked(length) else {
            self.0 = &[];
            return Some(Err(()));
        };
        self.0 = rest;
        Some(Ok((kind, value)))
    }
}

/// A neighbour and the seconds that it is one for; 0: it is none any more. `None`: it is no unit, or one that is cut short.
pub fn parse(unit: &[u8]) -> Option<(Neighbour, u16)> {
    let mut neighbour = Neighbour::default();
    let mut seconds = None;
    for (at, value) in Values(unit).enumerate() {
        let (kind, value) = value.ok()?;
        match (at, kind) {
            // The first three are these, in this order (clause 8.2).
            (0, 1) => neighbour.chassis = identity(value, 4, 5)?,
            (1, 2) => neighbour.port = identity(value, 3, 4)?,
            (2, 3) => seconds = value.first_chunk().map(|bytes| u16::from_be_bytes(*bytes)),
            (0..=2, _) | (_, 1..=3) => return None,
            (_, 4) => neighbour.port_description = text(value),
            (_, 5) => neighbour.name = text(value),
            (_, 6) => neighbour.description = text(value),
            (_, 7) => neighbour.capabilities = capabilities(value),
            (_, 8) => neighbour
                .addresses
                .extend(management(value).filter(|_| neighbour.addresses.len() < 8)),
            // Organisation, subtype, value: IEEE 802.1, port VLAN.
            (_, 127) if value.starts_with(&[0x00, 0x80, 0xc2, 1]) => {
                let vlan = value.get(4..).and_then(<[u8]>::first_chunk);
                neighbour.vlan = vlan
                    .map(|bytes| u16::from_be_bytes(*bytes))
                    .filter(|vlan| *vlan != 0);
            }
            _ => {}
        }
    }
    seconds.map(|seconds| (neighbour, seconds))
}

/// A device or a port: a subtype, then a hardware address, an address with its family, or text, by the subtype (clauses 8.5.2 and
/// 8.5.3).
fn identity(value: &[u8], hardware: u8, network: u8) -> Option<String> {
    let (kind, value) = value.split_first().filter(|(_, value)| !value.is_empty())?;
    Some(match *kind {
        kind if kind == hardware => Mac::of(value)?.to_string(),
        kind if kind == network => {
            let (family, value) = value.split_first()?;
            numbered(*family, value)?.to_string()
        }
        _ => text(value),
    })
}

/// An address with the number of its family (IANA's: 1 is IPv4, 2 IPv6).
fn numbered(family: u8, value: &[u8]) -> Option<IpAddr> {
    address(value)
        .filter(|address| matches!((family, address), (1, IpAddr::V4(_)) | (2, IpAddr::V6(_))))
}

/// Text; bytes that are none are shown by their numbers.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.trim_end_matches('\0').to_owned(),
        Err(_) => value.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
    }
}

/// What it can do, then what of that it does.
fn capabilities(value: &[u8]) -> Vec<&'static str> {
    let Some(bytes) = value.get(2..).and_then(<[u8]>::first_chunk) else {
        return Vec::new();
    };
    let bits = u16::from_be_bytes(*bytes);
    let does = |at: &usize| bits >> at & 1 != 0;
    (0..CAPABILITIES.len())
        .filter(does)
        .map(|at| CAPABILITIES[at])
        .collect()
}

/// The length of family and address, both, and what is of no use here.
fn management(value: &[u8]) -> Option<IpAddr> {
    let (length, rest) = value.split_first()?;
    let (family, address) = rest.get(..usize::from(*length))?.split_first()?;
    numbered(*family, address)
}

/// The neighbours of one link.
#[derive(Debug, Default)]
pub struct Neighbours(Vec<(Neighbour, u64)>);

/// What a unit changed: a neighbour that came, one that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Came(String),
    Went(String),
}

/// A neighbour in a few words.
fn shown(neighbour: &Neighbour) -> String {
    let name = match &*neighbour.name {
        "" => &neighbour.chassis,
        name => name,
    };
    format!("{name} {}", neighbour.port)
}

impl Neighbours {
    /// Takes a unit at that time, in milliseconds.
    pub fn hear(&mut self, unit: &[u8], now: u64) -> Option<News> {
        let (neighbour, seconds) = parse(unit)?;
        let same = |(known, _): &(Neighbour, u64)| {
            known.chassis == neighbour.chassis && known.port == neighbour.port
        };
        let at = self.0.iter().position(same);
        let until = now + u64::from(seconds) * 1000;
        match at {
            Some(at) if seconds == 0 => {
                let (gone, _) = self.0.remove(at);
                Some(News::Went(shown(&gone)))
            }
            Some(at) => {
                self.0[at] = (neighbour, until);
                None
            }
            None if seconds > 0 && self.0.len() < MOST => {
                let news = News::Came(shown(&neighbour));
                self.0.push((neighbour, until));
                Some(news)
            }
            None => None,
        }
    }

    /// When the first is none any more.
    pub fn deadline(&self) -> Option<u64> {
        self.0.iter().map(|(_, until)| *until).min()
    }

    /// Forgets those whose time is over; at the end of time, all.
    pub fn forget(&mut self, now: u64) -> Vec<News> {
        let over = |(_, until): &mut (Neighbour, u64)| *until <= now;
        let gone = self.0.extract_if(.., over);
        gone.map(|(gone, _)| News::Went(shown(&gone))).collect()
    }

    /// Each with the milliseconds' time until which it is one.
    pub fn all(&self) -> &[(Neighbour, u64)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(kind: u8, bytes: &[u8]) -> Vec<u8> {
        let head = u16::from(kind) << 9 | u16::try_from(bytes.len()).unwrap();
        let mut value = head.to_be_bytes().to_vec();
        value.extend_from_slice(bytes);
        value
    }

    fn unit(port: u8, seconds: u16, more: &[Vec<u8>]) -> Vec<u8> {
        let mut unit = value(1, &[4, 2, 0, 0, 0, 0, 9]);
        unit.extend(value(2, &[5, b'g', b'e', port]));
        unit.extend(value(3, &seconds.to_be_bytes()));
        more.iter().for_each(|more| unit.extend(more));
        unit.extend([0; 20]);
        unit
    }

    #[test]
    fn what_a_switch_says_is_understood() {
        let more = [
            value(4, b"uplink"),
            value(5, b"switch"),
            value(7, &[0, 0x14, 0, 0x04]),
            value(8, &[5, 1, 192, 0, 2, 1, 2, 0, 0, 0, 1, 0]),
            value(8, &[5, 2, 192, 0, 2, 1, 2, 0, 0, 0, 1, 0]),
            value(127, &[0, 0x80, 0xc2, 1, 0, 7]),
            value(127, &[0, 0x12, 0x0f, 1, 0, 7]),
            value(6, &[0xff, 0x01]),
        ];
        let (neighbour, seconds) = parse(&unit(b'1', 120, &more)).unwrap();
        assert_eq!(
            (&*neighbour.chassis, &*neighbour.port),
            ("02:00:00:00:00:09", "ge1")
        );
        assert_eq!(
            (&*neighbour.name, &*neighbour.port_description),
            ("switch", "uplink")
        );
        assert_eq!(neighbour.description, "ff01");
        assert_eq!(neighbour.capabilities, ["bridge"]);
        assert_eq!(
            neighbour.addresses,
            ["192.0.2.1".parse::<IpAddr>().unwrap()]
        );
        assert_eq!((neighbour.vlan, seconds), (Some(7), 120));
    }

    #[test]
    fn neighbours_come_and_go() {
        let mut all = Neighbours::default();
        let came = News::Came("02:00:00:00:00:09 ge1".to_owned());
        assert_eq!(all.hear(&unit(b'1', 2, &[]), 0), Some(came));
        assert_eq!(all.hear(&unit(b'1', 2, &[]), 1000), None);
        assert!(all.hear(&unit(b'2', 120, &[]), 1000).is_some());
        assert_eq!(all.deadline(), Some(3000));
        assert_eq!(all.forget(2999), []);
        assert_eq!(all.forget(3000).len(), 1);
        let went = News::Went("02:00:00:00:00:09 ge2".to_owned());
        assert_eq!(all.hear(&unit(b'2', 0, &[]), 4000), Some(went));
        assert_eq!(all.hear(&unit(b'2', 0, &[]), 4000), None);
        assert!(all.all().is_empty());
    }

    #[test]
    fn what_is_no_unit_is_none() {
        let good = unit(b'1', 120, &[value(5, b"switch")]);
        assert!(parse(&good).is_some());
        for end in 1..good.len() - 21 {
            let short = parse(&good[..end]);
            // Whole values and no end are a unit all the same; less than the first three are not.
            assert!(short.is_none() || end >= 9 + 6 + 4, "{end}");
        }
        let mut swapped = value(2, &[5, b'x']);
        swapped.extend(value(1, &[4, 2, 0, 0, 0, 0, 9]));
        swapped.extend(value(3, &[0, 9]));
        assert!(parse(&swapped).is_none());
        assert!(
            parse(&unit(b'1', 9, &[value(3, &[0, 9])])).is_none(),
            "two times"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn no_bytes_lead_astray(units in proptest::collection::vec((any::<u8>(), 0u16..4, proptest::collection::vec((0u8..128, proptest::collection::vec(any::<u8>(), 0..20)), 0..6), 0usize..120), 0..40)) {
            let mut all = Neighbours::default();
            for (now, (port, seconds, more, cut)) in units.into_iter().enumerate() {
                let more: Vec<Vec<u8>> = more.iter().map(|(kind, bytes)| value(*kind, bytes)).collect();
                let mut bytes = unit(port, seconds, &more);
                bytes.truncate(cut);
                let now = now as u64 * 1000;
                all.hear(&bytes, now);
                all.forget(now);
                prop_assert!(all.all().len() <= MOST);
                prop_assert!(all.deadline().is_none_or(|next| next > now));
            }
        }
    }
}
