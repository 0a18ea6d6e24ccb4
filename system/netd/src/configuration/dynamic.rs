//! What is not fixed: `dhcp4`, `dhcp6`, `delegated`, and what the kernel makes of router advertisements (`ipv6`).

use super::link::asked;
use super::section::{File, Section, syntax};
use super::{Delegated, Dhcp4, Dhcp6, Link, When};
use crate::error::Result;
use crate::wanted::Asked;
use document::Data;
use std::net::Ipv6Addr;

pub fn dhcp4(file: &File, section: &Section<'_>) -> Result<Option<Dhcp4>> {
    let Some(value) = section.get("dhcp4") else {
        return Ok(None);
    };
    if let Data::Boolean(on) = value.data {
        return Ok(on.then(Dhcp4::default));
    }
    let keys = ["metric", "dns", "ntp", "routes", "hostname", "conflicts"];
    let of = Section::new(file, section.full("dhcp4"), value, &keys)?;
    let usual = Dhcp4::default();
    let hostname = of.text("hostname").unwrap_or("").to_owned();
    if let Some(value) = of.get("hostname")
        && !super::is_domain(&hostname)
    {
        return Err(of.wrong(
            "hostname",
            value,
            format_args!("it is no name of a machine"),
        ));
    }
    Ok(Some(Dhcp4 {
        metric: of.number("metric", 0..=u32::MAX).unwrap_or(usual.metric),
        dns: of.boolean("dns").unwrap_or(true),
        ntp: of.boolean("ntp").unwrap_or(true),
        routes: of.boolean("routes").unwrap_or(true),
        conflicts: of.boolean("conflicts").unwrap_or(true),
        hostname,
    }))
}

pub fn dhcp6(file: &File, section: &Section<'_>) -> Result<Option<Dhcp6>> {
    let Some(value) = section.get("dhcp6") else {
        return Ok(None);
    };
    let usual = Dhcp6 {
        when: When::Router,
        prefix: None,
        dns: true,
        ntp: true,
    };
    if let Data::Boolean(on) = value.data {
        return Ok(on.then_some(usual));
    }
    let keys = ["when", "prefix", "dns", "ntp"];
    let of = Section::new(file, section.full("dhcp6"), value, &keys)?;
    let when = of.word("when", &["router", "always", "names"]);
    let prefix = of.number("prefix", 8..=64);
    Ok(Some(Dhcp6 {
        when: [When::Router, When::Always, When::Names][when.unwrap_or(0)],
        prefix: prefix.and_then(|length| u8::try_from(length).ok()),
        dns: of.boolean("dns").unwrap_or(true),
        ntp: of.boolean("ntp").unwrap_or(true),
    }))
}

pub fn delegated(file: &File, section: &Section<'_>) -> Result<Option<Asked<Delegated>>> {
    let Some(value) = section.get("delegated") else {
        return Ok(None);
    };
    let keys = ["from", "subnet", "host"];
    let of = Section::new(file, section.full("delegated"), value, &keys)?;
    let Some(from) = of.text("from") else {
        let told = format_args!(
            "{}: 'from' is missing: the link that asks for the prefix",
            of.name
        );
        return Err(syntax(file, value.line, told));
    };
    let host: Option<Ipv6Addr> = of.parsed("host", "the lower half of an address, as in ::1");
    let host = host.unwrap_or(Ipv6Addr::from_bits(1));
    if let Some(value) = of.get("host")
        && (host.to_bits() >> 64 != 0 || host.is_unspecified())
    {
        return Err(of.wrong(
            "host",
            value,
            format_args!("the lower half of an address is expected, as in ::1"),
        ));
    }
    Ok(Some(asked(
        file,
        value.line,
        Delegated {
            from: from.to_owned(),
            subnet: of.number("subnet", 0..=u32::MAX).unwrap_or(0),
            host,
        },
    )))
}

/// What the kernel does by itself for IPv6, and forwarding.
pub fn sysctls(file: &File, section: &Section<'_>, link: &mut Link) -> Result<()> {
    let mut set = |v6: bool, key: &'static str, value: String, line: u32| {
        link.sysctls.push(asked(file, line, (v6, key, value)));
    };
    let digit = |on: bool| u8::from(on).to_string();
    if let (Some(on), Some(value)) = (section.boolean("forward"), section.get("forward")) {
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
    if let Some(on) = of.boolean("accept-ra") {
        // 2: also where packets are forwarded.
        set(
            true,
            "accept_ra",
            if on { "2" } else { "0" }.to_owned(),
            line,
        );
    }
    if let Some(on) = of.boolean("autoconf") {
        set(true, "autoconf", digit(on), line);
    }
    if let Some(on) = of.boolean("privacy") {
        // 2: temporary addresses are preferred (RFC 8981).
        set(
            true,
            "use_tempaddr",
            if on { "2" } else { "0" }.to_owned(),
            line,
        );
    }
    if let Some(on) = of.boolean("stable") {
        // 3: addresses by a secret of the machine's (RFC 7217), not by the hardware address.
        set(
            true,
            "addr_gen_mode",
            if on { "3" } else { "0" }.to_owned(),
            line,
        );
    }
    if let Some(metric) = of.number("metric", 1..=u32::MAX) {
        set(true, "ra_defrtr_metric", metric.to_string(), line);
    }
    Ok(())
}
