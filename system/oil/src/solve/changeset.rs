//! What changes, in which order.
//!
//! The walk begins with installed packages that nothing installed needs and that were not chosen, then follows the
//! world: dependencies first, what must give way before what takes its place, and what a package brings in by
//! itself as soon as its last condition was walked.

use super::Flags;
use super::graph::{Dep, NameId, PackageId, Provider};
use super::state::Solver;
use std::cmp::Reverse;

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is installed of the name now.
    pub old: Option<PackageId>,
    /// What will be.
    pub new: Option<PackageId>,
    /// What the change is.
    pub kind: ChangeKind,
    /// The tag of the repository that the new package comes from; 0 for none, else its place plus one.
    pub tag: u32,
}

/// What a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Nothing that was there.
    Install,
    /// Nothing that will be there.
    Purge,
    /// To a higher version.
    Upgrade,
    /// To a lower version.
    Downgrade,
    /// To another build of the version.
    Replace,
    /// The same once more.
    Reinstall,
    /// The same, from then on from another tag's repositories.
    Pinning,
}

impl ChangeKind {
    /// The word for it.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Install => "Installing",
            Self::Purge => "Purging",
            Self::Upgrade => "Upgrading",
            Self::Downgrade => "Downgrading",
            Self::Replace => "Replacing",
            Self::Reinstall => "Reinstalling",
            Self::Pinning => "Updating pinning",
        }
    }
}

enum Step {
    Name(NameId),
    Check(PackageId, Dep),
    Emit(PackageId),
    Conditions(NameId, usize),
}

impl Solver<'_, '_> {
    /// The changes, and how many packages and bytes will be installed.
    pub fn changeset(&mut self) -> (Vec<Change>, Vec<PackageId>, usize, u64) {
        self.load_installed();
        let (mut changes, mut order) = (Vec::new(), Vec::new());
        let installed = self.installed();
        self.count_dependents(&installed);
        for &package in &installed {
            if self.packages[package as usize].dependents == 0 {
                self.purge_orphan(package, &mut changes);
            }
        }
        for place in 0..self.world.len() {
            if let Some((dep, _)) = self.world[place] {
                self.walk(dep.name, &mut changes, &mut order);
            }
        }
        for &package in &installed {
            self.walk(
                self.graph.packages[package as usize].name,
                &mut changes,
                &mut order,
            );
            self.purge_with_dependents(package, &mut changes);
        }
        let (mut packages, mut bytes) = (0_usize, 0_u64);
        for (id, package) in self.graph.packages.iter().enumerate() {
            if self.is_chosen(id as PackageId) {
                packages += 1;
                bytes += package.installed_size;
            }
        }
        (changes, order, packages, bytes)
    }

    /// What is installed of which the world knows nothing joins in.
    fn load_installed(&mut self) {
        for id in self.graph.load_installed() {
            self.graph.load_depends(id);
        }
        self.grow();
    }

    /// The installed packages in the database's order.
    fn installed(&self) -> Vec<PackageId> {
        let mut list: Vec<PackageId> = (0..self.graph.packages.len() as PackageId)
            .filter(|&id| self.graph.packages[id as usize].installed)
            .collect();
        list.sort_by_key(|&id| self.graph.packages[id as usize].installed_number);
        list
    }

    /// Counts, for each installed package, the installed ones that need it.
    fn count_dependents(&mut self, installed: &[PackageId]) {
        for &package in installed {
            let own = self.graph.packages[package as usize].name;
            let provided = self
                .graph
                .provides(package)
                .iter()
                .map(|provide| provide.name);
            for name in std::iter::once(own).chain(provided) {
                let list = self.installed_providers.entry(name).or_default();
                if list.last() != Some(&package) {
                    list.push(package);
                }
            }
        }
        for &package in installed {
            self.change_dependents(package, 1);
        }
    }

