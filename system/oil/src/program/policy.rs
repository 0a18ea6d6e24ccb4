//! `policy`.

use super::arguments::Arguments;
use super::outcome::Outcome;
use super::select::{Selection, select, sources};
use super::session::{Session, settings};
use std::io::Write as _;

/// Shows from where the versions of packages can be had.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    sources(arguments, &mut settings)?;
    let mut selection = Selection::new(arguments)?;
    selection.all = true;
    let mut context = session.open_with(&settings)?;
    session.load(&mut context);
    let list = select(&context, &selection, &arguments.operands, |_| {})?;
    let mut last = None;
    for found in &list {
        let candidate = context.candidate(found.place);
        if last != Some(candidate.name) {
            writeln!(session.out, "{} policy:", candidate.name)?;
            last = Some(candidate.name);
        }
        writeln!(session.out, "  {}:", candidate.version)?;
        if found.installed.is_some() {
            writeln!(session.out, "    lib/apk/db/installed")?;
        }
        for (number, repository) in context.repositories.list.iter().enumerate() {
            if found.repositories >> number & 1 == 1 {
                let tag = repository
                    .tag
                    .as_ref()
                    .map_or(String::new(), |tag| format!("@{tag} "));
                writeln!(session.out, "    {tag}{}", repository.url)?;
            }
        }
    }
    Ok(0)
}
