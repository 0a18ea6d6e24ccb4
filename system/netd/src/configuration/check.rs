//! What no table shows alone: two defaults, one address twice, links that stand on each other in a circle.

use super::section::syntax;
use super::{Configuration, Link};
use crate::error::{Error, Result};
use crate::wanted::Origin;

fn error(origin: &Origin, what: String) -> Error {
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
            let told = format!(
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
            let told = format!(
                "link.{}.addresses: {} stands in {} too: one machine has an address once",
                link.label, address.what.address, other.origin
            );
            return Err(error(&address.origin, told));
        }
        seen.push((link, address));
    }
    for link in &all.links {
        circle(all, link)?;
    }
    Ok(())
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
            let told = format!(
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
