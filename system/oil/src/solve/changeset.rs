//! What changes, in which order.
//!
//! The walk begins with installed packages that nothing installed needs and that were not chosen, then follows the
//! world: dependencies first, what must give way before what takes its place, and what a package brings in by
//! itself as soon as its last condition was walked.

use super::Flags;
use super::graph::{Dep, NameId, PackageId};
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
    Check(PackageId, Dep),
    Emit(PackageId),
    LetGo(PackageId),
    Conditions(NameId, usize),
}

impl Solver<'_, '_> {
    /// The changes, and how many packages and bytes will be installed.
    pub fn changeset(&mut self) -> (Vec<Change>, Vec<PackageId>, usize, u64) {
        self.load_installed();
        let (mut changes, mut order) = (Vec::new(), Vec::new());
        let installed = self.installed();
        self.count_needs(&installed);
        for &package in &installed {
            if self.is_unneeded(package) {
                self.remove(package, &mut changes);
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
            self.remove(package, &mut changes);
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

    /// Whether a name has a package that came in by itself and has its last condition behind it.
    fn conditions_walked(&self, name: NameId) -> bool {
        self.graph
            .providers(name)
            .iter()
            .map(|provider| provider.package)
            .any(|package| {
                let mut conditions = self
                    .graph
                    .install_if(package)
                    .iter()
                    .filter(|dep| !dep.op.is_conflict());
                self.packages[package as usize].triggered
                    && self.graph.packages[package as usize].name == name
                    && conditions.all(|dep| {
                        self.graph.providers(dep.name).iter().any(|&provider| {
                            self.graph.accepts(*dep, provider)
                                && self.packages[provider.package as usize].walked
                        })
                    })
            })
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
                        if let Some(installed) = self.installed_of(name) {
                            self.remove(installed, changes);
                        }
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
                        stack.push(Step::Name(dep.name));
                    }
                }
                Step::Check(package, dep) => {
                    if self.fails(dep, package) {
                        self.count_wrong(package);
                    }
                }
                Step::Emit(package) => {
                    order.push(package);
                    if let Some(old) = self.emit(package, changes) {
                        stack.push(Step::LetGo(old));
                    }
                    for provide in self.graph.provides(package).iter().rev() {
                        stack.push(Step::Conditions(provide.name, 0));
                    }
                    stack.push(Step::Conditions(
                        self.graph.packages[package as usize].name,
                        0,
                    ));
                }
                Step::LetGo(old) => self.let_go(old, changes),
                Step::Conditions(name, from) => {
                    let list = &self.graph.names[name as usize].install_if;
                    if let Some(&package) = list.get(from) {
                        stack.push(Step::Conditions(name, from + 1));
                        let name = self.graph.packages[package as usize].name;
                        if self.conditions_walked(name) {
                            stack.push(Step::Name(name));
                        }
                    }
                }
            }
        }
    }

    /// Removes what cannot be beside a package.
    fn make_way(&mut self, package: PackageId, changes: &mut Vec<Change>) {
        let provided = self
            .graph
            .provides(package)
            .iter()
            .map(|provide| provide.name);
        let names: Vec<NameId> = std::iter::once(self.graph.packages[package as usize].name)
            .chain(provided)
            .collect();
        for name in names {
            for index in 0..self.graph.providers(name).len() {
                let other = self.graph.providers(name)[index].package;
                if other != package {
                    self.remove(other, changes);
                }
            }
        }
    }

    /// Notes what happens to a package. What is installed of its name, if that is another one.
    fn emit(&mut self, package: PackageId, changes: &mut Vec<Change>) -> Option<PackageId> {
        let new = &self.graph.packages[package as usize];
        let old = self.installed_of(new.name);
        let mut tag = self.tag_of(package);
        let kind = match old {
            None => ChangeKind::Install,
            Some(old) if old == package => {
                if new.is_meta() {
                    tag = 0;
                }
                if self.flags(package).has(Flags::REINSTALL) {
                    ChangeKind::Reinstall
                } else if tag != new.installed_tag && !new.is_meta() {
                    ChangeKind::Pinning
                } else {
                    return None;
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
        old.filter(|&old| old != package)
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
