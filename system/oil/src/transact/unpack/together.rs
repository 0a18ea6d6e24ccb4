//! Unpacks all that is new of a transaction, several packages at once.

use super::{Unpacked, Unpacker};
use crate::database::installed::Installed;
use crate::error::{Error, Result};
use crate::history::restore::Sources;
use crate::stream::{self, Opened, Queue};
use crate::transact::area::Area;
use crate::transact::options::Options;
use crate::transact::owners::Owners;
use crate::transact::plan::{Plan, Source, Step};
use crate::transact::run::own;
use crate::transact::watch::{Event, Watch};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// Progress is told each time that so many bytes more were read.
const TOLD: u64 = 1 << 20;

/// Does it; what is known of each step, none where nothing was to be unpacked.
pub fn all(
    area: &Area,
    installed: &Installed,
    plan: &Plan,
    sources: &Sources,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Vec<Option<Unpacked>>> {
    let size = |step: &Step| match step.new.as_ref().map(|new| &new.source) {
        Some(Source::File { path, .. }) => path.metadata().map_or(0, |metadata| metadata.len()),
        Some(Source::Coming { size, .. }) => *size,
        _ => 0,
    };
    let sizes: Vec<u64> = plan.steps.iter().map(size).collect();
    let total = sizes.iter().sum();
    // The largest first, so that the cores finish together.
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&step| std::cmp::Reverse(sizes[step]));
    let read = AtomicU64::new(0);
    let progress = |bytes: u64| {
        let before = read.fetch_add(bytes, Ordering::Relaxed);
        let now = before + bytes;
        if before / TOLD != now / TOLD || now >= total && bytes > 0 {
            watch.tell(Event::Unpacked { bytes: now, total });
        }
    };
    let unpacker = Unpacker {
        area,
        installed,
        owners: Owners::read(area.root()),
        chown: options.chown,
        own: own(),
        progress: &progress,
    };
    let left = Mutex::new(VecDeque::from(order));
    let failed = AtomicBool::new(false);
    let results = Mutex::new(Vec::new());
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let threads = match options.threads {
        0 => cores(),
        threads => threads,
    };
    let threads = threads.min(plan.steps.len());
    // One that is there, or any.
    let next = |at_once: bool| {
        let mut left = left
            .lock()
            .ok()
            .filter(|_| !failed.load(Ordering::Relaxed))?;
        let is_there = |&step: &usize| match plan.steps[step].new.as_ref().map(|new| &new.source) {
            Some(Source::Coming {
                arrivals, number, ..
            }) => arrivals.is_told(*number),
            _ => true,
        };
        match left.iter().position(is_there) {
            Some(place) => left.remove(place),
            None if at_once => None,
            None => left.pop_front(),
        }
    };
    let work = |step, opened| {
        let result = one(&unpacker, step, &plan.steps[step], opened, sources);
        let is_good = result.is_ok();
        failed.fetch_or(!is_good, Ordering::Relaxed);
        if let Ok(mut results) = results.lock() {
            results.push((step, result));
        }
        is_good
    };
    let run = || {
        stream::in_turn(
            threads,
            next,
            |queue, &step| opened(&unpacker, queue, &plan.steps[step]),
            work,
        );
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no more threads can be had, those that there are do it.
            let _ = thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(step, _)| *step);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The file of a step, if it has one that is there.
fn opened<'f>(unpacker: &Unpacker<'f>, queue: &Queue<'f>, task: &Step) -> Option<Opened<'f>> {
    let path = match &task.new.as_ref()?.source {
        Source::File { path, .. } => path,
        Source::Coming {
            path,
            arrivals,
            number,
            ..
        } => arrivals.is_told(*number).then_some(path)?,
        _ => return None,
    };
    unpacker.open(path, |file| queue.open(file)).ok()
}

fn one<'f>(
    unpacker: &Unpacker<'f>,
    step: usize,
    task: &Step,
    opened: Option<Opened<'f>>,
    sources: &Sources,
) -> Result<Option<Unpacked>> {
    let Some(new) = &task.new else {
        return Ok(None);
    };
    let tag = new.tag.as_deref();
    let old = task
        .old
        .as_ref()
        .and_then(|name| unpacker.installed.find(name));
    let unpacked = match &new.source {
        Source::File { path, trust } => unpacker.file(step, path, opened, trust, (tag, old))?,
        Source::Coming {
            path,
            trust,
            arrivals,
            number,
            ..
        } => match arrivals.wait(*number) {
            true => unpacker.file(step, path, opened, trust, (tag, old))?,
            false => return Err(Error::Missing("a package that was to be fetched")),
        },
        Source::Meta(info) => unpacker.metadata(step, info, tag)?,
        Source::Kept(kept) => unpacker.kept(step, kept, tag, sources)?,
        Source::Installed => return Ok(None),
    };
    let info = &unpacked.info;
    if info.layer != 0 {
        let (name, version) = (&info.name, info.version.as_str());
        return Err(Error::Make(format!(
            "{name}-{version} is an image for a volume of OpenWrt's uvol, which Oil does not manage; nothing was changed"
        )));
    }
    Ok(Some(unpacked))
}
