//! Which provider a name gets.

use super::Flags;
use super::graph::{NameId, PackageId, Provider};
use super::state::Solver;
use std::cmp::{Ordering, Reverse};

impl Solver<'_, '_> {
    /// Decides every name that the world comes to require.
    pub fn decide(&mut self) {
        for index in 0..self.world.len() {
            let Some((dep, tag)) = self.world[index] else {
                continue;
            };
            self.grow();
            if tag != 0 {
                self.names[dep.name as usize].preferred_tag = tag;
                for &provider in self.graph.providers(dep.name) {
                    if !self.graph.accepts(dep, provider) {
                        continue;
                    }
                    let state = &mut self.packages[provider.package as usize];
                    state.allowed |= 1 << tag;
                    state.preferred = 1 << tag;
                }
            }
        }
        for index in 0..self.world.len() {
            if let Some((dep, _)) = self.world[index].filter(|(dep, _)| !dep.op.is_conflict()) {
                self.require(dep.name);
            }
        }
        for index in 0..self.world.len() {
            if let Some((dep, _)) = self.world[index] {
                self.apply(dep, None);
            }
        }
        loop {
            while let Some(name) = self.dirty.pop_front() {
                self.names[name as usize].dirty = false;
                self.reconsider(name);
            }
            let Some(Reverse((class, order, name))) = self.queue.pop() else {
                break;
            };
            let state = &self.names[name as usize];
            if state.locked || state.queued != Some((class, order)) {
                continue;
            }
            self.select(name);
        }
    }

    fn select(&mut self, name: NameId) {
        let mut best: Option<Provider> = None;
        // Only its conditions want it: then it is they that say which, and nothing is wrong without.
        let brought_in = self.names[name as usize].required == 0;
        for index in 0..self.graph.providers(name).len() {
            let provider = self.graph.providers(name)[index];
            if brought_in {
                let state = &self.packages[provider.package as usize];
                if !state.triggered
                    || self.excluded(provider.package)
                    || !self.allowed(provider.package)
                {
                    continue;
                }
            } else if !self.auto_selectable(provider) {
                continue;
            }
            let chosen = |provider: Provider| self.is_chosen(provider.package);
            let better = |best: Provider| {
                chosen(provider)
                    .cmp(&chosen(best))
                    .then_with(|| self.prefer(name, provider, best))
                    == Ordering::Greater
            };
            if best.is_none_or(better) {
                best = Some(provider);
            }
        }
        let Some(best) = best else {
            self.names[name as usize].locked = true;
            self.errors += u32::from(!brought_in);
            self.decided(name);
            return;
        };
        if self.excluded(best.package) || !self.allowed(best.package) {
            self.count_wrong(best.package);
        }
        self.take(name, best);
        self.decided(name);
        let own = self.graph.packages[best.package as usize].name;
        if own != name {
            self.decided(own);
        }
        for index in 0..self.graph.provides(best.package).len() {
            let provide = self.graph.provides(best.package)[index];
            if provide.name != name && provide.version != 0 {
                self.decided(provide.name);
            }
        }
    }

    /// Gives a package its names.
    fn take(&mut self, name: NameId, provider: Provider) {
        let package = provider.package;
        self.assign(name, provider, true);
        let own = Provider {
            package,
            version: self.graph.packages[package as usize].version,
        };
        self.assign(self.graph.packages[package as usize].name, own, true);
        for index in 0..self.graph.provides(package).len() {
            let provide = self.graph.provides(package)[index];
            self.assign(
                provide.name,
                Provider {
                    package,
                    version: provide.version,
                },
                false,
            );
        }
        for index in 0..self.graph.depends(package).len() {
            let dep = self.graph.depends(package)[index];
            self.inherit(dep, package);
            self.apply(dep, Some(package));
        }
        self.trigger(self.graph.packages[package as usize].name);
        for index in 0..self.graph.provides(package).len() {
            self.trigger(self.graph.provides(package)[index].name);
        }
    }

    /// Gives a name to a provider. A provide without a version takes names only that are asked for.
    fn assign(&mut self, name: NameId, provider: Provider, asked: bool) {
        let state = &mut self.names[name as usize];
        if let Some(chosen) = state.chosen {
            if chosen.package == provider.package {
                // Its own name once more, as something else.
                if chosen.version != provider.version
                    && name == self.graph.packages[provider.package as usize].name
                {
                    self.count_wrong(provider.package);
                }
                return;
            }
            if provider.version == 0 {
                return;
            }
            if chosen.version != 0 {
                self.count_wrong(chosen.package);
                self.count_wrong(provider.package);
                return;
            }
        } else if provider.version == 0 && !asked && state.required > 0 {
            // It will be asked who of those without versions is best.
            return;
        }
        let state = &mut self.names[name as usize];
        state.locked = true;
        state.chosen = Some(provider);
        for index in 0..self.graph.providers(name).len() {
            let other = self.graph.providers(name)[index];
            if other.package != provider.package && (other.version != 0 || provider.version != 0) {
                self.add_conflict(other.package);
            }
        }
    }

    /// Tells those who care that a name is decided.
    fn decided(&mut self, name: NameId) {
        self.tell_dependents(name, true);
    }

    /// Counts a package that went wrong, once.
    pub fn count_wrong(&mut self, package: PackageId) {
        if !std::mem::replace(&mut self.packages[package as usize].wrong, true) {
            self.errors += 1;
        }
    }

