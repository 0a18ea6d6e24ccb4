//! WireGuard (`include/uapi/linux/wireguard.h`): keys, peers, and what each may send.

use crate::address::Prefix;
use crate::netlink::constants::{AF_INET, AF_INET6};
use crate::netlink::generic::{Family, HEADER};
use crate::netlink::{Attributes, Builder, Failure, attribute};
use std::net::{IpAddr, SocketAddr};

const GET_DEVICE: u8 = 0;
const SET_DEVICE: u8 = 1;
const A_IFNAME: u16 = 2;
const A_PRIVATE_KEY: u16 = 3;
const A_FLAGS: u16 = 5;
const A_LISTEN_PORT: u16 = 6;
const A_FWMARK: u16 = 7;
const A_PEERS: u16 = 8;
const PEER_PUBLIC_KEY: u16 = 1;
const PEER_PRESHARED_KEY: u16 = 2;
const PEER_FLAGS: u16 = 3;
const PEER_ENDPOINT: u16 = 4;
const PEER_KEEPALIVE: u16 = 5;
const PEER_ALLOWED: u16 = 9;
const ALLOWED_FAMILY: u16 = 1;
const ALLOWED_ADDRESS: u16 = 2;
const ALLOWED_LENGTH: u16 = 3;
const REMOVE_ME: u32 = 1;
const REPLACE_ALLOWED: u32 = 2;
/// The kernel's version of the family.
const NESTED: u16 = 0;

/// A key of 32 bytes. It is never printed, unless it is a public one.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Key {
    /// From base64, as wg(8) writes it: 43 characters and a `=`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_suffix('=')?.as_bytes();
        if digits.len() != 43 {
            return None;
        }
        let mut key = [0; 32];
        let (mut bits, mut have, mut at) = (0u32, 0, 0);
        for digit in digits {
            let value = DIGITS.iter().position(|known| known == digit)?;
            bits = bits << 6 | u32::try_from(value).ok()?;
            have += 6;
            if have >= 8 {
                have -= 8;
                *key.get_mut(at)? = (bits >> have) as u8;
                at += 1;
                bits &= (1 << have) - 1;
            }
        }
        // What is left of the last digit must be zero: else two texts would be one key.
        (bits == 0 && at == 32).then_some(Self(key))
    }

    /// As the kernel keeps a private one: with the bits set and cleared that X25519 does not use (RFC 7748, section 5).
    pub fn clamped(mut self) -> Self {
        self.0[0] &= 248;
        self.0[31] = self.0[31] & 127 | 64;
        self
    }

    /// As base64.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(44);
        for chunk in self.0.chunks(3) {
            let mut word = 0u32;
            for at in 0..3 {
                word = word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
            }
            for at in 0..=chunk.len() {
                let digit = word >> (18 - 6 * at) & 63;
                text.push(char::from(DIGITS[digit as usize & 63]));
            }
        }
        text.push('=');
        text
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wireguard {
    pub private: Key,
    /// 0: any that is free.
    pub port: u16,
    pub mark: u32,
    /// By their keys, in their order.
    pub peers: Vec<Peer>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    pub public: Key,
    pub preshared: Key,
    /// `None`: it is to call us; where it called from is then told by the kernel.
    pub endpoint: Option<SocketAddr>,
    /// Seconds; 0: never.
    pub keepalive: u16,
    /// In their order.
    pub allowed: Vec<Prefix>,
}

impl Peer {
    fn holds(&self, there: &Self) -> bool {
        let endpoint = self.endpoint.is_none() || self.endpoint == there.endpoint;
        endpoint
            && Self {
                endpoint: there.endpoint,
                ..self.clone()
            } == *there
    }
}

impl Wireguard {
    /// Whether what is there is as this asks for.
    pub fn holds(&self, there: &Self) -> bool {
        self.private == there.private
            && (self.port == 0 || self.port == there.port)
            && self.mark == there.mark
            && self.peers.len() == there.peers.len()
            && self
                .peers
                .iter()
                .zip(&there.peers)
                .all(|(wanted, has)| wanted.holds(has))
    }

