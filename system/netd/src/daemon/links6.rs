//! What the daemon does for one link's IPv6: its DHCPv6 client.

use super::changed::Changed;
use super::kept;
use crate::configuration::{Dhcp6, When};
use crate::dhcp6::lease::Given;
use crate::dhcp6::{Client, Effect, Identity, Input, Lease, Wish};
use crate::netlink::constants::{IF_RA_MANAGED, IF_RA_OTHERCONF};
use crate::state::{DYNAMIC, Link, State};
use crate::system;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrV6, SocketFlags, SocketType, bind, recv, sendto,
    socket_with, sockopt,
};
use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

/// All servers and relays on the link, and the ports of a server and a client (RFC 8415, sections 7.1 and 7.2).
const SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const SERVER: u16 = 547;
const CLIENT: u16 = 546;

pub struct Managed6 {
    pub name: String,
    pub index: u32,
    pub(super) client: Client,
    pub(super) settings: Dhcp6,
    /// The link's own address, which messages come from and answers go to.
    local: Option<Ipv6Addr>,
    /// How often the link had lost its carrier.
    losses: u32,
    wish: Wish,
    socket: Option<OwnedFd>,
    kept: PathBuf,
    /// The kernel has what is leased: it stays there while servers are asked anew.
    adopted: bool,
}

impl Managed6 {
    /// `machine`: who the machine is to servers.
    pub fn new(
        settings: &Dhcp6,
        link: &Link,
        machine: &[u8],
        folder: &Path,
        now: u64,
        state: &State,
    ) -> Self {
        let kept = folder.join(format!("lease6-{}", link.name));
        let old = kept::read(&kept);
        let identity = Identity {
            machine: machine.to_vec(),
            link: number(&link.name),
        };
        let seed = u64::from_ne_bytes(system::random());
        let old = old.as_ref().map(|(age, bytes)| (&bytes[..], *age));
        let client = Client::new(identity, seed, now, old);
        let has = |one: &Given<Ipv6Addr>| {
            let mut of_link = state
                .addresses
                .iter()
                .filter(|address| address.link == link.name);
            of_link.any(|address| address.prefix.address == IpAddr::V6(one.what))
        };
        // Its prefixes show on other links, by their mark.
        let shared = || {
            state
                .routes
                .iter()
                .any(|route| route.protocol == DYNAMIC && route.to.is_v6())
        };
        let adopted = client.kept().is_some_and(|(lease, _)| {
            lease.addresses.iter().any(has) || !lease.prefixes.is_empty() && shared()
        });
        Self {
            name: link.name.clone(),
            index: link.index,
            client,
            settings: settings.clone(),
            local: None,
            losses: link.losses,
            wish: Wish::default(),
            socket: None,
            kept,
            adopted,
        }
    }

    /// Whether it is as its table asks for.
    pub fn suits(&self, settings: &Dhcp6) -> bool {
        self.settings == *settings
    }

    pub fn deadline(&self) -> Option<u64> {
        self.client.deadline()
    }

    pub fn socket(&self) -> Option<&OwnedFd> {
        self.socket.as_ref()
    }

