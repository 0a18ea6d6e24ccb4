//! What is known of each name and package while deciding.

use super::graph::{Dep, Graph, NameId, PackageId, Provider};
use super::hasher::Hasher;
use super::{Flags, Problem, Solution};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// A name's state.
#[derive(Clone, Debug, Default)]
pub struct NameState {
    /// Who has it, once decided.
    pub chosen: Option<Provider>,
    /// Whether that is decided (for nobody, perhaps).
    pub locked: bool,
    /// Requirements on it.
    pub required: u32,
    /// Its place among those found.
    pub order: u32,
    /// Who has it is known.
    pub found: bool,
    /// What its packages need is being followed, or was.
    pub entered: bool,
    /// A package of it has come in by itself.
    pub brought_in: bool,
    /// The packages that did for the last common dependency on it.
    pub group: Vec<PackageId>,
    /// It is on the list of names to look at again.
    pub dirty: bool,
    /// It is in the queue, with this key.
    pub queued: Option<(u8, u32)>,
    /// It has a provider that may be taken without being named.
    pub selectable: bool,
    /// It has at most one provider left.
    pub single: bool,
    /// Its packages' dependencies are to be looked at again.
    pub recheck: bool,
    /// How many of the candidates looked at last depend on it.
    pub merge_depends: u32,
    /// The command line names it.
    pub named: bool,
    /// What is wanted of it.
    pub flags: Flags,
    /// What is wanted of its dependencies as well.
    pub inherited: Flags,
    /// Its place in the walk over the changes is over.
    pub walked: bool,
    /// Its tags, where the world names one.
    pub preferred_tag: u32,
}

/// A package's state.
#[derive(Clone, Debug, Default)]
pub struct PackageState {
    /// It was met.
    pub found: bool,
    /// It may be selected as such.
    pub selectable: bool,
    /// Requirements that it is against.
    pub conflicts: u32,
    /// It cannot be had as its dependencies cannot.
    pub unmet: bool,
    /// Tags that it may come from.
    pub allowed: u32,
    /// Tags that it had better come from.
    pub preferred: u32,
    /// What is wanted of it.
    pub flags: Flags,
    /// What is wanted of its dependencies.
    pub inherited: Flags,
    /// The walk over the changes came by.
    pub walked: bool,
    /// It was counted as gone wrong.
    pub wrong: bool,
    /// Its removal is among the changes.
    pub purged: bool,
    /// Conditions that were found to hold.
    pub triggered: bool,
}

/// Everything of a finished run.
pub struct State {
    pub names: Vec<NameState>,
    pub packages: Vec<PackageState>,
    /// The world's dependencies; those that were given up are none.
    pub world: Vec<Option<(Dep, u32)>>,
}

/// A run.
pub struct Solver<'p, 's> {
    pub graph: Graph<'s>,
    pub names: Vec<NameState>,
    pub packages: Vec<PackageState>,
    pub world: Vec<Option<(Dep, u32)>>,
    pub problem: &'p Problem<'s>,
    pub dirty: VecDeque<NameId>,
    pub queue: BinaryHeap<Reverse<(u8, u32, NameId)>>,
    pub errors: u32,
    pub next_order: u32,
    pub arrivals: u32,
    /// How many dependencies of installed packages are on a name.
    pub needs: HashMap<NameId, i32, Hasher>,
    /// The installed packages that need an installed package.
    pub needed_by: HashMap<PackageId, Vec<PackageId>, Hasher>,
    /// The installed packages that an installed package is a condition of.
    pub brings_in: HashMap<PackageId, Vec<PackageId>, Hasher>,
}

impl<'p, 's> Solver<'p, 's> {
    /// Nothing found yet.
    pub fn new(mut graph: Graph<'s>, problem: &'p Problem<'s>, given_up: &[usize]) -> Self {
        let mut world: Vec<(usize, Option<(Dep, u32)>)> = Vec::new();
        for (place, entry) in problem.world.iter().enumerate() {
            let dependency = &entry.dependency;
            let dep = graph.dep(&dependency.name, dependency.version.as_str(), dependency.op);
            let tag = entry
                .tag
                .as_ref()
                .and_then(|tag| problem.options.tags.iter().position(|known| known == tag));
            let tag = tag.map_or(0, |place| place as u32 + 1);
            world.push((place, (!given_up.contains(&place)).then_some((dep, tag))));
        }
        Self {
            graph,
            names: Vec::new(),
            packages: Vec::new(),
            world: world.into_iter().map(|(_, entry)| entry).collect(),
            problem,
            dirty: VecDeque::new(),
            queue: BinaryHeap::new(),
            errors: 0,
            next_order: 0,
            arrivals: 0,
            needs: HashMap::default(),
            needed_by: HashMap::default(),
            brings_in: HashMap::default(),
        }
    }

    /// Makes room for what the graph has come to know.
    pub fn grow(&mut self) {
        self.names
            .resize_with(self.graph.names.len(), NameState::default);
        self.packages
            .resize_with(self.graph.packages.len(), PackageState::default);
    }

    /// What is wanted of a package: what is of all, and what came down to it.
    pub fn flags(&self, package: PackageId) -> Flags {
        let name = self.graph.packages[package as usize].name;
        self.problem
            .options
            .flags
            .with(self.packages[package as usize].flags)
            .with(self.names[name as usize].flags)
    }

    /// Orders the changes.
    pub fn finish(mut self, given_up: Vec<usize>) -> Solution<'s> {
        let (changes, order, packages, bytes) = self.changeset();
        Solution {
            changes,
            order,
            errors: self.errors,
            given_up,
            packages,
            bytes,
            state: State {
                names: self.names,
                packages: self.packages,
                world: self.world,
            },
            graph: self.graph,
        }
    }
}
