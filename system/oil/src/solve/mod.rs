//! Which packages a world needs.
//!
//! One pass of propagation and greedy choice, no search. It is to decide what `apk` 3 decides, down to the order of
//! changes and the text of the report; it does not everywhere yet, most of all not in reports on what cannot be had:
//! `tests/differential.rs` asks a reference the same and fails on every difference. A [`Problem`] is a world over some [`Source`]s; [`solve`] makes a
//! [`Solution`] of it: for each name who has it, [`Change`]s in their order, and what went wrong.
//!
//! The steps, one file each: [`graph`] gives numbers to what the world can reach, `discover` finds it, `constrain`
//! spreads what is required and refused, `select` chooses, `changeset` orders (with `removal`), [`report`], [`explain`] and `stays` tell.

mod changeset;
mod constrain;
mod discover;
pub mod explain;
pub mod graph;
mod hasher;
mod memory;
mod removal;
pub mod report;
pub mod request;
mod select;
mod source;
mod state;
mod stays;
mod text;

pub use changeset::{Change, ChangeKind};
pub use memory::{Entry, Memory};
pub use source::{Candidate, Kind, Origin, Relation, Source};

use crate::dependency::WorldDependency;
use graph::{Graph, PackageId};

/// What is wanted of a name or of all names, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// The best version that can be had instead of the installed one.
    pub const UPGRADE: Self = Self(1);
    /// What repositories have instead of what is installed only.
    pub const AVAILABLE: Self = Self(2);
    /// The same version once more.
    pub const REINSTALL: Self = Self(4);
    /// The highest version, whatever that breaks.
    pub const LATEST: Self = Self(8);
    /// The installed version although others are upgraded.
    pub const INSTALLED: Self = Self(16);
    /// Rather not the installed package.
    pub const REMOVE: Self = Self(32);

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Flags for one name, from the command line.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The name.
    pub name: String,
    /// What is wanted of it.
    pub flags: Flags,
    /// What is wanted of what it depends on as well.
    pub inherited: Flags,
}

/// How to solve.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What is wanted of every name.
    pub flags: Flags,
    /// What is wanted of some.
    pub wishes: Vec<Wish>,
    /// The repositories' tags, without `@`.
    pub tags: Vec<String>,
    /// The architectures that can be installed, besides `noarch`.
    pub arches: Vec<String>,
    /// Give up parts of the world until the rest can be had (`--force-broken-world`).
    pub force_broken_world: bool,
}

/// A world over sources.
pub struct Problem<'s> {
    /// Where packages come from, the installed ones first.
    pub sources: &'s [Origin<'s>],
    /// What must be there.
    pub world: &'s [WorldDependency],
    /// How to choose.
    pub options: &'s Options,
}

/// What was decided.
pub struct Solution<'s> {
    /// Names, packages and versions under the numbers used here.
    pub graph: Graph<'s>,
    pub(crate) state: state::State,
    /// What changes, in its order. Empty when there are errors.
    pub changes: Vec<Change>,
    /// The chosen packages in the order of the walk over the changes.
    pub order: Vec<PackageId>,
    /// How much went wrong; 0 if the world can be had.
    pub errors: u32,
    /// Places in the world that were given up.
    pub given_up: Vec<usize>,
    /// Installed packages when all changes are made, and their bytes.
    pub packages: usize,
    /// Bytes installed when all changes are made.
    pub bytes: u64,
}

impl Solution<'_> {
    /// Places in the world whose dependency did not come true, or whose package went wrong.
    fn broken_world(&self) -> Vec<usize> {
        let fails = |&(dep, _): &(graph::Dep, u32)| match self.state.names[dep.name as usize].chosen
        {
            None => !dep.op.is_conflict(),
            Some(chosen) => {
                !self.graph.package_accepts(dep, chosen.package)
                    || self.state.packages[chosen.package as usize].wrong
            }
        };
        let world = self.state.world.iter().enumerate();
        world
            .filter_map(|(place, entry)| entry.as_ref().filter(|entry| fails(entry)).map(|_| place))
            .collect()
    }
}

/// Decides.
#[must_use]
pub fn solve<'s>(problem: &Problem<'s>) -> Solution<'s> {
    let mut given_up = Vec::new();
    loop {
        let graph = Graph::new(
            problem.sources,
            &problem.options.tags,
            &problem.options.arches,
        );
        let mut solver = state::Solver::new(graph, problem, &given_up);
        solver.discover();
        solver.decide();
        let solution = solver.finish(given_up.clone());
        if solution.errors > 0 && problem.options.force_broken_world {
            let broken = solution.broken_world();
            if !broken.is_empty() {
                given_up.extend(broken);
                given_up.sort_unstable();
                continue;
            }
        }
        return solution;
    }
}
