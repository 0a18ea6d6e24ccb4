//! What there is, for people and as JSON.

use super::Daemon;
use super::online::Verdict;
use crate::configuration::table_of;
use crate::state::address::FOREVER;
use crate::state::{DYNAMIC, STATIC};
use document::json::Json;
use std::fmt::Write;

fn whose(protocol: u8) -> &'static str {
    match protocol {
        STATIC => "file",
        DYNAMIC => "lease",
        2 => "router",
        1 | 3 => "kernel",
        _ => "other",
    }
}

fn verdict(verdict: &Verdict) -> (&'static str, &str) {
    match verdict {
        Verdict::Online => ("online", ""),
        Verdict::Offline(why) => ("offline", why),
        Verdict::Waiting(why) => ("waiting", why),
    }
}

pub fn text(daemon: &Daemon) -> String {
    let now = daemon.verdict(&[]);
    let (word, why) = verdict(&now);
    let mut text = match why {
        "" => format!("{word}\n"),
        why => format!("{word}: {why}\n"),
    };
    for link in &daemon.state.links {
        let carrier = match (link.is_up(), link.has_carrier()) {
            (false, _) => "down",
            (true, false) => "no carrier",
            (true, true) => "up",
        };
        let _ = write!(text, "{}: {carrier}, mtu {}", link.name, link.mtu);
        if let Some(mac) = link.mac {
            let _ = write!(text, ", {mac}");
        }
        if let Some(managed) = daemon.managed.iter().find(|one| one.name == link.name) {
            let _ = write!(text, ", dhcp4 {}", managed.word());
        }
        let six = daemon.managed6.iter().find(|one| one.name == link.name);
        if let Some(managed) = six {
            let _ = write!(text, ", dhcp6 {}", managed.word());
        }
        text.push('\n');
        for address in daemon
            .state
            .addresses
            .iter()
            .filter(|one| one.link == link.name)
        {
            let _ = write!(text, "    {} ({})", address.prefix, whose(address.protocol));
            if address.valid != FOREVER {
                let _ = write!(text, " for {} s", address.valid);
            }
            text.push('\n');
        }
    }
    text
}

/// Who told of himself on a link.
fn neighbours(json: &mut Json, daemon: &Daemon, link: &str) {
    let now = crate::system::now();
    json.key("neighbours");
    json.array();
    let listener = daemon.listeners.iter().find(|one| one.name == link);
    for (neighbour, until) in listener.map(|one| one.neighbours.all()).unwrap_or_default() {
        json.object();
        for (key, text) in [
            ("chassis", &neighbour.chassis),
            ("port", &neighbour.port),
            ("port-description", &neighbour.port_description),
            ("name", &neighbour.name),
            ("description", &neighbour.description),
        ] {
            json.key(key);
            json.string(text);
        }
        json.key("capabilities");
        json.array();
        neighbour
            .capabilities
            .iter()
            .for_each(|one| json.string(one));
        json.end();
        json.key("addresses");
        json.array();
        neighbour
            .addresses
            .iter()
            .for_each(|one| json.string(&one.to_string()));
        json.end();
        json.key("vlan");
        match neighbour.vlan {
            Some(vlan) => json.number(i64::from(vlan)),
            None => json.text_or_null(None),
        }
        json.key("seconds");
        let left = until.saturating_sub(now).div_ceil(1000);
        json.number(i64::try_from(left).unwrap_or(0));
        json.end();
    }
    json.end();
}

pub fn json(daemon: &Daemon) -> String {
    let mut json = Json::default();
    json.object();
    let now = daemon.verdict(&[]);
    let (word, why) = verdict(&now);
    json.key("state");
    json.string(word);
    json.key("why");
    json.string(why);
    json.key("confirm");
    json.number(i64::try_from(daemon.to_confirm()).unwrap_or(0));
    json.key("links");
    json.array();
    for link in &daemon.state.links {
        json.object();
        json.key("name");
        json.string(&link.name);
        json.key("index");
        json.number(i64::from(link.index));
        json.key("kind");
        json.string(link.kind.word());
        json.key("mac");
        json.text_or_null(link.mac.map(|mac| mac.to_string()).as_deref());
        json.key("mtu");
        json.number(i64::from(link.mtu));
        json.key("up");
        json.bool(link.is_up());
        json.key("carrier");
        json.bool(link.has_carrier());
        json.key("master");
        json.text_or_null(link.master.as_deref());
        let table = table_of(&daemon.all, &daemon.state, &link.name);
        json.key("asked");
        json.text_or_null(table.map(|table| table.origin.to_string()).as_deref());
        let managed = daemon.managed.iter().find(|one| one.name == link.name);
        json.key("dhcp4");
        json.text_or_null(managed.map(super::links::Managed::word));
        let managed = daemon.managed6.iter().find(|one| one.name == link.name);
        json.key("dhcp6");
        json.text_or_null(managed.map(super::links6::Managed6::word));
        json.key("delegated");
        json.array();
        if let Some((lease, _)) = managed.and_then(super::links6::Managed6::lease) {
            for one in &lease.prefixes {
                json.string(&one.what.to_string());
            }
        }
        json.end();
        neighbours(&mut json, daemon, &link.name);
        json.key("addresses");
        json.array();
        for address in daemon
            .state
            .addresses
            .iter()
            .filter(|one| one.link == link.name)
        {
            json.object();
            json.key("address");
            json.string(&address.prefix.to_string());
            json.key("from");
            json.string(whose(address.protocol));
            json.key("usable");
            json.bool(address.is_usable());
            json.key("seconds");
            match address.valid {
                FOREVER => json.text_or_null(None),
                seconds => json.number(i64::from(seconds)),
            }
            json.end();
        }
        json.end();
        json.end();
    }
    json.end();
    json.key("routes");
    json.array();
    for route in &daemon.state.routes {
        json.object();
        json.key("route");
        json.string(&crate::plan::shown_route(route));
        json.key("link");
        json.text_or_null(route.link.as_deref());
        json.key("from");
        json.string(match route.protocol {
            STATIC => "file",
            DYNAMIC => "lease",
            2 => "kernel",
            9 => "router",
            _ => "other",
        });
        json.end();
    }
    json.end();
    let names = daemon.names();
    for (key, list) in [
        (
            "servers",
            names
                .servers
                .iter()
                .map(|(server, _)| server.to_string())
                .collect::<Vec<_>>(),
        ),
        ("search", names.search.clone()),
    ] {
        json.key(key);
        json.array();
        list.iter().for_each(|one| json.string(one));
        json.end();
    }
    json.end();
    json.finish() + "\n"
}