    fn sort(&mut self) {
        for peer in &mut self.peers {
            peer.allowed.sort();
        }
        self.peers.sort_by_key(|peer| peer.public.0);
    }

    /// Puts peers and networks in the order in which they are compared.
    pub fn sorted(mut self) -> Self {
        self.sort();
        self
    }
}

/// # Errors
/// The kernel's.
pub fn read(link: &str) -> Result<Wireguard, Failure> {
    let mut family = Family::open("wireguard")?;
    let mut head = vec![GET_DEVICE, 1, 0, 0];
    let name = Builder::attribute(|all| {
        all.text(A_IFNAME, link);
    });
    head.extend_from_slice(&name);
    let mut device = Wireguard::default();
    family.dump(&head, &mut |message| match message {
        None => device = Wireguard::default(),
        Some(message) => {
            if let Some((_, attributes)) = message.split(HEADER) {
                parse(attributes, &mut device);
            }
        }
    })?;
    Ok(device.sorted())
}

/// One message of a dump: what it says of the device, and some of its peers. A peer with many networks goes on in the next.
fn parse(attributes: Attributes<'_>, device: &mut Wireguard) {
    let key = |attributes: Attributes<'_>, kind| {
        attributes
            .get(kind)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Key)
    };
    if let Some(private) = key(attributes, A_PRIVATE_KEY) {
        device.private = private;
    }
    device.port = attributes.u16(A_LISTEN_PORT).unwrap_or(device.port);
    device.mark = attributes.u32(A_FWMARK).unwrap_or(device.mark);
    for (_, bytes) in attributes.nested(A_PEERS) {
        let of_peer = Attributes::new(bytes);
        let Some(public) = key(of_peer, PEER_PUBLIC_KEY) else {
            continue;
        };
        let allowed = of_peer.nested(PEER_ALLOWED).filter_map(|(_, bytes)| {
            let of = Attributes::new(bytes);
            let length = of.u8(ALLOWED_LENGTH)?;
            Some(Prefix::new(of.address(ALLOWED_ADDRESS)?, length))
        });
        match device.peers.last_mut() {
            Some(last) if last.public == public => last.allowed.extend(allowed),
            _ => device.peers.push(Peer {
                public,
                preshared: key(of_peer, PEER_PRESHARED_KEY).unwrap_or_default(),
                endpoint: of_peer.get(PEER_ENDPOINT).and_then(endpoint),
                keepalive: of_peer.u16(PEER_KEEPALIVE).unwrap_or(0),
                allowed: allowed.collect(),
            }),
        }
    }
}

