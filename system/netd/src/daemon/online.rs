//! Whether the machine is online: decided at once where nothing is to be waited for.

use crate::configuration::{Configuration, Link as Table, Online, table_of};
use crate::netlink::constants::RT_SCOPE_UNIVERSE;
use crate::state::{Link, State};

/// The answer, and for status what each link has to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Online,
    /// It will not be by waiting; why.
    Offline(String),
    /// Something is under way; what.
    Waiting(String),
}

/// What is asked for besides the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub link: String,
    pub online: Option<Online>,
}

/// The word of a predicate.
pub fn word(text: &str) -> Option<Online> {
    Some(match text {
        "carrier" => Online::Carrier,
        "address" => Online::Address,
        "routable" => Online::Routable,
        _ => return None,
    })
}

fn holds(state: &State, link: &Link, online: Online) -> bool {
    let has_address = || {
        state.addresses.iter().any(|address| {
            address.link == link.name && address.scope == RT_SCOPE_UNIVERSE && address.is_usable()
        })
    };
    let has_route = || {
        state
            .routes
            .iter()
            .any(|route| route.to.length == 0 && route.link.as_deref() == Some(&link.name))
    };
    match online {
        Online::No => true,
        Online::Carrier => link.has_carrier(),
        Online::Address => link.has_carrier() && has_address(),
        Online::Routable => link.has_carrier() && has_address() && has_route(),
    }
}

/// Looks at all links that count. `settling`: carrier may still come to it, as it was brought up just now.
pub fn verdict(
    all: &Configuration,
    state: &State,
    demands: &[Demand],
    settling: impl Fn(&str, &Table) -> bool,
) -> Verdict {
    if !demands.is_empty() {
        return demanded(all, state, demands, &settling);
    }
    let (mut online, mut waiting, mut none) = (0, Vec::new(), Vec::new());
    let (mut required, mut counted) = (Vec::new(), 0);
    for table in all.links.iter().filter(|table| table.online != Online::No) {
        counted += 1;
        let names = table.names(state);
        let mut any = false;
        for link in names.iter().filter_map(|name| state.link(name)) {
            if table_of(all, state, &link.name).is_none_or(|first| first.label != table.label) {
                continue;
            }
            if holds(state, link, table.online) {
                online += 1;
                any = true;
            } else if link.has_carrier() || settling(&link.name, table) {
                waiting.push(link.name.clone());
            } else {
                none.push(link.name.clone());
            }
        }
        if table.required && !any {
            required.push((table, names));
        }
    }
    for (table, names) in &required {
        let hopeless = !names.is_empty() && names.iter().all(|name| none.contains(name));
        if hopeless {
            return Verdict::Offline(format!(
                "{}, which is required, has no carrier",
                table.label
            ));
        }
    }
    if let Some((table, _)) = required.first() {
        return Verdict::Waiting(format!("{} is required", table.label));
    }
    if online > 0 || counted == 0 {
        return Verdict::Online;
    }
    match waiting.is_empty() {
        false => Verdict::Waiting(waiting.join(", ")),
        true if none.is_empty() => Verdict::Offline("none of the links is there".to_owned()),
        true => Verdict::Offline(format!("no carrier: {}", none.join(", "))),
    }
}

fn demanded(
    all: &Configuration,
    state: &State,
    demands: &[Demand],
    settling: &dyn Fn(&str, &Table) -> bool,
) -> Verdict {
    let mut waiting = Vec::new();
    for demand in demands {
        let Some(link) = state.link(&demand.link) else {
            waiting.push(format!("{} is not there", demand.link));
            continue;
        };
        let table = table_of(all, state, &link.name);
        let online = demand
            .online
            .or(table.map(|table| table.online))
            .unwrap_or_default();
        if holds(state, link, online) {
            continue;
        }
        if !link.has_carrier() && !table.is_some_and(|table| settling(&link.name, table)) {
            return Verdict::Offline(format!("{} has no carrier", link.name));
        }
        waiting.push(link.name.clone());
    }
    match waiting.is_empty() {
        true => Verdict::Online,
        false => Verdict::Waiting(waiting.join(", ")),
    }
}
