//! What the daemon does for one link: its DHCP client, its watch over the address, its own address where no server gives one.

use super::changed::{Changed, seconds};
use super::{kept, send};
use crate::address::{Mac, Prefix};
use crate::configuration::{Contribution, Dhcp4, Link as Table};
use crate::conflict::{self, Watch};
use crate::dhcp4::{Client, Effect, Input, Lease, Message, wire};
use crate::netlink::constants::RT_TABLE_MAIN;
use crate::state::address::FOREVER;
use crate::state::route::Way;
use crate::state::{Address, DYNAMIC, Link, Route};
use crate::system;
use rustix::fd::OwnedFd;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

/// `ETH_P_ARP` (`linux/if_ether.h`).
const ARP: u16 = 0x0806;

/// Milliseconds without an answer after which a link takes an address of its own.
const ALONE: u64 = 5000;

pub struct Managed {
    pub name: String,
    pub index: u32,
    pub mac: Mac,
    carrier: bool,
    /// How often the link had lost it.
    losses: u32,
    client: Option<Client>,
    metric: u32,
    dns: bool,
    ntp: bool,
    routes: bool,
    /// Whether it chooses an address where no server gives one.
    local: bool,
    /// When it does so, and how often another had it.
    alone: Option<u64>,
    tries: u32,
    watch: Option<Watch>,
    packets: Option<OwnedFd>,
    arp: Option<OwnedFd>,
    kept: PathBuf,
    /// What its table asked for.
    asked: (Option<Dhcp4>, bool),
    /// The kernel has what is leased: it stays there while the server is asked anew.
    adopted: bool,
}

impl Managed {
    /// For a table that asks for something of this; none else. `has`: whether the kernel has an address on the link.
    pub fn new(
        table: &Table,
        name: &str,
        index: u32,
        mac: Mac,
        folder: &Path,
        now: u64,
        has: impl Fn(Prefix) -> bool,
    ) -> Option<Self> {
        if table.dhcp4.is_none() && !table.link_local4 {
            return None;
        }
        let kept = folder.join(format!("lease4-{name}"));
        let seed = u64::from_ne_bytes(system::random());
        let old = table.dhcp4.as_ref().and_then(|_| read_kept(&kept, now));
        let adopted = old.as_ref().is_some_and(|(lease, _)| has(lease.prefix));
        let client = table
            .dhcp4
            .as_ref()
            .map(|settings| Client::new(mac, &settings.hostname, settings.conflicts, seed, old));
        let settings = table.dhcp4.clone().unwrap_or_default();
        Some(Self {
            name: name.to_owned(),
            index,
            mac,
            carrier: false,
            losses: 0,
            client,
            metric: settings.metric,
            dns: settings.dns,
            ntp: settings.ntp,
            routes: settings.routes,
            local: table.link_local4,
            alone: None,
            tries: 0,
            watch: None,
            packets: None,
            arp: None,
            kept,
            asked: (table.dhcp4.clone(), table.link_local4),
            adopted,
        })
    }

    /// Whether it is as its table asks for.
    pub fn suits(&self, table: &Table) -> bool {
        self.asked.0 == table.dhcp4 && self.asked.1 == table.link_local4
    }

    pub fn deadline(&self) -> Option<u64> {
        let client = self.client.as_ref().and_then(Client::deadline);
        let watch = self.watch.as_ref().and_then(Watch::deadline);
        [client, watch, self.alone].into_iter().flatten().min()
    }

    /// Its sockets, that of DHCP first.
    pub fn sockets(&self) -> [Option<&OwnedFd>; 2] {
        [self.packets.as_ref(), self.arp.as_ref()]
    }

