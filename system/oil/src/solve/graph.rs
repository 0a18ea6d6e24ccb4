//! The names and packages that a world can reach, under numbers.
//!
//! A name is looked up in the sources when it is first met, so that a mapped index is read only where the world
//! leads. From then on names, packages and versions are numbers, and texts are compared only where two versions
//! differ and an operator asks for their order.

mod parts;

pub use parts::{Dep, Name, NameId, Package, PackageId, Provider, VersionId};

use super::hasher::Hasher;
use super::source::{Kind, Origin, Relation};
use crate::dependency::Op;
use crate::version;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

/// Everything met so far.
pub struct Graph<'s> {
    sources: &'s [Origin<'s>],
    tags: &'s [String],
    arches: &'s [String],
    /// By number.
    pub names: Vec<Name<'s>>,
    /// By number.
    pub packages: Vec<Package<'s>>,
    versions: Vec<&'s str>,
    deps: Vec<Dep>,
    name_ids: HashMap<&'s str, NameId, Hasher>,
    version_ids: HashMap<&'s str, VersionId, Hasher>,
    from_source: HashMap<(u32, u32), PackageId, Hasher>,
}

impl<'s> Graph<'s> {
    /// Nothing yet. `tags` gives the tags' names, `arches` the architectures that can be installed.
    #[must_use]
    pub fn new(sources: &'s [Origin<'s>], tags: &'s [String], arches: &'s [String]) -> Self {
        let mut graph = Self {
            sources,
            tags,
            arches,
            names: Vec::new(),
            packages: Vec::new(),
            versions: Vec::new(),
            deps: Vec::new(),
            name_ids: HashMap::default(),
            version_ids: HashMap::default(),
            from_source: HashMap::default(),
        };
        graph.version_id("");
        graph
    }

    /// The number of a name; new names get one.
    pub fn name_id(&mut self, text: &'s str) -> NameId {
        let next = self.names.len() as NameId;
        let id = *self.name_ids.entry(text).or_insert(next);
        if id == next {
            self.names.push(Name {
                text,
                providers: Vec::new(),
                install_if: Vec::new(),
                dependents: Vec::new(),
                loaded: false,
            });
        }
        id
    }

    /// The number of a version.
    pub fn version_id(&mut self, text: &'s str) -> VersionId {
        let next = self.versions.len() as VersionId;
        let id = *self.version_ids.entry(text).or_insert(next);
        if id == next {
            self.versions.push(text);
        }
        id
    }

    /// A dependency under numbers.
    pub fn dep(&mut self, name: &'s str, version: &'s str, op: Op) -> Dep {
        Dep {
            name: self.name_id(name),
            version: self.version_id(version),
            op,
        }
    }

    /// A version's text.
    #[must_use]
    pub fn version(&self, id: VersionId) -> &'s str {
        self.versions[id as usize]
    }

    /// A name's text.
    #[must_use]
    pub fn name(&self, id: NameId) -> &'s str {
        self.names[id as usize].text
    }

    /// Where apk's table of names has the first of a package's names.
    #[must_use]
    pub fn bucket(&self, id: PackageId) -> u32 {
        let provided = self.provides(id).iter().map(|provide| provide.name);
        let names = std::iter::once(self.packages[id as usize].name).chain(provided);
        names
            .map(|name| super::text::bucket(self.name(name)))
            .min()
            .unwrap_or(0)
    }

    /// A tag's name; its number is its place plus one.
    #[must_use]
    pub fn tag(&self, tag: u32) -> &'s str {
        self.tags
            .get((tag as usize).wrapping_sub(1))
            .map_or("", |tag| tag)
    }

    /// A package's architecture.
    #[must_use]
    pub fn arch(&self, id: PackageId) -> &'s str {
        let (place, number) = self.packages[id as usize].first;
        self.sources[place].source.package(number).arch
    }

    /// The order of two versions.
    #[must_use]
    pub fn compare(&self, left: VersionId, right: VersionId) -> Ordering {
        if left == right {
            Ordering::Equal
        } else {
            version::compare(self.version(left), self.version(right))
        }
    }

    /// Asks the sources who has `name`, the first time.
    pub fn load(&mut self, id: NameId) {
        if std::mem::replace(&mut self.names[id as usize].loaded, true) {
            return;
        }
        let text = self.name(id);
        let mut numbers = Vec::new();
        for place in 0..self.sources.len() {
            let source = self.sources[place].source;
            source.providers(text, &mut |number| numbers.push(number));
            for number in numbers.drain(..) {
                let package = self.package_from(place, number);
                self.add_provider(id, package);
            }
            source.install_if(text, &mut |number| numbers.push(number));
            for number in numbers.drain(..) {
                let package = self.package_from(place, number);
                let list = &mut self.names[id as usize].install_if;
                if !list.contains(&package) {
                    list.push(package);
                }
            }
        }
        let mut list = std::mem::take(&mut self.names[id as usize].install_if);
        if list.len() > 1 {
            list.sort_by_cached_key(|&id| {
                super::text::bucket(self.name(self.packages[id as usize].name))
            });
        }
        self.names[id as usize].install_if = list;
    }

    /// All installed packages.
    pub fn load_installed(&mut self) -> Vec<PackageId> {
        let mut list = Vec::new();
        for place in 0..self.sources.len() {
            if self.sources[place].kind == Kind::Installed {
                for number in 0..self.sources[place].source.count() {
                    let package = self.package_from(place, number);
                    list.push(package);
                }
            }
        }
        list
    }

    fn add_provider(&mut self, name: NameId, package: PackageId) {
        if self.names[name as usize]
            .providers
            .iter()
            .any(|provider| provider.package == package)
        {
            return;
        }
        let Package {
            name: own,
            version,
            ref provides,
            ..
        } = self.packages[package as usize];
        let mut found = Vec::new();
        if own == name {
            found.push(Provider { package, version });
        }
        for provide in &self.deps[provides.start as usize..provides.end as usize] {
            if provide.name == name {
                found.push(Provider {
                    package,
                    version: provide.version,
                });
            }
        }
        self.names[name as usize].providers.extend(found);
    }

    /// The package with this number in the source at `place`; one with the same name and identity may be known.
    fn package_from(&mut self, place: usize, number: u32) -> PackageId {
        if let Some(&package) = self.from_source.get(&(place as u32, number)) {
            return package;
        }
        let Origin { source, kind } = self.sources[place];
        let candidate = source.package(number);
        let name = self.name_id(candidate.name);
        let version = self.version_id(candidate.version);
        let known = (place > 0)
            .then(|| {
                self.names[name as usize]
                    .providers
                    .iter()
                    .map(|provider| provider.package)
                    .find(|&id| {
                        let package = &self.packages[id as usize];
                        package.name == name
                            && package.identity == candidate.identity
                            && package.version == version
                    })
            })
            .flatten();
        let id = known.unwrap_or_else(|| {
            let provides = self.relation(place, number, Relation::Provides);
            let install_if = self.relation(place, number, Relation::InstallIf);
            let bad_arch = !candidate.arch.is_empty()
                && candidate.arch != "noarch"
                && !self.arches.iter().any(|arch| arch == candidate.arch);
            let sound = !candidate.broken && !bad_arch;
            self.packages.push(Package {
                name,
                version,
                identity: candidate.identity,
                priority: candidate.provider_priority,
                installed_size: candidate.installed_size,
                repositories: 0,
                available: false,
                installed: false,
                given: false,
                tags: 0,
                repository_tags: 0,
                installed_tag: 0,
                sound,
                bad_arch,
                first: (place, number),
                installed_number: None,
                depends: None,
                provides,
                install_if,
            });
            let id = (self.packages.len() - 1) as PackageId;
            // Found again through its own name by the sources that come later.
            self.add_provider(name, id);
            id
        });
        self.from_source.insert((place as u32, number), id);
        let tags = self.tags;
        let package = &mut self.packages[id as usize];
        match kind {
            Kind::Installed => {
                package.installed = true;
                package.installed_number = Some(number);
                let tag = candidate
                    .tag
                    .map(|tag| tags.iter().position(|known| known == tag));
                package.installed_tag =
                    tag.map_or(0, |place| place.map_or(u32::MAX, |place| place as u32 + 1));
                package.tags |= if package.installed_tag < 32 {
                    1 << package.installed_tag
                } else {
                    1
                };
            }
            Kind::Repository {
                number,
                tag,
                available,
            } => {
                package.repositories |= 1 << number;
                package.tags |= 1 << tag;
                package.repository_tags |= 1 << tag;
                package.available |= available;
            }
            Kind::Given => {
                package.given = true;
                package.tags |= 1;
            }
        }
        id
    }

    fn relation(&mut self, place: usize, number: u32, relation: Relation) -> Range<u32> {
        let start = self.deps.len() as u32;
        let source = self.sources[place].source;
        let mut list = Vec::new();
        source.relations(number, relation, &mut |name, version, op| {
            list.push((name, version, op))
        });
        for (name, version, op) in list {
            let dep = self.dep(name, version, op);
            self.deps.push(dep);
        }
        start..self.deps.len() as u32
    }

    /// Reads a package's dependencies, the first time.
    pub fn load_depends(&mut self, id: PackageId) {
        if self.packages[id as usize].depends.is_some() {
            return;
        }
        let (place, number) = self.packages[id as usize].first;
        let range = self.relation(place, number, Relation::Depends);
        self.packages[id as usize].depends = Some(range.clone());
        let name = self.packages[id as usize].name;
        for index in range {
            let dep = self.deps[index as usize].name;
            let list = &mut self.names[dep as usize].dependents;
            if list.last() != Some(&name) {
                list.push(name);
            }
            for place in self.packages[id as usize].provides.clone() {
                let provided = self.deps[place as usize].name;
                self.names[dep as usize].dependents.push(provided);
            }
        }
    }

    /// What a package needs and cannot be with; empty before [`Graph::load_depends`].
    #[must_use]
    pub fn depends(&self, id: PackageId) -> &[Dep] {
        match &self.packages[id as usize].depends {
            Some(range) => &self.deps[range.start as usize..range.end as usize],
            None => &[],
        }
    }

    /// What a package is besides its name.
    #[must_use]
    pub fn provides(&self, id: PackageId) -> &[Dep] {
        let range = &self.packages[id as usize].provides;
        &self.deps[range.start as usize..range.end as usize]
    }

    /// What brings a package in by itself.
    #[must_use]
    pub fn install_if(&self, id: PackageId) -> &[Dep] {
        let range = &self.packages[id as usize].install_if;
        &self.deps[range.start as usize..range.end as usize]
    }

    /// Who has a name.
    #[must_use]
    pub fn providers(&self, id: NameId) -> &[Provider] {
        &self.names[id as usize].providers
    }

    /// Whether what a provider is under its name is as `dep` says. The name is not looked at.
    #[must_use]
    pub fn accepts(&self, dep: Dep, provider: Provider) -> bool {
        match dep.op.comparison() {
            Op::ANY => !dep.op.is_conflict(),
            Op::IDENTITY => {
                let package = &self.packages[provider.package as usize];
                let same = package.name == dep.name
                    && crate::digest::identity_matches(self.version(dep.version), package.identity);
                same != dep.op.is_conflict()
            }
            _ => dep
                .op
                .accepts(self.version(provider.version), self.version(dep.version)),
        }
    }

    /// Whether a package as a whole is as `dep` says: through one of its names if that is to be had, through none
    /// if that is not.
    #[must_use]
    pub fn package_accepts(&self, dep: Dep, id: PackageId) -> bool {
        let package = &self.packages[id as usize];
        let own = (package.name == dep.name).then_some(package.version);
        let provided = self
            .provides(id)
            .iter()
            .filter(|provide| provide.name == dep.name)
            .map(|p| p.version);
        let mut versions = own.into_iter().chain(provided);
        let holds = |version| {
            self.accepts(
                dep,
                Provider {
                    package: id,
                    version,
                },
            )
        };
        if dep.op.is_conflict() {
            versions.all(holds)
        } else {
            versions.any(holds)
        }
    }
}
