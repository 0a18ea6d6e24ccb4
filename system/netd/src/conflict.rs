//! Whether somebody else has an IPv4 address (RFC 5227): asked before it is used, watched for while it is. And addresses of
//! nobody's giving (RFC 3927), chosen and asked about in the same way. No input, no output, no clock.

use crate::address::Mac;
use crate::system::Instruction;
use std::net::Ipv4Addr;

/// Milliseconds and numbers of RFC 5227, section 1.1.
const PROBE_WAIT: u64 = 1000;
const PROBES: u32 = 3;
const PROBE_MIN: u64 = 1000;
const ANNOUNCE_WAIT: u64 = 2000;
const ANNOUNCEMENTS: u32 = 2;
const ANNOUNCE_INTERVAL: u64 = 2000;
const DEFEND_INTERVAL: u64 = 10_000;

/// Packets of the kernel's that concern an address: somebody says that it is his, or asks about it from no address.
/// Ours come by too, and are told apart by their sender.
pub fn filter(address: Ipv4Addr) -> [Instruction; 6] {
    let address = address.to_bits();
    [
        (0x20, 0, 0, 14),
        (0x15, 2, 0, address),
        (0x20, 0, 0, 24),
        (0x15, 0, 1, address),
        (0x06, 0, 0, 64),
        (0x06, 0, 0, 0),
    ]
}

/// A request of ARP (RFC 826) about an address, from one that may be nobody's.
pub fn request(mac: Mac, from: Ipv4Addr, about: Ipv4Addr) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, 1];
    packet.extend_from_slice(&mac.0);
    packet.extend_from_slice(&from.octets());
    packet.extend_from_slice(&[0; 6]);
    packet.extend_from_slice(&about.octets());
    packet
}

/// Sender's hardware address and address, and the address that is asked about.
pub fn parse(packet: &[u8]) -> Option<(Mac, Ipv4Addr, Ipv4Addr)> {
    let packet = packet.get(..28)?;
    if packet[..6] != [0, 1, 8, 0, 6, 4] {
        return None;
    }
    let address =
        |at: usize| Ipv4Addr::new(packet[at], packet[at + 1], packet[at + 2], packet[at + 3]);
    Some((Mac::of(&packet[8..14])?, address(14), address(24)))
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Send(Vec<u8>),
    /// Nobody has it: it may be used.
    Free,
    /// Somebody has it: it may not be used, or no longer.
    Taken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Probing(u32),
    Announcing(u32),
    /// When it was defended last.
    Watching(Option<u64>),
}

/// One address on one link.
pub struct Watch {
    pub address: Ipv4Addr,
    mac: Mac,
    state: State,
    next: u64,
}

impl Watch {
    /// Asks first.
    pub fn probe(mac: Mac, address: Ipv4Addr, now: u64, random: u64) -> Self {
        Self {
            address,
            mac,
            state: State::Probing(0),
            next: now + random % PROBE_WAIT,
        }
    }

    /// Watches an address that is in use.
    pub fn used(mac: Mac, address: Ipv4Addr, now: u64) -> Self {
        Self {
            address,
            mac,
            state: State::Announcing(0),
            next: now,
        }
    }

    pub fn deadline(&self) -> Option<u64> {
        (self.next != u64::MAX).then_some(self.next)
    }

    pub fn is_probing(&self) -> bool {
        matches!(self.state, State::Probing(_))
    }

    pub fn time(&mut self, now: u64, random: u64) -> Vec<Effect> {
        if now < self.next {
            return Vec::new();
        }
        match self.state {
            State::Probing(PROBES) => {
                self.state = State::Announcing(0);
                let mut effects = vec![Effect::Free];
                effects.extend(self.time(now, random));
                effects
            }
            State::Probing(sent) => {
                self.state = State::Probing(sent + 1);
                self.next = now
                    + match sent + 1 {
                        PROBES => ANNOUNCE_WAIT,
                        _ => PROBE_MIN + random % PROBE_MIN,
                    };
                vec![Effect::Send(request(
                    self.mac,
                    Ipv4Addr::UNSPECIFIED,
                    self.address,
                ))]
            }
            State::Announcing(sent) => {
                self.state = State::Announcing(sent + 1);
                self.next = now + ANNOUNCE_INTERVAL;
                if sent + 1 >= ANNOUNCEMENTS {
                    self.state = State::Watching(None);
                    self.next = u64::MAX;
                }
                vec![Effect::Send(request(self.mac, self.address, self.address))]
            }
            State::Watching(_) => {
                self.next = u64::MAX;
                Vec::new()
            }
        }
    }

