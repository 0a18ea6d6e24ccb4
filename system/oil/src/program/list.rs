//! `list`.

use super::arguments::Arguments;
use super::fields::{Field, Subject};
use super::matching::Pattern;
use super::outcome::{Failure, Outcome};
use super::select::{Selection, fits, sources, upgrades};
use super::session::{Session, settings};
use oil::context::{Context, Found, INSTALLED, Place};
use oil::solve::Relation;
use std::io::Write as _;

/// Lists packages.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    sources(arguments, &mut settings)?;
    let manifest = arguments.has("manifest");
    let mut selection = Selection::new(arguments)?;
    selection.installed |= manifest;
    let providers = arguments.has("providers");
    let field = match () {
        () if providers => Field::Provides,
        () if arguments.has("depends") => Field::Depends,
        () if arguments.has("origin") => Field::Origin,
        () => Field::Name,
    };
    let mut context = session.open_with(&settings)?;
    session.load(&mut context);
    let patterns: Vec<Pattern> = arguments
        .operands
        .iter()
        .map(|text| Pattern::new(text))
        .collect();
    let exact = field == Field::Name
        && !patterns.is_empty()
        && patterns.iter().all(|one| matches!(one, Pattern::Exact(_)));
    let mut list = match exact {
        true => arguments
            .operands
            .iter()
            .flat_map(|name| context.named(name))
            .collect(),
        false => context.packages(),
    };
    super::select::sort(&context, &mut list);
    for found in &list {
        if !selection.admits(&context, found) {
            continue;
        }
        if providers {
            for provided in provided(&context, found, &patterns) {
                if session.verbosity >= 0 && !manifest {
                    write!(session.out, "<{provided}> ")?;
                }
                line(session, &context, found, manifest)?;
            }
            continue;
        }
        let mut subject = Subject::new(&context, *found);
        let mut any = patterns.is_empty() || exact;
        for pattern in &patterns {
            any = any || fits(&context, &mut subject, found, field, pattern)?;
        }
        if any {
            line(session, &context, found, manifest)?;
        }
    }
    Ok(0)
}

/// The names that a package provides and that fit a pattern; without patterns its own.
fn provided(context: &Context, found: &Found, patterns: &[Pattern]) -> Vec<String> {
    let own = context.candidate(found.place).name;
    if patterns.is_empty() {
        return vec![own.to_owned()];
    }
    let mut names = Vec::new();
    let mut note = |name: &str| {
        if patterns.iter().any(|one| one.fits(name)) {
            names.push(name.to_owned());
        }
    };
    note(own);
    let source = context.source_of(found.place);
    source.relations(found.place.number, Relation::Provides, &mut |name, _, _| {
        note(name)
    });
    names
}

fn line(
    session: &mut Session,
    context: &Context,
    found: &Found,
    manifest: bool,
) -> Result<(), Failure> {
    let candidate = context.candidate(found.place);
    let verbosity = session.verbosity;
    let out = &mut session.out;
    if manifest {
        writeln!(out, "{} {}", candidate.name, candidate.version)?;
        return Ok(());
    }
    if verbosity < 0 {
        writeln!(out, "{}", candidate.name)?;
        return Ok(());
    }
    let info = context.info(found.place)?;
    let origin = if info.origin.is_empty() {
        &info.name
    } else {
        &info.origin
    };
    write!(
        out,
        "{}-{} {} {{{origin}}} ({})",
        info.name, info.version, info.arch, info.license
    )?;
    if found.installed.is_some() {
        write!(out, " [installed]")?;
    } else if let Some(number) = upgrades(context, found) {
        let installed = context.candidate(Place {
            source: INSTALLED,
            number,
        });
        write!(
            out,
            " [upgradable from: {}-{}]",
            installed.name, installed.version
        )?;
    }
    writeln!(out)?;
    if verbosity > 0 {
        writeln!(out, "  {}", info.description)?;
        if verbosity > 1 {
            writeln!(out, "  <{}>", info.url)?;
        }
        writeln!(out)?;
    }
    Ok(())
}
