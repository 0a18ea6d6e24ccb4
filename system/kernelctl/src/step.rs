//! What is to be done, one value each: where it goes, what is wanted, who asks for it.

use crate::error::Origin;

mod same;

/// What a value is, which decides how it is read, written and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file below /proc/sys (sysctl(8)).
    Sysctl,
}

/// The names of kinds, as what is kept under /run has them.
const KINDS: &[(Kind, &str)] = &[(Kind::Sysctl, "sysctl")];

impl Kind {
    pub fn name(self) -> &'static str {
        let found = KINDS.iter().find(|(kind, _)| *kind == self);
        found.map_or("", |(_, name)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        let found = KINDS.iter().find(|(_, other)| *other == name);
        found.map(|(kind, _)| *kind)
    }

    /// Whether what was read is what was wanted.
    pub fn same(self, wanted: &str, got: &str) -> bool {
        match self {
            Self::Sysctl => same::fields(wanted, got),
        }
    }
}

/// One value that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub kind: Kind,
    /// As people write it: `vm.swappiness`.
    pub key: String,
    /// As the kernel has it, from the root: `/proc/sys/vm/swappiness`.
    pub path: String,
    pub wanted: String,
    /// What fails is told and does not count.
    pub optional: bool,
    pub origin: Origin,
}
