//! Why a package was chosen or refused, and how the world leads to it.

use super::Solution;
use super::graph::{Dep, NameId, PackageId};
use std::collections::VecDeque;

/// What speaks for or against a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The world asks for it, with this entry.
    World(String),
    /// A chosen package (first) needs it, with this dependency.
    NeededBy(String, String),
    /// All that it waits for (`install_if`) is there.
    BroughtIn(Vec<String>),
    /// It is for another architecture.
    Architecture(String),
    /// Its metadata cannot be understood.
    Broken,
    /// Nobody can be asked for its file.
    Unavailable,
    /// Its name (first), and the tags that all repositories that have it are under.
    Tagged(String, Vec<String>),
    /// The world (none) or a chosen package has this dependency, which it does not fulfil.
    Against(Option<String>, String),
    /// A chosen package has the same name, as its own or provided with a version.
    NameTaken(String, String),
    /// Nobody can be had for this dependency of it.
    Unmet(String),
    /// It could be had, but this one of its name was preferred.
    Preferred(String),
    /// Nothing asks for it.
    NotNeeded,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::World(entry) => write!(f, "the world asks for {entry}"),
            Self::NeededBy(who, dep) => write!(f, "{who} needs {dep}"),
            Self::BroughtIn(all) => write!(f, "it comes by itself with {}", all.join(" and ")),
            Self::Architecture(arch) => write!(f, "it is for {arch}"),
            Self::Broken => f.write_str("its metadata cannot be understood"),
            Self::Unavailable => f.write_str("no repository that can be reached has its file"),
            Self::Tagged(name, tags) => write!(
                f,
                "only repositories with the tag {} have it (ask for {name}{})",
                tags.join(", "),
                tags.first().map_or("", String::as_str)
            ),
            Self::Against(None, dep) => write!(f, "it is not what the world says with {dep}"),
            Self::Against(Some(who), dep) => write!(f, "{who} cannot be with it ({dep})"),
            Self::NameTaken(who, name) => write!(f, "{who} has its name {name}"),
            Self::Unmet(dep) => write!(f, "nobody can be had for its dependency {dep}"),
            Self::Preferred(who) => write!(f, "{who} was preferred"),
            Self::NotNeeded => f.write_str("nothing asks for it"),
        }
    }
}

/// A package and what was decided of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// `name-version`.
    pub package: String,
    /// Whether it will be installed.
    pub chosen: bool,
    /// What speaks for it if it was chosen, else what speaks against it.
    pub reasons: Vec<Reason>,
}

