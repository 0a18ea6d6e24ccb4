//! A file of rules.

use super::accounts::Accounts;
use super::{Rule, VARIABLES, wrong};
use crate::device::is_name;
use crate::error::{Error, Result};
use document::{Key, Value};
use std::rc::Rc;

const KEYS: &str = "subsystem, name, driver, attributes, owner, group, mode, links, read";

/// The rules of a file but those with a mistake, which are handed to `complain`.
pub fn file(
    text: &[u8],
    path: &str,
    accounts: &Accounts,
    complain: &mut impl FnMut(Error),
) -> Vec<Rule> {
    let table = match document::toml::parse(text) {
        Ok(table) => table,
        Err(error) => {
            complain(Error::syntax(path, error.line, error.what));
            return Vec::new();
        }
    };
    let mut rules = Vec::new();
    for (key, value) in &table.0 {
        let devices = match (&*key.name, value.array()) {
            ("device", Some(devices)) => devices,
            ("device", None) => {
                complain(Error::syntax(
                    path,
                    key.line,
                    "write [[device]], in double brackets",
                ));
                continue;
            }
            (other, _) => {
                let what = format!(
                    "there is no '{other}': write [[device]], and what it is about below it"
                );
                complain(Error::syntax(path, key.line, what));
                continue;
            }
        };
        for device in devices {
            match rule(device, path, accounts) {
                Ok(rule) => rules.push(rule),
                Err(error) => complain(error),
            }
        }
    }
    rules
}

fn rule(device: &Value, path: &str, accounts: &Accounts) -> Result<Rule> {
    let Some(table) = device.table() else {
        return wrong(
            path,
            device.line,
            format!("a device is a table, and this is {}", device.kind()),
        );
    };
    let mut rule = Rule {
        file: Rc::from(path),
        line: device.line,
        ..Rule::default()
    };
    for (key, value) in &table.0 {
        take(&mut rule, key, value, path, accounts)?;
    }
    let about = [&rule.subsystem, &rule.name, &rule.driver];
    if about.iter().all(|patterns| patterns.is_empty()) && rule.attributes.is_empty() {
        return wrong(
            path,
            device.line,
            "it is about every device: name a subsystem, name, driver or attributes",
        );
    }
    Ok(rule)
}

fn take(rule: &mut Rule, key: &Key, value: &Value, path: &str, accounts: &Accounts) -> Result<()> {
    let name = &*key.name;
    match name {
        "subsystem" => rule.subsystem = texts(name, value, path)?,
        "name" => rule.name = texts(name, value, path)?,
        "driver" => rule.driver = texts(name, value, path)?,
        "attributes" => {
            let Some(table) = value.table() else {
                return wrong(
                    path,
                    value.line,
                    "attributes is a table of files and patterns, as { idVendor = \"0403\" }",
                );
            };
            for (key, value) in &table.0 {
                if !is_name(&key.name) {
                    return wrong(
                        path,
                        key.line,
                        format!("'{}' is no file of a device", key.name),
                    );
                }
                let pattern = text(&key.name, value, path)?;
                rule.attributes.push((key.name.clone(), pattern.to_owned()));
            }
        }
        "owner" | "group" => {
            let (id, file) = match name {
                "owner" => (accounts.user(text(name, value, path)?), "passwd"),
                _ => (accounts.group(text(name, value, path)?), "group"),
            };
            let Some(id) = id else {
                let what = format!(
                    "there is no {name} '{}' in /etc/{file}: add it, or take another",
                    value.text().unwrap_or_default()
                );
                return wrong(path, value.line, what);
            };
            match name {
                "owner" => rule.owner = Some(id),
                _ => rule.group = Some(id),
            }
        }
        "mode" => {
            rule.mode = Some(mode(text(name, value, path)?).ok_or_else(|| {
                Error::syntax(
                    path,
                    value.line,
                    format!(
                        "'{}' is no mode, as in \"0660\"",
                        value.text().unwrap_or_default()
                    ),
                )
            })?)
        }
        "links" => {
            let links = texts(name, value, path)?;
            for link in &links {
                // What is put in is a name too.
                let plain = VARIABLES.iter().fold(link.clone(), |text, (variable, _)| {
                    text.replace(variable, "x")
                });
                if !is_name(&plain) || plain.contains(['{', '}']) {
                    return wrong(
                        path,
                        value.line,
                        format!(
                            "'{link}' is no name below /dev; {{name}}, {{number}}, {{major}} and {{minor}} may be in it"
                        ),
                    );
                }
            }
            rule.links = links;
        }
        "read" => {
            let Some(read) = value.boolean() else {
                return wrong(
                    path,
                    value.line,
                    format!("read is true or false, and this is {}", value.kind()),
                );
            };
            rule.read = Some(read);
        }
        other => {
            return wrong(
                path,
                key.line,
                format!("a device has no '{other}': there are {KEYS}"),
            );
        }
    }
    Ok(())
}

fn text<'v>(name: &str, value: &'v Value, path: &str) -> Result<&'v str> {
    match value.text() {
        Some(text) => Ok(text),
        None => wrong(
            path,
            value.line,
            format!("{name} is a string, and this is {}", value.kind()),
        ),
    }
}

/// One, or a list.
fn texts(name: &str, value: &Value, path: &str) -> Result<Vec<String>> {
    match value.array() {
        Some(values) if !values.is_empty() => values
            .iter()
            .map(|value| text(name, value, path).map(str::to_owned))
            .collect(),
        Some(_) => wrong(
            path,
            value.line,
            format!("{name} is an empty list: leave it out"),
        ),
        None => Ok(vec![text(name, value, path)?.to_owned()]),
    }
}

/// Octal, at most `0777`: nothing else is of use for a node.
fn mode(text: &str) -> Option<u32> {
    let digits = (3..=4).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    let mode = u32::from_str_radix(text, 8).ok()?;
    (digits && mode <= 0o777).then_some(mode)
}
