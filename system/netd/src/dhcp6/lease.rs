//! What a server gave, if it makes sense.

use super::message::{Message, Options, option};
use crate::address::Prefix;
use crate::dhcp4::message::names;
use std::net::{IpAddr, Ipv6Addr};

/// For ever, in seconds.
const FOREVER: u32 = u32::MAX;
/// So many addresses, prefixes and servers are taken: no server has reason for more.
const MOST: usize = 8;
/// Milliseconds between renewals at least, however short a lease is.
const LEAST: u64 = 500;

/// Status codes (RFC 8415, section 21.13).
pub mod status {
    #![allow(missing_docs)]
    pub const SUCCESS: u16 = 0;
    pub const NO_BINDING: u16 = 3;
    pub const NOT_ON_LINK: u16 = 4;
}

/// Something leased, with the seconds that it is preferred and valid from when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<T> {
    pub what: T,
    pub preferred: u32,
    pub valid: u32,
}

impl<T> Given<T> {
    /// Seconds that are left of both after so many milliseconds; `None`: it is over.
    pub fn left(&self, age: u64) -> Option<(u32, u32)> {
        let age = u32::try_from(age / 1000).unwrap_or(FOREVER);
        let left = |seconds: u32| match seconds {
            FOREVER => FOREVER,
            seconds => seconds.saturating_sub(age),
        };
        Some((left(self.preferred), left(self.valid))).filter(|(_, valid)| *valid > 0)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    pub server: Vec<u8>,
    pub addresses: Vec<Given<Ipv6Addr>>,
    /// Of length 64 at most: so that links can have networks of them.
    pub prefixes: Vec<Given<Prefix>>,
    /// Milliseconds from when it was asked for, as are the next.
    pub renew: u64,
    pub rebind: u64,
    pub lasts: u64,
}

impl Lease {
    /// Whether both give the same, however long.
    pub fn gives_the_same(&self, other: &Self) -> bool {
        let same = |one: &Given<Ipv6Addr>, other: &Given<Ipv6Addr>| one.what == other.what;
        self.addresses.len() == other.addresses.len()
            && self.prefixes.len() == other.prefixes.len()
            && self
                .addresses
                .iter()
                .zip(&other.addresses)
                .all(|(one, other)| same(one, other))
            && self
                .prefixes
                .iter()
                .zip(&other.prefixes)
                .all(|(one, other)| one.what == other.what)
    }

    /// What is left of it after so many milliseconds; `None`: nothing.
    pub fn after(mut self, age: u64) -> Option<Self> {
        fn shorten<T>(all: &mut Vec<Given<T>>, age: u64) {
            all.retain_mut(|one| {
                let left = one.left(age);
                (one.preferred, one.valid) = left.unwrap_or((0, 0));
                left.is_some()
            });
        }
        shorten(&mut self.addresses, age);
        shorten(&mut self.prefixes, age);
        for time in [&mut self.renew, &mut self.rebind, &mut self.lasts] {
            *time = time.saturating_sub(age);
        }
        (!self.is_empty()).then_some(self)
    }

    fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.prefixes.is_empty()
    }
}

/// All that is of use in a server's message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub server: Vec<u8>,
    /// For the message as a whole.
    pub status: u16,
    /// `None`: it gives nothing that was asked for.
    pub lease: Option<Lease>,
    /// The server knows nothing of what was to be renewed.
    pub unknown: bool,
    pub preference: u8,
    pub rapid: bool,
    pub names: Names,
    /// Seconds after which names are asked for anew.
    pub refresh: Option<u32>,
    /// Seconds between two Solicits, and two Information-requests, at most.
    pub solicit_max: Option<u32>,
    pub information_max: Option<u32>,
}

/// Servers and domains (RFC 3646), and servers of time (RFC 5908).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub servers: Vec<IpAddr>,
    pub domains: Vec<String>,
    pub ntp: Vec<IpAddr>,
}

impl Answer {
    /// `None`: it does not say by whom it is. `identity`: the number of our associations.
    pub fn of(message: &Message<'_>, identity: u32) -> Option<Self> {
        let all = message.options;
        let server = all
            .get(option::SERVER)
            .filter(|server| (1..=130).contains(&server.len()))?;
        let mut lease = Lease {
            server: server.to_vec(),
            ..Lease::default()
        };
        let (mut times, mut unknown) = (Vec::new(), false);
        for (number, prefixes) in [(option::IA_NA, false), (option::IA_PD, true)] {
            for value in all.all(number) {
                unknown |= association(value, identity, prefixes, &mut lease, &mut times)
                    == Some(status::NO_BINDING);
            }
        }
        settle(&mut lease, &times);
        let range = |seconds: &u32| (60..=86400).contains(seconds);
        Some(Self {
            server: server.to_vec(),
            status: status_of(all),
            lease: Some(lease).filter(|lease| !lease.is_empty()),
            unknown,
            preference: match all.get(option::PREFERENCE) {
                Some([preference]) => *preference,
                _ => 0,
            },
            rapid: all.get(option::RAPID).is_some(),
            names: Names {
                servers: servers(all.get(option::DNS).unwrap_or_default()),
                domains: names(all.get(option::SEARCH).unwrap_or_default()),
                ntp: servers_of_time(all),
            },
            refresh: all.number(option::REFRESH),
            solicit_max: all.number(option::SOLICIT_MAX).filter(range),
            information_max: all.number(option::INFORMATION_MAX).filter(range),
        })
    }
}