/// `struct sockaddr_in` or `sockaddr_in6`.
fn endpoint(bytes: &[u8]) -> Option<SocketAddr> {
    let family = u16::from_ne_bytes(*bytes.first_chunk()?);
    let port = u16::from_be_bytes(*bytes.get(2..4)?.first_chunk()?);
    let address = match u8::try_from(family) {
        Ok(AF_INET) => attribute::address(bytes.get(4..8)?)?,
        Ok(AF_INET6) => attribute::address(bytes.get(8..24)?)?,
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

fn endpoint_bytes(endpoint: SocketAddr) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(28);
    let (family, port) = (
        if endpoint.is_ipv6() {
            AF_INET6
        } else {
            AF_INET
        },
        endpoint.port(),
    );
    bytes.extend_from_slice(&u16::from(family).to_ne_bytes());
    bytes.extend_from_slice(&port.to_be_bytes());
    match endpoint.ip() {
        IpAddr::V4(address) => {
            bytes.extend_from_slice(&address.octets());
            bytes.resize(16, 0);
        }
        IpAddr::V6(address) => {
            bytes.extend_from_slice(&[0; 4]);
            bytes.extend_from_slice(&address.octets());
            bytes.extend_from_slice(&[0; 4]);
        }
    }
    bytes
}

/// Gives a link what differs: a peer that stays as it is keeps its session.
///
/// # Errors
/// The kernel's.
pub fn write(link: &str, from: &Wireguard, to: &Wireguard) -> Result<(), Failure> {
    let mut family = Family::open("wireguard")?;
    let mut message = family.message(SET_DEVICE);
    message.text(A_IFNAME, link).u32(A_FLAGS, 0);
    if to.private != from.private {
        message.bytes(A_PRIVATE_KEY, &to.private.0);
    }
    if to.port != 0 && to.port != from.port {
        message.u16(A_LISTEN_PORT, to.port);
    }
    message.u32(A_FWMARK, to.mark);
    let find =
        |of: &Wireguard, key: &Key| of.peers.iter().find(|peer| peer.public == *key).cloned();
    message.nest(A_PEERS, |peers| {
        for gone in from
            .peers
            .iter()
            .filter(|peer| find(to, &peer.public).is_none())
        {
            peers.nest(NESTED, |peer| {
                peer.bytes(PEER_PUBLIC_KEY, &gone.public.0)
                    .u32(PEER_FLAGS, REMOVE_ME);
            });
        }
        for wanted in &to.peers {
            let there = find(from, &wanted.public);
            if there.is_some_and(|there| wanted.holds(&there)) {
                continue;
            }
            peers.nest(NESTED, |peer| write_peer(peer, wanted));
        }
    });
    family.request(message)
}

fn write_peer(peer: &mut Builder, wanted: &Peer) {
    peer.bytes(PEER_PUBLIC_KEY, &wanted.public.0)
        .u32(PEER_FLAGS, REPLACE_ALLOWED)
        .bytes(PEER_PRESHARED_KEY, &wanted.preshared.0)
        .u16(PEER_KEEPALIVE, wanted.keepalive);
    if let Some(endpoint) = wanted.endpoint {
        peer.bytes(PEER_ENDPOINT, &endpoint_bytes(endpoint));
    }
    peer.nest(PEER_ALLOWED, |all| {
        for prefix in &wanted.allowed {
            all.nest(NESTED, |one| {
                let family = if prefix.is_v6() { AF_INET6 } else { AF_INET };
                one.u16(ALLOWED_FAMILY, u16::from(family))
                    .address(ALLOWED_ADDRESS, prefix.address)
                    .u8(ALLOWED_LENGTH, prefix.length);
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_read_as_they_are_written(bytes: [u8; 32]) {
            let text = Key(bytes).text();
            prop_assert_eq!(text.len(), 44);
            prop_assert!(Key::parse(&text) == Some(Key(bytes)));
        }

        #[test]
        fn no_bytes_lead_astray(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            parse(Attributes::new(&bytes), &mut Wireguard::default());
            let _ = endpoint(&bytes);
        }
    }

    #[test]
    fn a_device_is_read_as_it_is_written() {
        let peer = Peer {
            public: Key([1; 32]),
            preshared: Key([2; 32]),
            endpoint: "[2001:db8::1]:51820".parse().ok(),
            keepalive: 25,
            allowed: vec!["10.0.0.0/8".parse().unwrap(), "::/0".parse().unwrap()],
        };
        let bytes = Builder::attribute(|all| {
            all.bytes(A_PRIVATE_KEY, &[7; 32]).u16(A_LISTEN_PORT, 5);
            all.nest(A_PEERS, |peers| {
                peers.nest(NESTED, |one| write_peer(one, &peer));
            });
        });
        let mut device = Wireguard::default();
        parse(Attributes::new(&bytes), &mut device);
        let wanted = Wireguard {
            private: Key([7; 32]),
            port: 5,
            mark: 0,
            peers: vec![peer],
        };
        assert!(wanted.holds(&device) && device == wanted);
        assert!(Key::parse("AAAA").is_none());
        assert!(Key::parse(&format!("{}B=", "A".repeat(42))).is_none());
    }
}
