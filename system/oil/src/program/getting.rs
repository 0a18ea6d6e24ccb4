//! Gets packages: from the cache, from a local repository, or from servers, all at once.

use super::arguments::Arguments;
use super::outcome::{Failure, reason};
use super::progress::Progress;
use super::session::{self, Session};
use oil::context::{Context, Found, cache::local_path};
use oil::error::Error;
use oil::fetch::{self, Job, fetch_all};
use oil::package::Info;
use oil::package_name::PackageName;
use oil::transact::Arrivals;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Where packages wait that are not to be kept.
const WAITING: &str = "lib/apk/oil/download";

/// Where a wanted package is.
pub enum Place {
    /// There.
    Here(PathBuf),
    /// It will be there; by this number in [`Arrivals`], and with so many bytes, as far as that is known.
    Coming(PathBuf, usize, u64),
}

/// Packages that are wanted as files.
pub struct Wanted<'a> {
    context: &'a Context,
    jobs: Vec<Job>,
    names: Vec<String>,
    waiting: PathBuf,
}

impl<'a> Wanted<'a> {
    /// None yet.
    pub fn new(context: &'a Context) -> Self {
        Self {
            context,
            jobs: Vec::new(),
            names: Vec::new(),
            waiting: context.root().join(WAITING),
        }
    }

    /// Where a package's file is, or will be once [`Wanted::fetch`] has got it.
    pub fn package(&mut self, found: &Found, info: &Info) -> Result<Place, Failure> {
        let name = format!("{}-{}", info.name, info.version);
        let url = self.context.url(found);
        let url = url
            .ok_or_else(|| Failure::new(format_args!("{name}: no repository says where it is")))?;
        if !url.contains("://") || url.starts_with("file://") {
            return Ok(Place::Here(local_path(&url)));
        }
        let identity = info
            .identity
            .ok_or_else(|| Failure::new(format_args!("{name}: the index does not identify it")))?;
        let cached = PackageName {
            name: &info.name,
            version: info.version.as_str(),
            arch: &info.arch,
            identity,
        }
        .cached();
        let size = (info.file_size > 0).then_some(info.file_size);
        let kept = self.context.cache.directory().join(&cached);
        if self.context.cache.is_enabled() && is_whole(&kept, size) {
            return Ok(Place::Here(kept));
        }
        if !self.context.settings.network {
            return Err(Failure::new(format_args!(
                "{name}: it is not in the cache, and --no-network forbids to fetch it"
            )));
        }
        let place = match self.context.cache.keeps_packages() {
            true => kept,
            false => self.waiting.join(&cached),
        };
        if is_whole(&place, size) {
            return Ok(Place::Here(place));
        }
        let number = self.jobs.len();
        self.jobs.push(Job {
            url,
            place: place.clone(),
            size,
        });
        self.names.push(name);
        Ok(Place::Coming(place, number, size.unwrap_or(0)))
    }

    /// Names and versions of the packages that are not there yet.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Gets what is not there yet. False if something could not be had, which has been said then.
    pub fn fetch(&self, session: &mut Session, arguments: &Arguments) -> Result<bool, Failure> {
        let done = self.fetch_while(session, arguments, &Arrivals::new(), |_| Ok(()))?;
        Ok(done.is_some())
    }

    /// The same, while something is done with what `arrivals` is told of. If that fails by itself, no further package
    /// is begun. None if something could not be had, which has been said then.
    pub fn fetch_while<T>(
        &self,
        session: &mut Session,
        arguments: &Arguments,
        arrivals: &Arrivals,
        work: impl FnOnce(&mut Session) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        if self.jobs.is_empty() {
            return work(session).map(Some);
        }
        for directory in [self.context.cache.directory(), &self.waiting] {
            fs::create_dir_all(directory)
                .map_err(|error| Failure::of(directory.display(), reason(&error)))?;
        }
        let total = self.jobs.iter().filter_map(|job| job.size).sum();
        let watch = Coming {
            progress: Progress::new(arguments, "Downloading", total, session.verbosity < 0),
            left: AtomicUsize::new(self.jobs.len()),
            failed: AtomicBool::new(false),
            enough: AtomicBool::new(false),
            arrivals,
        };
        let client = session::client(self.context);
        let (done, results) = thread::scope(|scope| {
            let fetching = scope.spawn(|| fetch_all(&client, &self.jobs, &watch));
            let done = work(session);
            watch.enough.fetch_or(done.is_err(), Ordering::Relaxed);
            (done, fetching.join().unwrap_or_default())
        });
        watch.progress.clear();
        let mut well = true;
        for (name, result) in self.names.iter().zip(results) {
            if let Err(error) = result {
                well = false;
                session.error(&format!("{name}: {error}"));
            }
        }
        // What could not be done for want of a package has been said.
        well.then_some(done).transpose()
    }
}

/// Hands on what comes.
struct Coming<'c> {
    progress: Progress,
    /// Files that are on their way.
    left: AtomicUsize,
    /// One could not be had.
    failed: AtomicBool,
    /// What they are for has failed.
    enough: AtomicBool,
    arrivals: &'c Arrivals,
}

impl fetch::Watch for Coming<'_> {
    fn received(&self, bytes: u64) {
        self.progress.add(bytes);
    }

    fn came(&self, job: usize, is_there: bool) {
        self.failed.fetch_or(!is_there, Ordering::Relaxed);
        // Lines may be printed once all are there.
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.progress.clear();
        }
        self.arrivals.tell(job, is_there);
    }

    fn is_enough(&self) -> bool {
        // For want of a package is no reason: the others are told of, and may be there the next time.
        self.enough.load(Ordering::Relaxed) && !self.failed.load(Ordering::Relaxed)
    }
}

/// What waited is not needed any more.
impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        if !self.jobs.is_empty() {
            let _ = fs::remove_dir_all(&self.waiting);
        }
    }
}

/// Bytes that have to come over the network for a package.
pub fn download_size(context: &Context, found: &Found) -> u64 {
    let Some(place) = found.offered else {
        return 0;
    };
    let Ok(info) = context.info(place) else {
        return 0;
    };
    let remote = context.repositories.list[place.source - 1].is_remote();
    let kept = info.identity.is_some_and(|identity| {
        let name = PackageName {
            name: &info.name,
            version: info.version.as_str(),
            arch: &info.arch,
            identity,
        };
        is_whole(
            &context.cache.directory().join(name.cached()),
            Some(info.file_size),
        )
    });
    if !remote || kept || info.installed_size == 0 {
        return 0;
    }
    info.file_size
}

fn is_whole(path: &Path, size: Option<u64>) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && size.is_none_or(|size| size == metadata.len()))
}

/// Deletes a package's file that turned out to be another than it should be, so that it is fetched again.
pub fn forget(error: &Error) {
    if let Error::Package { path, .. } = error
        && path
            .components()
            .any(|part| part.as_os_str() == "download" || part.as_os_str() == "cache")
    {
        let _ = fs::remove_file(path);
    }
}
