//! A table `[link.NAME]`.

use super::section::{File, Section, syntax};
use super::{Link, Matcher, Online, domains, dynamic, kind, route, servers};
use crate::address::{Mac, Prefix};
use crate::error::Result;
use crate::state::Kind;
use crate::state::features;
use crate::wanted::{self, Asked};
use document::Origin;
use document::{Key, Value};
use std::net::IpAddr;

const KEYS: &[&str] = &[
    "match",
    "kind",
    "parent",
    "id",
    "peer",
    "mode",
    "stp",
    "vlan-filtering",
    "miimon",
    "lacp-fast",
    "hash",
    "private-key-file",
    "port",
    "mark",
    "peers",
    "up",
    "mtu",
    "mac",
    "master",
    "offload",
    "addresses",
    "gateway",
    "routes",
    "neighbours",
    "dhcp4",
    "dhcp6",
    "delegated",
    "lldp",
    "ipv4-link-local",
    "ipv6",
    "forward",
    "dns",
    "domains",
    "online",
    "required",
    "carrier-wait",
];

pub fn read(file: &File, key: &Key, value: &Value) -> Result<Link> {
    let section = Section::new(file, format!("link.{}", key.name), value, KEYS)?;
    let matcher = match section.get("match") {
        Some(value) => Some(matcher(file, &section.name, value)?),
        None if is_name(&key.name) => None,
        None => {
            return Err(syntax(
                file,
                key.line,
                format_args!(
                    "link.{}: no link can have that name (at most 15 letters, no '/' and no space): give it a 'match'",
                    key.name
                ),
            ));
        }
    };
    let (kind, wireguard) = kind::read(&section)?;
    if let (Some(_), Some(_), Some(value)) = (&kind, &matcher, section.get("match")) {
        return Err(section.wrong(
            "match",
            value,
            format_args!("a link that netd makes is matched by its name alone"),
        ));
    }
    let settings = wanted::Link {
        name: String::new(),
        up: Some(section.boolean("up").unwrap_or(true)),
        mtu: section.number("mtu", 68..=65535),
        mac: mac(&section, kind.as_ref())?,
        master: section.string("master"),
        features: offload(&section)?,
        kind,
        wireguard,
    };
    let mut addresses = Vec::new();
    for value in section.list("addresses") {
        let expected = "an address with a length, as in 192.0.2.1/24";
        let Some(prefix) = section.parse::<Prefix>("addresses", value, expected) else {
            continue;
        };
        let text = value.text().unwrap_or("");
        if !text.contains('/') {
            return Err(section.wrong(
                "addresses",
                value,
                format_args!("'{text}' has no length: write {text}/24, say"),
            ));
        }
        if prefix.address.is_multicast() || prefix.address.is_unspecified() {
            return Err(section.wrong(
                "addresses",
                value,
                format_args!("'{text}' is no address that a link can have"),
            ));
        }
        let network =
            prefix.network() == prefix && prefix.length < crate::address::bits(prefix.address) - 1;
        if network
            || prefix
                .broadcast()
                .is_some_and(|last| IpAddr::V4(last) == prefix.address)
        {
            return Err(section.wrong("addresses", value, format_args!("'{text}' is the network's own address or the one of all in it, not one of a machine")));
        }
        addresses.push(asked(file, value.line, prefix));
    }
    let mut link = Link {
        origin: Origin::new(file, key.line),
        label: key.name.clone(),
        matcher,
        settings,
        addresses,
        routes: Vec::new(),
        neighbours: route::neighbours(file, &section)?,
        sysctls: Vec::new(),
        dhcp4: dynamic::dhcp4(file, &section)?,
        dhcp6: dynamic::dhcp6(file, &section)?,
        delegated: dynamic::delegated(file, &section)?,
        lldp: section.boolean("lldp").unwrap_or(false),
        link_local4: section.boolean("ipv4-link-local").unwrap_or(false),
        servers: servers(&section, "dns"),
        domains: domains(&section, "domains")?,
        online: Online::No,
        required: section.boolean("required").unwrap_or(false),
        carrier_wait: u64::from(section.number("carrier-wait", 0..=600).unwrap_or(3)) * 1000,
    };
    let word = section.word("online", &["no", "carrier", "address", "routable"]);
    // One that is to get no address never has one: its carrier counts; a port's counts with what it is a port of.
    let addressed = !link.addresses.is_empty()
        || link.dhcp4.is_some()
        || link.dhcp6.is_some()
        || link.link_local4;
    let advertised = section.get("ipv6").and_then(|value| value.get("accept-ra"));
    link.online = match word {
        Some(0) => Online::No,
        Some(1) => Online::Carrier,
        Some(2) => Online::Address,
        Some(_) => Online::Routable,
        None if link.settings.master.is_some() => Online::No,
        None if addressed || advertised.is_some() => Online::Address,
        None => Online::Carrier,
    };
    route::routes(file, &section, &mut link)?;
    dynamic::sysctls(file, &section, &mut link)?;
    Ok(link)
}

pub fn asked<T>(file: &str, line: u32, what: T) -> Asked<T> {
    Asked {
        what,
        origin: Origin::new(file, line),
    }
}

/// Whether a link can have a name (`dev_valid_name()` of the kernel).
pub fn is_name(name: &str) -> bool {
    let known = |c: char| c != '/' && c != ':' && !c.is_whitespace() && !c.is_control();
    (1..=15).contains(&name.len()) && name != "." && name != ".." && name.chars().all(known)
}

fn matcher(file: &File, of: &str, value: &Value) -> Result<Matcher> {
    let section = Section::new(
        file,
        format!("{of}.match"),
        value,
        &["name", "mac", "driver", "path"],
    )?;
    let matcher = Matcher {
        name: section.string("name"),
        mac: section.parsed("mac", "a hardware address, as in 52:54:00:12:34:56"),
        driver: section.string("driver"),
        path: section.string("path"),
    };
    if matcher == Matcher::default() {
        return Err(syntax(
            file,
            value.line,
            format_args!("{of}.match says nothing: name, mac, driver or path is needed"),
        ));
    }
    Ok(matcher)
}

fn mac(section: &Section<'_>, kind: Option<&Kind>) -> Result<Option<Mac>> {
    let mac: Option<Mac> = section.parsed("mac", "a hardware address, as in 52:54:00:12:34:56");
    if let (Some(mac), Some(value)) = (mac, section.get("mac")) {
        if mac.0[0] & 1 != 0 || mac.0 == [0; 6] {
            return Err(section.wrong(
                "mac",
                value,
                format_args!("it is an address of a group or of nobody"),
            ));
        }
        if matches!(kind, Some(Kind::Wireguard)) {
            return Err(section.wrong("mac", value, format_args!("a wireguard link has none")));
        }
    }
    Ok(mac)
}

fn offload(section: &Section<'_>) -> Result<Vec<(String, bool)>> {
    let Some(value) = section.get("offload") else {
        return Ok(Vec::new());
    };
    let wrong = || {
        section.wrong(
            "offload",
            value,
            format_args!("a table of switches is expected, as in {{ tso = false, gro = true }}"),
        )
    };
    let table = value.table().ok_or_else(wrong)?;
    let switch = |(key, value): &(Key, Value)| {
        let on = value.boolean().ok_or_else(wrong)?;
        Ok((features::full_name(&key.name).to_owned(), on))
    };
    table.0.iter().map(switch).collect()
}
