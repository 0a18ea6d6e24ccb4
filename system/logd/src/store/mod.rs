//! The files, and the thread that writes them. Whoever says something never waits for a disk: what is said is put into
//! memory, a bounded amount of it, and what finds no room is counted and told in the file once there is.

mod file;

pub use file::{LogFile, Owner, make_folder};

use crate::configuration::Rule;
use crate::names::{SYSLOG, WARNING};
use crate::record::{Record, Sender};
use crate::time::Time;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Bytes that wait to be written, for each file.
const WAITING: usize = 2 << 20;
/// A buffer that grew larger is not kept.
const KEPT: usize = 64 << 10;
/// After that time a file that could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What waits to be written to a file.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Whole lines.
    lines: Vec<u8>,
    /// Lines for which there was no room.
    lost: u64,
}

impl Waiting {
    fn put(&mut self, line: &[u8]) {
        if self.lines.len() + line.len() > WAITING {
            self.lost += 1;
        } else {
            self.lines.extend_from_slice(line);
        }
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.lost == 0
    }
}

/// Other files from now on: what waits for the ones of before, and the new ones.
struct Change {
    before: Vec<Waiting>,
    rules: Vec<Rule>,
}

#[derive(Default)]
struct State {
    /// One for each file.
    waiting: Vec<Waiting>,
    changes: Vec<Change>,
    end: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

impl Shared {
    /// No panic leaves the state half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where lines are put.
pub struct Store {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// Starts the thread that writes to these files.
    ///
    /// # Errors
    /// There can be no more threads.
    pub fn start(files: Vec<LogFile>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        shared
            .lock()
            .waiting
            .resize_with(files.len(), Waiting::default);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .stack_size(64 << 10)
            .spawn(move || write(&theirs, files))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Puts a line into the files of these numbers.
    pub fn put(&self, files: impl Iterator<Item = usize>, line: &[u8]) {
        let mut state = self.shared.lock();
        for file in files {
            if let Some(waiting) = state.waiting.get_mut(file) {
                waiting.put(line);
            }
        }
    }

    /// Has what was put be written.
    pub fn wake(&self) {
        self.shared.news.notify_one();
    }

    /// Opens these files instead, each anew.
    pub fn change(&self, rules: Vec<Rule>) {
        let mut state = self.shared.lock();
        let mut after = Vec::new();
        after.resize_with(rules.len(), Waiting::default);
        let before = mem::replace(&mut state.waiting, after);
        state.changes.push(Change { before, rules });
        drop(state);
        self.wake();
    }

    /// Writes all that was put, and waits until the disk has it.
    pub fn end(mut self) {
        self.shared.lock().end = true;
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread.
fn write(shared: &Shared, mut files: Vec<LogFile>) {
    let mut spare: Vec<Vec<u8>> = Vec::new();
    loop {
        let (changes, mut waiting, end) =
            take(shared, files.iter().any(LogFile::is_behind), &mut spare);
        for change in changes {
            // In the order in which it was put.
            hand_over(&mut files, change.before, &mut spare);
            files = reopened(files, &change.rules);
        }
        hand_over(&mut files, mem::take(&mut waiting), &mut spare);
        if end {
            for file in &mut files {
                file.sync();
            }
            return;
        }
    }
}

/// Waits until there is something to do. A file that is behind is tried again after a while.
fn take(
    shared: &Shared,
    behind: bool,
    spare: &mut Vec<Vec<u8>>,
) -> (Vec<Change>, Vec<Waiting>, bool) {
    let mut state = shared.lock();
    while !state.end && state.changes.is_empty() && state.waiting.iter().all(Waiting::is_empty) {
        if behind {
            let (later, passed) = shared
                .news
                .wait_timeout(state, AGAIN)
                .unwrap_or_else(PoisonError::into_inner);
            state = later;
            if passed.timed_out() {
                break;
            }
        } else {
            state = shared
                .news
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
    let taken = state.waiting.iter_mut().map(|waiting| Waiting {
        lines: mem::replace(&mut waiting.lines, spare.pop().unwrap_or_default()),
        lost: mem::take(&mut waiting.lost),
    });
    let taken = taken.collect();
    (mem::take(&mut state.changes), taken, state.end)
}

fn hand_over(files: &mut [LogFile], waiting: Vec<Waiting>, spare: &mut Vec<Vec<u8>>) {
    for (file, mut one) in files.iter_mut().zip(waiting) {
        file.write(&one.lines, one.lost);
        if one.lines.capacity() <= KEPT && spare.len() < 8 {
            one.lines.clear();
            spare.push(one.lines);
        }
    }
}

/// The files of these rules. What could not be written to one that stays is not forgotten; one that cannot be opened is told
/// in those that can.
fn reopened(mut before: Vec<LogFile>, rules: &[Rule]) -> Vec<LogFile> {
    let opened = rules.iter().map(|rule| {
        let at = before.iter().position(|file| file.path() == rule.path);
        let old = at.map(|at| before.swap_remove(at));
        LogFile::open(rule, Owner::Ours, old)
    });
    let mut opened: Vec<LogFile> = opened.collect();
    let problems: Vec<_> = opened.iter().filter_map(LogFile::problem).collect();
    for problem in problems {
        let line = told(&problem.to_string());
        let good = opened.iter_mut().filter(|file| file.problem().is_none());
        good.for_each(|file| file.write(&line, 0));
    }
    opened
}

/// A line of our own.
fn told(text: &str) -> Vec<u8> {
    let record = Record {
        time: Time::now(),
        facility: SYSLOG,
        level: WARNING,
        sender: Some(ourselves()),
        program: b"logd",
        text: text.as_bytes(),
    };
    let mut line = Vec::new();
    record.append(&mut line);
    line
}

/// This process, as it says of itself.
pub fn ourselves() -> Sender {
    Sender {
        pid: std::process::id(),
        uid: rustix::process::getuid().as_raw(),
    }
}

#[cfg(test)]
mod tests;
