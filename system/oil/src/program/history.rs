//! `history`, `undo`, `rollback` and `diff`.

use super::arguments::Arguments;
use super::change::{is_simulated, perform};
use super::outcome::{Failure, Outcome};
use super::session::{Session, settings};
use oil::date::Date;
use oil::history::{Change, Generation, History};
use oil::transact::Plan;
use std::io::Write as _;
use std::path::Path;

fn number(text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(format_args!(
            "{text} is not the number of a transaction; see history"
        ))
    })
}

fn find(history: &History, number: u64) -> Result<&Generation, Failure> {
    let mut all = history.generations.iter();
    all.find(|one| one.number == number).ok_or_else(|| {
        Failure::usage(format_args!(
            "there is no transaction {number} in the history; see history"
        ))
    })
}

fn line(change: &Change) -> String {
    let name = &change.name;
    match (&change.before, &change.after) {
        (None, Some(after)) => format!("+ {name} ({})", after.version),
        (Some(before), None) => format!("- {name} ({})", before.version),
        (Some(before), Some(after)) if before.version == after.version => {
            format!("~ {name} ({}, another build)", after.version)
        }
        (Some(before), Some(after)) => {
            format!("~ {name} ({} -> {})", before.version, after.version)
        }
        (None, None) => format!("  {name}"),
    }
}

fn changes(session: &mut Session, list: &[Change]) -> Result<(), Failure> {
    for change in list {
        writeln!(session.out, "{}", line(change))?;
    }
    Ok(())
}

/// Lists transactions, or tells what one changed.
pub fn list(session: &mut Session, arguments: &Arguments) -> Outcome {
    let settings = settings(arguments)?;
    let history = History::read(&settings.root)?;
    if let Some(text) = arguments.operands.first() {
        let generation = find(&history, number(text)?)?;
        writeln!(
            session.out,
            "{} {}",
            Date::of(generation.time),
            generation.command
        )?;
        changes(session, &generation.changes)?;
        return Ok(0);
    }
    for generation in &history.generations {
        let count = generation.changes.len();
        let words = if count == 1 { "change" } else { "changes" };
        writeln!(
            session.out,
            "{:>4}  {}  {count:>4} {words}  {}",
            generation.number,
            Date::of(generation.time),
            generation.command
        )?;
    }
    Ok(0)
}

/// Takes the last transaction back.
pub fn undo(session: &mut Session, arguments: &Arguments) -> Outcome {
    let settings = settings(arguments)?;
    let history = History::read(&settings.root)?;
    let last = history.generations.last();
    let last =
        last.ok_or_else(|| Failure::usage("there is nothing to undo: the history is empty"))?;
    let plan = history.plan_before(&settings.root, last.number)?;
    go(session, arguments, &settings.root, plan)
}

/// Goes back to the state after a transaction.
pub fn rollback(session: &mut Session, arguments: &Arguments) -> Outcome {
    let [text] = arguments.operands.as_slice() else {
        return Err(Failure::usage(
            "rollback takes the NUMBER of a transaction; see history",
        ));
    };
    let settings = settings(arguments)?;
    let history = History::read(&settings.root)?;
    let plan = history.plan_after(&settings.root, number(text)?)?;
    go(session, arguments, &settings.root, plan)
}

fn go(session: &mut Session, arguments: &Arguments, root: &Path, mut plan: Plan<'_>) -> Outcome {
    plan.command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    if !is_simulated(arguments) {
        return perform(session, arguments, root, plan);
    }
    let count = plan.steps.len();
    let width = count.to_string().len();
    for (place, step) in plan.steps.iter().enumerate() {
        writeln!(
            session.out,
            "({:>width$}/{count}) {}",
            place + 1,
            step.title
        )?;
    }
    Ok(0)
}

/// Compares two states.
pub fn diff(session: &mut Session, arguments: &Arguments) -> Outcome {
    let settings = settings(arguments)?;
    let history = History::read(&settings.root)?;
    let (from, to) = match arguments.operands.as_slice() {
        [from] => (
            number(from)?,
            history.generations.last().map_or(0, |last| last.number),
        ),
        [from, to] => (number(from)?, number(to)?),
        _ => {
            return Err(Failure::usage(
                "diff takes one or two NUMBERs of transactions; see history",
            ));
        }
    };
    let list = history.diff(from, to)?;
    changes(session, &list)?;
    Ok(0)
}
