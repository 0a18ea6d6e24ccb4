//! Work that may take long, done beside the loop: threads come when there is something to do, and go when there is not.

pub mod queue;

use crate::block::{self, Identity};
use crate::modules::insert::{self, Outcome};
use crate::modules::plan::Load;
use common::Root;
use queue::Queue;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// As many at once. Modules mostly wait for hardware, so it is not the number of processors.
const THREADS: usize = 4;
/// Bytes of a thread's stack.
const STACK: usize = 128 << 10;

/// A disk or partition to be read.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Its path below /sys, without that.
    pub device: String,
    /// Told back with the result: what the device was when it was asked for.
    pub generation: u64,
    pub place: block::Place,
}

/// What was done.
#[derive(Debug)]
pub enum Done {
    Module {
        name: String,
        outcome: Outcome,
    },
    Probe {
        device: String,
        generation: u64,
        identity: Identity,
    },
}

#[derive(Default)]
struct Work {
    modules: Queue,
    probes: VecDeque<Probe>,
    probing: usize,
    threads: usize,
    done: Vec<Done>,
}

impl Work {
    fn is_empty(&self) -> bool {
        self.modules.is_empty() && self.probes.is_empty() && self.probing == 0
    }
}

enum Task {
    Module(Load),
    Probe(Probe),
}

struct Shared {
    root: Root,
    work: Mutex<Work>,
    /// Tells the loop that something is done.
    bell: OwnedFd,
}

pub struct Pool(Arc<Shared>);

impl Pool {
    /// # Errors
    /// When there is no descriptor left.
    pub fn new(root: Root) -> Result<Self, Errno> {
        Ok(Self(Arc::new(Shared {
            root,
            work: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })))
    }

    pub fn load(&self, loads: Vec<Load>) {
        self.0.work().modules.add(loads);
        self.0.hire();
    }

    pub fn probe(&self, probe: Probe) {
        self.0.work().probes.push_back(probe);
        self.0.hire();
    }

    /// What was done since it was asked last.
    pub fn done(&self) -> Vec<Done> {
        let _ = rustix::io::read(&self.0.bell, &mut [0; 8]);
        std::mem::take(&mut self.0.work().done)
    }

    /// Whether nothing is to be done, and all that was done has been asked for.
    pub fn is_idle(&self) -> bool {
        let work = self.0.work();
        work.is_empty() && work.done.is_empty()
    }
}

impl AsFd for Pool {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.bell.as_fd()
    }
}

impl Shared {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has as many threads as there is work for.
    fn hire(self: &Arc<Self>) {
        let mut work = self.work();
        let modules = work.modules.ready() + work.modules.running();
        let wanted = THREADS.min(modules + work.probes.len() + work.probing);
        // What can only fail needs one too.
        let wanted = wanted.max(usize::from(!work.is_empty()));
        while work.threads < wanted {
            let shared = Arc::clone(self);
            let thread = std::thread::Builder::new().stack_size(STACK);
            if thread.spawn(move || shared.run()).is_err() {
                break;
            }
            work.threads += 1;
        }
        let alone = work.threads == 0 && !work.is_empty();
        drop(work);
        if alone {
            // No thread is to be had.
            self.work().threads += 1;
            self.run();
        }
    }

    /// Works until there is nothing that could be done now.
    fn run(self: &Arc<Self>) {
        while let Some(task) = self.take() {
            let done = match task {
                Task::Module(load) => Done::Module {
                    outcome: insert::insert(&self.root, &load),
                    name: load.name,
                },
                Task::Probe(probe) => Done::Probe {
                    identity: block::identify(&probe.place),
                    device: probe.device,
                    generation: probe.generation,
                },
            };
            self.end(done);
        }
    }

    /// The next; none: the thread goes.
    fn take(&self) -> Option<Task> {
        let mut work = self.work();
        // Disks first: they are read in no time, and file systems wait for them.
        if let Some(probe) = work.probes.pop_front() {
            work.probing += 1;
            return Some(Task::Probe(probe));
        }
        let Work { modules, done, .. } = &mut *work;
        let task = modules.next(|load, what| {
            done.push(Done::Module {
                name: load.name,
                outcome: Outcome::Failed(what),
            });
        });
        if task.is_none() {
            work.threads -= 1;
            drop(work);
            // Some may have failed without having run.
            self.ring();
        }
        task.map(Task::Module)
    }

    fn end(self: &Arc<Self>, done: Done) {
        let mut work = self.work();
        match &done {
            Done::Module { name, outcome } => work.modules.end(name, outcome),
            Done::Probe { .. } => work.probing -= 1,
        }
        work.done.push(done);
        drop(work);
        self.ring();
        // What waited for it may be more than this thread can do.
        self.hire();
    }

    fn ring(&self) {
        let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
    }
}
