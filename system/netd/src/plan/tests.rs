//! Plans done on a model of the kernel: they reach what is wanted, touch nothing else, and can be taken back.

use super::*;
use crate::address::Prefix;
use crate::netlink::constants::{IFF_UP, RT_TABLE_MAIN};
use crate::state::route::Way;
use crate::state::{Address, Kind, Link, OURS, Route};
use crate::wanted;
use proptest::prelude::*;

fn link(name: &str, kind: Kind, ours: bool) -> Link {
    let mut link = Link::model(name, kind);
    if ours {
        link.alias = OURS.to_owned();
    }
    link
}

/// What the kernel would do.
fn perform(state: &mut State, action: &Action) {
    fn change<T: PartialEq + Clone>(all: &mut Vec<T>, change: &Change<T>) {
        if let Some(from) = &change.from {
            let at = all
                .iter()
                .position(|one| one == from)
                .expect("there is none to change");
            match &change.to {
                Some(to) => all[at] = to.clone(),
                None => drop(all.remove(at)),
            }
        } else {
            all.extend(change.to.clone());
        }
    }
    let find = |state: &mut State, name: &str| -> usize {
        let at = state.links.iter().position(|link| link.name == name);
        at.unwrap_or_else(|| panic!("no link {name}"))
    };
    match action {
        Action::Link {
            name,
            kind,
            mtu,
            make: true,
            ..
        } => {
            assert!(state.link(name).is_none());
            assert!(
                kind.parent()
                    .is_none_or(|parent| state.link(parent).is_some())
            );
            let mut made = link(name, kind.clone(), true);
            if *mtu != 0 {
                made.mtu = *mtu;
            }
            state.links.push(made);
            if let Kind::Veth { peer } = kind {
                let other = Kind::Veth { peer: name.clone() };
                state.links.push(link(peer, other, true));
            }
        }
        Action::Link {
            name,
            kind,
            make: false,
            ..
        } => {
            // With its other end, it may be gone already.
            state.links.retain(|link| link.name != *name);
            if let Kind::Veth { peer } = kind {
                state.links.retain(|link| link.name != *peer);
            }
        }
        Action::Kind { link, to, .. } => {
            let at = find(state, link);
            state.links[at].kind = to.clone();
        }
        Action::Mtu { link, to, .. } => {
            let at = find(state, link);
            state.links[at].mtu = *to;
        }
        Action::Mac { link, to, .. } => {
            let at = find(state, link);
            state.links[at].mac = Some(*to);
        }
        Action::Master { link, to, .. } => {
            assert!(to.as_deref().is_none_or(|to| state.link(to).is_some()));
            let at = find(state, link);
            state.links[at].master = to.clone();
        }
        Action::Up { link, to, .. } => {
            let at = find(state, link);
            state.links[at].flags = if *to { IFF_UP } else { 0 };
        }
        Action::Sysctl { name, to, .. } => {
            state.sysctls.insert(name.clone(), to.clone());
        }
        Action::Feature { .. } | Action::Wireguard { .. } => {}
        Action::Address(of) => {
            if let Some(to) = &of.to {
                find(state, &to.link);
            }
            change(&mut state.addresses, of);
        }
        Action::Route(of) => change(&mut state.routes, of),
        Action::Rule(of) => change(&mut state.rules, of),
        Action::Neighbour(of) => change(&mut state.neighbours, of),
    }
}

fn asked<T>(what: T) -> Asked<T> {
    Asked {
        what,
        origin: Origin::new("/etc/netd/test.toml", 1),
    }
}

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn route(to: &str, via: &str, link: &str, metric: u32, protocol: u8) -> Route {
    Route {
        to: prefix(to),
        way: Way::Unicast,
        via: via.parse().ok(),
        link: Some(link.to_owned()),
        source: None,
        metric,
        table: RT_TABLE_MAIN,
        mtu: None,
        onlink: false,
        protocol,
    }
}

