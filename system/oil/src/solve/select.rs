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
            let inherited = self.names[dep.name as usize].inherited;
            for provider in self.graph.providers(dep.name) {
                let state = &mut self.packages[provider.package as usize];
                state.inherited = state.inherited.with(inherited);
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
        for index in 0..self.graph.providers(name).len() {
            let provider = self.graph.providers(name)[index];
            if !self.auto_selectable(provider) {
                continue;
            }
            if self.is_chosen(provider.package) {
                best = Some(provider);
                break;
            }
            if best.is_none_or(|best| self.prefer(provider, best) == Ordering::Greater) {
                best = Some(provider);
            }
        }
        let Some(best) = best else {
            self.names[name as usize].locked = true;
            self.errors += 1;
            self.decided(name);
            return;
        };
        if self.excluded(best.package) || !self.allowed(best.package) {
            self.count_wrong(best.package);
        }
        self.take(name, best);
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
    }

    /// Gives a name to a provider. A provide without a version takes names only that are asked for.
    fn assign(&mut self, name: NameId, provider: Provider, asked: bool) {
        let state = &mut self.names[name as usize];
        if let Some(chosen) = state.chosen {
            if chosen.package == provider.package || provider.version == 0 {
                return;
            }
            if chosen.version != 0 {
                self.count_wrong(chosen.package);
                self.count_wrong(provider.package);
                return;
            }
        } else if provider.version == 0 && !asked && state.required == 0 {
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
        self.decided(name);
    }

    /// Tells those who care that a name is decided.
    fn decided(&mut self, name: NameId) {
        if !super::variant("quiet") {
            self.tell_dependents(name);
        }
        self.requeue_dependencies(name);
        for index in 0..self.graph.names[name as usize].install_if.len() {
            let package = self.graph.names[name as usize].install_if[index];
            self.trigger(package);
        }
    }

    /// Counts a package that went wrong, once.
    pub fn count_wrong(&mut self, package: PackageId) {
        if !std::mem::replace(&mut self.packages[package as usize].wrong, true) {
            self.errors += 1;
        }
    }

    /// Whether a dependency did not come true, or its package went wrong.
    pub fn fails(&self, dep: super::graph::Dep) -> bool {
        match self.names[dep.name as usize].chosen {
            None => !dep.op.is_conflict(),
            Some(chosen) => {
                let wrong = !dep.op.is_conflict() && self.packages[chosen.package as usize].wrong;
                wrong || !self.graph.package_accepts(dep, chosen.package)
            }
        }
    }

    /// Brings in a package by itself if all its conditions hold.
    fn trigger(&mut self, package: PackageId) {
        if self.packages[package as usize].triggered || !self.packages[package as usize].found {
            return;
        }
        let holds = self.graph.install_if(package).iter().all(|&dep| {
            let state = &self.names[dep.name as usize];
            if dep.op.is_conflict() {
                state
                    .chosen
                    .is_none_or(|chosen| self.graph.accepts(dep, chosen))
            } else {
                state.chosen.is_some_and(|chosen| {
                    self.graph.accepts(dep, chosen)
                        && !self.excluded(chosen.package)
                        && self.allowed(chosen.package)
                })
            }
        });
        if holds {
            self.packages[package as usize].triggered = true;
            let name = self.graph.packages[package as usize].name;
            self.require(name);
        }
    }

    /// Which of two providers of one name is better: greater is the first.
    fn prefer(&self, left: Provider, right: Provider) -> Ordering {
        let (a, b) = (left.package, right.package);
        let (pa, pb) = (
            &self.graph.packages[a as usize],
            &self.graph.packages[b as usize],
        );
        let (sa, sb) = (&self.packages[a as usize], &self.packages[b as usize]);
        let allowed = |id: PackageId| self.allowed(id);
        let in_repository = |id: PackageId| {
            let package = &self.graph.packages[id as usize];
            package.repositories != 0 || package.given
        };
        let upgrading = self.either(a, b, Flags::UPGRADE);
        let latest = self.either(a, b, Flags::LATEST);
        let mut order = Ordering::Equal;
        if !latest {
            order = order
                .then_with(|| sa.selectable.cmp(&sb.selectable))
                .then_with(|| self.excluded(b).cmp(&self.excluded(a)))
                .then_with(|| sa.group.cmp(&sb.group))
                .then_with(|| {
                    sb.conflicts.cmp(&sa.conflicts)
                });
            if self.either(a, b, Flags::INSTALLED) {
                order = order.then_with(|| pa.installed.cmp(&pb.installed));
            }
        }
        order = order.then_with(|| allowed(a).cmp(&allowed(b)));
        if latest || self.either(a, b, Flags::AVAILABLE) {
            order = order.then_with(|| in_repository(a).cmp(&in_repository(b)));
        }
        if !latest {
            order = order
                .then_with(|| (pa.tags & sa.preferred != 0).cmp(&(pb.tags & sb.preferred != 0)));
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
            .then_with(|| {
                if upgrading {
                    pa.installed.cmp(&pb.installed)
                } else {
                    Ordering::Equal
                }
            })
            .then_with(|| sa.selectable.cmp(&sb.selectable))
            .then_with(|| {
                let first =
                    |package: &super::graph::Package<'_>| package.repositories.trailing_zeros();
                first(pb).cmp(&first(pa))
            })
    }
}
