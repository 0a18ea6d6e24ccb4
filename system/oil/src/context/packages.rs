//! Packages of all sources, each once: the same package in several repositories, or installed, is one.

use super::Context;
use crate::database::record::Record;
use crate::error::{Error, Result};
use crate::package::Info;
use crate::package_name::PackageName;
use crate::solve::{Candidate, Source};
use crate::version;

/// Where a package is: the number of its source and its own in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// [`INSTALLED`], or a repository's place in the list plus one.
    pub source: usize,
    /// The package's number there.
    pub number: u32,
}

/// The source of what is installed.
pub const INSTALLED: usize = 0;

/// A package.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The first source that has it.
    pub place: Place,
    /// Its number among the installed ones, if it is.
    pub installed: Option<u32>,
    /// The repositories that have it, a bit each.
    pub repositories: u32,
    /// Where the first of those has it.
    pub offered: Option<Place>,
}

impl Context {
    fn source(&self, source: usize) -> &dyn Source {
        match source {
            INSTALLED => &self.installed,
            number => match &self.indexes[number - 1] {
                Some(index) => index,
                None => &self.installed,
            },
        }
    }

    fn sources(&self) -> impl Iterator<Item = (usize, &dyn Source)> {
        let installed = std::iter::once((INSTALLED, self.source(INSTALLED)));
        installed.chain(
            self.opened()
                .map(|(number, _, index)| (number + 1, index as &dyn Source)),
        )
    }

    /// What the solver knows of a package.
    #[must_use]
    pub fn candidate(&self, place: Place) -> Candidate<'_> {
        self.source(place.source).package(place.number)
    }

    /// The source of a package, for its relations.
    #[must_use]
    pub fn source_of(&self, place: Place) -> &dyn Source {
        self.source(place.source)
    }

    /// All packages, by name and then by version.
    #[must_use]
    pub fn packages(&self) -> Vec<Found> {
        let mut places = Vec::new();
        for (source, packages) in self.sources() {
            places.extend((0..packages.count()).map(|number| Place { source, number }));
        }
        self.merge(places)
    }

    /// The packages that have this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<Found> {
        let mut places = self.providing_places(name);
        places.retain(|place| self.candidate(*place).name == name);
        self.merge(places)
    }

    /// The packages that have this name or provide it.
    #[must_use]
    pub fn providers(&self, name: &str) -> Vec<Found> {
        self.merge(self.providing_places(name))
    }

    fn providing_places(&self, name: &str) -> Vec<Place> {
        let mut places = Vec::new();
        for (source, packages) in self.sources() {
            packages.providers(name, &mut |number| places.push(Place { source, number }));
        }
        places
    }

    fn merge(&self, mut places: Vec<Place>) -> Vec<Found> {
        let key = |place: &Place| self.candidate(*place);
        places.sort_by_cached_key(|place| {
            let one = key(place);
            Sorted(one.name, one.version, one.identity, place.source)
        });
        let mut list: Vec<Found> = Vec::with_capacity(places.len());
        let mut last: Option<Candidate<'_>> = None;
        for place in places {
            let own = self.candidate(place);
            let same = last.is_some_and(|last| {
                last.name == own.name
                    && last.version == own.version
                    && last.identity == own.identity
            });
            if !same {
                list.push(Found {
                    place,
                    installed: None,
                    repositories: 0,
                    offered: None,
                });
                last = Some(own);
            }
            let Some(found) = list.last_mut() else {
                continue;
            };
            if place.source == INSTALLED {
                found.installed = Some(place.number);
            } else {
                found.repositories |= 1 << (place.source - 1);
                found.offered.get_or_insert(place);
            }
        }
        list
    }

    /// All that is known of a package without its files.
    ///
    /// # Errors
    /// A record that cannot be understood.
    pub fn info(&self, place: Place) -> Result<Info> {
        match place.source {
            INSTALLED => Ok(self.installed_record(place.number)?.info),
            number => match &self.indexes[number - 1] {
                Some(index) => Ok(index.package(place.number as usize)?.to_info()?),
                None => Err(Error::Missing("an index")),
            },
        }
    }

    /// The record of an installed package, without its files.
    ///
    /// # Errors
    /// One that cannot be understood.
    pub fn installed_record(&self, number: u32) -> Result<Record> {
        let head = self.installed.head(number);
        Record::parse(head.as_bytes()).map_err(|fault| Error::Database {
            path: crate::database::installed::path(self.root()),
            line: fault.line + 1,
            reason: format!("{}: {}", self.installed.package(number).name, fault.reason),
        })
    }

    /// The address of a package in the first repository that has it.
    #[must_use]
    pub fn url(&self, found: &Found) -> Option<String> {
        let place = found.offered?;
        let repository = &self.repositories.list[place.source - 1];
        let index = self.indexes[place.source - 1].as_ref()?;
        let view = index.package(place.number as usize).ok()?;
        let candidate = self.candidate(place);
        let name = PackageName {
            name: candidate.name,
            version: candidate.version,
            arch: candidate.arch,
            identity: view.identity().ok()??,
        };
        let spec = index.name_spec().ok()?;
        repository
            .package_url(spec.as_deref(), &name, &self.arches[0])
            .ok()
    }
}

/// The order of packages: by name, version and identity; what is installed before what is not.
#[derive(PartialEq, Eq)]
struct Sorted<'s>(&'s str, &'s str, &'s [u8], usize);

impl Ord for Sorted<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let names = self.0.cmp(other.0);
        names
            .then_with(|| version::compare(self.1, other.1))
            .then_with(|| (self.2, self.3).cmp(&(other.2, other.3)))
    }
}

impl PartialOrd for Sorted<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