impl Solution<'_> {
    /// The number of a name that the world reaches.
    #[must_use]
    pub fn name_id(&self, name: &str) -> Option<NameId> {
        (0..self.graph.names.len() as NameId).find(|&id| self.graph.name(id) == name)
    }

    /// What was decided of each package that has a name, and why. Names that the world does not reach have none.
    #[must_use]
    pub fn explain(&self, name: &str) -> Vec<Explanation> {
        let Some(id) = self.name_id(name) else {
            return Vec::new();
        };
        let explain = |package: PackageId| {
            // What went wrong was the least bad for its name, and is nothing that will be installed.
            let chosen = self.is_chosen(package) && !self.state.packages[package as usize].wrong;
            let reasons = if chosen {
                self.reasons_for(package)
            } else {
                self.reasons_against(package)
            };
            Explanation {
                package: self.package(package),
                chosen,
                reasons,
            }
        };
        self.graph
            .providers(id)
            .iter()
            .map(|provider| explain(provider.package))
            .collect()
    }

    /// The shortest way from the world to a chosen package: an entry of the world, then packages that need the next.
    #[must_use]
    pub fn why(&self, name: &str) -> Option<Vec<String>> {
        let target = self.name_id(name)?;
        let has_it = |id: PackageId| {
            self.graph
                .providers(target)
                .iter()
                .any(|provider| provider.package == id)
        };
        let mut from: Vec<Option<Option<PackageId>>> = vec![None; self.graph.packages.len()];
        let mut queue = VecDeque::new();
        for &(dep, _) in self
            .state
            .world
            .iter()
            .flatten()
            .filter(|(dep, _)| !dep.op.is_conflict())
        {
            self.fulfilling(dep, |id| {
                if from[id as usize].is_none() {
                    from[id as usize] = Some(None);
                    queue.push_back(id);
                }
            });
        }
        while let Some(id) = queue.pop_front() {
            if has_it(id) {
                let mut way = vec![self.package(id)];
                let mut at = id;
                while let Some(Some(previous)) = from[at as usize] {
                    way.push(self.package(previous));
                    at = previous;
                }
                way.push("world".to_owned());
                way.reverse();
                return Some(way);
            }
            for &dep in self
                .graph
                .depends(id)
                .iter()
                .filter(|dep| !dep.op.is_conflict())
            {
                self.fulfilling(dep, |next| {
                    if from[next as usize].is_none() {
                        from[next as usize] = Some(Some(id));
                        queue.push_back(next);
                    }
                });
            }
            for &next in &self.order {
                let waits =
                    |dep: &Dep| !dep.op.is_conflict() && self.graph.package_accepts(*dep, id);
                if from[next as usize].is_none() && self.graph.install_if(next).iter().any(waits) {
                    from[next as usize] = Some(Some(id));
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// The chosen packages that fulfil a dependency.
    fn fulfilling(&self, dep: Dep, mut each: impl FnMut(PackageId)) {
        for &provider in self.graph.providers(dep.name) {
            if self.graph.accepts(dep, provider) && self.is_chosen(provider.package) {
                each(provider.package);
            }
        }
    }

    fn reasons_for(&self, id: PackageId) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let fulfils = |dep: Dep| !dep.op.is_conflict() && self.graph.package_accepts(dep, id);
        for &(dep, tag) in self
            .state
            .world
            .iter()
            .flatten()
            .filter(|(dep, _)| fulfils(*dep))
        {
            reasons.push(Reason::World(self.dependency(dep, tag)));
        }
        for &other in self.order.iter().filter(|&&other| other != id) {
            for &dep in self
                .graph
                .depends(other)
                .iter()
                .filter(|dep| fulfils(**dep))
            {
                reasons.push(Reason::NeededBy(
                    self.package(other),
                    self.dependency(dep, 0),
                ));
            }
        }
        if self.state.packages[id as usize].triggered {
            let conditions = self
                .graph
                .install_if(id)
                .iter()
                .map(|&dep| self.dependency(dep, 0))
                .collect();
            reasons.push(Reason::BroughtIn(conditions));
        }
        reasons
    }

    fn reasons_against(&self, id: PackageId) -> Vec<Reason> {
        let package = &self.graph.packages[id as usize];
        let state = &self.state.packages[id as usize];
        let mut reasons = Vec::new();
        if package.bad_arch {
            reasons.push(Reason::Architecture(self.graph.arch(id).to_owned()));
        } else if !package.sound {
            reasons.push(Reason::Broken);
        } else if state.found && !state.selectable {
            reasons.push(Reason::Unavailable);
        }
        if !package.may_come_under(state.allowed) {
            let tags = (1..32)
                .filter(|tag| package.tags & 1 << tag != 0)
                .map(|tag| format!("@{}", self.graph.tag(tag)));
            let name = self.graph.name(package.name).to_owned();
            reasons.push(Reason::Tagged(name, tags.collect()));
        }
        let against =
            |dep: Dep| self.has_name(id, dep.name) && !self.graph.package_accepts(dep, id);
        for &(dep, tag) in self
            .state
            .world
            .iter()
            .flatten()
            .filter(|(dep, _)| against(*dep))
        {
            reasons.push(Reason::Against(None, self.dependency(dep, tag)));
        }
        for &other in &self.order {
            for &dep in self
                .graph
                .depends(other)
                .iter()
                .filter(|dep| against(**dep))
            {
                reasons.push(Reason::Against(
                    Some(self.package(other)),
                    self.dependency(dep, 0),
                ));
            }
        }
        for &dep in self
            .graph
            .depends(id)
            .iter()
            .filter(|dep| !dep.op.is_conflict())
        {
            let can_be_had = |id: PackageId| {
                let state = &self.state.packages[id as usize];
                !state.found || state.selectable && state.conflicts == 0 && !state.unmet
            };
            if !self
                .graph
                .providers(dep.name)
                .iter()
                .any(|&one| self.graph.accepts(dep, one) && can_be_had(one.package))
            {
                reasons.push(Reason::Unmet(self.dependency(dep, 0)));
            }
        }
        let chosen = self.state.names[package.name as usize]
            .chosen
            .filter(|chosen| chosen.package != id);
        match chosen {
            Some(chosen) if self.graph.packages[chosen.package as usize].name == package.name => {
                reasons.push(Reason::Preferred(self.package(chosen.package)));
            }
            Some(chosen) => {
                reasons.push(Reason::NameTaken(
                    self.package(chosen.package),
                    self.graph.name(package.name).to_owned(),
                ));
            }
            None => {}
        }
        for provide in self
            .graph
            .provides(id)
            .iter()
            .filter(|one| one.version != 0)
        {
            let owner = self.state.names[provide.name as usize].chosen;
            let another = |owner: &super::graph::Provider| {
                owner.version != 0
                    && self.graph.packages[owner.package as usize].name != package.name
            };
            if let Some(owner) = owner.filter(another) {
                let name = self.graph.name(provide.name).to_owned();
                reasons.push(Reason::NameTaken(self.package(owner.package), name));
            }
        }
        if reasons.is_empty() {
            reasons.push(Reason::NotNeeded);
        }
        reasons
    }

    fn has_name(&self, id: PackageId, name: NameId) -> bool {
        self.graph.packages[id as usize].name == name
            || self
                .graph
                .provides(id)
                .iter()
                .any(|provide| provide.name == name)
    }
}
