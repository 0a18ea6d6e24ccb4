//! What /etc/devd says about nodes: who owns them, who may use them, by which other names they are known.

pub mod accounts;
mod read;

use crate::device::Device;
use crate::error::{Error, Result};
use common::Root;
use common::glob;
use std::rc::Rc;

/// Where files are; of those with the same name only that in the first folder counts.
pub const FOLDERS: &[&str] = &["/etc/devd", "/run/devd/rules", "/lib/devd"];

/// One `[[device]]`. What it has nothing about is as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    pub file: Rc<str>,
    pub line: u32,
    /// What it is about: patterns, of which one must fit each; none: all fit.
    pub subsystem: Vec<String>,
    pub name: Vec<String>,
    pub driver: Vec<String>,
    pub attributes: Vec<(String, String)>,
    /// What it says.
    pub owner: Option<u32>,
    pub group: Option<u32>,
    pub mode: Option<u32>,
    pub links: Vec<String>,
    pub read: Option<bool>,
}

/// What all rules together say about a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub owner: Option<u32>,
    pub group: Option<u32>,
    pub mode: Option<u32>,
    pub links: Vec<String>,
    /// Whether its contents are looked at for names, if it is a block device.
    pub read: bool,
    /// Where each rule is that counted.
    pub places: Vec<String>,
}

/// The rules of all files, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(pub Vec<Rule>);

impl Rules {
    /// Reads all files. A mistake is handed to `complain`; its rule is left out, and the others count.
    pub fn read(root: &Root, mut complain: impl FnMut(Error)) -> Self {
        let accounts = accounts::Accounts::read(root);
        let mut rules = Vec::new();
        for path in root.files(FOLDERS, ".toml") {
            match std::fs::read(root.at(&path)) {
                Ok(text) => rules.extend(read::file(&text, &path, &accounts, &mut complain)),
                Err(error) => complain(Error::file(&path, "reading it")(error)),
            }
        }
        Self(rules)
    }

    /// What they say about a device: of those that fit, the later counts; links are all made.
    pub fn say(&self, root: &Root, device: &Device) -> Said {
        let mut said = Said {
            read: true,
            ..Said::default()
        };
        // Looked for once, and only if a rule asks.
        let mut driver: Option<Option<String>> = None;
        for rule in &self.0 {
            let fits = any(&rule.subsystem, &device.subsystem)
                && any(&rule.name, &device.name)
                && (rule.driver.is_empty() || {
                    let driver = driver.get_or_insert_with(|| device.driver(root));
                    driver
                        .as_ref()
                        .is_some_and(|driver| any(&rule.driver, driver))
                })
                && (rule.attributes.is_empty() || device.has_attributes(root, &rule.attributes));
            if !fits {
                continue;
            }
            said.owner = rule.owner.or(said.owner);
            said.group = rule.group.or(said.group);
            said.mode = rule.mode.or(said.mode);
            said.read = rule.read.unwrap_or(said.read);
            for link in &rule.links {
                let link = expand(link, device);
                if !said.links.contains(&link) && crate::device::is_name(&link) {
                    said.links.push(link);
                }
            }
            said.places.push(format!("{}:{}", rule.file, rule.line));
        }
        said
    }
}

fn any(patterns: &[String], text: &str) -> bool {
    patterns.is_empty()
        || patterns
            .iter()
            .any(|pattern| glob::matches(pattern.as_bytes(), text.as_bytes()))
}

type Value = fn(&Device) -> String;

/// Variables in the name of a link, and what they stand for.
const VARIABLES: &[(&str, Value)] = &[
    ("{name}", |device| device.name.clone()),
    ("{number}", |device| {
        let text = device
            .name
            .trim_end_matches(|digit: char| digit.is_ascii_digit());
        device.name[text.len()..].to_owned()
    }),
    ("{major}", |device| device.major.to_string()),
    ("{minor}", |device| device.minor.to_string()),
];

fn expand(link: &str, device: &Device) -> String {
    let mut text = link.to_owned();
    for (variable, value) in VARIABLES {
        if text.contains(variable) {
            text = text.replace(variable, &value(device));
        }
    }
    text
}

/// Says no more than it is wrong, with the line.
fn wrong<T>(file: &str, line: u32, what: impl Into<String>) -> Result<T> {
    Err(Error::syntax(file, line, what))
}

#[cfg(test)]
mod tests;
