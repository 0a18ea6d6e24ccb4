//! What is to be done, one value each: where it goes, what is wanted, who asks for it.

use document::Origin;
use std::fmt;
use std::rc::Rc;

mod same;

pub use same::has;

/// What a value is, which decides how it is read, written and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file below /proc/sys (sysctl(8)).
    Sysctl,
    /// A file below /sys, perhaps one that shows all choices and marks its own: `always [madvise] never`.
    Sys,
    /// A control group: [`Kind::THERE`] or [`Kind::GONE`].
    Group,
    /// The controllers that a group gives on: `+cpu +memory`, at least these; `cpu memory`, just these.
    Controllers,
    /// A file of a group.
    File,
    /// One with a size, which the kernel rounds to pages.
    Bytes,
    /// One with a list of numbers and ranges.
    List,
    /// `io.weight`: the default for all devices.
    Weight,
    /// A file of a group with a line for each device: `vda rbps=1048576`.
    Device,
    /// A module of the kernel: [`Kind::LOADED`], perhaps with parameters, or [`Kind::NOT_LOADED`].
    Module,
    /// A file of our own, whole; nothing: there is none.
    Own,
    /// `ALGORITHM BYTES PRIORITY`, or `off`; `-`: the kernel's algorithm.
    Zram,
}

/// The names of kinds, as what is kept under /run has them.
const KINDS: &[(Kind, &str)] = &[
    (Kind::Sysctl, "sysctl"),
    (Kind::Sys, "sys"),
    (Kind::Group, "group"),
    (Kind::Controllers, "controllers"),
    (Kind::File, "file"),
    (Kind::Bytes, "bytes"),
    (Kind::List, "list"),
    (Kind::Weight, "weight"),
    (Kind::Device, "device"),
    (Kind::Module, "module"),
    (Kind::Own, "own"),
    (Kind::Zram, "zram"),
];

impl Kind {
    pub const THERE: &str = "there";
    pub const GONE: &str = "gone";
    pub const LOADED: &str = "loaded";
    pub const NOT_LOADED: &str = "not loaded";

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
            Self::Sysctl | Self::Sys | Self::File | Self::Weight => same::fields(wanted, got),
            Self::Controllers => same::controllers(wanted, got),
            Self::Bytes => same::bytes(wanted, got),
            Self::List => same::lists(wanted, got),
            Self::Device => same::limits(wanted, got),
            Self::Module => wanted.starts_with(Self::LOADED) == got.starts_with(Self::LOADED),
            Self::Zram => same::any(wanted, got),
            Self::Group | Self::Own => wanted == got,
        }
    }
}

/// Adds a step in place of an earlier one of the same file: what comes later counts.
pub fn put(steps: &mut Vec<Rc<Step>>, step: Rc<Step>) {
    steps.retain(|earlier| earlier.kind != step.kind || earlier.path != step.path);
    steps.push(step);
}

/// One value that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub kind: Kind,
    /// As people write it: `vm.swappiness`. No two steps of a kind have the same.
    pub key: String,
    /// As the kernel has it, from the root: `/proc/sys/vm/swappiness`.
    pub path: String,
    pub wanted: String,
    /// What fails is told and does not count.
    pub optional: bool,
    pub origin: Origin,
}

impl Step {
    /// Its texts are put together here, in one place. `optional`: it does not count when it fails.
    #[inline(never)]
    pub fn new(
        kind: Kind,
        optional: bool,
        key: fmt::Arguments<'_>,
        path: fmt::Arguments<'_>,
        wanted: fmt::Arguments<'_>,
        origin: &Origin,
    ) -> Rc<Self> {
        Rc::new(Self {
            kind,
            key: std::fmt::format(key),
            path: std::fmt::format(path),
            wanted: std::fmt::format(wanted),
            optional,
            origin: origin.clone(),
        })
    }

    /// Of a module, its name.
    pub fn module(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or("")
    }
}
