//! `cache`.

use super::arguments::Arguments;
use super::change::package;
use super::getting::Wanted;
use super::outcome::{Failure, Outcome, USAGE, count, reason};
use super::select::constraint;
use super::session::Session;
use oil::context::Context;
use oil::package_name::{PackageName, cached_index};
use oil::solve::{Flags, Options, Problem, solve};
use oil::world::World;
use std::collections::HashSet;
use std::fs;
use std::io::Write as _;

/// Manages the cache.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let what = arguments.operands.first().map(String::as_str);
    let (download, clean, purge) = match what {
        Some("download") => (true, false, false),
        Some("clean") => (false, true, arguments.has("purge")),
        Some("purge") => (false, true, true),
        Some("sync") => (true, true, arguments.has("purge")),
        other => {
            let other = other.unwrap_or_default();
            return Err(Failure::new(format_args!(
                "'{other}' is not a thing to do with the cache: clean, download, purge or sync"
            )));
        }
    };
    let mut context = session.open(arguments)?;
    session.load_with(&mut context, None);
    let mut status = 0;
    if download && context.cache.keeps_packages() {
        status = fetch(session, arguments, &context)?;
    }
    if clean && status == 0 && context.cache.is_enabled() {
        tidy(session, arguments, &context, purge)?;
    }
    Ok(status)
}

/// Gets what the world needs and the cache does not have.
fn fetch(session: &mut Session, arguments: &Arguments, context: &Context) -> Outcome {
    let constraints = arguments.operands.get(1..).unwrap_or_default();
    let mut world = match constraints.is_empty() || arguments.has("add-dependencies") {
        true => context.world.clone(),
        false => World::default(),
    };
    for text in constraints {
        world.set(constraint(text)?);
    }
    if arguments.has("ignore-conflict") {
        world.retain(|entry| !entry.dependency.is_conflict());
    }
    let mut flags = Flags::default();
    for (name, flag) in [
        ("upgrade", Flags::UPGRADE),
        ("available", Flags::AVAILABLE),
        ("latest", Flags::LATEST),
    ] {
        if arguments.has(name) {
            flags = flags.with(flag);
        }
    }
    let options = Options {
        flags,
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
        session.report(&solution.error_report(session.columns()));
        return Ok(count(solution.errors as usize));
    }
    let mut wanted = Wanted::new(context);
    for &id in &solution.order {
        let found = package(context, &solution, id).filter(|found| found.offered.is_some());
        let Some(found) = found else {
            continue;
        };
        let info = context.info(found.offered.unwrap_or(found.place))?;
        if info.installed_size > 0 {
            wanted.package(&found, &info)?;
        }
    }
    let names = wanted.names();
    if !names.is_empty() && session.verbosity >= 0 {
        writeln!(session.out, "Downloading {} packages...", names.len())?;
        let width = names.len().to_string().len();
        for (number, name) in names.iter().enumerate() {
            writeln!(
                session.out,
                "({:>width$}/{}) Downloading {name}",
                number + 1,
                names.len()
            )?;
        }
    }
    if arguments.has("simulate") || wanted.fetch(session, arguments)? {
        return Ok(0);
    }
    Ok(USAGE)
}

/// Deletes what nobody has any use for.
fn tidy(
    session: &mut Session,
    arguments: &Arguments,
    context: &Context,
    purge: bool,
) -> Result<(), Failure> {
    let mut kept: HashSet<String> = HashSet::from(["installed".to_owned()]);
    for repository in &context.repositories.list {
        let url = repository.index_url(&context.arches[0]);
        kept.insert(cached_index(&url));
        for own in [context.cache.compiled(&url), context.cache.mark(&url)] {
            kept.extend(
                own.file_name()
                    .map(|name| name.to_string_lossy().into_owned()),
            );
        }
    }
    if !purge {
        for found in context.packages() {
            let info = context.info(found.offered.unwrap_or(found.place))?;
            kept.extend(info.identity.map(|identity| {
                PackageName {
                    name: &info.name,
                    version: info.version.as_str(),
                    arch: &info.arch,
                    identity,
                }
                .cached()
            }));
        }
    }
    let directory = context.cache.directory();
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::of(directory.display(), reason(&error))),
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !kept.contains(name))
        .collect();
    names.sort();
    for name in names {
        if session.verbosity > 0 {
            writeln!(session.out, "deleting {name}")?;
        }
        if !arguments.has("simulate") {
            let path = directory.join(&name);
            fs::remove_file(&path).map_err(|error| Failure::of(path.display(), reason(&error)))?;
        }
    }
    Ok(())
}
