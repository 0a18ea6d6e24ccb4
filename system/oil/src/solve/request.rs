//! What a command asks for: how it changes the world, and what it wants of which names.

use super::{Flags, Options, Wish};
use crate::dependency::{Op, WorldDependency};
use crate::world::World;

impl Options {
    /// Wants something of a name.
    pub fn wish(&mut self, name: &str, flags: Flags, inherited: Flags) {
        self.wishes.push(Wish {
            name: name.to_owned(),
            flags,
            inherited,
        });
    }
}

/// `add`: `entries` go into the world. With `upgrade` or `latest` they and what they need are brought up to date.
pub fn add(
    world: &mut World,
    options: &mut Options,
    entries: Vec<WorldDependency>,
    upgrade: bool,
    latest: bool,
) {
    let mut flags = Flags::default();
    if upgrade {
        flags = flags.with(Flags::UPGRADE);
    }
    if latest {
        flags = flags.with(Flags::LATEST);
    }
    for entry in entries {
        options.wish(&entry.dependency.name, flags, flags);
        world.set(entry);
    }
}

/// `del`: `names` leave the world.
pub fn delete(world: &mut World, options: &mut Options, names: &[String]) {
    for name in names {
        world.remove(name);
        options.wish(name, Flags::REMOVE, Flags::default());
    }
}

/// How `upgrade` goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upgrade {
    /// `--available`.
    pub available: bool,
    /// `--latest`.
    pub latest: bool,
    /// `--ignore`: the names are those that stay.
    pub ignore: bool,
}

/// `upgrade`: all of the world, or `names` alone, or all but `names`.
pub fn upgrade(world: &mut World, options: &mut Options, names: &[String], how: Upgrade) {
    let mut flags = Flags::UPGRADE;
    if how.available {
        flags = flags.with(Flags::AVAILABLE);
        for entry in world
            .iter_mut()
            .filter(|entry| entry.dependency.op.comparison() == Op::IDENTITY)
        {
            entry.dependency.op = Op::ANY;
            entry.dependency.version = Default::default();
        }
    }
    if how.latest {
        flags = flags.with(Flags::LATEST);
    }
    // Which versions there are to choose from is said for all names, even if only some are to move.
    if how.available {
        options.flags = options.flags.with(Flags::AVAILABLE);
    }
    if how.latest {
        options.flags = options.flags.with(Flags::LATEST);
    }
    if names.is_empty() || how.ignore {
        options.flags = options.flags.with(flags);
    }
    for name in names {
        options.wish(
            name,
            if how.ignore { Flags::INSTALLED } else { flags },
            Flags::default(),
        );
    }
}

/// `fix`: `names` are put right; with `upgrade` they are brought up to date, with `depends` what they need as well.
pub fn fix(options: &mut Options, names: &[String], upgrade: bool, depends: bool) {
    let flags = if upgrade {
        Flags::UPGRADE
    } else {
        Flags::REINSTALL
    };
    for name in names {
        options.wish(name, flags, if depends { flags } else { Flags::default() });
    }
}
