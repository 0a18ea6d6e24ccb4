//! What is to be, by the names of links that are there: what the configuration and the leases come to on this machine.

use crate::address::Mac;
use crate::state::{Address, Kind, Neighbour, Route, Rule, Wireguard};
use document::Origin;

/// Something with where it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked<T> {
    pub what: T,
    pub origin: Origin,
}

/// All that is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    pub links: Vec<Asked<Link>>,
    pub addresses: Vec<Asked<Address>>,
    pub routes: Vec<Asked<Route>>,
    pub rules: Vec<Asked<Rule>>,
    pub neighbours: Vec<Asked<Neighbour>>,
    /// Paths below /proc/sys and values, for links that are there or are made.
    pub sysctls: Vec<Asked<(String, String)>>,
}

/// Of a link; `None`: as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    pub name: String,
    /// It is made if it is not there.
    pub kind: Option<Kind>,
    pub up: Option<bool>,
    pub mtu: Option<u32>,
    pub mac: Option<Mac>,
    pub master: Option<String>,
    /// Offloads by the kernel's names.
    pub features: Vec<(String, bool)>,
    pub wireguard: Option<Wireguard>,
}

impl Wanted {
    /// Whether a link is made if it is not there: by its own table, or as the other end of a pair.
    pub fn makes(&self, name: &str) -> bool {
        self.links.iter().any(|asked| match &asked.what.kind {
            Some(Kind::Veth { peer }) => asked.what.name == name || peer == name,
            Some(_) => asked.what.name == name,
            None => false,
        })
    }

    /// Leaves out links that stand on, or are to be put on, one that is neither there nor made; and what is on them.
    pub fn leave_out_waiting(&mut self, state: &crate::state::State) {
        loop {
            let there = |name: &str| state.link(name).is_some() || self.makes(name);
            let waits = |asked: &Asked<Link>| {
                let parent = asked.what.kind.as_ref().and_then(Kind::parent);
                parent.is_some_and(|parent| !there(parent))
                    || asked
                        .what
                        .master
                        .as_deref()
                        .is_some_and(|master| !there(master))
            };
            let Some(at) = self.links.iter().position(waits) else {
                return;
            };
            let name = self.links.remove(at).what.name;
            self.addresses.retain(|asked| asked.what.link != name);
            self.routes
                .retain(|asked| asked.what.link.as_ref() != Some(&name));
            self.neighbours.retain(|asked| asked.what.link != name);
        }
    }
}
