//! `search`.

use super::arguments::Arguments;
use super::fields::Field;
use super::outcome::{Failure, Outcome, USAGE};
use super::reverse::{By, Reverse};
use super::select::{Selection, best, select, sources};
use super::session::{Session, settings};
use oil::context::{Context, Found};
use std::io::Write as _;

/// Searches.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    sources(arguments, &mut settings)?;
    settings.database = false;
    let mut selection = Selection::new(arguments)?;
    selection.fields = vec![Field::Name, Field::Provides];
    selection.part = !arguments.has("exact") && !arguments.has("has-origin");
    selection.all |= arguments.has("all");
    if arguments.has("description") {
        selection.fields.push(Field::Description);
        selection.all = true;
    }
    if arguments.has("has-origin") {
        selection.fields = vec![Field::Origin];
        selection.all = true;
    }
    let mut context = session.open_with(&settings)?;
    session.load(&mut context);
    let (exact, mut missed) = (arguments.has("exact"), false);
    let list = match arguments.operands.is_empty() {
        true => {
            let mut list = context.packages();
            list.retain(|found| selection.admits(&context, found));
            list
        }
        false => select(&context, &selection, &arguments.operands, |_| {
            missed = exact
        })?,
    };
    let list = if arguments.has("rdepends") {
        best(&context, list)
    } else {
        list
    };
    let mut reverse = Reverse::new(By::Package, By::Package, false);
    for found in &list {
        print(session, &context, found, arguments)?;
        if arguments.has("rdepends") {
            writeln!(session.out, " is required by:")?;
            for who in reverse.depends(&context, found)? {
                writeln!(session.out, "{who}")?;
            }
        } else {
            writeln!(session.out)?;
        }
    }
    Ok(if missed { USAGE } else { 0 })
}

fn print(
    session: &mut Session,
    context: &Context,
    found: &Found,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let candidate = context.candidate(found.place);
    if arguments.has("origin") {
        let info = context.info(found.place)?;
        let origin = if info.origin.is_empty() {
            info.name
        } else {
            info.origin
        };
        write!(session.out, "{origin}-{}", candidate.version)?;
        return Ok(());
    }
    if session.verbosity < 0 {
        write!(session.out, "{}", candidate.name)?;
        return Ok(());
    }
    write!(session.out, "{}-{}", candidate.name, candidate.version)?;
    if session.verbosity > 0 && !arguments.has("rdepends") {
        let info = context.info(found.place)?;
        write!(session.out, " - {}", info.description)?;
    }
    Ok(())
}
