//! `verify`.

use super::arguments::Arguments;
use super::outcome::{Outcome, count, reason_of};
use super::session::Session;
use oil::error::{Error, Result};
use oil::index::{Index, IndexTrust};
use oil::keys::Keys;
use oil::stream::{self, Trust};
use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Checks files, several at once.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = super::session::settings(arguments)?;
    settings.installed = false;
    let context = session.open_with(&settings)?;
    let keys = (!settings.allow_untrusted).then_some(&context.keys);
    let files = &arguments.operands;
    let next = AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for tell in vec![tell; cores.min(files.len())] {
            let next = &next;
            scope.spawn(move || {
                // Nobody listens any more when nothing can be written.
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed))
                    && tell.send((file, check(file, keys))).is_ok()
                {}
            });
        }
        report(session, files, told)
    })
}

/// Writes what was found, in the order of the files.
fn report(
    session: &mut Session,
    files: &[String],
    told: mpsc::Receiver<(&String, Result<()>)>,
) -> Outcome {
    let mut early = Vec::new();
    let mut errors = 0;
    for file in files {
        let place = |one: &(&String, _)| std::ptr::eq(one.0, file);
        let result = loop {
            if let Some(place) = early.iter().position(place) {
                break early.swap_remove(place).1;
            }
            match told.recv() {
                Ok(one) => early.push(one),
                Err(_) => break Err(Error::Missing("a result")),
            }
        };
        let text = match &result {
            Ok(()) => "OK".to_owned(),
            Err(Error::Unknown) => "file format is invalid or inconsistent".to_owned(),
            Err(error) => reason_of(error),
        };
        errors += usize::from(result.is_err());
        if session.verbosity >= 0 {
            writeln!(session.out, "{file}: {text}")?;
        } else if result.is_err() {
            writeln!(session.out, "{file}")?;
        }
    }
    Ok(count(errors))
}

/// Checks a package or an index, of either format.
fn check(path: &str, keys: Option<&Keys>) -> Result<()> {
    let trust = keys.map_or(Trust::Anything, Trust::Keys);
    match stream::verify(File::open(path)?, &trust) {
        Ok(_) => Ok(()),
        Err(Error::Unknown | Error::Missing(_)) => {
            let trust = keys.map_or(IndexTrust::Anything, IndexTrust::Keys);
            Index::read(File::open(path)?, trust).map(|_| ())
        }
        Err(error) => Err(error),
    }
}
