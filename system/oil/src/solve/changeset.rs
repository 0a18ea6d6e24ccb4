//! What changes, in which order.
//!
//! The walk begins with installed packages that nothing installed needs and that were not chosen, then follows the
//! world: dependencies first, what must give way before what takes its place, and what a package brings in by
//! itself as soon as its last condition was walked.

use super::Flags;
use super::graph::{NameId, PackageId, Provider};
use super::state::Solver;

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
    Emit(NameId),
    Conditions(NameId, usize),
}

impl Solver<'_, '_> {
    /// The changes, and how many packages and bytes will be installed.
    pub fn changeset(&mut self) -> (Vec<Change>, Vec<PackageId>, usize, u64) {
        self.load_installed();
        let (mut changes, mut order) = (Vec::new(), Vec::new());
        let installed = self.installed();
        self.count_dependents(&installed);
        self.count_conditions();
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
            self.purge_orphan(package, &mut changes);
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
            self.change_dependents(package, 1);
        }
    }

    fn change_dependents(&mut self, package: PackageId, by: i32) {
        let deps = [self.graph.depends(package), self.graph.install_if(package)].concat();
        for dep in deps {
            if dep.op.is_conflict() {
                continue;
            }
            for place in 0..self.graph.providers(dep.name).len() {
                let provider = self.graph.providers(dep.name)[place];
                if self.graph.packages[provider.package as usize].installed {
                    self.packages[provider.package as usize].dependents += by;
                }
            }
        }
    }

    fn count_conditions(&mut self) {
        for id in 0..self.packages.len() {
            if self.packages[id].triggered && self.is_chosen(id as PackageId) {
                self.packages[id].waiting = self
                    .graph
                    .install_if(id as PackageId)
                    .iter()
                    .filter(|dep| !dep.op.is_conflict())
                    .count() as u32;
            }
        }
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

    fn purge_orphan(&mut self, package: PackageId, changes: &mut Vec<Change>) {
        let mut pending = vec![package];
        while let Some(package) = pending.pop() {
            if self.packages[package as usize].purged || !self.goes(package) {
                continue;
            }
            self.packages[package as usize].purged = true;
            changes.push(Change {
                old: Some(package),
                new: None,
                kind: ChangeKind::Purge,
                tag: 0,
            });
            self.drop_dependents(package, &mut pending);
        }
    }

    /// A package is gone: what only it needed can go as well, in the order of its dependencies.
    fn drop_dependents(&mut self, package: PackageId, pending: &mut Vec<PackageId>) {
        self.change_dependents(package, -1);
        let mut freed = Vec::new();
        let deps = [self.graph.depends(package), self.graph.install_if(package)].concat();
        for dep in deps {
            if dep.op.is_conflict() {
                continue;
            }
            for &provider in self.graph.providers(dep.name) {
                if self.packages[provider.package as usize].dependents == 0
                    && self.goes(provider.package)
                {
                    freed.push(provider.package);
                }
            }
        }
        pending.extend(freed.into_iter().rev());
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
                    let own = self.graph.packages[chosen.package as usize].name;
                    if own != name {
                        stack.push(Step::Name(own));
                        continue;
                    }
                    self.make_way(chosen.package, changes);
                    stack.push(Step::Emit(name));
                    for dep in self.graph.depends(chosen.package).iter().rev() {
                        if !dep.op.is_conflict() {
                            stack.push(Step::Name(dep.name));
                        }
                    }
                }
                Step::Emit(name) => {
                    let chosen = self.names[name as usize].chosen.expect("walked with one");
                    order.push(chosen.package);
                    self.emit(chosen.package, changes);
                    for provide in self.graph.provides(chosen.package).iter().rev() {
                        stack.push(Step::Conditions(provide.name, 0));
                    }
                    stack.push(Step::Conditions(name, 0));
                }
                Step::Conditions(name, from) => {
                    let list = &self.graph.names[name as usize].install_if;
                    if let Some(&package) = list.get(from) {
                        stack.push(Step::Conditions(name, from + 1));
                        let waiting = &mut self.packages[package as usize].waiting;
                        if *waiting > 0 {
                            *waiting -= 1;
                            if *waiting == 0 {
                                stack.push(Step::Name(self.graph.packages[package as usize].name));
                            }
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
                    self.purge_orphan(other.package, changes);
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
            let mut pending = Vec::new();
            self.drop_dependents(old, &mut pending);
            for package in pending.into_iter().rev() {
                self.purge_orphan(package, changes);
            }
        }
    }

    /// The tag under which a package will be had.
    fn tag_of(&self, package: PackageId) -> u32 {
        let tags = self.graph.packages[package as usize].tags;
        if tags & 1 != 0 {
            0
        } else {
            tags.trailing_zeros() % 32
        }
    }
}