    fn change_dependents(&mut self, package: PackageId, by: i32) {
        let needs = self.graph.depends(package).len();
        let deps = [self.graph.depends(package), self.graph.install_if(package)].concat();
        let own = self.graph.packages[package as usize].name;
        for (index, dep) in deps.into_iter().enumerate() {
            if dep.op.is_conflict() {
                continue;
            }
            for place in 0..self.installed_providers.get(&dep.name).map_or(0, Vec::len) {
                let provider = self.installed_providers[&dep.name][place];
                // What a package wants of itself holds it only if it is a dependency on its own name.
                if provider == package && (dep.name != own || index >= needs) {
                    continue;
                }
                self.packages[provider as usize].dependents += by;
                let as_wanted = self.graph.package_accepts(dep, provider);
                if by > 0 && provider != package && index < needs && as_wanted {
                    self.installed_dependents
                        .entry(provider)
                        .or_default()
                        .push(package);
                }
            }
        }
    }

    /// Whether a package that came in by itself has its last condition behind it.
    fn conditions_walked(&self, package: PackageId) -> bool {
        self.packages[package as usize].triggered
            && self.is_chosen(package)
            && self
                .graph
                .install_if(package)
                .iter()
                .filter(|dep| !dep.op.is_conflict())
                .all(|dep| {
                    self.graph.providers(dep.name).iter().any(|&provider| {
                        self.graph.accepts(*dep, provider)
                            && self.packages[provider.package as usize].emitted
                    })
                })
    }

    /// Whether an installed package goes, without another one of its name.
    fn goes(&self, package: PackageId) -> bool {
        let package = &self.graph.packages[package as usize];
        package.installed
            && !self.names[package.name as usize]
                .chosen
                .is_some_and(|chosen| self.is_own(package.name, chosen))
    }

    fn is_own(&self, name: NameId, chosen: Provider) -> bool {
        self.graph.packages[chosen.package as usize].name == name
    }

    /// Purges a package that nothing installed needs, then what only it needed.
    fn purge_orphan(&mut self, package: PackageId, changes: &mut Vec<Change>) {
        let mut pending = vec![package];
        while let Some(package) = pending.pop() {
            let name = self.graph.packages[package as usize].name;
            let state = &self.packages[package as usize];
            if state.purged
                || state.dependents > 0
                || self.names[name as usize].chosen.is_some()
                || !self.goes(package)
            {
                continue;
            }
            self.purge(package, changes);
            pending.extend(self.freed_by(package));
        }
    }

    /// Purges a package, and before it who needs it and goes as well.
    fn purge_with_dependents(&mut self, root: PackageId, changes: &mut Vec<Change>) {
        let mut stack = vec![(root, false)];
        while let Some((package, ready)) = stack.pop() {
            if ready {
                self.purge(package, changes);
                continue;
            }
            if self.packages[package as usize].purged || !self.goes(package) {
                continue;
            }
            if std::mem::replace(&mut self.packages[package as usize].purging, true) {
                continue;
            }
            stack.push((package, true));
            let mut dependents = self
                .installed_dependents
                .get(&package)
                .cloned()
                .unwrap_or_default();
            dependents.sort_by_cached_key(|&id| Reverse(self.graph.bucket(id)));
            stack.extend(dependents.into_iter().map(|dependent| (dependent, false)));
        }
    }

    fn purge(&mut self, package: PackageId, changes: &mut Vec<Change>) {
        if !std::mem::replace(&mut self.packages[package as usize].purged, true) {
            changes.push(Change {
                old: Some(package),
                new: None,
                kind: ChangeKind::Purge,
                tag: 0,
            });
            self.change_dependents(package, -1);
        }
    }

    /// What a package needed and nothing installed needs now; the last one first.
    fn freed_by(&self, package: PackageId) -> Vec<PackageId> {
        let mut freed = Vec::new();
        for dep in self
            .graph
            .depends(package)
            .iter()
            .filter(|dep| !dep.op.is_conflict())
        {
            for &provider in self
                .installed_providers
                .get(&dep.name)
                .into_iter()
                .flatten()
            {
                let own = self.graph.packages[provider as usize].name == dep.name;
                if own && self.packages[provider as usize].dependents == 0 {
                    freed.push(provider);
                }
            }
        }
        freed.reverse();
        freed
    }

