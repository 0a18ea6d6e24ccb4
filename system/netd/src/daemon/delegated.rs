//! What a DHCPv6 lease comes to: addresses and names of its link, and networks of other links in what it is delegated.

use super::changed::seconds;
use super::links6::Managed6;
use crate::address::Prefix;
use crate::configuration::{Configuration, Contribution, Delegated, table_of};
use crate::dhcp6::lease::Given;
use crate::netlink::constants::RT_TABLE_MAIN;
use crate::state::route::Way;
use crate::state::{Address, DYNAMIC, Route, State};
use std::net::{IpAddr, Ipv6Addr};

/// What is unreachable in a prefix: after all networks of it.
const METRIC: u32 = 2048;

impl Managed6 {
    /// The links that have a share of its prefixes, with the number of their network: where a table is about several, they
    /// have one after the other.
    fn shares<'a>(
        &self,
        all: &'a Configuration,
        state: &State,
    ) -> Vec<(String, u32, &'a Delegated)> {
        let Some(own) = table_of(all, state, &self.name) else {
            return Vec::new();
        };
        let mut shares = Vec::new();
        for table in &all.links {
            let Some(asked) = table
                .delegated
                .as_ref()
                .filter(|asked| asked.what.from == own.label)
            else {
                continue;
            };
            let names = table.names(state).into_iter().filter(|name| {
                table_of(all, state, name).is_some_and(|first| first.label == table.label)
            });
            for (name, number) in names.zip(asked.what.subnet..) {
                shares.push((name, number, &asked.what));
            }
        }
        shares
    }

    /// The links that what it is given is for.
    pub fn links(&self, all: &Configuration, state: &State) -> Vec<String> {
        let mut names = vec![self.name.clone()];
        names.extend(self.shares(all, state).into_iter().map(|(name, ..)| name));
        names
    }

    /// What it adds to what is wanted, of its link and of others.
    pub fn contributions(&self, all: &Configuration, state: &State, now: u64) -> Vec<Contribution> {
        let mut own = Contribution {
            link: self.name.clone(),
            source: format!("{}, by a DHCPv6 server", self.name),
            ..Contribution::default()
        };
        if self.settings.dns {
            own.servers.clone_from(&self.client.names().servers);
            own.domains.clone_from(&self.client.names().domains);
        }
        if self.settings.ntp {
            own.ntp.clone_from(&self.client.names().ntp);
        }
        let mut everything = Vec::new();
        if let Some((lease, from)) = self.lease() {
            let age = now.saturating_sub(from);
            for one in &lease.addresses {
                let prefix = Prefix::host(one.what.into());
                own.addresses.extend(leased(&self.name, prefix, one, age));
            }
            let shares = self.shares(all, state);
            for one in lease.prefixes.iter().filter(|one| one.left(age).is_some()) {
                // What no link has of it goes nowhere, and not back by the default route (RFC 7084, WPD-5).
                own.routes.push(unreachable(one.what));
                for (name, number, share) in &shares {
                    let Some(prefix) = network(one.what, *number, share.host) else {
                        continue;
                    };
                    everything.push(Contribution {
                        link: name.clone(),
                        source: format!("{name}, of what {} is delegated", self.name),
                        addresses: leased(name, prefix, one, age).into_iter().collect(),
                        ..Contribution::default()
                    });
                }
            }
        }
        everything.push(own);
        everything
    }

    /// Shares that the prefixes are too small for.
    pub fn too_small(&self, all: &Configuration, state: &State) -> Vec<String> {
        let Some((lease, _)) = self.lease() else {
            return Vec::new();
        };
        let mut wrong = Vec::new();
        for (name, number, share) in self.shares(all, state) {
            for one in &lease.prefixes {
                if network(one.what, number, share.host).is_none() {
                    wrong.push(format!(
                        "{name}: {} of {} has no network {number}: give 'delegated' a smaller 'subnet'",
                        one.what, self.name
                    ));
                }
            }
        }
        wrong
    }
}

fn leased<T>(link: &str, prefix: Prefix, given: &Given<T>, age: u64) -> Option<Address> {
    let (preferred, valid) = given.left(age)?;
    let mut address = Address::wanted(link, prefix, DYNAMIC);
    (address.preferred, address.valid) = (seconds(preferred), seconds(valid));
    Some(address)
}

fn unreachable(to: Prefix) -> Route {
    Route {
        to,
        way: Way::Unreachable,
        via: None,
        link: None,
        source: None,
        metric: METRIC,
        table: RT_TABLE_MAIN,
        mtu: None,
        onlink: false,
        protocol: DYNAMIC,
    }
}

/// A link's address in the /64 of that number of a prefix; `None`: there are not so many.
fn network(prefix: Prefix, number: u32, host: Ipv6Addr) -> Option<Prefix> {
    let IpAddr::V6(address) = prefix.address else {
        return None;
    };
    let room = 64u32.checked_sub(u32::from(prefix.length))?;
    if room < 32 && number >> room != 0 {
        return None;
    }
    let bits = address.to_bits() | u128::from(number) << 64 | host.to_bits();
    Some(Prefix::new(Ipv6Addr::from_bits(bits).into(), 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_a_prefix() {
        let prefix: Prefix = "2001:db8:0:ff00::/56".parse().unwrap();
        let of = |prefix: Prefix, number, host: &str| {
            let network = network(prefix, number, host.parse().unwrap())?;
            Some(network.to_string())
        };
        assert_eq!(of(prefix, 0, "::1").unwrap(), "2001:db8:0:ff00::1/64");
        assert_eq!(of(prefix, 255, "::a:b").unwrap(), "2001:db8:0:ffff::a:b/64");
        assert_eq!(of(prefix, 256, "::1"), None);
        let whole: Prefix = "2001:db8::/64".parse().unwrap();
        assert_eq!(of(whole, 0, "::1").unwrap(), "2001:db8::1/64");
        assert_eq!(of(whole, 1, "::1"), None);
        let large: Prefix = "2001::/16".parse().unwrap();
        assert_eq!(
            of(large, u32::MAX, "::1").unwrap(),
            "2001:0:ffff:ffff::1/64"
        );
    }
}