#[test]
fn only_what_differs_is_touched() {
    let mut state = State {
        links: vec![link("eth0", Kind::Other(String::new()), false)],
        addresses: vec![
            Address::wanted("eth0", prefix("192.0.2.5/24"), STATIC),
            Address::wanted("eth0", prefix("192.0.2.6/24"), STATIC),
            Address::wanted("eth0", prefix("192.0.2.7/24"), 0),
            Address::wanted("eth0", prefix("192.0.2.8/24"), DYNAMIC),
        ],
        routes: vec![route("0.0.0.0/0", "192.0.2.1", "eth0", 0, STATIC)],
        ..State::default()
    };
    let wanted = Wanted {
        links: vec![asked(wanted::Link {
            name: "eth0".to_owned(),
            up: Some(true),
            ..wanted::Link::default()
        })],
        addresses: vec![
            asked(Address::wanted("eth0", prefix("192.0.2.5/24"), STATIC)),
            asked(Address::wanted("eth0", prefix("192.0.2.7/24"), STATIC)),
            asked(Address::wanted("eth0", prefix("192.0.2.9/24"), STATIC)),
        ],
        routes: vec![asked(route("0.0.0.0/0", "192.0.2.254", "eth0", 0, STATIC))],
        ..Wanted::default()
    };
    let steps = plan(&state, &wanted, Scope::Files).unwrap();
    let said: Vec<String> = steps
        .iter()
        .map(|step| step.action.told().to_string())
        .collect();
    assert_eq!(
        said,
        [
            "eth0: up off -> on",
            "eth0: add address 192.0.2.9/24",
            "eth0: route default via 192.0.2.1 -> default via 192.0.2.254",
            "eth0: remove address 192.0.2.6/24",
        ]
    );
    for step in &steps {
        perform(&mut state, &step.action);
    }
    assert_eq!(plan(&state, &wanted, Scope::Files).unwrap(), []);
    let steps = plan(&state, &wanted, Scope::All).unwrap();
    assert_eq!(
        steps.len(),
        1,
        "the lease's address goes when leases are looked at"
    );
}

#[test]
fn what_stands_on_others_is_made_after_them_and_what_is_in_the_way_is_told() {
    let vlan = |name: &str, parent: &str, id| {
        asked(wanted::Link {
            name: name.to_owned(),
            kind: Some(Kind::Vlan {
                parent: parent.to_owned(),
                id,
            }),
            up: Some(true),
            ..wanted::Link::default()
        })
    };
    let bridge = asked(wanted::Link {
        name: "br0".to_owned(),
        kind: Some(Kind::Bridge {
            stp: None,
            vlan_filtering: None,
        }),
        ..wanted::Link::default()
    });
    let wanted = Wanted {
        links: vec![vlan("a", "b", 1), vlan("b", "br0", 2), bridge],
        ..Wanted::default()
    };
    let mut state = State::default();
    for step in plan(&state, &wanted, Scope::Files).unwrap() {
        perform(&mut state, &step.action);
    }
    assert_eq!(state.links.len(), 3);
    assert_eq!(plan(&state, &wanted, Scope::Files).unwrap(), []);
    // Another number: it is made anew, and what stands on it too.
    let mut other = wanted.clone();
    other.links[1] = vlan("b", "br0", 3);
    for step in plan(&state, &other, Scope::Files).unwrap() {
        perform(&mut state, &step.action);
    }
    assert_eq!(plan(&state, &other, Scope::Files).unwrap(), []);
    state.links.iter_mut().for_each(|link| link.alias.clear());
    let problems = plan(&state, &wanted, Scope::Files).unwrap_err();
    assert!(
        problems[0]
            .to_string()
            .contains("link.b: b is there already"),
        "{problems:?}"
    );
    let lonely = Wanted {
        links: vec![vlan("c", "nowhere", 4)],
        ..Wanted::default()
    };
    let problems = plan(&state, &lonely, Scope::Files).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "/etc/netd/test.toml:1: link.c.parent: there is no link 'nowhere'"
    );
}

const NAMES: [&str; 5] = ["eth0", "eth1", "br0", "v0", "v1"];

prop_compose! {
    fn some_address()(link in 0..2usize, host in 1u8..6, length in prop_oneof![Just(24u8), Just(16)],
        protocol in prop_oneof![Just(0), Just(STATIC), Just(DYNAMIC)]) -> Address {
        Address::wanted(NAMES[link], prefix(&format!("192.0.2.{host}/{length}")), protocol)
    }
}

