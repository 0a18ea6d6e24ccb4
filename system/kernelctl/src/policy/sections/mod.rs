//! The sections of a policy, each in a file of its own.

mod groups;
mod knobs;
mod modules;
mod pressure;
mod sysctl;

use super::read::Reading;
use crate::error::Result;
use document::{Key, Value};

pub use groups::{foreign as foreign_groups, root as cgroup_root};
pub use modules::blacklist;
pub use sysctl::sysctl;

/// A section's reader.
type Reader = fn(&mut Reading<'_>, &Key, &Value) -> Result<()>;

const SECTIONS: &[(&str, Reader)] = &[
    ("sysctl", sysctl),
    ("thp", knobs::knobs),
    ("ksm", knobs::knobs),
    ("scheduler", knobs::knobs),
    ("cpu", knobs::knobs),
    ("block", knobs::block),
    ("sysfs", knobs::sysfs),
    ("modules", modules::modules),
    ("zram", modules::zram),
    ("cgroup_root", cgroup_root),
    ("groups", groups::groups),
    ("pressure", pressure::pressure),
];

/// The names of a table, for messages.
pub fn first<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (name, _) in table {
        names.push(*name);
    }
    names
}

/// A name without the dash that makes it optional, and whether there was one.
pub fn dash(name: &str) -> (bool, &str) {
    match name.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, name),
    }
}

/// Reads one section; `others`: what else could stand in its place.
pub fn read(reading: &mut Reading<'_>, key: &Key, value: &Value, others: &[&str]) -> Result<()> {
    match SECTIONS.iter().find(|(name, _)| *name == key.name) {
        Some((_, reader)) => reader(reading, key, value),
        None => {
            let known = [others, &first(SECTIONS)].concat();
            Err(reading.unknown(key, "the policy", &known))
        }
    }
}
