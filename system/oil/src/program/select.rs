//! Selects packages by what a command line asks for (`apk-query(8)`).

use super::arguments::{Arguments, invalid};
use super::fields::{Field, Subject};
use super::matching::Pattern;
use super::outcome::Failure;
use oil::context::{Context, Found, Settings};
use oil::dependency::WorldDependency;
use oil::solve::{Options, Problem, Relation, Solution, report, solve};
use oil::version;
use oil::world::World;
use std::cmp::Ordering;

/// What is asked for besides the patterns.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Fields that are compared with patterns.
    pub fields: Vec<Field>,
    /// All versions of a name.
    pub all: bool,
    /// A part is enough, be letters large or small.
    pub part: bool,
    /// Only what repositories have.
    pub available: bool,
    /// Only what is installed.
    pub installed: bool,
    /// Only what would upgrade an installed package.
    pub upgradable: bool,
    /// Only what is installed and in no repository.
    pub orphaned: bool,
    /// Patterns are constraints, to be solved.
    pub recursive: bool,
    /// The world is a constraint as well.
    pub world: bool,
}

impl Selection {
    /// What the query options say. Fields are the name alone if none are named.
    pub fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let mut fields = vec![Field::Name];
        if let Some(names) = arguments.value("match") {
            let parse = |name: &str| Field::parse(name).filter(|field| field.is_matchable());
            fields = names
                .split(',')
                .map(|name| parse(name).ok_or_else(|| invalid("match", name)))
                .collect::<Result<_, _>>()?;
        }
        Ok(Self {
            fields,
            all: arguments.has("all-matches"),
            available: arguments.has("available"),
            installed: arguments.has("installed"),
            upgradable: arguments.has("upgradable"),
            orphaned: arguments.has("orphaned"),
            recursive: arguments.has("recursive") || arguments.has("world"),
            world: arguments.has("world"),
            part: arguments.has("search"),
        })
    }

    /// Whether a package is one of those that are asked for at all.
    pub fn admits(&self, context: &Context, found: &Found) -> bool {
        (!self.available || found.repositories != 0)
            && (!self.installed || found.installed.is_some())
            && (!self.orphaned || (found.installed.is_some() && found.repositories == 0))
            && (!self.upgradable || upgrades(context, found).is_some())
    }
}

/// What `--from` says of the sources.
pub fn sources(arguments: &Arguments, settings: &mut Settings) -> Result<(), Failure> {
    match arguments.value("from") {
        None | Some("system") => {}
        Some("repositories") => settings.installed = false,
        Some("installed") => settings.repositories_wanted = false,
        Some("none") => (settings.installed, settings.repositories_wanted) = (false, false),
        Some(other) => return Err(invalid("from", other)),
    }
    Ok(())
}

/// The installed package that a package would upgrade: of a lower version, from a repository without a tag or with
/// the tag that the world has for it.
pub fn upgrades(context: &Context, found: &Found) -> Option<u32> {
    if found.installed.is_some() || found.repositories == 0 {
        return None;
    }
    let candidate = context.candidate(found.place);
    let installed = context.installed.find(candidate.name)?;
    let own = context.candidate(oil::context::Place {
        source: oil::context::INSTALLED,
        number: installed,
    });
    let newer = version::compare(candidate.version, own.version) == Ordering::Greater;
    let wanted = context
        .world
        .get(candidate.name)
        .and_then(|entry| entry.tag.as_deref());
    let repositories = context.repositories.list.iter().enumerate();
    let allowed = repositories
        .filter(|(number, _)| found.repositories >> number & 1 == 1)
        .any(|(_, one)| {
            one.tag.is_none() || one.tag.as_deref() == wanted || one.tag.as_deref() == own.tag
        });
    (newer && allowed).then_some(installed)
}

/// Whether a field of a package fits a pattern.
pub fn fits(
    context: &Context,
    subject: &mut Subject<'_>,
    found: &Found,
    field: Field,
    pattern: &Pattern,
) -> Result<bool, Failure> {
    let candidate = context.candidate(found.place);
    let related = |relation| {
        let mut any = false;
        let source = context.source_of(found.place);
        source.relations(found.place.number, relation, &mut |name, _, _| {
            any |= pattern.fits(name)
        });
        any
    };
    Ok(match field {
        Field::Name => pattern.fits(candidate.name),
        Field::Version => pattern.fits(candidate.version),
        Field::Arch => pattern.fits(candidate.arch),
        Field::Package => pattern.fits(&format!("{}-{}", candidate.name, candidate.version)),
        Field::Depends => related(Relation::Depends),
        Field::Provides => related(Relation::Provides),
        Field::InstallIf => related(Relation::InstallIf),
        Field::Contents => subject.contents()?.iter().any(|path| pattern.fits(path)),
        Field::Replaces => {
            let record = subject.record()?;
            record.is_some_and(|record| {
                record
                    .info
                    .replaces
                    .iter()
                    .any(|one| pattern.fits(&one.name))
            })
        }
        _ => {
            let info = subject.info()?;
            match field {
                Field::Description => pattern.fits(&info.description),
                Field::License => pattern.fits(&info.license),
                Field::Origin => pattern.fits(&info.origin),
                Field::Maintainer => pattern.fits(&info.maintainer),
                Field::Url => pattern.fits(&info.url),
                Field::Commit => pattern.fits(&info.commit),
                Field::Recommends => info.recommends.iter().any(|one| pattern.fits(&one.name)),
                Field::Tags => info.tags.iter().any(|tag| pattern.fits(tag)),
                _ => false,
            }
        }
    })
}

