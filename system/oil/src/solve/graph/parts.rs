//! What a graph is made of.

use crate::dependency::Op;
use std::ops::Range;

/// A name's number.
pub type NameId = u32;
/// A package's number.
pub type PackageId = u32;
/// A version's number; 0 is the empty one.
pub type VersionId = u32;

/// A dependency under numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dep {
    /// The name.
    pub name: NameId,
    /// The version, or an identity's text.
    pub version: VersionId,
    /// How they are compared.
    pub op: Op,
}

/// A package that has a name, with the version that it has it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The package.
    pub package: PackageId,
    /// Its version under this name; 0 for a provide without one.
    pub version: VersionId,
}

/// A name.
#[derive(Debug)]
pub struct Name<'s> {
    /// Its text.
    pub text: &'s str,
    /// Who has it.
    pub providers: Vec<Provider>,
    /// The packages whose `install_if` asks for it.
    pub install_if: Vec<PackageId>,
    /// The names of the known packages that depend on it (or conflict with it).
    pub dependents: Vec<NameId>,
    /// Whether the sources were asked.
    pub(super) loaded: bool,
}

/// A package.
#[derive(Debug)]
pub struct Package<'s> {
    /// Its name.
    pub name: NameId,
    /// Its version.
    pub version: VersionId,
    /// Its identity's bytes.
    pub identity: &'s [u8],
    /// See [`crate::solve::Candidate::provider_priority`].
    pub priority: u32,
    /// See [`crate::solve::Candidate::installed_size`].
    pub installed_size: u64,
    /// The repositories that have it, a bit each.
    pub repositories: u32,
    /// Whether one of those can be asked for it.
    pub available: bool,
    /// Whether it is installed.
    pub installed: bool,
    /// Whether it was given as a file or made up for this run.
    pub given: bool,
    /// The tag of the repository that it was installed from; `u32::MAX` for one that is not known.
    pub installed_tag: u32,
    /// Tags that it can be had under, a bit each; bit 0 is no tag.
    pub tags: u32,
    /// The tags of the repositories that have it.
    pub repository_tags: u32,
    /// Whether architecture and text are such that it could be installed at all.
    pub sound: bool,
    /// Whether it is for another architecture.
    pub bad_arch: bool,
    /// Its number in the sources that have it: (source's place, number).
    pub first: (usize, u32),
    /// The number in the installed database.
    pub installed_number: Option<u32>,
    pub(super) depends: Option<Range<u32>>,
    pub(super) provides: Range<u32>,
    pub(super) install_if: Range<u32>,
}

impl Package<'_> {
    /// Whether it is metadata alone. As with apk, such a package may come from every repository, and nothing is
    /// remembered of the tag that it came under.
    #[must_use]
    pub const fn is_meta(&self) -> bool {
        self.installed_size == 0
    }

    /// Whether it may be had where only these tags (a bit each) may be used.
    #[must_use]
    pub const fn may_come_under(&self, tags: u32) -> bool {
        self.installed || self.is_meta() || self.tags & tags != 0
    }
}