prop_compose! {
    fn some_route()(link in 0..2usize, net in 0u8..3, via in 1u8..4, metric in 0u32..2,
        protocol in prop_oneof![Just(4), Just(STATIC), Just(DYNAMIC)]) -> Route {
        route(&format!("10.{net}.0.0/16"), &format!("192.0.2.{via}"), NAMES[link], metric, protocol)
    }
}

prop_compose! {
    fn some_link()(at in 2..5usize, which in 0..4, up: bool, mtu in 0u32..3, master: bool) -> wanted::Link {
        let kind = match (at, which) {
            (2, _) => Kind::Bridge { stp: Some(which == 1), vlan_filtering: None },
            (_, 0 | 1) => Kind::Vlan { parent: "eth0".to_owned(), id: u16::try_from(at).unwrap() + which as u16 },
            (_, 2) => Kind::Dummy,
            _ => Kind::Macvlan { parent: "eth1".to_owned(), mode: crate::state::link::MacvlanMode(2) },
        };
        wanted::Link {
            name: NAMES[at].to_owned(),
            kind: Some(kind),
            up: Some(up),
            mtu: (mtu > 0).then_some(1000 + mtu),
            master: (master && at > 2).then(|| "br0".to_owned()),
            ..wanted::Link::default()
        }
    }
}

/// One of each that can be told apart.
fn unique<T: Clone>(all: Vec<T>, same: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for one in all {
        if !kept.iter().any(|other| same(other, &one)) {
            kept.push(one);
        }
    }
    kept
}

prop_compose! {
    fn some_wanted()(links in proptest::collection::vec(some_link(), 0..4),
        addresses in proptest::collection::vec(some_address(), 0..6),
        routes in proptest::collection::vec(some_route(), 0..6)) -> Wanted {
        let mut links = unique(links, |a, b| a.name == b.name);
        let bridged = links.iter().any(|link| link.name == "br0");
        for link in &mut links {
            link.master = link.master.take().filter(|_| bridged);
        }
        let mut addresses = unique(addresses, Address::is);
        addresses.iter_mut().for_each(|address| address.protocol = STATIC);
        let mut routes = unique(routes, Route::is);
        routes.iter_mut().for_each(|route| route.protocol = STATIC);
        Wanted {
            links: links.into_iter().map(asked).collect(),
            addresses: addresses.into_iter().map(asked).collect(),
            routes: routes.into_iter().map(asked).collect(),
            ..Wanted::default()
        }
    }
}

prop_compose! {
    fn some_state()(addresses in proptest::collection::vec(some_address(), 0..6),
        routes in proptest::collection::vec(some_route(), 0..6)) -> State {
        State {
            links: vec![
                link("eth0", Kind::Other(String::new()), false),
                link("eth1", Kind::Other(String::new()), false),
            ],
            addresses: unique(addresses, Address::is),
            routes: unique(routes, Route::is),
            ..State::default()
        }
    }
}

fn sorted(state: &State) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(state.links.iter().map(|link| {
        format!(
            "{} {:?} {} {} {:?}",
            link.name, link.kind, link.flags, link.mtu, link.master
        )
    }));
    lines.extend(state.addresses.iter().map(|one| format!("{one:?}")));
    lines.extend(state.routes.iter().map(|one| format!("{one:?}")));
    lines.sort();
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn plans_reach_what_is_wanted_and_can_be_taken_back(first in some_wanted(), second in some_wanted(), state in some_state()) {
        let mut state = state;
        for wanted in [&first, &second, &Wanted::default()] {
            let before = state.clone();
            let steps = plan(&state, wanted, Scope::Files).unwrap();
            // Half of it, and back.
            let half = steps.len() / 2;
            let mut some = state.clone();
            steps[..half].iter().for_each(|step| perform(&mut some, &step.action));
            for step in steps[..half].iter().rev() {
                if let Some(back) = step.action.inverse() {
                    perform(&mut some, &back);
                }
            }
            prop_assert_eq!(sorted(&some), sorted(&before), "{:?}", &steps[..half]);
            steps.iter().for_each(|step| perform(&mut state, &step.action));
            prop_assert_eq!(plan(&state, wanted, Scope::Files).unwrap(), vec![], "after {:?}", steps);
            // What is foreign is as it was, but for a route that was in the way.
            for address in before.addresses.iter().filter(|one| one.protocol != STATIC) {
                prop_assert!(state.addresses.contains(address));
            }
        }
    }
}
