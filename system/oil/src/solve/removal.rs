//! What goes, and in which order.
//!
//! A package goes after those that need it, and what only it needed goes right after it.

use super::changeset::{Change, ChangeKind};
use super::graph::{NameId, PackageId, Provider};
use super::hasher::Hasher;
use super::state::Solver;
use std::collections::HashMap;

/// A step of removing packages.
enum Removal {
    Enter(PackageId),
    Emit(PackageId),
    LetGo(PackageId, usize),
}

impl Solver<'_, '_> {
    /// Notes which installed packages need which names, and which of each other.
    pub fn count_needs(&mut self, installed: &[PackageId]) {
        let mut providers: HashMap<NameId, Vec<PackageId>, Hasher> = HashMap::default();
        for &package in installed {
            let own = self.graph.packages[package as usize].name;
            let provided = self
                .graph
                .provides(package)
                .iter()
                .map(|provide| provide.name);
            for name in std::iter::once(own).chain(provided) {
                let list = providers.entry(name).or_default();
                if list.last() != Some(&package) {
                    list.push(package);
                }
            }
        }
        let others = |name: NameId, of: PackageId| {
            providers
                .get(&name)
                .into_iter()
                .flatten()
                .copied()
                .filter(move |&provider| provider != of)
        };
        for &package in installed {
            for &dep in self
                .graph
                .depends(package)
                .iter()
                .filter(|dep| !dep.op.is_conflict())
            {
                *self.needs.entry(dep.name).or_default() += 1;
                for provider in
                    others(dep.name, package).filter(|&id| self.graph.package_accepts(dep, id))
                {
                    self.needed_by.entry(provider).or_default().push(package);
                }
            }
            for dep in self.graph.install_if(package) {
                for provider in others(dep.name, package) {
                    self.brings_in.entry(provider).or_default().push(package);
                }
            }
        }
    }

    /// Whether no installed package needs the names that are a package's alone.
    pub fn is_unneeded(&self, package: PackageId) -> bool {
        let needed = |name: NameId| self.needs.get(&name).is_some_and(|&count| count > 0);
        let own = self.graph.packages[package as usize].name;
        let decided = self.names[own as usize].chosen.is_some();
        !decided
            && !needed(own)
            && !self
                .graph
                .provides(package)
                .iter()
                .any(|provide| provide.version != 0 && needed(provide.name))
    }

    /// Removes an installed package that goes, and before it whatever goes that needs it or was brought in by it.
    /// What only it needed follows it.
    pub fn remove(&mut self, root: PackageId, changes: &mut Vec<Change>) {
        self.run_removals(vec![Removal::Enter(root)], changes);
    }

    /// An installed package needs nothing any more: one after the other its dependencies are let go, and what goes
    /// that nothing else needs is removed at once.
    pub fn let_go(&mut self, package: PackageId, changes: &mut Vec<Change>) {
        self.run_removals(vec![Removal::LetGo(package, 0)], changes);
    }

    fn run_removals(&mut self, mut stack: Vec<Removal>, changes: &mut Vec<Change>) {
        while let Some(step) = stack.pop() {
            match step {
                Removal::Enter(package) => {
                    if !self.goes(package)
                        || std::mem::replace(&mut self.packages[package as usize].purged, true)
                    {
                        continue;
                    }
                    stack.push(Removal::Emit(package));
                    let mut before = self.needed_by.get(&package).cloned().unwrap_or_default();
                    before.sort_by_cached_key(|&other| self.graph.bucket(other));
                    let brought = self.brings_in.get(&package).into_iter().flatten();
                    before.extend(brought.filter(|&&other| self.is_unneeded(other)));
                    stack.extend(before.into_iter().rev().map(Removal::Enter));
                }
                Removal::Emit(package) => {
                    changes.push(Change {
                        old: Some(package),
                        new: None,
                        kind: ChangeKind::Purge,
                        tag: 0,
                    });
                    stack.push(Removal::LetGo(package, 0));
                }
                Removal::LetGo(package, index) => {
                    let Some(&dep) = self.graph.depends(package).get(index) else {
                        continue;
                    };
                    stack.push(Removal::LetGo(package, index + 1));
                    if dep.op.is_conflict() {
                        continue;
                    }
                    let count = self.needs.entry(dep.name).or_default();
                    *count -= 1;
                    if *count == 0 {
                        let free = self
                            .installed_of(dep.name)
                            .filter(|&id| self.is_unneeded(id));
                        stack.extend(free.map(Removal::Enter));
                    }
                }
            }
        }
    }

    /// The installed package of this very name.
    pub fn installed_of(&self, name: NameId) -> Option<PackageId> {
        self.graph
            .providers(name)
            .iter()
            .map(|provider| provider.package)
            .find(|&id| {
                let package = &self.graph.packages[id as usize];
                package.installed && package.name == name
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
}