    /// In a word, for status.
    pub fn word(&self) -> &'static str {
        self.client.word()
    }

    /// What is leased, and when it was asked for.
    pub fn lease(&self) -> Option<(&Lease, u64)> {
        let kept = self.client.kept().filter(|_| self.adopted);
        self.client.lease().or(kept)
    }

    /// The link as it is now: with carrier, with an address of its own, and with what routers say.
    pub fn look(&mut self, link: &Link, state: &State, now: u64) -> Changed {
        let local = state
            .addresses
            .iter()
            .find_map(|address| match address.prefix.address {
                IpAddr::V6(own) if own.is_unicast_link_local() => {
                    Some(own).filter(|_| address.link == link.name && address.is_usable())
                }
                _ => None,
            });
        let local = local.filter(|_| link.has_carrier());
        let lost = link.losses != self.losses;
        self.losses = link.losses;
        let mut changed = Changed::default();
        if lost && local.is_some() && self.local.take().is_some() {
            changed = self.feed(now, Input::Down);
            self.socket = None;
        }
        if local.is_none() {
            let was = self.local.take();
            return match was {
                Some(_) => self.feed(now, Input::Down),
                None => Changed::default(),
            };
        }
        let (managed, other) = match self.settings.when {
            When::Router => (
                link.advertised & IF_RA_MANAGED != 0,
                link.advertised & IF_RA_OTHERCONF != 0,
            ),
            When::Always => (true, false),
            When::Names => (false, true),
        };
        let mut wish = Wish {
            address: managed,
            prefix: self.settings.prefix,
            names: managed || other,
        };
        // What a router no longer says is no reason to give up what there is (RFC 4861, section 6.3.4).
        if self.local.is_some() {
            wish.address |= self.wish.address;
            wish.names |= self.wish.names;
        }
        if self.local == local && self.wish == wish {
            return Changed::default();
        }
        if self.local.is_some() && self.local != local {
            changed.add(self.feed(now, Input::Down));
            self.socket = None;
        }
        (self.local, self.wish) = (local, wish);
        changed.add(self.feed(now, Input::Up(wish)));
        changed
    }

    /// Reads what came in.
    pub fn readable(&mut self, now: u64) -> Changed {
        let mut changed = Changed::default();
        let mut buffer = [0u8; 2048];
        // So many at a time: others are to have their turn.
        for _ in 0..64 {
            let Some(socket) = &self.socket else {
                break;
            };
            let Ok((length, whole)) = recv(socket, &mut buffer, RecvFlags::TRUNC) else {
                break;
            };
            if whole <= length {
                changed.add(self.feed(now, Input::Message(&buffer[..length])));
            }
        }
        changed
    }

    pub fn time(&mut self, now: u64) -> Changed {
        self.feed(now, Input::Time)
    }

    /// Somebody else has an address, as the kernel found.
    pub fn taken(&mut self, address: Ipv6Addr, now: u64) -> Changed {
        self.feed(now, Input::Taken(address))
    }

    fn feed(&mut self, now: u64, input: Input<'_>) -> Changed {
        let effects = self.client.step(now, input);
        let mut changed = Changed::default();
        let listens = self.client.listens() && self.local.is_some();
        if listens != self.socket.is_some() {
            changed.sockets = true;
            self.socket = match listens {
                true => self.open().ok(),
                false => None,
            };
        }
        for effect in effects {
            match effect {
                Effect::Send(message) => self.send(&message),
                Effect::Bound(bytes) => {
                    self.keep(&bytes, now);
                    self.adopted = true;
                    changed.wanted = true;
                }
                Effect::Renewed(bytes) => {
                    self.keep(&bytes, now);
                    changed.renewed = true;
                }
                Effect::Lost => {
                    self.adopted = false;
                    let _ = fs::remove_file(&self.kept);
                    changed.wanted = true;
                }
                Effect::Named => changed.names = true,
            }
        }
        changed
    }

    fn keep(&self, bytes: &[u8], now: u64) {
        let from = self.client.lease().map_or(now, |(_, from)| from);
        kept::write(&self.kept, now.saturating_sub(from), bytes);
    }

    /// A socket of the link's own address: nobody beyond the link reaches it.
    fn open(&self) -> Result<OwnedFd, Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET6, SocketType::DGRAM, flags, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        system::bind_to_interface(&socket, self.index)?;
        let local = self.local.ok_or(Errno::ADDRNOTAVAIL)?;
        bind(&socket, &SocketAddrV6::new(local, CLIENT, 0, self.index))?;
        Ok(socket)
    }

    fn send(&self, message: &[u8]) {
        let own;
        let socket = match &self.socket {
            Some(socket) => socket,
            None => match self.open() {
                Ok(socket) => {
                    own = socket;
                    &own
                }
                Err(_) => return,
            },
        };
        let to = SocketAddrV6::new(SERVERS, SERVER, 0, self.index);
        // What cannot be sent is sent again in time.
        let _ = sendto(socket, message, SendFlags::empty(), &to);
    }
}

/// A number for a link's associations that is the same each time (FNV-1a).
fn number(name: &str) -> u32 {
    let mut hash = 0x811c_9dc5u32;
    for byte in name.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash
}

/// Who the machine is to servers (DUID, RFC 8415, section 11): what is kept, or by the first hardware address that there is
/// (DUID-LL), so that it is the same where nothing can be kept.
pub fn machine(folder: &Path, state: &State) -> Option<Vec<u8>> {
    let path = folder.join("duid");
    if let Ok(kept) = fs::read(&path)
        && (3..=130).contains(&kept.len())
    {
        return Some(kept);
    }
    let mut links: Vec<&Link> = state.links.iter().filter(|link| link.has_arp()).collect();
    // Those of the hardware first, in the kernel's order.
    links.sort_by_key(|link| (link.permanent.is_none(), link.index));
    let mac = links.first().and_then(|link| link.permanent.or(link.mac))?;
    let mut machine = vec![0, 3, 0, 1];
    machine.extend_from_slice(&mac.0);
    let _ = super::names::replace(&path, &machine);
    Some(machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_the_same_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::default();
        assert_eq!(
            machine(folder.path(), &state),
            None,
            "there is nothing to tell it by"
        );
        let mut link = Link::model("eth0", crate::state::Kind::Other(String::new()));
        link.mac = "02:00:00:00:00:01".parse().ok();
        state.links.push(link);
        let first = machine(folder.path(), &state).unwrap();
        assert_eq!(first, [0, 3, 0, 1, 2, 0, 0, 0, 0, 1]);
        state.links[0].mac = "02:00:00:00:00:02".parse().ok();
        assert_eq!(machine(folder.path(), &state), Some(first));
    }
}
