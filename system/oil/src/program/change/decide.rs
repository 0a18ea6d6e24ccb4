//! Solves a request, and tells what would change or why it cannot.

use super::files::Given;
use super::{Request, commit, is_simulated, summary};
use crate::program::arguments::Arguments;
use crate::program::getting;
use crate::program::outcome::{FAILED, Failure, Outcome, count};
use crate::program::session::Session;
use oil::context::{Context, Found};
use oil::solve::{ChangeKind, Kind, Origin, Problem, Solution, request, solve};
use oil::world::World;
use std::io::Write as _;

/// The sources of a request: those of the system, and what is given.
fn origins<'c>(context: &'c Context, given: &'c Given) -> Vec<Origin<'c>> {
    let mut origins = context.origins();
    origins.push(Origin {
        source: &given.memory,
        kind: Kind::Given,
    });
    origins
}

/// Takes out of the world what needs the names that are to go, until they can.
pub fn delete_dependants(context: &Context, request: &mut Request) {
    loop {
        let origins = origins(context, &request.given);
        let solution = solve(&Problem {
            sources: &origins,
            world: request.world.entries(),
            options: &request.options,
        });
        let names = request
            .removed
            .iter()
            .filter_map(|name| solution.name_id(name));
        let mut roots: Vec<String> = names.flat_map(|id| solution.roots(id)).collect();
        roots.retain(|name| request.world.get(name).is_some());
        if roots.is_empty() {
            return;
        }
        drop(solution);
        request::delete(&mut request.world, &mut request.options, &roots);
    }
}

/// Whether all tags of the world are those of repositories; says which are not.
fn tags_are_known(session: &mut Session, context: &Context, world: &World) -> bool {
    let mut known = true;
    for entry in world.entries() {
        let Some(tag) = &entry.tag else {
            continue;
        };
        if !context.repositories.tags.contains(tag) {
            known = false;
            session.warning(&format!(
                "The repository tag for world dependency '{}@{tag}' does not exist",
                entry.dependency.name
            ));
        }
    }
    known
}

/// Solves, tells, and does it unless it is only simulated.
pub fn run(
    session: &mut Session,
    arguments: &Arguments,
    context: &Context,
    request: Request,
) -> Outcome {
    if !tags_are_known(session, context, &request.world) {
        return Err(Failure {
            text: "Not committing changes due to missing repository tags.".to_owned(),
            status: FAILED,
        });
    }
    let origins = origins(context, &request.given);
    let solution = solve(&Problem {
        sources: &origins,
        world: request.world.entries(),
        options: &request.options,
    });
    if solution.errors > 0 {
        session.report(&solution.error_report(session.columns()));
        return Ok(count(solution.errors as usize));
    }
    if session.verbosity >= 0 {
        let stays = solution.not_removed(&request.removed, session.columns());
        session.out.write_all(stays.as_bytes())?;
    }
    let interactive = session.is_interactive(arguments, context.root());
    let removes = solution
        .changes
        .iter()
        .any(|change| change.kind == ChangeKind::Purge);
    if session.verbosity > 0 || interactive {
        summary::unavailable(session, &solution)?;
    }
    if session.verbosity > 1 || interactive || (session.verbosity > 0 && removes) {
        let download = download_size(context, &request.given, &solution);
        summary::changes(session, &solution, download)?;
        if interactive
            && !is_simulated(arguments)
            && !solution.changes.is_empty()
            && !session.ask()?
        {
            return Err(Failure::usage("aborted; nothing was changed"));
        }
    }
    if is_simulated(arguments) {
        return simulate(session, context, &solution);
    }
    commit::run(session, arguments, context, &request, &solution)
}

fn simulate(session: &mut Session, context: &Context, solution: &Solution<'_>) -> Outcome {
    if session.verbosity >= 0 {
        session.out.write_all(solution.change_lines().as_bytes())?;
    }
    let errors = summary::broken(context).len();
    summary::total(
        session,
        context.root(),
        errors,
        solution.packages,
        solution.bytes,
    )?;
    Ok(count(errors))
}

/// Bytes that have to come over the network; as apk counts, those of files that were named too.
fn download_size(context: &Context, given: &Given, solution: &Solution<'_>) -> u64 {
    let changes = solution
        .changes
        .iter()
        .filter(|change| change.kind != ChangeKind::Pinning);
    let size = |id: u32| match package(context, solution, id) {
        Some(found) => getting::download_size(context, &found),
        None => given.file_size(context, solution, id),
    };
    changes.filter_map(|change| change.new).map(size).sum()
}

/// A package of a solution among those of the system.
pub fn package(context: &Context, solution: &Solution<'_>, id: u32) -> Option<Found> {
    let package = &solution.graph.packages[id as usize];
    let version = solution.graph.version(package.version);
    let mut named = context.named(solution.graph.name(package.name)).into_iter();
    named.find(|found| {
        let candidate = context.candidate(found.place);
        candidate.version == version && candidate.identity == package.identity
    })
}
