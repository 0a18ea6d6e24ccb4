//! `why` and `explain`.

use super::arguments::Arguments;
use super::outcome::{Failure, Outcome, USAGE, count};
use super::select::constraint;
use super::session::Session;
use oil::context::Context;
use oil::solve::{Options, Problem, Solution, Source as _, solve};
use oil::world::World;
use std::io::Write as _;

fn options(context: &Context) -> Options {
    Options {
        tags: context.repositories.tags.clone(),
        arches: context.arches.clone(),
        ..Options::default()
    }
}

/// Tells how the world leads to installed packages.
pub fn why(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = session.open(arguments)?;
    let options = options(&context);
    let origins = context.origins();
    let solution = solve(&Problem {
        sources: &origins[..1],
        world: context.world.entries(),
        options: &options,
    });
    let mut status = 0;
    for name in &arguments.operands {
        let mut provided = false;
        context.installed.providers(name, &mut |_| provided = true);
        match solution.why(name) {
            Some(way) => {
                for (depth, step) in way.iter().enumerate() {
                    writeln!(session.out, "{:1$}{step}", "", depth * 2)?;
                }
                tell(session, &solution, name)?;
            }
            None if provided => writeln!(
                session.out,
                "{name}: nothing in the world leads to it (see autoremove)"
            )?,
            None => {
                status = USAGE;
                session.error(&format!("{name} is not installed"));
            }
        }
    }
    Ok(status)
}

/// Explains what would be chosen for constraints.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut context = session.open(arguments)?;
    session.load(&mut context);
    let mut world: World = context.world.clone();
    let mut names = Vec::new();
    for text in &arguments.operands {
        let entry = constraint(text)?;
        names.push(entry.dependency.name.clone());
        world.set(entry);
    }
    let options = options(&context);
    let origins = context.origins();
    let solution = solve(&Problem {
        sources: &origins,
        world: world.entries(),
        options: &options,
    });
    for name in &names {
        if solution.explain(name).is_empty() {
            writeln!(
                session.out,
                "{name}: no repository has a package of this name, and none provides it."
            )?;
        }
        tell(session, &solution, name)?;
    }
    if solution.errors > 0 {
        let many = if solution.errors == 1 {
            "thing is"
        } else {
            "things are"
        };
        writeln!(
            session.out,
            "All together cannot be had: {} {many} in the way.",
            solution.errors
        )?;
    }
    Ok(count(solution.errors as usize))
}

fn tell(session: &mut Session, solution: &Solution<'_>, name: &str) -> Result<(), Failure> {
    for explanation in solution.explain(name) {
        let reasons: Vec<String> = explanation
            .reasons
            .iter()
            .map(ToString::to_string)
            .collect();
        let verdict = if explanation.chosen {
            "is chosen"
        } else {
            "is not chosen"
        };
        writeln!(
            session.out,
            "{} {verdict}: {}.",
            explanation.package,
            reasons.join("; ")
        )?;
    }
    Ok(())
}
