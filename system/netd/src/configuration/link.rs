//! A table `[link.NAME]`.

use super::section::{Section, syntax};
use super::{Dhcp4, Link, Matcher, Online, domains, kind, servers};
use crate::address::{Mac, Prefix};
use crate::error::Result;
use crate::netlink::constants::RT_TABLE_MAIN;
use crate::state::features;
use crate::state::route::{Route, Way};
use crate::state::{Kind, STATIC};
use crate::wanted::{self, Asked, Origin};
use document::{Data, Key, Value};
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
    "ipv4-link-local",
    "ipv6",
    "forward",
    "dns",
    "domains",
    "online",
    "required",
    "carrier-wait",
];

pub fn read(file: &str, key: &Key, value: &Value) -> Result<Link> {
    let section = Section::new(file, format!("link.{}", key.name), value, KEYS)?;
    let matcher = match section.get("match") {
        Some(value) => Some(matcher(file, &section.name, value)?),
        None if is_name(&key.name) => None,
        None => {
            return Err(syntax(
                file,
                key.line,
                format!(
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
            "a link that netd makes is matched by its name alone",
        ));
    }
    let settings = wanted::Link {
        name: String::new(),
        up: Some(section.boolean("up")?.unwrap_or(true)),
        mtu: section.number("mtu", 68..=65535)?,
        mac: mac(&section, kind.as_ref())?,
        master: section.text("master")?.map(str::to_owned),
        features: offload(&section)?,
        kind,
        wireguard,
    };
    let mut addresses = Vec::new();
    for value in section.list("addresses") {
        let prefix: Prefix = section.parse(
            "addresses",
            value,
            "an address with a length, as in 192.0.2.1/24",
        )?;
        let text = value.text().unwrap_or("");
        if !text.contains('/') {
            return Err(section.wrong(
                "addresses",
                value,
                &format!("'{text}' has no length: write {text}/24, say"),
            ));
        }
        if prefix.address.is_multicast() || prefix.address.is_unspecified() {
            return Err(section.wrong(
                "addresses",
                value,
                &format!("'{text}' is no address that a link can have"),
            ));
        }
        let network =
            prefix.network() == prefix && prefix.length < crate::address::bits(prefix.address) - 1;
        if network
            || prefix
                .broadcast()
                .is_some_and(|last| IpAddr::V4(last) == prefix.address)
        {
            return Err(section.wrong("addresses", value, &format!("'{text}' is the network's own address or the one of all in it, not one of a machine")));
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
        neighbours: neighbours(file, &section)?,
        sysctls: Vec::new(),
        dhcp4: dhcp4(file, &section)?,
        link_local4: section.boolean("ipv4-link-local")?.unwrap_or(false),
        servers: servers(&section, "dns")?,
        domains: domains(&section, "domains")?,
        online: Online::No,
        required: section.boolean("required")?.unwrap_or(false),
        carrier_wait: u64::from(section.number("carrier-wait", 0..=600)?.unwrap_or(3)) * 1000,
    };
    let word = section.word("online", &["no", "carrier", "address", "routable"])?;
    // One that is to get no address never has one: its carrier counts; a port's counts with what it is a port of.
    let addressed = !link.addresses.is_empty() || link.dhcp4.is_some() || link.link_local4;
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
    routes(file, &section, &mut link)?;
    sysctls(file, &section, &mut link)?;
    Ok(link)
}

fn asked<T>(file: &str, line: u32, what: T) -> Asked<T> {
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

fn matcher(file: &str, of: &str, value: &Value) -> Result<Matcher> {
    let section = Section::new(
        file,
        format!("{of}.match"),
        value,
        &["name", "mac", "driver", "path"],
    )?;
    let text = |key| Ok(section.text(key)?.map(str::to_owned));
    let matcher = Matcher {
        name: text("name")?,
        mac: section.parsed("mac", "a hardware address, as in 52:54:00:12:34:56")?,
        driver: text("driver")?,
        path: text("path")?,
    };
    if matcher == Matcher::default() {
        return Err(syntax(
            file,
            value.line,
            format!("{of}.match says nothing: name, mac, driver or path is needed"),
        ));
    }
    Ok(matcher)
}

fn mac(section: &Section<'_>, kind: Option<&Kind>) -> Result<Option<Mac>> {
    let mac: Option<Mac> = section.parsed("mac", "a hardware address, as in 52:54:00:12:34:56")?;
    if let (Some(mac), Some(value)) = (mac, section.get("mac")) {
        if mac.0[0] & 1 != 0 || mac.0 == [0; 6] {
            return Err(section.wrong("mac", value, "it is an address of a group or of nobody"));
        }
        if matches!(kind, Some(Kind::Wireguard)) {
            return Err(section.wrong("mac", value, "a wireguard link has none"));
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
            "a table of switches is expected, as in { tso = false, gro = true }",
        )
    };
    let table = value.table().ok_or_else(wrong)?;
    let switch = |(key, value): &(Key, Value)| {
        let on = value.boolean().ok_or_else(wrong)?;
        Ok((features::full_name(&key.name).to_owned(), on))
    };
    table.0.iter().map(switch).collect()
}

fn routes(file: &str, section: &Section<'_>, link: &mut Link) -> Result<()> {
    for value in section.list("gateway") {
        let via: IpAddr = section.parse("gateway", value, "an address, as in 192.0.2.1")?;
        let route = route(Prefix::everything(via.is_ipv6()), Some(via));
        reachable(section, "gateway", value, link, via)?;
        link.routes.push(asked(file, value.line, route));
    }
    for value in section.list("routes") {
        let keys = [
            "to", "via", "metric", "table", "source", "mtu", "onlink", "type",
        ];
        let of = Section::new(file, section.full("routes"), value, &keys)?;
        let via: Option<IpAddr> = of.parsed("via", "an address")?;
        let to = match of.text("to")? {
            None => {
                return Err(syntax(
                    file,
                    value.line,
                    format!("{}: 'to' is missing: a network, or \"default\"", of.name),
                ));
            }
            Some("default") => Prefix::everything(via.is_some_and(|via| via.is_ipv6())),
            Some(text) => text
                .parse::<Prefix>()
                .map_err(|what| syntax(file, value.line, format!("{}.to: {what}", of.name)))?,
        };
        if to.network() != to {
            let told = format!("{to} has bits outside its network: write {}", to.network());
            return Err(syntax(file, value.line, format!("{}.to: {told}", of.name)));
        }
        let source: Option<IpAddr> = of.parsed("source", "an address")?;
        for (key, other) in [("via", via), ("source", source)] {
            if other.is_some_and(|other| other.is_ipv6() != to.is_v6()) {
                return Err(syntax(
                    file,
                    value.line,
                    format!("{}.{key} is of another family than 'to'", of.name),
                ));
            }
        }
        let onlink = of.boolean("onlink")?.unwrap_or(false);
        if let (Some(via), Some(at)) = (via, of.get("via"))
            && !onlink
        {
            reachable(&of, "via", at, link, via)?;
        }
        let way = of.word("type", &Way::ALL.map(|(name, _)| name))?;
        let way = way.map_or(Way::Unicast, |at| Way::ALL[at].1);
        if way != Way::Unicast && via.is_some() {
            return Err(syntax(
                file,
                value.line,
                format!("{}: what goes no further goes via nobody", of.name),
            ));
        }
        let route = Route {
            metric: of
                .number("metric", 0..=u32::MAX)?
                .unwrap_or(metric(to.is_v6())),
            table: of.number("table", 1..=u32::MAX)?.unwrap_or(RT_TABLE_MAIN),
            source,
            mtu: of.number("mtu", 68..=65535)?,
            onlink,
            way,
            ..route(to, via)
        };
        link.routes.push(asked(file, value.line, route));
    }
    Ok(())
}

/// What the kernel makes of no metric.
fn metric(v6: bool) -> u32 {
    if v6 { 1024 } else { 0 }
}

fn route(to: Prefix, via: Option<IpAddr>) -> Route {
    Route {
        to,
        way: Way::Unicast,
        via,
        link: None,
        source: None,
        metric: metric(to.is_v6()),
        table: RT_TABLE_MAIN,
        mtu: None,
        onlink: false,
        protocol: STATIC,
    }
}

/// A gateway must be in a network of its link, where these are known.
fn reachable(
    section: &Section<'_>,
    key: &str,
    value: &Value,
    link: &Link,
    via: IpAddr,
) -> Result<()> {
    let of_family: Vec<String> = link
        .addresses
        .iter()
        .map(|asked| asked.what)
        .filter(|prefix| prefix.is_v6() == via.is_ipv6())
        .map(|prefix| prefix.to_string())
        .collect();
    let known = link.addresses.iter().any(|asked| asked.what.contains(via));
    let local = matches!(via, IpAddr::V6(via) if via.is_unicast_link_local());
    let dynamic = link.dhcp4.is_some() || via.is_ipv6() && of_family.is_empty();
    if known
        || local
        || dynamic
        || link.addresses.is_empty() && link.routes.iter().any(|route| route.what.to.contains(via))
    {
        return Ok(());
    }
    let own = link.addresses.iter().any(|asked| asked.what.address == via);
    let told = match (own, of_family.is_empty()) {
        (true, _) => format!("{via} is the link's own address"),
        (_, true) => format!(
            "{via} is in no network of this link, which has no such address: give it one in 'addresses', or make a route with onlink = true"
        ),
        _ => format!(
            "{via} is outside the link's networks ({}): correct one of them, or make a route with onlink = true",
            of_family.join(", ")
        ),
    };
    Err(section.wrong(key, value, &told))
}

fn neighbours(file: &str, section: &Section<'_>) -> Result<Vec<Asked<(IpAddr, Mac)>>> {
    let mut all = Vec::new();
    for value in section.list("neighbours") {
        let of = Section::new(file, section.full("neighbours"), value, &["address", "mac"])?;
        let (address, mac) = (
            of.parsed("address", "an address")?,
            of.parsed("mac", "a hardware address")?,
        );
        let (Some(address), Some(mac)) = (address, mac) else {
            return Err(syntax(
                file,
                value.line,
                format!("{} needs 'address' and 'mac'", of.name),
            ));
        };
        all.push(asked(file, value.line, (address, mac)));
    }
    Ok(all)
}

fn dhcp4(file: &str, section: &Section<'_>) -> Result<Option<Dhcp4>> {
    let Some(value) = section.get("dhcp4") else {
        return Ok(None);
    };
    if let Data::Boolean(on) = value.data {
        return Ok(on.then(Dhcp4::default));
    }
    let keys = ["metric", "dns", "routes", "hostname", "conflicts"];
    let of = Section::new(file, section.full("dhcp4"), value, &keys)?;
    let usual = Dhcp4::default();
    let hostname = of.text("hostname")?.unwrap_or("").to_owned();
    if let Some(value) = of.get("hostname")
        && !super::is_domain(&hostname)
    {
        return Err(of.wrong("hostname", value, "it is no name of a machine"));
    }
    Ok(Some(Dhcp4 {
        metric: of.number("metric", 0..=u32::MAX)?.unwrap_or(usual.metric),
        dns: of.boolean("dns")?.unwrap_or(true),
        routes: of.boolean("routes")?.unwrap_or(true),
        conflicts: of.boolean("conflicts")?.unwrap_or(true),
        hostname,
    }))
}

/// What the kernel does by itself for IPv6, and forwarding.
fn sysctls(file: &str, section: &Section<'_>, link: &mut Link) -> Result<()> {
    let mut set = |v6: bool, key: &'static str, value: String, line: u32| {
        link.sysctls.push(asked(file, line, (v6, key, value)));
    };
    let digit = |on: bool| u8::from(on).to_string();
    if let (Some(on), Some(value)) = (section.boolean("forward")?, section.get("forward")) {
        set(false, "forwarding", digit(on), value.line);
        set(true, "forwarding", digit(on), value.line);
    }
    let Some(value) = section.get("ipv6") else {
        return Ok(());
    };
    let line = value.line;
    if let Data::Boolean(on) = value.data {
        set(true, "disable_ipv6", digit(!on), line);
        return Ok(());
    }
    let keys = ["accept-ra", "autoconf", "privacy", "stable", "metric"];
    let of = Section::new(file, section.full("ipv6"), value, &keys)?;
    if let Some(on) = of.boolean("accept-ra")? {
        // 2: also where packets are forwarded.
        set(
            true,
            "accept_ra",
            if on { "2" } else { "0" }.to_owned(),
            line,
        );
    }
    if let Some(on) = of.boolean("autoconf")? {
        set(true, "autoconf", digit(on), line);
    }
    if let Some(on) = of.boolean("privacy")? {
        // 2: temporary addresses are preferred (RFC 8981).
        set(
            true,
            "use_tempaddr",
            if on { "2" } else { "0" }.to_owned(),
            line,
        );
    }
    if let Some(on) = of.boolean("stable")? {
        // 3: addresses by a secret of the machine's (RFC 7217), not by the hardware address.
        set(
            true,
            "addr_gen_mode",
            if on { "3" } else { "0" }.to_owned(),
            line,
        );
    }
    if let Some(metric) = of.number("metric", 1..=u32::MAX)? {
        set(true, "ra_defrtr_metric", metric.to_string(), line);
    }
    Ok(())
}
