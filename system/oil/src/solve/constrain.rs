//! What is required and refused, and what follows from it.

use super::Flags;
use super::graph::{Dep, NameId, PackageId, Provider};
use super::state::Solver;
use std::cmp::Reverse;

impl Solver<'_, '_> {
    /// Puts a name on the list of those to look at again.
    pub fn mark_dirty(&mut self, name: NameId) {
        let state = &mut self.names[name as usize];
        if state.found && !std::mem::replace(&mut state.dirty, true) {
            self.dirty.push_back(name);
        }
    }

    /// All that depend on a name look at their dependencies again.
    fn tell_dependents(&mut self, name: NameId) {
        for index in 0..self.graph.names[name as usize].dependents.len() {
            let dependent = self.graph.names[name as usize].dependents[index];
            if !self
                .names
                .get(dependent as usize)
                .is_some_and(|state| state.found)
            {
                continue;
            }
            for provider in self.graph.providers(dependent) {
                self.packages[provider.package as usize].dirty = true;
            }
            self.mark_dirty(dependent);
            self.retell(dependent);
        }
    }

    fn retell(&mut self, name: NameId) {
        for index in 0..self.graph.providers(name).len() {
            let package = self.graph.providers(name)[index].package;
            let own = self.graph.packages[package as usize].name;
            self.mark_dirty(own);
        }
    }

    /// Whether a package is out of the question unless nothing else is there.
    pub fn excluded(&self, package: PackageId) -> bool {
        let state = &self.packages[package as usize];
        !state.selectable || state.conflicts > 0 || state.unmet
    }

    /// A name is needed (once more).
    pub fn require(&mut self, name: NameId) {
        let state = &mut self.names[name as usize];
        state.required += 1;
        if state.required == 1 {
            self.mark_dirty(name);
            // Providers of other names become selectable by being named.
            for index in 0..self.graph.providers(name).len() {
                let package = self.graph.providers(name)[index].package;
                for place in 0..self.graph.provides(package).len() {
                    let provided = self.graph.provides(package)[place].name;
                    self.mark_dirty(provided);
                }
                for place in 0..self.graph.depends(package).len() {
                    let dep = self.graph.depends(package)[place].name;
                    self.mark_dirty(dep);
                }
            }
        }
    }

    /// Spreads a dependency of `requirer` (none: the world).
    pub fn apply(&mut self, dep: Dep, requirer: Option<PackageId>) {
        for index in 0..self.graph.providers(dep.name).len() {
            let provider = self.graph.providers(dep.name)[index];
            if Some(provider.package) == requirer && dep.op.is_conflict() {
                continue;
            }
            if !self.graph.accepts(dep, provider) {
                self.add_conflict(provider.package);
            }
        }
        if !dep.op.is_conflict() {
            self.require(dep.name);
        }
    }

    /// One more requirement that a package is against.
    pub fn add_conflict(&mut self, package: PackageId) {
        let state = &mut self.packages[package as usize];
        state.conflicts += 1;
        if state.conflicts == 1 {
            self.became_excluded(package);
        }
    }

    fn became_excluded(&mut self, package: PackageId) {
        let name = self.graph.packages[package as usize].name;
        self.mark_dirty(name);
        self.tell_dependents(name);
        for index in 0..self.graph.provides(package).len() {
            let provided = self.graph.provides(package)[index].name;
            self.mark_dirty(provided);
            self.tell_dependents(provided);
        }
    }

    /// Gives tags and flags of a package to those that may fulfil its dependency.
    pub fn inherit(&mut self, dep: Dep, from: PackageId) {
        if dep.op.is_conflict() {
            return;
        }
        let (allowed, inherited) = {
            let state = &self.packages[from as usize];
            (state.allowed, state.inherited)
        };
        for index in 0..self.graph.providers(dep.name).len() {
            let provider = self.graph.providers(dep.name)[index];
            if self.graph.accepts(dep, provider) {
                let state = &mut self.packages[provider.package as usize];
                state.allowed |= allowed;
                state.flags = state.flags.with(inherited);
                state.inherited = state.inherited.with(inherited);
            }
        }
    }

    /// Whether a dependency of `requirer` can come true as things stand.
    pub fn can_be_met(&self, dep: Dep, requirer: PackageId) -> bool {
        let state = &self.names[dep.name as usize];
        if dep.op.is_conflict() {
            return match state.chosen {
                Some(chosen) if chosen.package != requirer => self.graph.accepts(dep, chosen),
                _ => true,
            };
        }
        if state.locked {
            return match state.chosen {
                Some(chosen) => {
                    (self.graph.accepts(dep, chosen) && !self.excluded(chosen.package))
                        || self.graph.providers(dep.name).iter().any(|&provider| {
                            self.graph.accepts(dep, provider)
                                && self.is_chosen(provider.package)
                                && !self.excluded(provider.package)
                        })
                }
                None => false,
            };
        }
        self.graph.providers(dep.name).iter().any(|&provider| {
            self.graph.accepts(dep, provider)
                && !self.excluded(provider.package)
                && !self.is_ousted(provider.package)
        })
    }

    /// Whether a package is the one chosen for its own name.
    pub fn is_chosen(&self, package: PackageId) -> bool {
        let name = self.graph.packages[package as usize].name;
        self.names[name as usize]
            .chosen
            .is_some_and(|chosen| chosen.package == package)
    }

    /// Whether another one has its name.
    pub fn is_ousted(&self, package: PackageId) -> bool {
        let name = &self.names[self.graph.packages[package as usize].name as usize];
        name.locked
            && name
                .chosen
                .is_none_or(|chosen| chosen.package != package && chosen.version != 0)
    }