fn servers(bytes: &[u8]) -> Vec<IpAddr> {
    bytes
        .chunks_exact(16)
        .filter_map(|bytes| bytes.first_chunk::<16>())
        .map(|bytes| Ipv6Addr::from(*bytes))
        .filter(|server| {
            !server.is_multicast() && !server.is_unspecified() && !server.is_loopback()
        })
        .map(IpAddr::V6)
        .take(MOST)
        .collect()
}

/// RFC 5908: one option for each server, which holds its address (1), the group that it tells (2), or its name (3). Those with an
/// address are taken; as of DHCPv4, no more is told to chronyd.
fn servers_of_time(all: Options<'_>) -> Vec<IpAddr> {
    const ADDRESS: u16 = 1;
    let inner = all.all(option::NTP).filter_map(Options::new);
    let mut found: Vec<IpAddr> = inner
        .filter_map(|inner| inner.get(ADDRESS))
        .filter(|address| address.len() == 16)
        .flat_map(servers)
        .collect();
    found.truncate(MOST);
    found
}

fn status_of(options: Options<'_>) -> u16 {
    match options.get(option::STATUS) {
        Some([high, low, ..]) => u16::from_be_bytes([*high, *low]),
        _ => status::SUCCESS,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .first_chunk()
        .map(|bytes| u32::from_be_bytes(*bytes))
}

/// Takes what an association of ours holds; its status. Sections 21.4 and 21.21: identity, T1, T2, options. One whose T1 is beyond
/// its T2 is passed over.
fn association(
    value: &[u8],
    identity: u32,
    prefixes: bool,
    lease: &mut Lease,
    times: &mut Vec<(u32, u32)>,
) -> Option<u16> {
    let (renew, rebind) = (word(value, 4)?, word(value, 8)?);
    let options = Options::new(value.get(12..)?)?;
    if word(value, 0)? != identity || rebind > 0 && renew > rebind {
        return None;
    }
    let before = lease.addresses.len() + lease.prefixes.len();
    if prefixes {
        let more = options.all(option::PREFIX).filter_map(prefix);
        lease.prefixes.extend(more.take(MOST));
        lease.prefixes.truncate(MOST);
    } else {
        let more = options.all(option::ADDRESS).filter_map(address);
        lease.addresses.extend(more.take(MOST));
        lease.addresses.truncate(MOST);
    }
    if lease.addresses.len() + lease.prefixes.len() > before {
        times.push((renew, rebind));
    }
    Some(status_of(options))
}

/// Whether a machine on a link can have an address of there.
fn is_unicast(address: Ipv6Addr) -> bool {
    !address.is_multicast()
        && !address.is_unspecified()
        && !address.is_loopback()
        && !address.is_unicast_link_local()
        && address.to_ipv4_mapped().is_none()
}

fn given<T>(what: T, preferred: u32, valid: u32) -> Option<Given<T>> {
    // One of no time is taken back (section 18.2.10.1).
    (valid > 0 && preferred <= valid).then_some(Given {
        what,
        preferred,
        valid,
    })
}

/// Section 21.6: address, preferred, valid, options.
fn address(value: &[u8]) -> Option<Given<Ipv6Addr>> {
    let address = Ipv6Addr::from(*value.first_chunk::<16>()?);
    let options = Options::new(value.get(24..)?)?;
    let fine = is_unicast(address) && status_of(options) == status::SUCCESS;
    given(address, word(value, 16)?, word(value, 20)?).filter(|_| fine)
}

/// Section 21.22: preferred, valid, length, prefix, options.
fn prefix(value: &[u8]) -> Option<Given<Prefix>> {
    let length = *value.get(8)?;
    let address = Ipv6Addr::from(*value.get(9..)?.first_chunk::<16>()?);
    let options = Options::new(value.get(25..)?)?;
    let fine =
        (8..=64).contains(&length) && is_unicast(address) && status_of(options) == status::SUCCESS;
    let prefix = Prefix::new(address.into(), length).network();
    given(prefix, word(value, 0)?, word(value, 4)?).filter(|_| fine)
}

/// When it is renewed: where the server leaves that to us, at half and at eight tenths of the shortest preferred time
/// (section 21.4); where the associations say it, at the earliest of what they say.
fn settle(lease: &mut Lease, times: &[(u32, u32)]) {
    let both = lease
        .addresses
        .iter()
        .map(|one| (one.preferred, one.valid))
        .chain(lease.prefixes.iter().map(|one| (one.preferred, one.valid)));
    let milliseconds = |seconds: u32| u64::from(seconds) * 1000;
    let (mut shortest, mut lasts) = (u64::MAX, 0);
    for (preferred, valid) in both {
        // One that is valid but not preferred is on its way out; it says nothing, unless it is all there is.
        let time = if preferred > 0 { preferred } else { valid };
        shortest = shortest.min(milliseconds(time));
        lasts = lasts.max(milliseconds(valid));
    }
    let said = |pick: fn(&(u32, u32)) -> u32| {
        times
            .iter()
            .map(pick)
            .filter(|time| *time > 0)
            .min()
            .map(milliseconds)
    };
    let shortest = if shortest == u64::MAX { 0 } else { shortest };
    let rebind = said(|(_, rebind)| *rebind)
        .unwrap_or(shortest / 10 * 8)
        .clamp(LEAST, lasts.max(LEAST));
    let renew = said(|(renew, _)| *renew)
        .unwrap_or(shortest / 2)
        .clamp(LEAST, rebind);
    (lease.renew, lease.rebind, lease.lasts) = (renew, rebind, lasts);
}
