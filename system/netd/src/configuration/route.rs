//! `gateway`, `routes` and `neighbours` of a link.

use super::Link;
use super::link::asked;
use super::section::{File, Section, syntax};
use crate::address::{Mac, Prefix};
use crate::error::Result;
use crate::netlink::constants::RT_TABLE_MAIN;
use crate::state::STATIC;
use crate::state::route::{Route, Way};
use crate::wanted::Asked;
use document::Value;
use std::net::IpAddr;

pub fn routes(file: &File, section: &Section<'_>, link: &mut Link) -> Result<()> {
    for value in section.list("gateway") {
        let expected = "an address, as in 192.0.2.1";
        let Some(via) = section.parse::<IpAddr>("gateway", value, expected) else {
            continue;
        };
        let route = route(Prefix::everything(via.is_ipv6()), Some(via));
        reachable(section, "gateway", value, link, via)?;
        link.routes.push(asked(file, value.line, route));
    }
    for value in section.list("routes") {
        let keys = [
            "to", "via", "metric", "table", "source", "mtu", "onlink", "type",
        ];
        let of = Section::new(file, section.full("routes"), value, &keys)?;
        let via: Option<IpAddr> = of.parsed("via", "an address");
        let to = match of.text("to") {
            None => {
                return Err(syntax(
                    file,
                    value.line,
                    format_args!("{}: 'to' is missing: a network, or \"default\"", of.name),
                ));
            }
            Some("default") => Prefix::everything(via.is_some_and(|via| via.is_ipv6())),
            Some(text) => text
                .parse::<Prefix>()
                .map_err(|what| syntax(file, value.line, format_args!("{}.to: {what}", of.name)))?,
        };
        if to.network() != to {
            let told = format_args!("{to} has bits outside its network: write {}", to.network());
            return Err(syntax(
                file,
                value.line,
                format_args!("{}.to: {told}", of.name),
            ));
        }
        let source: Option<IpAddr> = of.parsed("source", "an address");
        for (key, other) in [("via", via), ("source", source)] {
            if other.is_some_and(|other| other.is_ipv6() != to.is_v6()) {
                return Err(syntax(
                    file,
                    value.line,
                    format_args!("{}.{key} is of another family than 'to'", of.name),
                ));
            }
        }
        let onlink = of.boolean("onlink").unwrap_or(false);
        if let (Some(via), Some(at)) = (via, of.get("via"))
            && !onlink
        {
            reachable(&of, "via", at, link, via)?;
        }
        let way = of.word("type", &Way::ALL.map(|(name, _)| name));
        let way = way.map_or(Way::Unicast, |at| Way::ALL[at].1);
        if way != Way::Unicast && via.is_some() {
            return Err(syntax(
                file,
                value.line,
                format_args!("{}: what goes no further goes via nobody", of.name),
            ));
        }
        let route = Route {
            metric: of
                .number("metric", 0..=u32::MAX)
                .unwrap_or(metric(to.is_v6())),
            table: of.number("table", 1..=u32::MAX).unwrap_or(RT_TABLE_MAIN),
            source,
            mtu: of.number("mtu", 68..=65535),
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
    Err(section.wrong(key, value, format_args!("{told}")))
}

pub fn neighbours(file: &File, section: &Section<'_>) -> Result<Vec<Asked<(IpAddr, Mac)>>> {
    let mut all = Vec::new();
    for value in section.list("neighbours") {
        let of = Section::new(file, section.full("neighbours"), value, &["address", "mac"])?;
        let (address, mac) = (
            of.parsed("address", "an address"),
            of.parsed("mac", "a hardware address"),
        );
        let (Some(address), Some(mac)) = (address, mac) else {
            return Err(syntax(
                file,
                value.line,
                format_args!("{} needs 'address' and 'mac'", of.name),
            ));
        };
        all.push(asked(file, value.line, (address, mac)));
    }
    Ok(all)
}