    fn walk(&mut self, root: NameId, changes: &mut Vec<Change>, order: &mut Vec<PackageId>) {
        let mut stack = vec![Step::Name(root)];
        while let Some(step) = stack.pop() {
            match step {
                Step::Name(name) => {
                    if std::mem::replace(&mut self.names[name as usize].walked, true) {
                        continue;
                    }
                    let Some(chosen) = self.names[name as usize].chosen else {
                        continue;
                    };
                    let package = chosen.package;
                    if std::mem::replace(&mut self.packages[package as usize].walked, true) {
                        continue;
                    }
                    self.names[self.graph.packages[package as usize].name as usize].walked = true;
                    for provide in self.graph.provides(package) {
                        if provide.version != 0 {
                            self.names[provide.name as usize].walked = true;
                        }
                    }
                    self.make_way(package, changes);
                    stack.push(Step::Emit(package));
                    for &dep in self.graph.depends(package).iter().rev() {
                        stack.push(Step::Check(package, dep));
                        if !dep.op.is_conflict() {
                            stack.push(Step::Name(dep.name));
                        }
                    }
                }
                Step::Check(package, dep) => {
                    if self.fails(dep, package) {
                        self.count_wrong(package);
                    }
                }
                Step::Emit(package) => {
                    order.push(package);
                    self.packages[package as usize].emitted = true;
                    self.emit(package, changes);
                    for provide in self.graph.provides(package).iter().rev() {
                        stack.push(Step::Conditions(provide.name, 0));
                    }
                    stack.push(Step::Conditions(
                        self.graph.packages[package as usize].name,
                        0,
                    ));
                }
                Step::Conditions(name, from) => {
                    let list = &self.graph.names[name as usize].install_if;
                    if let Some(&package) = list.get(from) {
                        stack.push(Step::Conditions(name, from + 1));
                        if self.conditions_walked(package) {
                            stack.push(Step::Name(self.graph.packages[package as usize].name));
                        }
                    }
                }
            }
        }
    }

    /// Removes what cannot be beside a package.
    fn make_way(&mut self, package: PackageId, changes: &mut Vec<Change>) {
        let mut names = vec![Provider {
            package: self.graph.packages[package as usize].name,
            version: self.graph.packages[package as usize].version,
        }];
        names.extend(self.graph.provides(package).iter().map(|provide| Provider {
            package: provide.name,
            version: provide.version,
        }));
        for Provider {
            package: name,
            version,
        } in names
        {
            for index in 0..self.graph.providers(name).len() {
                let other = self.graph.providers(name)[index];
                if other.package != package
                    && version != 0
                    && other.version != 0
                    && self.goes(other.package)
                {
                    self.purge_with_dependents(other.package, changes);
                }
            }
        }
    }

    fn emit(&mut self, package: PackageId, changes: &mut Vec<Change>) {
        let new = &self.graph.packages[package as usize];
        let old = self
            .graph
            .providers(new.name)
            .iter()
            .map(|provider| provider.package)
            .find(|&id| {
                let other = &self.graph.packages[id as usize];
                other.installed && other.name == new.name
            });
        let tag = self.tag_of(package);
        let kind = match old {
            None => ChangeKind::Install,
            Some(old) if old == package => {
                if self.flags(package).has(Flags::REINSTALL) {
                    ChangeKind::Reinstall
                } else if tag != new.installed_tag {
                    ChangeKind::Pinning
                } else {
                    return;
                }
            }
            Some(old) => match self
                .graph
                .compare(self.graph.packages[old as usize].version, new.version)
            {
                std::cmp::Ordering::Less => ChangeKind::Upgrade,
                std::cmp::Ordering::Greater => ChangeKind::Downgrade,
                std::cmp::Ordering::Equal => ChangeKind::Replace,
            },
        };
        changes.push(Change {
            old,
            new: Some(package),
            kind,
            tag,
        });
        if let Some(old) = old.filter(|&old| old != package) {
            self.change_dependents(old, -1);
            for package in self.freed_by(old).into_iter().rev() {
                self.purge_orphan(package, changes);
            }
        }
    }

    /// The tag under which a package will be had.
    fn tag_of(&self, id: PackageId) -> u32 {
        let (package, state) = (
            &self.graph.packages[id as usize],
            &self.packages[id as usize],
        );
        if package.repository_tags & 1 != 0 {
            return 0;
        }
        let may = if package.repository_tags != 0 {
            package.repository_tags
        } else {
            package.tags
        } & state.allowed;
        let had = if may & state.preferred != 0 {
            may & state.preferred
        } else {
            may
        };
        if had == 0 { 0 } else { had.trailing_zeros() }
    }
}
