//! Packages that a thread reads one after another: while one is, the next is undone beside it, as far as there is room for.

use super::{Marked, Opened, Start};
use crate::error::Result;
use crate::format::compress::{Beside, Compression};
use std::io::Read;

/// Bytes that are made ahead in all threads together at most.
const AHEAD: usize = 2 << 20;

/// What opens the files that a thread reads.
pub struct Queue<'f>(Beside<Marked<'f>>);

impl<'f> Queue<'f> {
    /// [`Opened::new`] of a file in its turn.
    ///
    /// # Errors
    /// As there.
    pub fn open(&self, file: impl Read + 'f) -> Result<Opened<'f>> {
        Opened::with(file, Some(self.0.clone()))
    }
}

/// One of `threads` threads: does `work` with each task that `next` gives, until it says that this is enough, and with the
/// task's file as `open` opened it, or without where it did not. `next` is asked with true for a task that is read beside
/// another: it gives none if there is none that can be read at once.
pub fn in_turn<'f, T>(
    threads: usize,
    mut next: impl FnMut(bool) -> Option<T>,
    mut open: impl FnMut(&Queue<'f>, &T) -> Option<Opened<'f>>,
    mut work: impl FnMut(T, Option<Opened<'f>>) -> bool,
) {
    let queue = Queue(Beside::new(AHEAD / threads.max(1)));
    let mut opened = |task: T| {
        let file = open(&queue, &task);
        (task, file)
    };
    let mut following = None;
    while let Some((task, file)) = following.take().or_else(|| next(false).map(&mut opened)) {
        let beside = next(true).map(&mut opened);
        let waiting = beside.map(|(task, file)| (task, file.map(|file| queue.wait(file))));
        let goes_on = work(task, file);
        following = waiting.map(|(task, file)| (task, file.and_then(|file| queue.take(file))));
        if !goes_on {
            return;
        }
    }
}

/// What is kept of a file that waits in its queue.
enum Waiting<'f> {
    InQueue(Compression),
    Here(Opened<'f>),
}

impl<'f> Queue<'f> {
    fn wait(&self, file: Opened<'f>) -> Waiting<'f> {
        match file.0 {
            Start::V3(decoder, compression) => {
                self.0.wait(decoder);
                Waiting::InQueue(compression)
            }
            start => Waiting::Here(Opened(start)),
        }
    }

    fn take(&self, file: Waiting<'f>) -> Option<Opened<'f>> {
        match file {
            Waiting::InQueue(compression) => {
                let decoder = self.0.next()?;
                Some(Opened(Start::V3(decoder, compression)))
            }
            Waiting::Here(file) => Some(file),
        }
    }
}
