//! What a transaction is to do.

use super::Arrivals;
use crate::history::Kept;
use crate::package::Info;
use crate::solve::graph::PackageId;
use crate::solve::{ChangeKind, Solution};
use crate::stream::Trust;
use crate::world::World;
use std::path::PathBuf;

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    /// What happens to packages, in the solver's order.
    pub steps: Vec<Step<'a>>,
    /// The names of the packages that will be installed, in the solver's order: that of their triggers. Those that are
    /// not named come after, in the database's order.
    pub order: Vec<String>,
    /// The text of the new `etc/apk/world`.
    pub world: String,
    /// The command, for the history: the arguments with spaces between them.
    pub command: String,
}

impl<'a> Plan<'a> {
    /// Of what was solved for `world`. `source` says where a package comes from.
    ///
    /// # Errors
    /// Those of `source`.
    pub fn of<E>(
        solution: &Solution<'_>,
        world: &World,
        command: String,
        mut source: impl FnMut(PackageId) -> Result<Source<'a>, E>,
    ) -> Result<Self, E> {
        let name = |id: PackageId| {
            let package = &solution.graph.packages[id as usize];
            solution.graph.name(package.name).to_owned()
        };
        let steps = solution.changes.iter().map(|change| {
            let source = match change.new {
                None => None,
                Some(_) if change.kind == ChangeKind::Pinning => Some(Source::Installed),
                Some(id) => Some(source(id)?),
            };
            // As apk, which remembers no tag of a package that is metadata alone.
            let tagged = change.tag != 0 && !matches!(source, Some(Source::Meta(_)));
            let tag = tagged.then(|| solution.graph.tag(change.tag).to_owned());
            Ok::<_, E>(Step {
                title: solution.describe(change),
                old: change.old.map(name),
                new: source.map(|source| New { source, tag }),
            })
        });
        let text = world.to_string();
        Ok(Self {
            steps: steps.collect::<Result<_, E>>()?,
            order: solution.order.iter().map(|&id| name(id)).collect(),
            // As apk writes it: also an empty one has its newline.
            world: if text.is_empty() {
                "\n".to_owned()
            } else {
                text
            },
            command,
        })
    }
}

/// What happens to one package.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// How apk calls it, without the numbers: `Upgrading musl (1.2.4-r0 -> 1.2.5-r0)`.
    pub title: String,
    /// The name of the installed package that goes, or that the new one is another version of.
    pub old: Option<String>,
    /// What comes; none for a package that only goes.
    pub new: Option<New<'a>>,
}

/// A package that comes.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// Where it comes from.
    pub source: Source<'a>,
    /// The tag of its repository, without `@`.
    pub tag: Option<String>,
}

/// Where a package comes from.
#[derive(Clone, Debug)]
pub enum Source<'a> {
    /// A package file, of either format.
    File {
        /// The file.
        path: PathBuf,
        /// What makes it one to be taken.
        trust: Trust<'a>,
    },
    /// The same, of a file that is on its way: others are unpacked until it is there.
    Coming {
        /// Where it will be.
        path: PathBuf,
        /// What makes it one to be taken.
        trust: Trust<'a>,
        /// How many bytes it will have, as far as that is known.
        size: u64,
        /// Who knows when it is there.
        arrivals: &'a Arrivals,
        /// Its number there.
        number: usize,
    },
    /// Metadata alone: of a package with an installed size of 0, which has no file worth reading, or of a virtual
    /// package.
    Meta(Box<Info>),
    /// What the history has kept of a package that had been installed.
    Kept(Box<Kept>),
    /// The package that is installed stays as it is, under another tag.
    Installed,
}
