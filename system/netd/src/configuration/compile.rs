//! From the files to what is wanted on this machine: which link each table is about.

use super::{Configuration, Link, Matcher};
use crate::address::matches;
use crate::error::Result;
use crate::netlink::Socket;
use crate::state::{
    self, Address, Kind, Neighbour, Route, STATIC, State, features, sysctl, wireguard,
};
use crate::wanted::{self, Asked, Wanted};
use std::fs;
use std::net::IpAddr;

/// What a lease or a router adds for one link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contribution {
    pub link: String,
    /// Who says so, for messages.
    pub source: String,
    pub addresses: Vec<Address>,
    pub routes: Vec<Route>,
    pub servers: Vec<IpAddr>,
    pub domains: Vec<String>,
    /// Servers of time.
    pub ntp: Vec<IpAddr>,
}

impl Matcher {
    fn holds(&self, link: &state::Link) -> bool {
        let name = self.name.as_ref();
        let name = name.is_none_or(|pattern| matches(pattern, &link.name));
        let mac = self.mac.is_none_or(|mac| {
            // The factory's, where it is known: netd may have given the link another.
            link.permanent.or(link.mac) == Some(mac)
        });
        let device = |part: &str| {
            let path = format!("/sys/class/net/{}/{part}", link.name);
            fs::canonicalize(path).ok()
        };
        let driver = self.driver.as_ref().is_none_or(|pattern| {
            let path = device("device/driver");
            let name = path.as_ref().and_then(|path| path.file_name()?.to_str());
            name.is_some_and(|name| matches(pattern, name))
        });
        let path = self.path.as_ref().is_none_or(|pattern| {
            let path = device("device");
            let path = path.as_ref().and_then(|path| path.to_str());
            path.and_then(|path| path.strip_prefix("/sys/devices/"))
                .is_some_and(|path| matches(pattern, path))
        });
        name && mac && driver && path
    }
}

impl Link {
    /// The names of the links that it is about, of those that are there.
    pub fn names(&self, state: &State) -> Vec<String> {
        match &self.matcher {
            None if self.settings.kind.is_some() => vec![self.label.clone()],
            None => {
                let there = state.link(&self.label);
                there.map(|link| link.name.clone()).into_iter().collect()
            }
            Some(matcher) => state
                .links
                .iter()
                .filter(|link| matcher.holds(link))
                .map(|link| link.name.clone())
                .collect(),
        }
    }
}

/// The table that is about a link: the first that names it, else the first that matches.
pub fn table_of<'a>(all: &'a Configuration, state: &State, name: &str) -> Option<&'a Link> {
    let named = all
        .links
        .iter()
        .find(|link| link.matcher.is_none() && link.label == name);
    named.or_else(|| {
        let link = state.link(name)?;
        all.links.iter().find(|table| {
            table
                .matcher
                .as_ref()
                .is_some_and(|matcher| matcher.holds(link))
        })
    })
}

/// What is to be. A link that no table is about is left alone, and a table about no link waits for it.
pub fn compile(all: &Configuration, state: &State, leases: &[Contribution]) -> Wanted {
    let mut wanted = Wanted {
        rules: all.rules.clone(),
        ..Wanted::default()
    };
    for link in &all.links {
        for name in link.names(state) {
            let first = table_of(all, state, &name);
            if first.is_none_or(|first| first.label == link.label) {
                one(link, &name, &mut wanted);
            }
        }
    }
    // The other end of a pair is there as soon as the first is made.
    for lease in leases {
        let origin = document::Origin::new(&lease.source, 0);
        let asked = |address: &Address| Asked {
            what: address.clone(),
            origin: origin.clone(),
        };
        wanted.addresses.extend(lease.addresses.iter().map(asked));
        for route in &lease.routes {
            // What a file says comes first.
            if !wanted.routes.iter().any(|other| other.what.is(route)) {
                wanted.routes.push(Asked {
                    what: route.clone(),
                    origin: origin.clone(),
                });
            }
        }
    }
    wanted
}

fn one(link: &Link, name: &str, wanted: &mut Wanted) {
    wanted.links.push(Asked {
        what: wanted::Link {
            name: name.to_owned(),
            ..link.settings.clone()
        },
        origin: link.origin.clone(),
    });
    let up = link.settings.up == Some(true);
    for asked in &link.addresses {
        wanted.addresses.push(Asked {
            what: Address::wanted(name, asked.what, STATIC),
            origin: asked.origin.clone(),
        });
    }
    // A link that is down has no routes, whatever is asked for.
    for asked in link.routes.iter().filter(|_| up) {
        let way = asked.what.way == state::route::Way::Unicast;
        wanted.routes.push(Asked {
            what: Route {
                link: way.then(|| name.to_owned()),
                ..asked.what.clone()
            },
            origin: asked.origin.clone(),
        });
    }
    for asked in &link.neighbours {
        let (address, mac) = asked.what;
        wanted.neighbours.push(Asked {
            what: Neighbour {
                link: name.to_owned(),
                address,
                mac,
                protocol: STATIC,
            },
            origin: asked.origin.clone(),
        });
    }
    for asked in &link.sysctls {
        let (v6, key, value) = &asked.what;
        wanted.sysctls.push(Asked {
            what: (sysctl::of_link(*v6, name, key), value.clone()),
            origin: asked.origin.clone(),
        });
    }
}

/// Reads the kernel's state, with what this configuration asks for besides: sysctls, offloads, WireGuard.
///
/// # Errors
/// The kernel's.
pub fn read_state(socket: &mut Socket, all: &Configuration) -> Result<State> {
    let mut state = State::read(socket)?;
    let wanted = compile(all, &state, &[]);
    for asked in &wanted.sysctls {
        if let Ok(value) = sysctl::read(&asked.what.0) {
            state.sysctls.insert(asked.what.0.clone(), value);
        }
    }
    for asked in &wanted.links {
        let link = &asked.what;
        let Some(there) = state.link(&link.name) else {
            continue;
        };
        let wireguard = there.kind == Kind::Wireguard && link.wireguard.is_some();
        if !link.features.is_empty() {
            let names: Vec<String> = link.features.iter().map(|(name, _)| name.clone()).collect();
            // One that cannot be read is one that cannot be set: that is told then.
            let _ = features::read_wanted(&link.name, &names, &mut state.features);
        }
        if wireguard && let Ok(device) = wireguard::read(&link.name) {
            state.wireguard.insert(link.name.clone(), device);
        }
    }
    Ok(state)
}
