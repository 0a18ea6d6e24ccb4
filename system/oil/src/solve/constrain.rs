//! What is required and refused, and what follows from it.

use super::Flags;
use super::graph::{Dep, NameId, PackageId, Provider};
use super::state::Solver;
use std::cmp::Reverse;

impl Solver<'_, '_> {
    /// Puts a name on the list of those to look at again. Names that nothing requires and names that are decided
    /// are not looked at.
    pub fn mark_dirty(&mut self, name: NameId) {
        let state = &mut self.names[name as usize];
        if state.found
            && !state.locked
            && (state.required > 0 || state.brought_in)
            && !std::mem::replace(&mut state.dirty, true)
        {
            self.dirty.push_back(name);
        }
    }

    /// All that depend on a name will look at their dependencies again.
    pub fn tell_dependents(&mut self, name: NameId, all: bool) {
        for index in 0..self.graph.names[name as usize].dependents.len() {
            let dependent = self.graph.names[name as usize].dependents[index];
            if let Some(state) = self.names.get_mut(dependent as usize) {
                state.recheck |= all || (state.required > 0 && !state.locked);
                self.mark_dirty(dependent);
            }
        }
    }

    /// Whether a package is out of the question unless nothing else is there.
    pub fn excluded(&self, package: PackageId) -> bool {
        let state = &self.packages[package as usize];
        !state.selectable || state.conflicts > 0 || state.unmet
    }

    /// Whether a package comes from repositories that may be used for it.
    pub fn allowed(&self, package: PackageId) -> bool {
        let allowed = self.packages[package as usize].allowed;
        self.graph.packages[package as usize].may_come_under(allowed)
    }

