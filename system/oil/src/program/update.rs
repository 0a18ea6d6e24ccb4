//! `update`.

use super::arguments::Arguments;
use super::outcome::{Outcome, count};
use super::session::{Session, settings};
use oil::context::Freshness;
use oil::database::lock::Lock;
use std::io::Write as _;
use std::time::Duration;

/// Refreshes all indexes.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    settings.cache_max_age = Duration::ZERO;
    let mut context = session.open_with(&settings)?;
    let wait = Duration::from_secs(arguments.number("wait")?.unwrap_or(0));
    let _lock = Lock::take(&settings.root, wait)?;
    session.load(&mut context);
    if session.verbosity >= 0 {
        for (_, repository, index) in context.opened() {
            writeln!(session.out, "{} [{}]", index.description()?, repository.url)?;
        }
    }
    let how_many = |what| context.freshness.iter().filter(|one| **one == what).count();
    let (unavailable, stale) = (how_many(Freshness::Unavailable), how_many(Freshness::Stale));
    if session.verbosity >= 0 {
        match unavailable + stale {
            0 => write!(session.out, "OK: ")?,
            _ => write!(session.out, "{unavailable} unavailable, {stale} stale; ")?,
        }
        writeln!(
            session.out,
            "{} distinct packages available",
            context.packages().len()
        )?;
    }
    Ok(count(unavailable + stale))
}
