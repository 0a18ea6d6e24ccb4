//! What the kernel has: read by dumps, compared with what is wanted, and told.

pub mod address;
pub mod features;
pub mod link;
pub mod neighbour;
pub mod route;
pub mod rule;
pub mod sysctl;
pub mod wireguard;

pub use address::Address;
pub use link::{Kind, Link};
pub use neighbour::Neighbour;
pub use route::Route;
pub use rule::Rule;
pub use wireguard::Wireguard;

use crate::error::{Error, Result};
use crate::map::Map;
use crate::netlink::constants::{
    RTM_GETADDR, RTM_GETLINK, RTM_GETNEIGH, RTM_GETROUTE, RTM_GETRULE,
};
use crate::netlink::{Message, Socket};

/// What marks addresses, routes, rules and neighbours that are ours because a file asks for them (`IFA_PROTO`,
/// `RTA_PROTOCOL`, `FRA_PROTOCOL`, `NDA_PROTOCOL`). What bears another number is somebody else's and is left alone.
pub const STATIC: u8 = 174;
/// The same for what a lease or a router asked for.
pub const DYNAMIC: u8 = 175;
/// The alias (`IFLA_IFALIAS`) of links that are ours.
pub const OURS: &str = "netd";

/// Everything, links by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub links: Vec<Link>,
    pub addresses: Vec<Address>,
    pub routes: Vec<Route>,
    pub rules: Vec<Rule>,
    pub neighbours: Vec<Neighbour>,
    /// Those that were asked for, by their path below /proc/sys.
    pub sysctls: Map<String>,
    /// Offloads that were asked for, by [`features::place`].
    pub features: Map<bool>,
    pub wireguard: Map<Wireguard>,
}

impl State {
    /// Reads links, addresses, routes, rules and neighbours.
    ///
    /// # Errors
    /// The kernel's.
    pub fn read(socket: &mut Socket) -> Result<Self> {
        let links = dump(socket, "links", RTM_GETLINK, &[0; 16], |message| {
            Link::parse(&message)
        })?;
        let mut state = Self {
            links,
            ..Self::default()
        };
        state.resolve();
        let names = Names(&state.links);
        let addresses = dump(socket, "addresses", RTM_GETADDR, &[0; 8], |message| {
            Address::parse(&message, &names)
        })?;
        let routes = dump(socket, "routes", RTM_GETROUTE, &[0; 12], |message| {
            Route::parse(&message, &names)
        })?;
        let rules = dump(socket, "rules", RTM_GETRULE, &[0; 12], |message| {
            Rule::parse(&message)
        })?;
        let neighbours = dump(socket, "neighbours", RTM_GETNEIGH, &[0; 12], |message| {
            Neighbour::parse(&message, &names)
        })?;
        Ok(Self {
            addresses,
            routes,
            rules,
            neighbours,
            ..state
        })
    }

    /// Puts names where the kernel tells indices.
    fn resolve(&mut self) {
        let names: Vec<(u32, String)> = self
            .links
            .iter()
            .map(|link| (link.index, link.name.clone()))
            .collect();
        let name = |index: u32| {
            let found = names.iter().find(|(known, _)| *known == index);
            found.map(|(_, name)| name.clone())
        };
        for link in &mut self.links {
            link.master = link.master_index.and_then(name);
            let parent = link.parent_index.and_then(name).unwrap_or_default();
            match &mut link.kind {
                Kind::Vlan { parent: of, .. }
                | Kind::Macvlan { parent: of, .. }
                | Kind::Veth { peer: of } => *of = parent,
                _ => {}
            }
        }
    }

    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    pub fn by_index(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.index == index)
    }
}

/// Names of links by their index.
pub struct Names<'a>(pub &'a [Link]);

impl Names<'_> {
    pub fn get(&self, index: u32) -> Option<String> {
        // The kernel tells links by their index, nearly always in its order.
        let link = match self.0.binary_search_by_key(&index, |link| link.index) {
            Ok(at) => self.0.get(at),
            Err(_) => self.0.iter().find(|link| link.index == index),
        };
        link.map(|link| link.name.clone())
    }
}

fn dump<T>(
    socket: &mut Socket,
    what: &str,
    kind: u16,
    header: &[u8],
    parse: impl Fn(Message<'_>) -> Option<T>,
) -> Result<Vec<T>> {
    let mut all = Vec::new();
    let read = socket.dump(kind, header, &mut |message| match message {
        None => all.clear(),
        Some(message) => all.extend(parse(message)),
    });
    match read {
        Ok(()) => Ok(all),
        Err(failure) => Err(Error::kernel_failed(
            format_args!("reading {what}"),
            failure,
        )),
    }
}