    /// Whether a dependency did not come true, or its package went wrong.
    pub fn fails(&self, dep: super::graph::Dep, of: PackageId) -> bool {
        match self.names[dep.name as usize].chosen {
            None => !dep.op.is_conflict(),
            Some(chosen) if dep.op.is_conflict() && chosen.package == of => false,
            Some(chosen) => {
                let wrong = !dep.op.is_conflict() && self.packages[chosen.package as usize].wrong;
                wrong || !self.graph.package_accepts(dep, chosen.package)
            }
        }
    }

    /// Brings in packages that wait for a name, and whatever else of their names waits, if all their conditions hold.
    fn trigger(&mut self, name: NameId) {
        for index in 0..self.graph.names[name as usize].install_if.len() {
            let waiting = self.graph.names[name as usize].install_if[index];
            let own = self.graph.packages[waiting as usize].name;
            for place in 0..self.graph.providers(own).len() {
                let package = self.graph.providers(own)[place].package;
                if self.graph.packages[package as usize].name == own {
                    self.trigger_package(package);
                }
            }
        }
    }

    fn trigger_package(&mut self, package: PackageId) {
        let conditions = self.graph.install_if(package);
        let state = &self.packages[package as usize];
        if conditions.is_empty() || state.triggered || !state.found || !state.selectable {
            return;
        }
        if conditions.iter().all(|&dep| self.holds(dep)) {
            self.packages[package as usize].triggered = true;
            self.inherit_from_conditions(package);
            let name = self.graph.packages[package as usize].name;
            self.names[name as usize].brought_in = true;
            self.mark_dirty(name);
        }
    }

    /// What brought a package in gives it its tags and flags.
    fn inherit_from_conditions(&mut self, package: PackageId) {
        for index in 0..self.graph.install_if(package).len() {
            let dep = self.graph.install_if(package)[index];
            for place in 0..self.graph.providers(dep.name).len() {
                let provider = self.graph.providers(dep.name)[place];
                if self.is_chosen(provider.package) && !dep.op.is_conflict() {
                    let (allowed, inherited) = {
                        let state = &self.packages[provider.package as usize];
                        (state.allowed, state.inherited)
                    };
                    let state = &mut self.packages[package as usize];
                    state.allowed |= allowed;
                    state.flags = state.flags.with(inherited);
                    state.inherited = state.inherited.with(inherited);
                }
            }
        }
    }

    /// Whether a condition holds among the chosen packages.
    fn holds(&self, dep: super::graph::Dep) -> bool {
        let mut chosen = self
            .graph
            .providers(dep.name)
            .iter()
            .filter(|provider| self.is_chosen(provider.package));
        if dep.op.is_conflict() {
            let state = &self.names[dep.name as usize];
            let undecided = state.required > 0 && !state.locked;
            !undecided && chosen.all(|&provider| self.graph.accepts(dep, provider))
        } else {
            chosen.any(|&provider| {
                self.graph.accepts(dep, provider)
                    && self.packages[provider.package as usize].conflicts == 0
            })
        }
    }

    /// Which of two providers of one name is better: greater is the first.
    fn prefer(&self, name: NameId, left: Provider, right: Provider) -> Ordering {
        let (a, b) = (left.package, right.package);
        let (pa, pb) = (
            &self.graph.packages[a as usize],
            &self.graph.packages[b as usize],
        );
        let (sa, sb) = (&self.packages[a as usize], &self.packages[b as usize]);
        let allowed = |id: PackageId| self.allowed(id);
        let group = &self.names[name as usize].group;
        let grouped = |id: PackageId| group.contains(&id);
        let in_repository = |id: PackageId| {
            let package = &self.graph.packages[id as usize];
            package.repositories != 0 || package.given
        };
        let upgrading = self.either(a, b, Flags::UPGRADE);
        let untagged = sa.allowed == 1 && sb.allowed == 1;
        let latest = untagged && self.either(a, b, Flags::LATEST);
        let mut order = Ordering::Equal;
        if !latest {
            order = order
                .then_with(|| self.excluded(b).cmp(&self.excluded(a)))
                .then_with(|| grouped(a).cmp(&grouped(b)))
                .then_with(|| sb.conflicts.cmp(&sa.conflicts));
            if self.either(a, b, Flags::INSTALLED) {
                order = order.then_with(|| pa.installed.cmp(&pb.installed));
            }
        }
        order = order.then_with(|| allowed(a).cmp(&allowed(b)));
        if self.either(a, b, Flags::AVAILABLE) {
            order = order.then_with(|| in_repository(a).cmp(&in_repository(b)));
        }
        if !latest {
            order = order
                .then_with(|| (pa.tags & sa.preferred != 0).cmp(&(pb.tags & sb.preferred != 0)));
            if left.version == 0 && right.version == 0 {
                order = order.then_with(|| pa.priority.cmp(&pb.priority));
            }
            if !upgrading && !self.either(a, b, Flags::REMOVE) {
                order = order.then_with(|| pa.installed.cmp(&pb.installed));
            }
        }
        order
            .then_with(|| self.graph.compare(left.version, right.version))
            .then_with(|| {
                if pa.name == pb.name {
                    self.graph.compare(pa.version, pb.version)
                } else {
                    Ordering::Equal
                }
            })
            .then_with(|| pa.priority.cmp(&pb.priority))
            .then_with(|| pa.installed.cmp(&pb.installed))
            .then_with(|| sa.selectable.cmp(&sb.selectable))
            .then_with(|| {
                let first =
                    |package: &super::graph::Package<'_>| package.repositories.trailing_zeros();
                first(pb).cmp(&first(pa))
            })
    }
}
