//! Threads that compress.

use super::Options;
use super::compress::{Encoder, Stored};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

/// What is to be done with a block.
pub enum How {
    /// Compress it.
    Compress,
    /// Compress it with this dictionary, which is the image's.
    With(Arc<[u8]>),
}

struct Job {
    sequence: u64,
    bytes: Vec<u8>,
    how: How,
}

/// The threads, and what they have to do. They end when it is dropped.
pub struct Pool {
    jobs: Sender<Job>,
    results: Receiver<(u64, Result<Stored>)>,
    /// What is done, while something before it is not.
    early: BTreeMap<u64, Stored>,
    given: u64,
    taken: u64,
    limit: u64,
}

impl Pool {
    /// Starts the threads.
    pub fn new<'scope>(scope: &'scope Scope<'scope, '_>, options: &Options) -> Pool {
        let (jobs, waiting) = channel::<Job>();
        let (done, results) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..options.threads.max(1) {
            let (waiting, done) = (Arc::clone(&waiting), done.clone());
            let mut encoder = Encoder::new(options);
            scope.spawn(move || {
                loop {
                    let job = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .recv();
                    let Ok(job) = job else { break };
                    let stored = match &job.how {
                        How::Compress => encoder.encode(job.bytes, None),
                        How::With(dictionary) => encoder.encode(job.bytes, Some(dictionary)),
                    };
                    if done.send((job.sequence, stored)).is_err() {
                        break;
                    }
                }
            });
        }
        Pool {
            jobs,
            results,
            early: BTreeMap::new(),
            given: 0,
            taken: 0,
            limit: options.in_flight() as u64,
        }
    }

    /// Whether as many blocks are under way as there may be.
    pub fn is_full(&self) -> bool {
        self.given - self.taken >= self.limit
    }

    /// Hands a block to the threads.
    ///
    /// # Errors
    /// [`Error::Impossible`] when there are none any more.
    pub fn give(&mut self, bytes: Vec<u8>, how: How) -> Result<()> {
        let job = Job {
            sequence: self.given,
            bytes,
            how,
        };
        self.given += 1;
        self.jobs.send(job).map_err(|_| gone())
    }

    /// The next block in the order in which they were given; waits for it.
    ///
    /// # Errors
    /// What compressing it gave.
    pub fn take(&mut self) -> Result<Stored> {
        loop {
            if let Some(stored) = self.early.remove(&self.taken) {
                self.taken += 1;
                return Ok(stored);
            }
            let (sequence, stored) = self.results.recv().map_err(|_| gone())?;
            self.early.insert(sequence, stored?);
        }
    }
}

fn gone() -> Error {
    Error::Impossible("a thread that compresses ended early".to_owned())
}
