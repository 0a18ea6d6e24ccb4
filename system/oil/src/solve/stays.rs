//! For which entries of the world a name stays that was to go.

use super::Solution;
use super::graph::{Dep, NameId, PackageId};
use super::report::write_field;
use std::fmt::Write as _;

impl Solution<'_> {
    /// What `del` says of names that stay, and which entries of the world they stay for; empty if there are none.
    #[must_use]
    pub fn not_removed(&self, names: &[String], columns: usize) -> String {
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort();
        sorted.dedup();
        let mut text = String::new();
        for name in sorted {
            let Some(id) =
                (0..self.graph.names.len() as NameId).find(|&id| self.graph.name(id) == name)
            else {
                continue;
            };
            let roots = self.roots(id);
            let stays = self
                .graph
                .providers(id)
                .iter()
                .any(|provider| self.is_chosen(provider.package));
            if stays && roots.is_empty() {
                let _ = writeln!(text, "  {name}:");
            }
            write_field(&mut text, &format!("  {name}:"), roots.into_iter(), columns);
        }
        if text.is_empty() {
            return text;
        }
        format!("World updated, but the following packages are not removed due to:\n{text}\n")
    }

    /// Names in the world for which a name stays: those that need it, and those that brought it in.
    #[must_use]
    pub fn roots(&self, name: NameId) -> Vec<String> {
        let mut roots = Vec::new();
        let mut seen = vec![false; self.graph.names.len()];
        let mut stack = vec![(name, None)];
        while let Some((current, needs)) = stack.pop() {
            if std::mem::replace(&mut seen[current as usize], true) {
                continue;
            }
            let chosen = self
                .state
                .names
                .get(current as usize)
                .and_then(|state| state.chosen);
            if let Some(needed) = needs {
                let wants =
                    |dep: &Dep| !dep.op.is_conflict() && self.graph.package_accepts(*dep, needed);
                if !chosen
                    .is_some_and(|chosen| self.graph.depends(chosen.package).iter().any(wants))
                {
                    continue;
                }
            }
            let in_world = self
                .state
                .world
                .iter()
                .flatten()
                .any(|(dep, _)| dep.name == current && !dep.op.is_conflict());
            if in_world && current != name {
                roots.push(self.graph.name(current).to_owned());
            }
            let providers = self
                .graph
                .providers(current)
                .iter()
                .map(|provider| provider.package);
            let mut next = Vec::new();
            for package in providers.filter(|&id| self.is_chosen(id)) {
                next.extend(
                    self.dependents_of(package)
                        .into_iter()
                        .map(|id| (id, Some(package))),
                );
                let conditions = self
                    .graph
                    .install_if(package)
                    .iter()
                    .filter(|dep| !dep.op.is_conflict());
                next.extend(conditions.map(|dep| (dep.name, None)));
            }
            stack.extend(next.into_iter().rev());
        }
        roots
    }

    /// Names with a package that depends on one of a package's names; its own name's first.
    fn dependents_of(&self, package: PackageId) -> Vec<NameId> {
        let own = self.graph.packages[package as usize].name;
        let names = std::iter::once(own).chain(
            self.graph
                .provides(package)
                .iter()
                .map(|provide| provide.name),
        );
        let mut all = Vec::new();
        for name in names {
            let mut dependents = self.graph.names[name as usize].dependents.clone();
            dependents.sort_by_cached_key(|&id| super::text::bucket(self.graph.name(id)));
            dependents.dedup();
            all.extend(dependents);
        }
        all
    }
}