    /// Somebody said something.
    pub fn packet(&mut self, now: u64, packet: &[u8]) -> Vec<Effect> {
        let Some((mac, from, about)) = parse(packet).filter(|(mac, ..)| *mac != self.mac) else {
            return Vec::new();
        };
        let _ = mac;
        let has = from == self.address;
        let asks = from.is_unspecified() && about == self.address;
        match self.state {
            State::Probing(_) if has || asks => vec![Effect::Taken],
            State::Announcing(_) | State::Watching(_) if has => {
                let defended = match self.state {
                    State::Watching(last) => last,
                    _ => None,
                };
                // Once in a while it is defended; else it is given up (section 2.4, b).
                if defended.is_some_and(|last| now < last + DEFEND_INTERVAL) {
                    return vec![Effect::Taken];
                }
                self.state = State::Watching(Some(now));
                self.next = u64::MAX;
                vec![Effect::Send(request(self.mac, self.address, self.address))]
            }
            _ => Vec::new(),
        }
    }
}

/// The address that a link chooses for itself (RFC 3927): the same one each time, another after each that is taken.
pub fn link_local(mac: Mac, tries: u32) -> Ipv4Addr {
    // FNV-1a.
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in mac.0.iter().chain(&tries.to_be_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // 169.254.1.0 to 169.254.254.255.
    let host = 256 + ((hash >> 24) % (254 * 256)) as u32;
    Ipv4Addr::from_bits(0xa9fe_0000 | host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OURS: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const OTHER: Mac = Mac([2, 0, 0, 0, 0, 2]);
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

    /// Sends and answers until nothing is left to wait for.
    fn run(watch: &mut Watch) -> (usize, usize) {
        let (mut sent, mut free) = (0, 0);
        while let Some(now) = watch.deadline() {
            for effect in watch.time(now, 7) {
                match effect {
                    Effect::Send(_) => sent += 1,
                    Effect::Free => free += 1,
                    Effect::Taken => panic!("by nobody"),
                }
            }
        }
        (sent, free)
    }

    #[test]
    fn three_questions_and_two_announcements() {
        let mut watch = Watch::probe(OURS, ADDRESS, 0, 500);
        assert_eq!(run(&mut watch), (5, 1));
        let own = request(OURS, ADDRESS, ADDRESS);
        assert_eq!(watch.packet(0, &own), [], "our own packets come by too");
        let claim = request(OTHER, ADDRESS, ADDRESS);
        assert!(
            matches!(watch.packet(0, &claim)[..], [Effect::Send(_)]),
            "defended once"
        );
        assert_eq!(watch.packet(5000, &claim), [Effect::Taken]);
    }

    #[test]
    fn whoever_has_it_or_asks_for_it_too_is_heard() {
        for packet in [
            request(OTHER, ADDRESS, Ipv4Addr::BROADCAST),
            request(OTHER, Ipv4Addr::UNSPECIFIED, ADDRESS),
        ] {
            let mut watch = Watch::probe(OURS, ADDRESS, 0, 0);
            assert_eq!(watch.packet(0, &packet), [Effect::Taken]);
            assert_eq!(watch.packet(0, &packet[..20]), []);
        }
    }

    proptest! {
        #[test]
        fn chosen_addresses_are_of_those_that_may_be(mac: [u8; 6], tries: u32) {
            let [a, b, c, _] = link_local(Mac(mac), tries).octets();
            prop_assert!(a == 169 && b == 254 && (1..=254).contains(&c));
        }
    }
}
