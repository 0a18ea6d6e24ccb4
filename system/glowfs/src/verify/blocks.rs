//! Every block: its digest, and that it decompresses to what its entry says.

use super::Report;
use crate::error::{Error, Result};
use crate::format::table::Entry;
use crate::reader::{Image, Source};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

/// Reads every block that has an entry; which are as they should be.
///
/// # Errors
/// Those of reading.
pub fn blocks<S: Source>(
    image: &Image<S>,
    threads: usize,
    entries: &[Option<Entry>],
    report: &mut Report,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<bool>> {
    let next = AtomicUsize::new(0);
    let all = entries
        .iter()
        .flatten()
        .map(|entry| u64::from(entry.stored))
        .sum();
    let mut sound = vec![false; entries.len()];
    let mut wrong = Vec::new();
    let mut done = 0;
    let failed = std::thread::scope(|scope| {
        let (send, receive) = sync_channel(64);
        for _ in 0..threads.max(1) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                loop {
                    let block = next.fetch_add(1, Ordering::Relaxed);
                    let Some(entry) = entries.get(block) else {
                        break;
                    };
                    let outcome = entry.map(|_| image.uncached(block as u32).map(drop));
                    if send.send((block, outcome)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        for (block, outcome) in receive {
            match outcome {
                Some(Ok(())) => sound[block] = true,
                Some(Err(Error::Format(error))) => wrong.push((block, error)),
                Some(Err(other)) => return Some(other),
                None => continue,
            }
            if let Some(entry) = entries[block] {
                report.blocks += 1;
                report.plain += u64::from(entry.plain());
                done += u64::from(entry.stored);
                progress(done, all);
            }
        }
        None
    });
    if let Some(error) = failed {
        return Err(error);
    }
    // Threads end in any order; what is told does not.
    wrong.sort_unstable_by_key(|(block, _)| *block);
    wrong.iter().for_each(|(_, error)| report.problem(error));
    Ok(sound)
}
