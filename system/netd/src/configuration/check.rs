//! What no table shows alone: two defaults, one address twice, links that stand on each other in a circle.

use super::section::syntax;
use super::{Configuration, Link};
use crate::error::{Error, Result};
use document::Origin;
use std::fmt;

fn error(origin: &Origin, what: fmt::Arguments<'_>) -> Box<Error> {
    syntax(&origin.file, origin.line, what)
}

pub fn check(all: &Configuration) -> Result<()> {
    let routes = all
        .links
        .iter()
        .flat_map(|link| link.routes.iter().map(move |route| (link, route)));
    let mut seen: Vec<(&Link, &crate::wanted::Asked<crate::state::Route>)> = Vec::new();
    for (link, route) in routes {
        // One that matches several links has one for each: the kernel shares them out, or refuses.
        if let Some((_, other)) = seen.iter().find(|(_, other)| other.what.is(&route.what)) {
            let what = match route.what.to.length {
                0 => "a second default route".to_owned(),
                _ => format!("a second route to {}", route.what.to),
            };
            let told = format_args!(
                "link.{}: {what} with metric {} beside that of {}: give one of them another metric, as in routes = [{{ to = \"default\", via = \"192.0.2.1\", metric = 100 }}]",
                link.label, route.what.metric, other.origin
            );
            return Err(error(&route.origin, told));
        }
        seen.push((link, route));
    }
    let addresses = all
        .links
        .iter()
        .flat_map(|link| link.addresses.iter().map(move |address| (link, address)));
    let mut seen: Vec<(&Link, &crate::wanted::Asked<crate::address::Prefix>)> = Vec::new();
    for (link, address) in addresses {
        let same = |(_, other): &&(&Link, &crate::wanted::Asked<crate::address::Prefix>)| {
            other.what.address == address.what.address
        };
        if let Some((_, other)) = seen.iter().find(same) {
            let told = format_args!(
                "link.{}.addresses: {} stands in {} too: one machine has an address once",
                link.label, address.what.address, other.origin
            );
            return Err(error(&address.origin, told));
        }
        seen.push((link, address));
    }
    for link in &all.links {
        circle(all, link)?;
        delegated(all, link)?;
    }
    Ok(())
}

/// A share of a prefix is of one that is asked for, and nobody else's.
fn delegated(all: &Configuration, link: &Link) -> Result<()> {
    let Some(asked) = &link.delegated else {
        return Ok(());
    };
    let (from, subnet) = (&asked.what.from, asked.what.subnet);
    let asks = |other: &&Link| {
        other.label == *from && other.dhcp6.as_ref().is_some_and(|own| own.prefix.is_some())
    };
    if !all.links.iter().any(|other| asks(&other)) {
        let told = format_args!(
            "link.{}.delegated.from: no link '{from}' asks for a prefix: give it dhcp6 = {{ prefix = 56 }}",
            link.label
        );
        return Err(error(&asked.origin, told));
    }
    let same = |other: &&Link| {
        let share = other
            .delegated
            .as_ref()
            .filter(|_| other.label != link.label);
        share.is_some_and(|share| share.what.from == *from && share.what.subnet == subnet)
    };
    match all.links.iter().find(same) {
        Some(other) => {
            let told = format_args!(
                "link.{}.delegated.subnet: {subnet} of '{from}' is the share of link.{} too: give one of them another",
                link.label, other.label
            );
            Err(error(&asked.origin, told))
        }
        None => Ok(()),
    }
}

/// A link may stand on others, in the end on one that stands on none.
fn circle(all: &Configuration, first: &Link) -> Result<()> {
    let parent = |link: &Link| {
        let kind = link.settings.kind.as_ref();
        let parent = kind.and_then(|kind| kind.parent().map(str::to_owned));
        parent.or_else(|| link.settings.master.clone())
    };
    let mut at = parent(first);
    let mut steps = 0;
    while let Some(name) = at {
        steps += 1;
        if name == first.label || steps > all.links.len() {
            let told = format_args!(
                "link.{}: it stands on itself, by its parent or master",
                first.label
            );
            return Err(error(&first.origin, told));
        }
        at = all
            .links
            .iter()
            .find(|link| link.label == name)
            .and_then(&parent);
    }
    Ok(())
}
