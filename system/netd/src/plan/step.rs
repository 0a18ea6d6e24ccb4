//! One thing to do, with what takes it back.

use crate::address::Mac;
use crate::state::rule::Doing;
use crate::state::{Address, Kind, Neighbour, Route, Rule, Wireguard};
use document::Origin;
use document::json::Json;
use std::fmt::{self, Write};
use std::mem::swap;

/// From nothing: it is added; to nothing: it is removed; else it is replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<T> {
    pub from: Option<T>,
    pub to: Option<T>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A link is made or removed. An MTU of 0: the kernel's own.
    Link {
        name: String,
        kind: Kind,
        mac: Option<Mac>,
        mtu: u32,
        make: bool,
    },
    /// What its kind can change.
    Kind {
        link: String,
        from: Kind,
        to: Kind,
    },
    /// 0: not known, as the link is made.
    Mtu {
        link: String,
        from: u32,
        to: u32,
    },
    Mac {
        link: String,
        from: Option<Mac>,
        to: Mac,
    },
    Master {
        link: String,
        from: Option<String>,
        to: Option<String>,
    },
    Up {
        link: String,
        from: bool,
        to: bool,
    },
    /// Nothing: not known, as the link is made.
    Sysctl {
        name: String,
        from: Option<String>,
        to: String,
    },
    Feature {
        link: String,
        name: String,
        from: bool,
        to: bool,
    },
    Wireguard {
        link: String,
        from: Wireguard,
        to: Wireguard,
    },
    Address(Change<Address>),
    Route(Change<Route>),
    Rule(Change<Rule>),
    Neighbour(Change<Neighbour>),
}

/// An action and what asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub action: Action,
    /// `None`: no file asks for it any more.
    pub origin: Option<Origin>,
}

impl Action {
    /// What takes it back; `None`: nothing needs to, as what it was done to is gone then.
    pub fn inverse(&self) -> Option<Self> {
        let mut back = self.clone();
        match &mut back {
            Self::Link { make, .. } => *make = !*make,
            Self::Kind { from, to, .. } => swap(from, to),
            Self::Mtu { from: 0, .. } => return None,
            Self::Mtu { from, to, .. } => swap(from, to),
            Self::Mac { from, to, .. } => swap(from.as_mut()?, to),
            Self::Master { from, to, .. } => swap(from, to),
            Self::Up { from, to, .. } | Self::Feature { from, to, .. } => swap(from, to),
            Self::Sysctl { from, to, .. } => swap(from.as_mut()?, to),
            Self::Wireguard { from, to, .. } => swap(from, to),
            Self::Address(change) => swap(&mut change.from, &mut change.to),
            Self::Route(change) => swap(&mut change.from, &mut change.to),
            Self::Rule(change) => swap(&mut change.from, &mut change.to),
            Self::Neighbour(change) => swap(&mut change.from, &mut change.to),
        }
        Some(back)
    }

    /// For people and programs: which link, what of it, from what, to what.
    pub fn told(&self) -> Told {
        let told = |link: &str, what: &str, from: Option<String>, to: Option<String>| Told {
            link: link.to_owned(),
            what: what.to_owned(),
            from,
            to,
        };
        let on = |on: bool| Some(if on { "on" } else { "off" }.to_owned());
        match self {
            Self::Link {
                name, kind, make, ..
            } => {
                let kind = Some(shown_kind(kind));
                let (from, to) = if *make { (None, kind) } else { (kind, None) };
                told(name, "link", from, to)
            }
            Self::Kind { link, from, to } => {
                told(link, "kind", Some(shown_kind(from)), Some(shown_kind(to)))
            }
            Self::Mtu { link, from, to } => {
                let from = (*from != 0).then(|| from.to_string());
                told(link, "mtu", from, Some(to.to_string()))
            }
            Self::Mac { link, from, to } => told(
                link,
                "mac",
                from.map(|mac| mac.to_string()),
                Some(to.to_string()),
            ),
            Self::Master { link, from, to } => told(link, "master", from.clone(), to.clone()),
            Self::Up { link, from, to } => told(link, "up", on(*from), on(*to)),
            Self::Sysctl { name, from, to } => {
                let link = name.split('/').nth(3).unwrap_or("");
                told(link, name, from.clone(), Some(to.clone()))
            }
            Self::Feature {
                link,
                name,
                from,
                to,
            } => told(link, name, on(*from), on(*to)),
            Self::Wireguard { link, from, to } => {
                let shown = |device: &Wireguard| {
                    Some(format!(
                        "port {}, {} peers",
                        device.port,
                        device.peers.len()
                    ))
                };
                told(link, "wireguard", shown(from), shown(to))
            }
            Self::Address(change) => {
                let link = either(change).map_or("", |address| &*address.link);
                told(
                    link,
                    "address",
                    shown(&change.from, shown_address),
                    shown(&change.to, shown_address),
                )
            }
            Self::Route(change) => {
                let link = either(change).and_then(|route| route.link.as_deref());
                told(
                    link.unwrap_or(""),
                    "route",
                    shown(&change.from, shown_route),
                    shown(&change.to, shown_route),
                )
            }
            Self::Rule(change) => told(
                "",
                "rule",
                shown(&change.from, shown_rule),
                shown(&change.to, shown_rule),
            ),
            Self::Neighbour(change) => {
                let link = either(change).map_or("", |neighbour| &*neighbour.link);
                let show =
                    |neighbour: &Neighbour| format!("{} {}", neighbour.address, neighbour.mac);
                told(
                    link,
                    "neighbour",
                    shown(&change.from, show),
                    shown(&change.to, show),
                )
            }
        }
    }
}

