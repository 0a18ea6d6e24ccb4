//! Packages in memory as a source: the installed ones, those given as files, virtual ones.

use super::source::{Candidate, Relation, Source};
use crate::dependency::{Dependency, Op};
use crate::package::Info;
use std::collections::HashMap;

/// One package of a [`Memory`].
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// What is known of it.
    pub info: Info,
    /// Its identity's bytes.
    pub identity: Vec<u8>,
    /// See [`Candidate::tag`].
    pub tag: Option<String>,
    /// See [`Candidate::broken`].
    pub broken: bool,
}

/// Packages in memory.
#[derive(Debug, Default)]
pub struct Memory {
    entries: Vec<Entry>,
    providers: HashMap<String, Vec<u32>>,
    install_if: HashMap<String, Vec<u32>>,
}

impl Memory {
    /// Of these, in this order.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut memory = Self::default();
        for entry in entries {
            memory.push(entry);
        }
        memory
    }

    /// One more. Its number.
    pub fn push(&mut self, entry: Entry) -> u32 {
        let number = self.entries.len() as u32;
        let mut add = |map: bool, name: &str| {
            let map = if map {
                &mut self.providers
            } else {
                &mut self.install_if
            };
            let list = match map.get_mut(name) {
                Some(list) => list,
                None => map.entry(name.to_owned()).or_default(),
            };
            if list.last() != Some(&number) {
                list.push(number);
            }
        };
        add(true, &entry.info.name);
        for provide in &entry.info.provides {
            add(true, &provide.name);
        }
        for condition in &entry.info.install_if {
            add(false, &condition.name);
        }
        self.entries.push(entry);
        number
    }

    /// The package with this number.
    #[must_use]
    pub fn entry(&self, number: u32) -> &Entry {
        &self.entries[number as usize]
    }

    /// All packages.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Source for Memory {
    fn count(&self) -> u32 {
        self.entries.len() as u32
    }

    fn providers(&self, name: &str, found: &mut dyn FnMut(u32)) {
        self.providers
            .get(name)
            .into_iter()
            .flatten()
            .for_each(|&number| found(number));
    }

    fn install_if(&self, name: &str, found: &mut dyn FnMut(u32)) {
        self.install_if
            .get(name)
            .into_iter()
            .flatten()
            .for_each(|&number| found(number));
    }

    fn package(&self, number: u32) -> Candidate<'_> {
        let Entry {
            info,
            identity,
            tag,
            broken,
        } = self.entry(number);
        Candidate {
            name: &info.name,
            version: info.version.as_str(),
            arch: &info.arch,
            identity,
            installed_size: info.installed_size,
            provider_priority: info.provider_priority,
            broken: *broken,
            tag: tag.as_deref(),
        }
    }

    fn relations<'s>(
        &'s self,
        number: u32,
        relation: Relation,
        each: &mut dyn FnMut(&'s str, &'s str, Op),
    ) {
        let info = &self.entry(number).info;
        let list: &[Dependency] = match relation {
            Relation::Depends => &info.depends,
            Relation::Provides => &info.provides,
            Relation::InstallIf => &info.install_if,
        };
        for Dependency { name, version, op } in list {
            each(name, version.as_str(), *op);
        }
    }
}