    /// A name is needed (once more).
    pub fn require(&mut self, name: NameId) {
        let state = &mut self.names[name as usize];
        state.required += 1;
        if state.required > 1 {
            return;
        }
        self.mark_dirty(name);
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
            if self.names[dep.name as usize].required == 0 {
                self.mark_provided(dep.name);
            }
            self.require(dep.name);
        }
    }

    /// Names that the packages of a name provide are looked at again: they may be taken for them now.
    fn mark_provided(&mut self, name: NameId) {
        for index in 0..self.graph.providers(name).len() {
            let package = self.graph.providers(name)[index].package;
            for place in 0..self.graph.provides(package).len() {
                let provided = self.graph.provides(package)[place].name;
                self.mark_dirty(provided);
            }
        }
    }

    /// One more requirement that a package is against.
    pub fn add_conflict(&mut self, package: PackageId) {
        let before = self.excluded(package);
        self.packages[package as usize].conflicts += 1;
        if !before {
            self.became_excluded(package);
        }
    }

    fn became_excluded(&mut self, package: PackageId) {
        let name = self.graph.packages[package as usize].name;
        self.mark_dirty(name);
        self.tell_dependents(name, false);
        for index in 0..self.graph.provides(package).len() {
            let provided = self.graph.provides(package)[index].name;
            self.mark_dirty(provided);
            self.tell_dependents(provided, false);
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

    /// Whether a dependency can come true as things stand.
    fn can_be_met(&self, dep: Dep, of: PackageId) -> bool {
        let providers = self.graph.providers(dep.name);
        let state = &self.names[dep.name as usize];
        if dep.op.is_conflict() {
            return match state.chosen {
                Some(chosen) => chosen.package == of || self.graph.accepts(dep, chosen),
                // Somebody has to be there, and whoever could be is refused.
                None if state.required > 0 => providers.iter().any(|&provider| {
                    provider.package == of
                        || (self.graph.accepts(dep, provider) && !self.excluded(provider.package))
                }),
                None => true,
            };
        }
        if let (true, Some(chosen)) = (state.locked, state.chosen) {
            return self.graph.accepts(dep, chosen) && !self.excluded(chosen.package);
        }
        providers
            .iter()
            .any(|&provider| self.graph.accepts(dep, provider) && !self.excluded(provider.package))
    }

    /// Whether a package is the one chosen for its own name.
    pub fn is_chosen(&self, package: PackageId) -> bool {
        let name = self.graph.packages[package as usize].name;
        self.names[name as usize]
            .chosen
            .is_some_and(|chosen| chosen.package == package)
    }

    /// Whether a provider may be taken for a name without being asked for by its own.
    pub fn auto_selectable(&self, provider: Provider) -> bool {
        let package = &self.graph.packages[provider.package as usize];
        provider.version != 0
            || package.priority > 0
            || self.names[package.name as usize].required > 0
            || self.is_chosen(provider.package)
    }

    /// Looks at a name again: which of its providers are left, and what all of those have in common.
    pub fn reconsider(&mut self, name: NameId) {
        if self.names[name as usize].locked {
            return;
        }
        if std::mem::replace(&mut self.names[name as usize].recheck, false) {
            for index in 0..self.graph.providers(name).len() {
                let package = self.graph.providers(name)[index].package;
                self.check_dependencies(package);
            }
        }
        let left: Vec<PackageId> = self
            .graph
            .providers(name)
            .iter()
            .map(|provider| provider.package)
            .filter(|&package| !self.excluded(package))
            .collect();
        self.propagate_common(name, &left);
        let options = self.options(name);
        let state = &mut self.names[name as usize];
        state.selectable = options > 0;
        state.single = options == 1 && left.len() == 1;
        self.enqueue(name);
    }

    /// How many of a name's providers could be taken.
    fn options(&self, name: NameId) -> usize {
        let option = |&&provider: &&Provider| {
            let state = &self.packages[provider.package as usize];
            self.auto_selectable(provider)
                && state.selectable
                && !state.unmet
                && state.conflicts == 0
        };
        self.graph.providers(name).iter().filter(option).count()
    }

    /// Puts a name into the queue where it belongs now.
    fn enqueue(&mut self, name: NameId) {
        let open = self.graph.names[name as usize]
            .dependents
            .iter()
            .any(|&dependent| {
                self.names
                    .get(dependent as usize)
                    .is_some_and(|state| state.found && !state.locked && state.required > 0)
            });
        let state = &self.names[name as usize];
        let class = if state.single && !open {
            0
        } else if state.selectable {
            1
        } else {
            2
        };
        // Those found last come first: what depends on others was found after them.
        let mut order = (1 << 29) - state.order;
        if !state.named {
            order |= 1 << 31;
        }
        let own = |provider: &Provider| self.graph.packages[provider.package as usize].name == name;
        if !self.graph.providers(name).iter().any(own) {
            order |= 1 << 30;
        }
        if class == 0 {
            if state.queued.is_some_and(|(class, _)| class == 0) {
                return;
            }
            self.arrivals += 1;
            order = self.arrivals;
        }
        let state = &mut self.names[name as usize];
        if state.queued != Some((class, order)) {
            state.queued = Some((class, order));
            self.queue.push(Reverse((class, order, name)));
        }
    }

    fn check_dependencies(&mut self, package: PackageId) {
        if self.packages[package as usize].unmet {
            return;
        }
        let met = self
            .graph
            .depends(package)
            .iter()
            .all(|&dep| self.can_be_met(dep, package));
        if !met {
            let before = self.excluded(package);
            self.packages[package as usize].unmet = true;
            if !before {
                self.became_excluded(package);
            }
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
        let mut group: Vec<PackageId> = Vec::new();
        for &package in left {
            for index in 0..self.graph.depends(package).len() {
                let dep = self.graph.depends(package)[index];
                if dep.name != needed || dep.op.is_conflict() {
                    continue;
                }
                for place in 0..self.graph.providers(needed).len() {
                    let provider = self.graph.providers(needed)[place];
                    if self.graph.accepts(dep, provider) {
                        group.push(provider.package);
                    }
                }
                self.inherit(dep, package);
            }
        }
        if self.names[needed as usize].locked || needed == name {
            return;
        }
        for place in 0..self.graph.providers(needed).len() {
            let provider = self.graph.providers(needed)[place];
            let state = &self.packages[provider.package as usize];
            if !group.contains(&provider.package) && state.conflicts == 0 {
                self.add_conflict(provider.package);
            }
        }
        if self.names[needed as usize].required == 0 {
            self.require(needed);
        }
    }

    /// Whether the flags of either of two packages have this one.
    pub fn either(&self, left: PackageId, right: PackageId, flag: Flags) -> bool {
        self.flags(left).has(flag) || self.flags(right).has(flag)
    }
}
