//! Gets many files over a few connections.

use super::{Client, Want};
use crate::error::Result;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A file to get.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where from.
    pub url: String,
    /// Where to.
    pub place: PathBuf,
    /// How many bytes it has.
    pub size: Option<u64>,
}

/// What is told while files are got, by several threads.
pub trait Watch: Sync {
    /// So many bytes more came.
    fn received(&self, bytes: u64);

    /// The file of this job is there, or it could not be had.
    fn came(&self, job: usize, is_there: bool);

    /// Whether no more files are to be begun.
    fn is_enough(&self) -> bool {
        false
    }
}

/// Gets all, the largest first, so that none is alone at the end. What came of each is in the jobs' order; all is well
/// with those that were not begun.
pub fn fetch_all(client: &Client, jobs: &[Job], watch: &dyn Watch) -> Vec<Result<()>> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(jobs[*place].size));
    let results: Vec<Mutex<Option<Result<()>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while !watch.is_enough()
            && let Some(&place) = order.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let job = &jobs[place];
            let want = Want {
                size: job.size,
                ..Want::default()
            };
            let received = |bytes| watch.received(bytes);
            let got = client.get(&job.url, &job.place, &want, &received);
            let got = got.map(|_| ());
            watch.came(place, got.is_ok());
            if let Ok(mut result) = results[place].lock() {
                *result = Some(got);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = client.options().connections.clamp(1, jobs.len().max(1));
        for _ in 1..threads {
            // Where no more threads can be had, those that there are do it.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let result = |one: Mutex<Option<Result<()>>>| one.into_inner().ok().flatten().unwrap_or(Ok(()));
    results.into_iter().map(result).collect()
}
