//! Who depends on a package, and whom it brings in.

use super::outcome::Failure;
use oil::context::{Context, Found};
use oil::dependency::{Dependency, Op};
use oil::solve::Relation;
use oil::version::Version;
use std::collections::{BTreeSet, HashMap};

/// How the packages that were found are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// By their names.
    #[default]
    Name,
    /// By name and version.
    Package,
    /// By their origin.
    Origin,
}

impl By {
    /// The one of this name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "name" => Some(Self::Name),
            "package" => Some(Self::Package),
            "origin" => Some(Self::Origin),
            _ => None,
        }
    }
}

/// A package that waits for a name, and what it says of it.
type Waiting = (Found, Dependency);

/// Goes through the packages once, and then knows who waits for a name.
pub struct Reverse {
    /// How packages are told as dependants.
    pub depends_by: By,
    /// How packages are told that are brought in.
    pub install_if_by: By,
    /// Whether only installed packages count.
    pub installed_only: bool,
    depends: Option<HashMap<String, Vec<Waiting>>>,
    install_if: Option<HashMap<String, Vec<Waiting>>>,
}

fn gather(
    context: &Context,
    relation: Relation,
    installed_only: bool,
) -> HashMap<String, Vec<Waiting>> {
    let mut map: HashMap<String, Vec<Waiting>> = HashMap::new();
    for found in context.packages() {
        if installed_only && found.installed.is_none() {
            continue;
        }
        let source = context.source_of(found.place);
        source.relations(found.place.number, relation, &mut |name, version, op| {
            if !op.is_conflict() {
                let dependency = Dependency {
                    name: name.to_owned(),
                    version: Version::from_text(version),
                    op,
                };
                map.entry(name.to_owned())
                    .or_default()
                    .push((found, dependency));
            }
        });
    }
    map
}

/// Whether a dependency is one that the package fulfils.
fn fulfils(context: &Context, found: &Found, dependency: &Dependency) -> bool {
    let candidate = context.candidate(found.place);
    if candidate.name == dependency.name {
        let identity = dependency.op.comparison() == Op::IDENTITY;
        if identity || dependency.matches(&Version::from_text(candidate.version)) {
            return true;
        }
    }
    let mut fits = false;
    let source = context.source_of(found.place);
    source.relations(
        found.place.number,
        Relation::Provides,
        &mut |name, version, _| {
            fits |= name == dependency.name && dependency.matches(&Version::from_text(version));
        },
    );
    fits
}

impl Reverse {
    /// Nothing gathered yet.
    pub fn new(depends_by: By, install_if_by: By, installed_only: bool) -> Self {
        Self {
            depends_by,
            install_if_by,
            installed_only,
            depends: None,
            install_if: None,
        }
    }

    /// The packages that depend on one of the package's names.
    pub fn depends(&mut self, context: &Context, found: &Found) -> Result<Vec<String>, Failure> {
        let installed_only = self.installed_only;
        let map = self
            .depends
            .get_or_insert_with(|| gather(context, Relation::Depends, installed_only));
        tell(context, found, map, self.depends_by)
    }

    /// The packages that wait for one of the package's names to come in by themselves.
    pub fn install_if(&mut self, context: &Context, found: &Found) -> Result<Vec<String>, Failure> {
        let installed_only = self.installed_only;
        let map = self
            .install_if
            .get_or_insert_with(|| gather(context, Relation::InstallIf, installed_only));
        tell(context, found, map, self.install_if_by)
    }
}

fn tell(
    context: &Context,
    found: &Found,
    map: &HashMap<String, Vec<Waiting>>,
    by: By,
) -> Result<Vec<String>, Failure> {
    let mut names = vec![context.candidate(found.place).name];
    let source = context.source_of(found.place);
    source.relations(found.place.number, Relation::Provides, &mut |name, _, _| {
        names.push(name)
    });
    let mut waiting: Vec<&Waiting> = names
        .iter()
        .filter_map(|name| map.get(*name))
        .flatten()
        .collect();
    waiting.retain(|(_, dependency)| fulfils(context, found, dependency));
    waiting.sort_by(|(one, _), (other, _)| {
        let (one, other) = (context.candidate(one.place), context.candidate(other.place));
        let names = one.name.cmp(other.name);
        names.then_with(|| oil::version::compare(one.version, other.version))
    });
    let mut seen = BTreeSet::new();
    let mut list = Vec::new();
    for (who, _) in waiting {
        let candidate = context.candidate(who.place);
        let text = match by {
            By::Name => candidate.name.to_owned(),
            By::Package => format!("{}-{}", candidate.name, candidate.version),
            By::Origin => context.info(who.place)?.origin,
        };
        if !text.is_empty() && seen.insert(text.clone()) {
            list.push(text);
        }
    }
    Ok(list)
}
