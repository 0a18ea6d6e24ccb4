//! What the world can reach, and the order in which it is met.

use super::graph::NameId;
use super::state::Solver;

/// A name whose children are being walked.
struct Frame {
    name: NameId,
    children: Vec<NameId>,
    next: usize,
}

impl Solver<'_, '_> {
    /// Finds every name and package that could come into question.
    pub fn discover(&mut self) {
        for wish in &self.problem.options.wishes {
            let name = self.graph.name_id(&wish.name);
            self.grow();
            let state = &mut self.names[name as usize];
            state.named = true;
            state.flags = state.flags.with(wish.flags).with(wish.inherited);
            state.inherited = state.inherited.with(wish.inherited);
        }
        let world: Vec<NameId> = self
            .world
            .iter()
            .flatten()
            .map(|(dep, _)| dep.name)
            .collect();
        for name in world {
            self.discover_name(name);
        }
    }

    fn discover_name(&mut self, root: NameId) {
        // A stack of our own: chains of dependencies can be as long as an index.
        let mut stack: Vec<Frame> = self.enter(root).into_iter().collect();
        while let Some(top) = stack.last_mut() {
            if let Some(&child) = top.children.get(top.next) {
                top.next += 1;
                stack.extend(self.enter(child));
            } else {
                let name = top.name;
                stack.pop();
                let state = &mut self.names[name as usize];
                state.order = self.next_order;
                self.next_order += 1;
                self.mark_dirty(name);
            }
        }
    }

    fn enter(&mut self, name: NameId) -> Option<Frame> {
        self.grow();
        if std::mem::replace(&mut self.names[name as usize].entered, true) {
            return None;
        }
        self.graph.load(name);
        self.grow();
        self.names[name as usize].found = true;
        let mut children = Vec::new();
        let providers = self.graph.providers(name).to_vec();
        for provider in &providers {
            if !std::mem::replace(&mut self.packages[provider.package as usize].found, true) {
                self.graph.load_depends(provider.package);
                let package = &self.graph.packages[provider.package as usize];
                let state = &mut self.packages[provider.package as usize];
                state.selectable = package.sound
                    && (package.available
                        || package.given
                        || package.installed
                        || package.is_meta());
                state.allowed = 1;
                state.preferred = 1;
                let own = &self.names[package.name as usize];
                state.inherited = own.inherited;
            }
            // What is wanted of a name is wanted of whoever has it.
            let (flags, inherited) = (
                self.names[name as usize].flags,
                self.names[name as usize].inherited,
            );
            let state = &mut self.packages[provider.package as usize];
            state.flags = state.flags.with(flags);
            state.inherited = state.inherited.with(inherited);
            children.extend(
                self.graph
                    .depends(provider.package)
                    .iter()
                    .map(|dep| dep.name),
            );
        }
        children.extend(
            self.graph.names[name as usize]
                .install_if
                .iter()
                .map(|&id| self.graph.packages[id as usize].name),
        );
        for provider in &providers {
            let own = self.graph.packages[provider.package as usize].name;
            // Its other versions matter once it is chosen.
            self.graph.load(own);
            self.grow();
            self.names[own as usize].found = true;
            let waiting = &self.graph.names[own as usize].install_if;
            children.extend(
                waiting
                    .iter()
                    .map(|&id| self.graph.packages[id as usize].name),
            );
            children.extend(
                self.graph
                    .provides(provider.package)
                    .iter()
                    .map(|provide| provide.name),
            );
        }
        self.grow();
        Some(Frame {
            name,
            children,
            next: 0,
        })
    }
}