    /// In a word, for status.
    pub fn word(&self) -> &'static str {
        self.client.as_ref().map_or("off", Client::word)
    }

    /// What it adds to what is wanted.
    pub fn contribution(&self, now: u64) -> Option<Contribution> {
        let client = self.client.as_ref();
        // At the start the kernel still has what was leased before: it stays while the server is asked.
        let kept = client.and_then(Client::kept).filter(|_| self.adopted);
        if let Some((lease, ends)) = client.and_then(Client::lease).or(kept) {
            return Some(self.leased(lease, ends.saturating_sub(now)));
        }
        let watch = self
            .watch
            .as_ref()
            .filter(|watch| !watch.is_probing() && watch.address.is_link_local())?;
        let prefix = Prefix::new(watch.address.into(), 16);
        Some(Contribution {
            link: self.name.clone(),
            source: format!("{}, of its own choice", self.name),
            addresses: vec![Address::wanted(&self.name, prefix, DYNAMIC)],
            ..Contribution::default()
        })
    }

    fn leased(&self, lease: &Lease, left: u64) -> Contribution {
        let seconds = seconds(u32::try_from(left.div_ceil(1000)).unwrap_or(FOREVER).max(1));
        let mut address = Address::wanted(&self.name, lease.prefix, DYNAMIC);
        (address.valid, address.preferred) = (seconds, seconds);
        let mut routes = Vec::new();
        for (to, via) in lease.routes.iter().filter(|_| self.routes) {
            routes.push(Route {
                to: *to,
                way: Way::Unicast,
                via: via.map(IpAddr::V4),
                link: Some(self.name.clone()),
                source: None,
                metric: self.metric,
                table: RT_TABLE_MAIN,
                mtu: None,
                // Where every machine is a network of its own, the gateway is on the link all the same.
                onlink: via.is_some_and(|via| !lease.prefix.contains(via.into())),
                protocol: DYNAMIC,
            });
        }
        let (servers, domains) = match self.dns {
            true => (lease.dns.clone(), lease.domains.clone()),
            false => (Vec::new(), Vec::new()),
        };
        let ntp = match self.ntp {
            true => lease.ntp.clone(),
            false => Vec::new(),
        };
        Contribution {
            link: self.name.clone(),
            source: format!("{}, by the DHCP server {}", self.name, lease.server),
            addresses: vec![address],
            routes,
            servers,
            domains,
            ntp,
        }
    }

    /// The link as it is now: carrier came or went, or went and came again.
    pub fn look(&mut self, link: &Link, now: u64) -> Changed {
        let carrier = link.has_carrier();
        let between = carrier && self.carrier && link.losses != self.losses;
        self.losses = link.losses;
        let mut changed = Changed::default();
        if between {
            changed = self.set_carrier(false, now);
        }
        changed.add(self.set_carrier(carrier, now));
        changed
    }

    fn set_carrier(&mut self, carrier: bool, now: u64) -> Changed {
        if carrier == self.carrier {
            return Changed::default();
        }
        self.carrier = carrier;
        self.alone = None;
        let own = self
            .watch
            .as_ref()
            .is_some_and(|watch| watch.address.is_link_local());
        if !carrier {
            self.watch = None;
            self.arp = None;
        }
        if carrier && self.local {
            let pause = if self.client.is_some() { ALONE } else { 0 };
            self.alone = Some(now + pause);
        }
        let input = if carrier { Input::Up } else { Input::Down };
        let mut changed = self.feed(now, input);
        changed.sockets = true;
        changed.wanted |= own;
        changed
    }

    /// Gives the client something and does what it says.
    fn feed(&mut self, now: u64, input: Input<'_>) -> Changed {
        let Some(client) = &mut self.client else {
            return Changed::default();
        };
        let effects = client.step(now, input);
        let mut changed = Changed::default();
        self.listen(&mut changed);
        for effect in effects {
            match effect {
                Effect::Broadcast(message) => {
                    send::broadcast(self.packets.as_ref(), self.index, &message);
                }
                Effect::Unicast(message, server) => send::unicast(self.index, &message, server),
                Effect::Probe(address) => {
                    self.watch = Some(Watch::probe(self.mac, address, now, random()));
                    self.watch_socket(address);
                    changed.sockets = true;
                }
                Effect::Bound(bytes) => {
                    self.keep(&bytes, now);
                    self.adopted = true;
                    self.alone = None;
                    let address = self
                        .client
                        .as_ref()
                        .and_then(Client::lease)
                        .map(|(lease, _)| lease.prefix.address);
                    if let Some(IpAddr::V4(address)) = address
                        && self
                            .watch
                            .as_ref()
                            .is_none_or(|watch| watch.address != address)
                    {
                        self.watch = Some(Watch::used(self.mac, address, now));
                        self.watch_socket(address);
                    }
                    changed = Changed {
                        wanted: true,
                        sockets: true,
                        ..changed
                    };
                }
                Effect::Renewed(bytes) => {
                    self.keep(&bytes, now);
                    changed.renewed = true;
                }
                Effect::Lost => {
                    self.adopted = false;
                    self.watch = None;
                    self.arp = None;
                    self.alone = (self.local && self.carrier).then_some(now + ALONE);
                    changed = Changed {
                        wanted: true,
                        sockets: true,
                        ..changed
                    };
                }
                Effect::Forget => {
                    let _ = fs::remove_file(&self.kept);
                }
            }
        }
        self.listen(&mut changed);
        changed
    }

    /// Has a socket while answers are waited for, and none else.
    fn listen(&mut self, changed: &mut Changed) {
        let listens = self.client.as_ref().is_some_and(Client::listens);
        if listens == self.packets.is_some() {
            return;
        }
        changed.sockets = true;
        self.packets = match listens {
            true => send::socket(self.index),
            false => None,
        };
    }

    fn watch_socket(&mut self, address: Ipv4Addr) {
        self.arp = system::packet_socket(self.index, ARP, &conflict::filter(address)).ok();
    }

    /// Keeps a server's message for the next start.
    fn keep(&self, bytes: &[u8], now: u64) {
        let age = self.client.as_ref().and_then(Client::lease);
        let age = age.map_or(0, |(lease, ends)| (now + lease.lasts).saturating_sub(ends));
        kept::write(&self.kept, age, bytes);
    }

    /// Reads what came in on one of its sockets.
    pub fn readable(&mut self, arp: bool, now: u64) -> Changed {
        let mut changed = Changed::default();
        let mut buffer = [0u8; 1600];
        // So many at a time: others are to have their turn.
        for _ in 0..64 {
            let Some(socket) = (if arp { &self.arp } else { &self.packets }) else {
                break;
            };
            let Ok((length, counts)) = system::receive(socket, &mut buffer) else {
                break;
            };
            let bytes = &buffer[..length.min(buffer.len())];
            let more = if arp {
                let effects = self.watch.as_mut().map(|watch| watch.packet(now, bytes));
                self.watched(now, effects.unwrap_or_default())
            } else {
                let message = wire::message(bytes, counts)
                    .and_then(|bytes| Some((Message::parse(bytes)?, bytes)));
                match message {
                    Some((message, bytes)) => self.feed(now, Input::Message(&message, bytes)),
                    None => Changed::default(),
                }
            };
            changed.add(more);
        }
        changed
    }

    /// Time has passed.
    pub fn time(&mut self, now: u64) -> Changed {
        let mut changed = self.feed(now, Input::Time);
        let effects = self.watch.as_mut().map(|watch| watch.time(now, random()));
        let more = self.watched(now, effects.unwrap_or_default());
        changed.add(more);
        if self.alone.is_some_and(|alone| now >= alone) {
            self.alone = None;
            let address = conflict::link_local(self.mac, self.tries);
            self.watch = Some(Watch::probe(self.mac, address, now, random()));
            self.watch_socket(address);
            changed.sockets = true;
        }
        changed
    }

    fn watched(&mut self, now: u64, effects: Vec<conflict::Effect>) -> Changed {
        let mut changed = Changed::default();
        for effect in effects {
            let own = self
                .watch
                .as_ref()
                .is_some_and(|watch| watch.address.is_link_local());
            match effect {
                conflict::Effect::Send(packet) => {
                    if let Some(socket) = &self.arp {
                        let _ = system::send_packet(socket, self.index, ARP, &[0xff; 6], &packet);
                    }
                }
                conflict::Effect::Free if own => changed.wanted = true,
                conflict::Effect::Free => {
                    let more = self.feed(now, Input::Free);
                    changed.add(more);
                }
                conflict::Effect::Taken => {
                    self.watch = None;
                    self.arp = None;
                    changed.sockets = true;
                    if own {
                        self.tries += 1;
                        // After ten that were taken, once a minute (RFC 3927, section 2.2.1).
                        let pause = if self.tries > 10 { 60_000 } else { 0 };
                        self.alone = Some(now + pause);
                        changed.wanted = true;
                    } else {
                        let more = self.feed(now, Input::Taken);
                        changed.add(more);
                    }
                }
            }
        }
        changed
    }
}

fn random() -> u64 {
    u64::from_ne_bytes(system::random())
}

/// A lease of before, and when it was asked for by this clock.
fn read_kept(path: &Path, now: u64) -> Option<(Lease, u64)> {
    let (age, bytes) = kept::read(path)?;
    let mut lease = Lease::of(&Message::parse(&bytes)?)?;
    // One that began before the machine did counts from its start, with so much less to last.
    let before = age.saturating_sub(now);
    lease.lasts = lease.lasts.checked_sub(before)?;
    (age < lease.lasts + before).then(|| (lease, now.saturating_sub(age)))
}