    /// Whether a provider may be taken for `name` without being asked for by its own.
    pub fn auto_selectable(&self, provider: Provider) -> bool {
        let package = &self.graph.packages[provider.package as usize];
        provider.version != 0
            || package.priority > 0
            || self.names[package.name as usize].required > 0
            || self.is_chosen(provider.package)
    }

    /// Looks at a name again: which of its providers are left, and what all of those have in common.
    pub fn reconsider(&mut self, name: NameId) {
        let providers = self.graph.providers(name).to_vec();
        for provider in &providers {
            self.check_dependencies(provider.package);
        }
        if self.names[name as usize].locked {
            return;
        }
        let left: Vec<PackageId> = providers
            .iter()
            .filter(|provider| {
                !self.excluded(provider.package) && !self.is_ousted(provider.package)
            })
            .map(|provider| provider.package)
            .collect();
        let options = providers
            .iter()
            .filter(|provider| {
                let state = &self.packages[provider.package as usize];
                state.selectable
                    && !state.unmet
                    && (state.conflicts == 0 || super::variant("conf"))
                    && !self.is_ousted(provider.package)
            })
            .count();
        let selectable = providers
            .iter()
            .any(|&provider| self.auto_selectable(provider));
        let open = self.graph.names[name as usize]
            .dependents
            .iter()
            .any(|&dependent| {
                dependent != name
                    && self
                        .names
                        .get(dependent as usize)
                        .is_some_and(|state| state.found && !state.locked && state.required > 0)
            });
        let state = &mut self.names[name as usize];
        state.selectable = selectable;
        state.single = options == 1;
        state.open_dependents = u32::from(open);
        if state.required == 0 {
            return;
        }
        self.propagate_common(name, &left);
        let state = &mut self.names[name as usize];
        let class = if state.single && state.open_dependents == 0 {
            0
        } else if state.selectable {
            1
        } else {
            2
        };
        let mut order = state.order;
        if state.flags.is_empty() {
            order |= 1 << 31;
        }
        let real = self
            .graph
            .providers(name)
            .iter()
            .any(|provider| self.graph.packages[provider.package as usize].name == name);
        if real && !super::variant("noreal") {
            order |= 1 << 30;
        }
        if state.queued != Some((class, order)) {
            state.queued = Some((class, order));
            self.queue.push(Reverse((class, order, name)));
        }
    }

    fn check_dependencies(&mut self, package: PackageId) {
        if !std::mem::replace(&mut self.packages[package as usize].dirty, false)
            || self.packages[package as usize].unmet
        {
            return;
        }
        let met = (0..self.graph.depends(package).len())
            .all(|index| self.can_be_met(self.graph.depends(package)[index], package));
        if !met {
            self.packages[package as usize].unmet = true;
            if self.is_chosen(package) {
                self.count_wrong(package);
            }
            self.became_excluded(package);
        }
    }

    /// Counts a chosen package that went wrong, once.
    pub fn count_wrong(&mut self, package: PackageId) {
        if !std::mem::replace(&mut self.packages[package as usize].wrong, true) {
            self.errors += 1;
        }
    }

    /// What all candidates left for a name depend on is required; what none of them can be with is refused.
    fn propagate_common(&mut self, name: NameId, left: &[PackageId]) {
        if left.is_empty() {
            return;
        }
        for (place, &package) in left.iter().enumerate() {
            for index in 0..self.graph.depends(package).len() {
                let dep = self.graph.depends(package)[index];
                if dep.op.is_conflict() {
                    continue;
                }
                let count = &mut self.names[dep.name as usize].merge_depends;
                if place == 0 {
                    *count = 1;
                } else if *count == place as u32 {
                    *count += 1;
                }
            }
        }
        let first: Vec<Dep> = self.graph.depends(left[0]).to_vec();
        for dep in first {
            if dep.op.is_conflict()
                || self.names[dep.name as usize].merge_depends != left.len() as u32
            {
                continue;
            }
            self.names[dep.name as usize].merge_depends = 0;
            self.require_common(name, dep.name, left);
        }
        for &package in left {
            for index in 0..self.graph.depends(package).len() {
                let dep = self.graph.depends(package)[index].name;
                self.names[dep as usize].merge_depends = 0;
            }
        }
    }

    fn require_common(&mut self, name: NameId, needed: NameId, left: &[PackageId]) {
        self.next_group += 1;
        let group = self.next_group;
        for &package in left {
            for index in 0..self.graph.depends(package).len() {
                let dep = self.graph.depends(package)[index];
                if dep.name != needed || dep.op.is_conflict() {
                    continue;
                }
                for place in 0..self.graph.providers(needed).len() {
                    let provider = self.graph.providers(needed)[place];
                    if self.graph.accepts(dep, provider) {
                        self.packages[provider.package as usize].group = group;
                    }
                }
                self.inherit(dep, package);
            }
        }
        if self.names[needed as usize].locked {
            return;
        }
        for place in 0..self.graph.providers(needed).len() {
            let provider = self.graph.providers(needed)[place];
            let state = &self.packages[provider.package as usize];
            if state.group != group && state.conflicts == 0 {
                self.add_conflict(provider.package);
            }
        }
        if self.names[needed as usize].required == 0 && needed != name {
            self.require(needed);
        }
    }

    /// Whether the flags of either of two packages have this one.
    pub fn either(&self, left: PackageId, right: PackageId, flag: Flags) -> bool {
        self.flags(left).has(flag) || self.flags(right).has(flag)
    }
}
