//! Messages (RFC 2131, section 2) and options (RFC 2132). What is cut short, or lies about a length, is no message; an
//! option that makes no sense is none.

use crate::address::Mac;
use std::net::Ipv4Addr;

/// Bytes before the options: the fixed part and the cookie.
const FIXED: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];

pub mod option {
    //! Numbers of options.
    #![allow(missing_docs)]
    pub const MASK: u8 = 1;
    pub const ROUTER: u8 = 3;
    pub const DNS: u8 = 6;
    pub const HOSTNAME: u8 = 12;
    pub const DOMAIN: u8 = 15;
    pub const MTU: u8 = 26;
    pub const NTP: u8 = 42;
    pub const ADDRESS: u8 = 50;
    pub const LEASE_TIME: u8 = 51;
    pub const OVERLOAD: u8 = 52;
    pub const KIND: u8 = 53;
    pub const SERVER: u8 = 54;
    pub const WANTED: u8 = 55;
    pub const SIZE: u8 = 57;
    pub const T1: u8 = 58;
    pub const T2: u8 = 59;
    pub const CLIENT: u8 = 61;
    pub const RAPID: u8 = 80;
    pub const SEARCH: u8 = 119;
    pub const ROUTES: u8 = 121;
}

/// What a message is for (option 53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
}

impl Kind {
    fn of(number: u8) -> Option<Self> {
        use Kind::{Ack, Decline, Discover, Nak, Offer, Release, Request};
        [Discover, Offer, Request, Decline, Ack, Nak, Release]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

/// A message that a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub kind: Kind,
    pub transaction: u32,
    /// The address that is given.
    pub address: Ipv4Addr,
    pub mac: Mac,
    /// By their numbers; one that came in several pieces is put together (RFC 3396).
    options: Vec<(u8, Vec<u8>)>,
}

impl Message {
    /// Reads a server's message.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (fixed, rest) = bytes.split_at_checked(FIXED)?;
        // A reply, on Ethernet.
        if fixed[0] != 2 || fixed[1] != 1 || fixed[2] != 6 || fixed[236..] != COOKIE {
            return None;
        }
        let mut options = Vec::new();
        collect(rest, &mut options)?;
        let overload = options
            .iter()
            .find(|(number, _)| *number == option::OVERLOAD);
        let overload = overload
            .and_then(|(_, value)| value.first().copied())
            .unwrap_or(0);
        if overload & 1 != 0 {
            collect(&fixed[108..236], &mut options)?;
        }
        if overload & 2 != 0 {
            collect(&fixed[44..108], &mut options)?;
        }
        let kind = options.iter().find(|(number, _)| *number == option::KIND);
        let kind = kind.and_then(|(_, value)| Kind::of(*value.first()?))?;
        Some(Self {
            kind,
            transaction: u32::from_be_bytes(*fixed[4..8].first_chunk()?),
            address: Ipv4Addr::from(*fixed[16..20].first_chunk::<4>()?),
            mac: Mac::of(&fixed[28..34])?,
            options,
        })
    }

    pub fn option(&self, number: u8) -> Option<&[u8]> {
        let found = self.options.iter().find(|(known, _)| *known == number);
        found.map(|(_, value)| &**value)
    }

