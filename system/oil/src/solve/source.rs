//! Where the solver looks packages up.

use crate::dependency::Op;

/// One of a package's lists of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// What it needs or cannot be with.
    Depends,
    /// What it is besides its name.
    Provides,
    /// What brings it in by itself.
    InstallIf,
}

/// What the solver wants to know of a package. Texts are borrowed from the source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidate<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its version.
    pub version: &'s str,
    /// Its architecture.
    pub arch: &'s str,
    /// The bytes of its identity; packages of one name with one identity are one package.
    pub identity: &'s [u8],
    /// Bytes when installed. None makes it a package of metadata alone, which needs no file.
    pub installed_size: u64,
    /// Which provider of a name without versions is taken.
    pub provider_priority: u32,
    /// Whether it could be understood whole; one that was not is never selected.
    pub broken: bool,
    /// Installed packages: the tag of the repository that it came from.
    pub tag: Option<&'s str>,
}

/// A set of packages: an index, the installed database, packages given as files.
///
/// Numbers are the source's own. Nothing but what a world can reach is asked for.
pub trait Source {
    /// How many packages there are. Only asked of the installed ones.
    fn count(&self) -> u32;

    /// The packages that are named `name` or provide it, in their order.
    fn providers(&self, name: &str, found: &mut dyn FnMut(u32));

    /// The packages whose `install_if` has `name` in it, conflicts included.
    fn install_if(&self, name: &str, found: &mut dyn FnMut(u32));

    /// One package.
    fn package(&self, number: u32) -> Candidate<'_>;

    /// One of its lists, in its order: name, version (empty for none), operator.
    fn relations<'s>(
        &'s self,
        number: u32,
        relation: Relation,
        each: &mut dyn FnMut(&'s str, &'s str, Op),
    );
}

/// A source and what holds for all of it.
#[derive(Clone, Copy)]
pub struct Origin<'s> {
    /// The packages.
    pub source: &'s dyn Source,
    /// What kind of source it is.
    pub kind: Kind,
}

/// What kind of source it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The packages that are installed.
    Installed,
    /// A repository: its number (its place in the list, below 32) and its tag's number (0 for none, else its place
    /// in [`super::Options::tags`] plus one), and whether packages can be had from it now.
    Repository {
        /// Its place in the list.
        number: u8,
        /// 0, or the tag's place plus one.
        tag: u8,
        /// Whether its packages can be had.
        available: bool,
    },
    /// Given by file, or made up for this run (a virtual package).
    Given,
}
