//! What a server gave, if it makes sense.

use super::message::{Message, names, option};
use crate::address::Prefix;
use crate::configuration::is_domain;
use std::net::{IpAddr, Ipv4Addr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub prefix: Prefix,
    pub server: Ipv4Addr,
    /// Networks and their gateways; no gateway: on the link itself.
    pub routes: Vec<(Prefix, Option<Ipv4Addr>)>,
    pub dns: Vec<IpAddr>,
    pub domains: Vec<String>,
    /// Servers of time (RFC 2132, 8.3).
    pub ntp: Vec<IpAddr>,
    /// Milliseconds from when it was asked for.
    pub lasts: u64,
    pub renew: u64,
    pub rebind: u64,
}

/// Whether a machine can have an address.
fn is_host(address: Ipv4Addr) -> bool {
    let first = address.octets()[0];
    first != 0 && first != 127 && first < 224
}

impl Lease {
    /// `None`: it gives nothing that a machine can use, or says not for how long or by whom.
    pub fn of(message: &Message) -> Option<Self> {
        let address = message.address;
        let server = message
            .address_of(option::SERVER)
            .filter(|server| is_host(*server))?;
        let seconds = message
            .seconds(option::LEASE_TIME)
            .filter(|seconds| *seconds > 0)?;
        let length = match message.address_of(option::MASK) {
            Some(mask) => {
                let bits = mask.to_bits();
                // Ones, then zeroes; and not all of the net.
                let length = bits.leading_ones();
                let whole = bits.checked_shl(length).unwrap_or(0) == 0;
                (whole && length >= 1).then_some(length as u8)?
            }
            None => match address.octets()[0] {
                0..128 => 8,
                128..192 => 16,
                _ => 24,
            },
        };
        let prefix = Prefix::new(address.into(), length);
        let last = prefix.broadcast() == Some(address);
        let network = length < 31 && prefix.network().address == prefix.address;
        if !is_host(address) || last || network {
            return None;
        }
        let lasts = match seconds {
            // For ever: longer than any machine runs.
            u32::MAX => u64::from(u32::MAX) * 1000,
            seconds => u64::from(seconds) * 1000,
        };
        let time = |number| {
            message
                .seconds(number)
                .map(|seconds| u64::from(seconds) * 1000)
        };
        let (mut renew, mut rebind) = (
            time(option::T1).unwrap_or(lasts / 2),
            time(option::T2).unwrap_or(lasts / 8 * 7),
        );
        if renew == 0 || renew >= rebind || rebind >= lasts {
            (renew, rebind) = (lasts / 2, lasts / 8 * 7);
        }
        Some(Self {
            prefix,
            server,
            routes: routes(message),
            dns: servers(message, option::DNS),
            domains: domains(message),
            ntp: servers(message, option::NTP),
            lasts,
            renew,
            rebind,
        })
    }
}

/// Addresses of an option that a machine can have.
fn servers(message: &Message, option: u8) -> Vec<IpAddr> {
    let all = message.addresses(option).into_iter();
    all.filter(|server| is_host(*server))
        .map(IpAddr::V4)
        .collect()
}

/// Option 121 (RFC 3442), or the routers of option 3 where it is not there.
fn routes(message: &Message) -> Vec<(Prefix, Option<Ipv4Addr>)> {
    let default = Prefix::everything(false);
    let Some(mut bytes) = message.option(option::ROUTES) else {
        let routers = message.addresses(option::ROUTER).into_iter();
        let first = routers.filter(|router| is_host(*router)).take(1);
        return first.map(|router| (default, Some(router))).collect();
    };
    let mut routes = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let octets = usize::from(length.div_ceil(8));
        if *length > 32 || rest.len() < octets + 4 || routes.len() >= 64 {
            break;
        }
        let mut network = [0; 4];
        network[..octets].copy_from_slice(&rest[..octets]);
        let via = &rest[octets..octets + 4];
        let via = Ipv4Addr::new(via[0], via[1], via[2], via[3]);
        bytes = &rest[octets + 4..];
        let to = Prefix::new(IpAddr::V4(network.into()), *length).network();
        let via = (!via.is_unspecified()).then_some(via);
        let known = routes.iter().any(|(other, _)| *other == to);
        if !known && via.is_none_or(is_host) {
            routes.push((to, via));
        }
    }
    routes
}

fn domains(message: &Message) -> Vec<String> {
    let search = message
        .option(option::SEARCH)
        .map(names)
        .unwrap_or_default();
    if !search.is_empty() {
        return search;
    }
    let text = message.option(option::DOMAIN).unwrap_or_default();
    let text = std::str::from_utf8(text).unwrap_or("");
    text.split([' ', '\0'])
        .filter(|name| !name.is_empty() && is_domain(name))
        .map(str::to_owned)
        .collect()
}