    /// An option that is an address.
    pub fn address_of(&self, number: u8) -> Option<Ipv4Addr> {
        let bytes = self.option(number)?;
        (bytes.len() >= 4).then(|| Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))
    }

    /// Addresses, some at most: no server has reason for more.
    pub fn addresses(&self, number: u8) -> Vec<Ipv4Addr> {
        let bytes = self.option(number).unwrap_or_default();
        let address = |four: &[u8]| Ipv4Addr::new(four[0], four[1], four[2], four[3]);
        bytes.chunks_exact(4).map(address).take(8).collect()
    }

    pub fn seconds(&self, number: u8) -> Option<u32> {
        let bytes = self.option(number)?;
        (bytes.len() == 4).then(|| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

/// Takes options out of a field, up to its end or the end mark.
fn collect(mut rest: &[u8], into: &mut Vec<(u8, Vec<u8>)>) -> Option<()> {
    while let Some((number, more)) = rest.split_first() {
        match number {
            0 => rest = more,
            255 => break,
            number => {
                let (length, more) = more.split_first()?;
                let (value, more) = more.split_at_checked(usize::from(*length))?;
                match into.iter_mut().find(|(known, _)| known == number) {
                    Some((_, all)) => all.extend_from_slice(value),
                    None => into.push((*number, value.to_vec())),
                }
                rest = more;
            }
        }
    }
    Some(())
}

/// What a client sends.
#[derive(Clone, Debug)]
pub struct Request {
    pub kind: Kind,
    pub transaction: u32,
    /// Seconds since it began.
    pub seconds: u16,
    /// The address that is in use already.
    pub client: Ipv4Addr,
    pub mac: Mac,
    pub wanted: Option<Ipv4Addr>,
    pub server: Option<Ipv4Addr>,
    pub hostname: String,
    /// Whether an answer may be the last at once (RFC 4039).
    pub rapid: bool,
}

impl Request {
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; FIXED];
        bytes[..4].copy_from_slice(&[1, 1, 6, 0]);
        bytes[4..8].copy_from_slice(&self.transaction.to_be_bytes());
        bytes[8..10].copy_from_slice(&self.seconds.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.client.octets());
        bytes[28..34].copy_from_slice(&self.mac.0);
        bytes[236..].copy_from_slice(&COOKIE);
        let mut put = |number: u8, value: &[u8]| {
            bytes.push(number);
            bytes.push(value.len() as u8);
            bytes.extend_from_slice(value);
        };
        put(option::KIND, &[self.kind as u8]);
        let mut identity = vec![1];
        identity.extend_from_slice(&self.mac.0);
        put(option::CLIENT, &identity);
        if let Some(wanted) = self.wanted {
            put(option::ADDRESS, &wanted.octets());
        }
        if let Some(server) = self.server {
            put(option::SERVER, &server.octets());
        }
        if matches!(self.kind, Kind::Discover | Kind::Request) {
            put(option::SIZE, &1472u16.to_be_bytes());
            use option::{DNS, DOMAIN, MASK, MTU, NTP, ROUTER, ROUTES, SEARCH};
            // ROUTES before ROUTER (RFC 3442).
            put(
                option::WANTED,
                &[
                    MASK,
                    ROUTES,
                    ROUTER,
                    DNS,
                    DOMAIN,
                    SEARCH,
                    MTU,
                    NTP,
                    option::LEASE_TIME,
                    option::T1,
                    option::T2,
                ],
            );
            if !self.hostname.is_empty() && self.hostname.len() < 255 {
                put(option::HOSTNAME, self.hostname.as_bytes());
            }
        }
        if self.rapid {
            put(option::RAPID, &[]);
        }
        bytes.push(255);
        // Some relays drop what is shorter (RFC 1542).
        if bytes.len() < 300 {
            bytes.resize(300, 0);
        }
        bytes
    }
}

/// Names in the encoding of RFC 1035 with its pointers, as option 119 has them (RFC 3397). What is no name ends the list.
pub fn names(bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() && names.len() < 16 {
        let Some((name, next)) = name(bytes, at) else {
            break;
        };
        if crate::configuration::is_domain(&name) {
            names.push(name);
        }
        at = next;
    }
    names
}

/// One name, and where the next begins.
fn name(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    let (mut at, mut next, mut jumps) = (start, None, 0);
    loop {
        let length = usize::from(*bytes.get(at)?);
        match length {
            0 => return Some((text, next.unwrap_or(at + 1))),
            1..=63 => {
                let label = bytes.get(at + 1..at + 1 + length)?;
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(std::str::from_utf8(label).ok()?);
                at += 1 + length;
            }
            192.. => {
                let low = usize::from(*bytes.get(at + 1)?);
                next = next.or(Some(at + 2));
                jumps += 1;
                // Pointers lead back, or they lead nowhere.
                let to = (length & 63) << 8 | low;
                if jumps > 16 || to >= at {
                    return None;
                }
                at = to;
            }
            _ => return None,
        }
        if text.len() > 253 {
            return None;
        }
    }
}