fn either<T>(change: &Change<T>) -> Option<&T> {
    change.to.as_ref().or(change.from.as_ref())
}

fn shown<T>(what: &Option<T>, show: impl Fn(&T) -> String) -> Option<String> {
    what.as_ref().map(show)
}

fn shown_kind(kind: &Kind) -> String {
    match kind {
        Kind::Vlan { parent, id } => format!("vlan {id} of {parent}"),
        Kind::Macvlan { parent, .. } => format!("macvlan of {parent}"),
        Kind::Veth { peer } => format!("veth with {peer}"),
        Kind::Bridge {
            stp,
            vlan_filtering,
        } => {
            let on = |name: &str, on: &Option<bool>| match on {
                Some(true) => format!(", {name}"),
                Some(false) => format!(", no {name}"),
                None => String::new(),
            };
            format!(
                "bridge{}{}",
                on("stp", stp),
                on("vlan-filtering", vlan_filtering)
            )
        }
        Kind::Bond(bond) => {
            let mode = crate::state::link::BOND_MODES.get(usize::from(bond.mode));
            format!("bond {}", mode.unwrap_or(&""))
        }
        other => other.word().to_owned(),
    }
}

fn shown_address(address: &Address) -> String {
    match address.valid {
        crate::state::address::FOREVER => address.prefix.to_string(),
        valid => format!("{} for {valid} s", address.prefix),
    }
}

/// A route in words.
pub fn shown_route(route: &Route) -> String {
    let mut text = match route.to.length {
        0 => "default".to_owned(),
        _ => route.to.to_string(),
    };
    if route.way != crate::state::route::Way::Unicast {
        let _ = write!(text, " {}", route.way.name());
    }
    if let Some(via) = route.via {
        let _ = write!(text, " via {via}");
    }
    if let Some(source) = route.source {
        let _ = write!(text, " source {source}");
    }
    if route.metric != 0 {
        let _ = write!(text, " metric {}", route.metric);
    }
    if route.table != crate::netlink::constants::RT_TABLE_MAIN {
        let _ = write!(text, " table {}", route.table);
    }
    text
}

fn shown_rule(rule: &Rule) -> String {
    let mut text = format!("{}:", rule.priority);
    if rule.not {
        text += " not";
    }
    for (name, prefix) in [("from", rule.from), ("to", rule.to)] {
        if let Some(prefix) = prefix {
            let _ = write!(text, " {name} {prefix}");
        }
    }
    for (name, link) in [("iif", &rule.iif), ("oif", &rule.oif)] {
        if let Some(link) = link {
            let _ = write!(text, " {name} {link}");
        }
    }
    if let Some((mark, mask)) = rule.mark {
        let _ = write!(text, " mark {mark:#x}/{mask:#x}");
    }
    let _ = match rule.doing {
        Doing::Table(table) => write!(text, " table {table}"),
        Doing::Blackhole => write!(text, " blackhole"),
        Doing::Unreachable => write!(text, " unreachable"),
        Doing::Prohibit => write!(text, " prohibit"),
    };
    if rule.v6 && rule.from.is_none() && rule.to.is_none() {
        text += " (IPv6)";
    }
    text
}

/// A step in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Empty: of none.
    pub link: String,
    pub what: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

impl Told {
    /// Writes it into the object that is open.
    pub fn write(&self, json: &mut Json) {
        json.key("link");
        json.string(&self.link);
        json.key("what");
        json.string(&self.what);
        json.key("from");
        json.text_or_null(self.from.as_deref());
        json.key("to");
        json.text_or_null(self.to.as_deref());
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.link.is_empty() {
            write!(f, "{}: ", self.link)?;
        }
        match (&self.from, &self.to) {
            (None, Some(to)) => write!(f, "add {} {to}", self.what),
            (Some(from), None) => write!(f, "remove {} {from}", self.what),
            (Some(from), Some(to)) => write!(f, "{} {from} -> {to}", self.what),
            (None, None) => f.write_str(&self.what),
        }
    }
}
