//! `version`.

use super::arguments::Arguments;
use super::matching::Pattern;
use super::outcome::{Failure, Outcome, USAGE};
use super::select::place;
use super::session::Session;
use oil::context::Context;
use oil::solve::Source as _;
use oil::version;
use std::cmp::Ordering;
use std::io::Write as _;

fn sign(order: Ordering) -> char {
    match order {
        Ordering::Less => '<',
        Ordering::Equal => '=',
        Ordering::Greater => '>',
    }
}

/// Compares versions.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    if arguments.has("test") {
        let [left, right] = arguments.operands.as_slice() else {
            return Ok(USAGE);
        };
        if !version::is_valid(left) || !version::is_valid(right) {
            return Ok(USAGE);
        }
        writeln!(session.out, "{}", sign(version::compare(left, right)))?;
        return Ok(0);
    }
    if arguments.has("check") {
        let mut status = 0;
        for text in arguments
            .operands
            .iter()
            .filter(|text| !version::is_valid(text))
        {
            status = USAGE;
            writeln!(session.out, "{text}")?;
        }
        return Ok(status);
    }
    let mut context = session.open(arguments)?;
    session.load(&mut context);
    if arguments.has("indexes") {
        for (_, repository, index) in context.opened() {
            writeln!(session.out, "{} [{}]", index.description()?, repository.url)?;
        }
        return Ok(0);
    }
    let everything = session.verbosity != 0;
    let limit = arguments
        .value("limit")
        .unwrap_or(if everything { "<=>?" } else { "<" });
    if session.verbosity >= 0 {
        writeln!(session.out, "{:<42}Available:", "Installed:")?;
    }
    let patterns: Vec<Pattern> = arguments
        .operands
        .iter()
        .map(|text| Pattern::new(text))
        .collect();
    for number in 0..context.installed.count() {
        let name = context.installed.package(number).name;
        if patterns.is_empty() || patterns.iter().any(|one| one.fits(name)) {
            compare(session, &context, number, limit, arguments.has("all"))?;
        }
    }
    Ok(0)
}

/// Prints how an installed package compares with the best that can be had.
fn compare(
    session: &mut Session,
    context: &Context,
    number: u32,
    limit: &str,
    all: bool,
) -> Result<(), Failure> {
    let own = context.candidate(place(number));
    let wanted = context
        .world
        .get(own.name)
        .and_then(|entry| entry.tag.as_deref());
    let mut best: Option<(&str, Option<&str>)> = None;
    for found in context.named(own.name) {
        let candidate = context.candidate(found.place);
        let repositories = context.repositories.list.iter().enumerate();
        let mut tags: Vec<Option<&str>> = repositories
            .filter(|(number, _)| found.repositories >> number & 1 == 1)
            .map(|(_, repository)| repository.tag.as_deref())
            .collect();
        if found.installed.is_some() {
            tags.push(own.tag);
        }
        let allowed = tags
            .iter()
            .copied()
            .find(|tag| all || tag.is_none() || *tag == wanted || *tag == own.tag);
        let Some(tag) = allowed else {
            continue;
        };
        let higher = best.is_none_or(|(version, _)| {
            version::compare(candidate.version, version) == Ordering::Greater
        });
        if higher {
            let tag = if tags.contains(&None) { None } else { tag };
            best = Some((candidate.version, tag));
        }
    }
    let (order, version, tag) = match best {
        Some((version, tag)) => (sign(version::compare(own.version, version)), version, tag),
        None => ('?', "", None),
    };
    if !limit.contains(order) {
        return Ok(());
    }
    if session.verbosity < 0 {
        writeln!(session.out, "{}", own.name)?;
        return Ok(());
    }
    let package = format!("{}-{}", own.name, own.version);
    let tag = tag.map_or(String::new(), |tag| format!("@{tag}"));
    writeln!(session.out, "{package:<40}{order} {version} {tag}")?;
    Ok(())
}
