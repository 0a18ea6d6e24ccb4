//! The sections of a policy, each in a file of its own.

mod sysctl;

use super::read::Reading;
use super::value::{Key, Value};
use crate::error::Result;

pub use sysctl::sysctl;

/// A section's reader.
type Reader = fn(&mut Reading<'_>, &Key, &Value) -> Result<()>;

const SECTIONS: &[(&str, Reader)] = &[("sysctl", sysctl)];

/// Reads one section; `others`: what else could stand in its place.
pub fn read(reading: &mut Reading<'_>, key: &Key, value: &Value, others: &[&str]) -> Result<()> {
    match SECTIONS.iter().find(|(name, _)| *name == key.name) {
        Some((_, reader)) => reader(reading, key, value),
        None => {
            let sections = SECTIONS.iter().map(|(name, _)| *name);
            let known: Vec<&str> = others.iter().copied().chain(sections).collect();
            reading.unknown(key, "the policy", &known)
        }
    }
}
