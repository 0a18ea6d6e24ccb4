//! `verify`.

use super::arguments::Arguments;
use super::outcome::{Outcome, count, reason_of};
use super::session::Session;
use oil::error::{Error, Result};
use oil::index::{Index, IndexTrust};
use oil::keys::Keys;
use oil::stream::{self, Opened, Queue, Trust};
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
        let threads = cores.min(files.len());
        for tell in vec![tell; threads] {
            let next = |_| files.get(next.fetch_add(1, Ordering::Relaxed));
            scope.spawn(move || {
                // Nobody listens any more when nothing can be written.
                let work = |file, opened| tell.send((file, check(file, opened, keys))).is_ok();
                stream::in_turn(threads, next, opened, work);
            });
        }
        report(session, files, told)
    })
}

fn opened<'f>(queue: &Queue<'f>, file: &&String) -> Option<Opened<'f>> {
    queue.open(File::open(file).ok()?).ok()
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

/// Checks a package or an index, of either format. It was opened if it can be a package.
fn check(path: &String, opened: Option<Opened>, keys: Option<&Keys>) -> Result<()> {
    let trust = keys.map_or(Trust::Anything, Trust::Keys);
    let opened = opened.map_or_else(|| Opened::new(File::open(path)?), Ok);
    match opened.and_then(|opened| opened.verify(&trust)) {
        Ok(_) => Ok(()),
        Err(Error::Unknown | Error::Missing(_)) => {
            let trust = keys.map_or(IndexTrust::Anything, IndexTrust::Keys);
            Index::read(File::open(path)?, trust).map(|_| ())
        }
        Err(error) => Err(error),
    }
}