/// The packages that fit patterns, each once, by name and version. With `each` told which pattern had none.
pub fn select(
    context: &Context,
    selection: &Selection,
    patterns: &[String],
    mut missed: impl FnMut(&str),
) -> Result<Vec<Found>, Failure> {
    if patterns.is_empty() {
        return Ok(Vec::new());
    }
    let mut all: Option<Vec<Found>> = None;
    let mut list: Vec<Found> = Vec::new();
    for text in patterns {
        let pattern = match selection.part {
            true => Pattern::part(text),
            false => Pattern::new(text),
        };
        let mut matches: Vec<Found> = Vec::new();
        if selection.fields.contains(&Field::Owner)
            && let Some(owner) = context.owner(text)?
        {
            let owners = context.named(context.candidate(place(owner)).name);
            matches.extend(
                owners
                    .into_iter()
                    .filter(|one| one.installed == Some(owner)),
            );
        }
        let exact = matches!(pattern, Pattern::Exact(_));
        match selection.fields.as_slice() {
            [Field::Owner] => {}
            [Field::Name] if exact => matches.extend(context.named(text)),
            [Field::Name, Field::Provides] if exact => matches.extend(context.providers(text)),
            fields => {
                for found in all.get_or_insert_with(|| context.packages()).iter() {
                    let mut subject = Subject::new(context, *found);
                    let mut any = false;
                    for field in fields {
                        any = any || fits(context, &mut subject, found, *field, &pattern)?;
                    }
                    if any {
                        matches.push(*found);
                    }
                }
            }
        }
        matches.retain(|found| selection.admits(context, found));
        if matches.is_empty() {
            missed(text);
        }
        if !selection.all {
            matches = best(context, matches);
        }
        list.extend(matches);
    }
    sort(context, &mut list);
    Ok(list)
}

/// The place of an installed package.
pub fn place(number: u32) -> oil::context::Place {
    oil::context::Place {
        source: oil::context::INSTALLED,
        number,
    }
}

/// Of each name the highest version.
pub fn best(context: &Context, list: Vec<Found>) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::new();
    for found in list {
        let own = context.candidate(found.place);
        match kept
            .iter_mut()
            .find(|one| context.candidate(one.place).name == own.name)
        {
            Some(one) => {
                let before = context.candidate(one.place);
                if version::compare(own.version, before.version) == Ordering::Greater {
                    *one = found;
                }
            }
            None => kept.push(found),
        }
    }
    kept
}

/// Sorts by name and version, and leaves each package once.
pub fn sort(context: &Context, list: &mut Vec<Found>) {
    list.sort_by(|one, other| {
        let (own, others) = (context.candidate(one.place), context.candidate(other.place));
        let names = own.name.cmp(others.name);
        names.then_with(|| version::compare(own.version, others.version))
    });
    list.dedup_by(|one, other| one.place == other.place);
}

/// What solving for constraints gave.
pub enum Solved {
    /// The packages, by name.
    Packages(Vec<Found>),
    /// A report of what cannot be had.
    Report(String),
}

/// Solves for constraints, and the world as well if `selection` says so.
pub fn solve_for(
    context: &Context,
    selection: &Selection,
    constraints: &[String],
) -> Result<Solved, Failure> {
    let mut world = match selection.world {
        true => context.world.clone(),
        false => World::default(),
    };
    for text in constraints {
        world.set(constraint(text)?);
    }
    let options = Options {
        tags: context.repositories.tags.clone(),
        arches: context.arches.clone(),
        ..Options::default()
    };
    let origins = context.origins();
    let solution = solve(&Problem {
        sources: &origins,
        world: world.entries(),
        options: &options,
    });
    if solution.errors > 0 {
        let report = solution.error_report(report::COLUMNS);
        return Ok(Solved::Report(report));
    }
    let mut list = chosen(context, &solution);
    list.retain(|found| selection.admits(context, found));
    sort(context, &mut list);
    Ok(Solved::Packages(list))
}

/// A constraint of the command line.
pub fn constraint(text: &str) -> Result<WorldDependency, Failure> {
    WorldDependency::parse(text).ok_or_else(|| {
        Failure::new(format_args!(
            "'{text}' is not a valid world dependency, format is name(@tag)([<>~=]version)"
        ))
    })
}

/// The chosen packages of a solution.
pub fn chosen(context: &Context, solution: &Solution<'_>) -> Vec<Found> {
    let packages = solution.order.iter();
    packages
        .filter_map(|&id| super::change::package(context, solution, id))
        .collect()
}
