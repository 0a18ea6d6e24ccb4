//! Threads that compress: those that are started, and the one that hands out the blocks, which compresses too while it has to wait for one. So two
//! threads are two, and waking others and being woken, which costs as much as some blocks do at quick levels, is rare.

use super::Options;
use super::compress::{Encoder, Stored};
use super::compressed;
use crate::error::{Error, Result};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

/// What is to be done with a block.
pub enum How {
    /// Compress it.
    Compress,
    /// Compress it with this dictionary, which is the image's.
    With(Arc<[u8]>),
    /// The same as the first, but the files say that it is compressed already.
    Compressed,
}

struct Job {
    sequence: u64,
    bytes: Vec<u8>,
    how: How,
}

impl Job {
    fn run(self, encoder: &mut Encoder) -> Result<Stored> {
        match &self.how {
            How::Compressed if compressed::is_even(&self.bytes) => Ok(Stored::plain(self.bytes)),
            How::Compress | How::Compressed => encoder.encode(self.bytes, None),
            How::With(dictionary) => encoder.encode(self.bytes, Some(dictionary)),
        }
    }
}

/// What the threads share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is something to do, or nothing will be any more.
    given: Condvar,
    /// What is waited for is done.
    done: Condvar,
}

#[derive(Default)]
struct State {
    /// What nobody has begun with, the first one first.
    jobs: VecDeque<Job>,
    /// What is done and not taken yet.
    results: BTreeMap<u64, Result<Stored>>,
    /// Threads that wait for something to do.
    idle: usize,
    /// What the thread that hands out blocks waits for.
    awaited: Option<u64>,
    /// Whether the threads are to end.
    over: bool,
    /// Whether one ended with what it had begun undone.
    broken: bool,
}

/// Says that its thread is broken if it ends in a panic, so that nobody waits for what it had.
struct Whole<'a>(&'a Shared);

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().broken = true;
            self.0.done.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what there is to do until it is over.
    fn work(&self, mut encoder: Encoder) {
        let _whole = Whole(self);
        let mut state = self.lock();
        while !state.over {
            let Some(job) = state.jobs.pop_front() else {
                state.idle += 1;
                state = wait(&self.given, state);
                state.idle -= 1;
                continue;
            };
            drop(state);
            let sequence = job.sequence;
            let result = job.run(&mut encoder);
            state = self.lock();
            state.results.insert(sequence, result);
            if state.awaited == Some(sequence) {
                self.done.notify_one();
            }
        }
    }
}

fn wait<'a>(for_what: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    let woken = for_what.wait(state);
    woken.unwrap_or_else(PoisonError::into_inner)
}

/// The threads, and what they have to do. They end when it is dropped.
pub struct Pool {
    shared: Arc<Shared>,
    /// That of the thread that hands out blocks.
    encoder: Encoder,
    given: u64,
    taken: u64,
    limit: u64,
}

impl Pool {
    /// Starts the threads: one fewer than there are to be, as the caller's is one.
    pub fn new<'scope>(scope: &'scope Scope<'scope, '_>, options: &Options) -> Pool {
        let shared = Arc::new(Shared::default());
        for _ in 1..options.threads {
            let shared = Arc::clone(&shared);
            let encoder = Encoder::new(options);
            scope.spawn(move || shared.work(encoder));
        }
        Pool {
            shared,
            encoder: Encoder::new(options),
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
    pub fn give(&mut self, bytes: Vec<u8>, how: How) {
        let sequence = self.given;
        self.given += 1;
        let mut state = self.shared.lock();
        state.jobs.push_back(Job {
            sequence,
            bytes,
            how,
        });
        let wake = state.idle > 0;
        drop(state);
        if wake {
            self.shared.given.notify_one();
        }
    }

    /// The next block in the order in which they were given. Until it is there, compresses what nobody has begun with.
    ///
    /// # Errors
    /// What compressing it gave, and [`Error::impossible`] when none was given or a thread ended early.
    pub fn take(&mut self) -> Result<Stored> {
        if self.taken == self.given {
            return Err(Error::impossible(format_args!("a block that nobody gave")));
        }
        let sequence = self.taken;
        let mut state = self.shared.lock();
        loop {
            if let Some(result) = state.results.remove(&sequence) {
                self.taken += 1;
                return result;
            }
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                let sequence = job.sequence;
                let result = job.run(&mut self.encoder);
                state = self.shared.lock();
                state.results.insert(sequence, result);
            } else if state.broken {
                let what = "a thread that compresses ended early";
                return Err(Error::impossible(format_args!("{what}")));
            } else {
                // It is with another thread.
                state.awaited = Some(sequence);
                state = wait(&self.shared.done, state);
                state.awaited = None;
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.given.notify_all();
    }
}
