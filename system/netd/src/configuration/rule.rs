//! A table `[[rule]]`.

use super::section::{File, Section, syntax};
use crate::address::Prefix;
use crate::error::Result;
use crate::state::STATIC;
use crate::state::rule::{Doing, Rule};
use crate::wanted::Asked;
use document::Origin;
use document::Value;
use std::fmt;

const KEYS: &[&str] = &[
    "priority", "from", "to", "iif", "oif", "mark", "mask", "not", "table", "action", "family",
];

/// One rule, or one of each family where nothing says which.
pub fn read(file: &File, value: &Value) -> Result<Vec<Asked<Rule>>> {
    let section = Section::new(file, "rule".to_owned(), value, KEYS)?;
    let wrong = |what: fmt::Arguments<'_>| syntax(file, value.line, format_args!("rule: {what}"));
    let from: Option<Prefix> = section.parsed("from", "a network, as in 192.0.2.0/24");
    let to: Option<Prefix> = section.parsed("to", "a network, as in 192.0.2.0/24");
    for (key, prefix) in [("from", from), ("to", to)] {
        if let Some(prefix) = prefix.filter(|prefix| prefix.network() != *prefix) {
            return Err(wrong(format_args!(
                "{key}: {prefix} has bits outside its network: write {}",
                prefix.network()
            )));
        }
    }
    if let (Some(from), Some(to)) = (from, to)
        && from.is_v6() != to.is_v6()
    {
        return Err(wrong(format_args!(
            "'from' and 'to' are of different families"
        )));
    }
    let Some(priority) = section.number("priority", 1..=32765) else {
        return Err(wrong(format_args!(
            "'priority' is missing: a number from 1, the smallest is looked at first; 32766 is the main table's"
        )));
    };
    let table = section.number("table", 1..=u32::MAX);
    let action = section.word("action", &["blackhole", "unreachable", "prohibit"]);
    let doing = match (table, action) {
        (Some(table), None) => Doing::Table(table),
        (None, Some(0)) => Doing::Blackhole,
        (None, Some(1)) => Doing::Unreachable,
        (None, Some(_)) => Doing::Prohibit,
        _ => return Err(wrong(format_args!("either 'table' or 'action' is needed"))),
    };
    let mark = section.number("mark", 1..=u32::MAX);
    let mask = section.number("mask", 1..=u32::MAX).unwrap_or(u32::MAX);
    let family = section.word("family", &["ipv4", "ipv6"]).map(|at| at == 1);
    let known = from.or(to).map(|prefix| prefix.is_v6());
    let families = match known.or(family) {
        Some(v6) => vec![v6],
        None => vec![false, true],
    };
    let rule = |v6| Rule {
        v6,
        priority,
        from,
        to,
        iif: None,
        oif: None,
        mark: mark.map(|mark| (mark, mask)),
        not: false,
        doing,
        protocol: STATIC,
    };
    let (iif, oif) = (section.text("iif"), section.text("oif"));
    let not = section.boolean("not").unwrap_or(false);
    Ok(families
        .into_iter()
        .map(|v6| Asked {
            what: Rule {
                iif: iif.map(str::to_owned),
                oif: oif.map(str::to_owned),
                not,
                ..rule(v6)
            },
            origin: Origin::new(file, value.line),
        })
        .collect())
}
