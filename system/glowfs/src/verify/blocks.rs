//! Every block: its digest, and that it decompresses to what its entry says.

use super::{Progress, Report};
use crate::error::{Error, Result};
use crate::format;
use crate::format::table::Entry;
use crate::reader::{Image, Source, lock};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Reads every block that has an entry; which are as they should be.
///
/// # Errors
/// Those of reading.
pub fn blocks<S: Source>(
    image: &Image<S>,
    threads: usize,
    entries: &[Option<Entry>],
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<Vec<bool>> {
    let stored = entries.iter().flatten();
    let done = Mutex::new(Done {
        report,
        progress,
        bytes: 0,
        all: stored.map(|entry| u64::from(entry.stored)).sum(),
        sound: vec![false; entries.len()],
        wrong: Vec::new(),
        failed: None,
    });
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = entries.get(block) else {
                break;
            };
            if let Some(entry) = entry {
                let outcome = image.uncached(block as u32).map(drop);
                if !lock(&done).block(block, entry, outcome) {
                    break;
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Without it the others do its part.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let Done {
        report,
        sound,
        mut wrong,
        failed,
        ..
    } = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = failed {
        return Err(error);
    }
    // Threads end in any order; what is told does not.
    wrong.sort_unstable_by_key(|(block, _)| *block);
    wrong.iter().for_each(|(_, error)| report.problem(error));
    Ok(sound)
}

/// What all threads have done.
struct Done<'a> {
    report: &'a mut Report,
    progress: Progress<'a>,
    /// Stored bytes that were read, and all there are.
    bytes: u64,
    all: u64,
    sound: Vec<bool>,
    wrong: Vec<(usize, format::Error)>,
    failed: Option<Error>,
}

impl Done<'_> {
    /// Notes what came of a block; whether to go on.
    fn block(&mut self, block: usize, entry: &Entry, outcome: Result<()>) -> bool {
        match outcome {
            Ok(()) => self.sound[block] = true,
            Err(error) => match error.format() {
                Some(error) => self.wrong.push((block, *error)),
                None => self.failed = Some(error),
            },
        }
        self.report.blocks += 1;
        self.report.plain += u64::from(entry.plain());
        self.bytes += u64::from(entry.stored);
        (self.progress)(self.bytes, self.all);
        self.failed.is_none()
    }
}
