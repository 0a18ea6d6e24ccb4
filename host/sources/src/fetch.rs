//! From a pin to a checked file in the cache: `CACHE/sources/SHA256-NAME`.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::apt::{self, Answer};
use crate::cargo::{self, Cargo};
use crate::scratch::{self, Scratch};
use crate::{Attempt, Error, Lock, Outcome, Pin, Progress, Result, Step, WrongHash, digest};

/// How long a pin that no address has is not asked for again, when another pin of its source is at hand.
const GONE_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The sources that a lock names, kept in a cache.
pub struct Sources {
    dir: PathBuf,
    lock: Lock,
    mirrors: OnceLock<Vec<String>>,
    /// Addresses that nobody answered at: each costs apt a minute of patience, so none is asked twice.
    silent: Mutex<Vec<String>>,
}

/// Where a file can be had.
enum Place<'a> {
    /// Where its address begins, which is a mirror's or the whole, and the rest.
    Web(&'a str, &'a str),
    /// Through cargo, by the crate's name.
    Cargo(&'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Web(whole, "") => f.write_str(whole),
            Place::Web(base, rest) => write!(f, "{}/{rest}", base.trim_end_matches('/')),
            Place::Cargo(_) => f.write_str(cargo::PLACE),
        }
    }
}

impl Sources {
    /// `cache` is the project's cache folder; `mirrors` are package mirrors' addresses, tried in order.
    pub fn new(cache: &Path, lock: Lock, mirrors: Vec<String>) -> Sources {
        Sources {
            dir: scratch::absolute(cache).join("sources"),
            lock,
            mirrors: OnceLock::from(mirrors),
            silent: Mutex::default(),
        }
    }

    /// The same with the host's own mirrors, which apt is asked for once a file has to be fetched.
    pub fn of_host(cache: &Path, lock: Lock) -> Sources {
        Sources {
            dir: scratch::absolute(cache).join("sources"),
            lock,
            mirrors: OnceLock::new(),
            silent: Mutex::default(),
        }
    }

    /// The lock.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// A source's pins, best first; empty when the lock does not list it.
    pub fn pins(&self, name: &str) -> &[Pin] {
        self.lock.pins(name)
    }

    /// Where a pin's file is kept.
    pub fn path(&self, pin: &Pin) -> PathBuf {
        self.dir.join(format!("{}-{}", pin.sha256, pin.basename()))
    }

    /// The pin's file, if it was fetched before. Its length is compared here, its hash again when it is unpacked.
    pub fn cached(&self, pin: &Pin) -> Option<PathBuf> {
        let path = self.path(pin);
        let meta = fs::symlink_metadata(&path).ok()?;
        (meta.is_file() && meta.len() == pin.bytes).then_some(path)
    }

    /// Fetches one pin, from the mirrors first and upstream last; a file in the cache is not fetched again.
    pub fn fetch(&self, name: &str, pin: &Pin, progress: &dyn Fn(Progress<'_>)) -> Result<PathBuf> {
        match self.try_fetch(name, pin, progress)? {
            Ok(path) => Ok(path),
            Err(attempts) => Err(Error::Unavailable {
                name: name.to_owned(),
                attempts,
            }),
        }
    }

    /// Fetches the first pin of a source that can be had.
    ///
    /// A file with a wrong hash ends the search: another version is no answer to a mirror that changes files.
    pub fn fetch_first(
        &self,
        name: &str,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<(&Pin, PathBuf)> {
        let pins = self.pins(name);
        if pins.is_empty() {
            return Err(self.unknown(name));
        }
        let any_cached = pins.iter().any(|pin| self.cached(pin).is_some());
        let mut attempts = Vec::new();
        for pin in pins {
            if any_cached && self.cached(pin).is_none() && self.is_gone(pin) {
                continue;
            }
            match self.try_fetch(name, pin, progress)? {
                Ok(path) => return Ok((pin, path)),
                Err(failed) => attempts.extend(failed),
            }
        }
        Err(Error::Unavailable {
            name: name.to_owned(),
            attempts,
        })
    }

    pub(crate) fn unknown(&self, name: &str) -> Error {
        let known: Vec<&str> = self.lock.sources().iter().map(|s| &*s.name).collect();
        Error::Unknown {
            name: name.to_owned(),
            lock: self.lock.file().to_owned(),
            known: known.join(", "),
        }
    }

    fn mirrors(&self) -> Result<&[String]> {
        if let Some(mirrors) = self.mirrors.get() {
            return Ok(mirrors);
        }
        let archives = alpenglow_builder::apt::archives()?;
        let found: Vec<String> = alpenglow_builder::apt::addresses(&archives)
            .iter()
            .map(|address| format!("{address}/"))
            .collect();
        if found.is_empty() {
            return Err(Error::NoMirror);
        }
        Ok(self.mirrors.get_or_init(|| found))
    }

    /// Every place a pin can be had at, in order.
    fn places<'a>(&'a self, pin: &'a Pin) -> Result<Vec<Place<'a>>> {
        let mut addresses = Vec::new();
        if let Some(name) = &pin.krate {
            return Ok(vec![Place::Cargo(name)]);
        }
        if let Some(path) = &pin.path {
            match self.mirrors() {
                Ok(mirrors) => {
                    addresses.extend(mirrors.iter().map(|mirror| Place::Web(mirror, path)))
                }
                Err(e) if pin.upstream.is_none() => return Err(e),
                Err(_) => {}
            }
        }
        addresses.extend(pin.upstream.as_deref().map(|whole| Place::Web(whole, "")));
        Ok(addresses)
    }

    /// Asks one place for a pin's file.
    fn ask(
        &self,
        place: &Place<'_>,
        pin: &Pin,
        target: &Path,
        done: &dyn Fn(u64),
    ) -> Result<Answer> {
        match place {
            Place::Cargo(name) => {
                Cargo::of_host()?.download(name, &pin.version, &pin.sha256, target)
            }
            Place::Web(base, _) if self.silent().iter().any(|silent| silent == base) => Ok(
                Answer::Failed("not asked, since nobody answered there before".to_owned()),
            ),
            Place::Web(base, _) => {
                let address = place.to_string();
                let answer = apt::download(&address, target, &pin.sha256, pin.bytes, done)?;
                if matches!(answer, Answer::Silent(_)) {
                    self.silent().push((*base).to_owned());
                }
                Ok(answer)
            }
        }
    }

    /// Whether a pin's file can be had now, whatever is in the cache. No more than its beginning is fetched.
    ///
    /// # Errors
    /// [`Error::NoMirror`], [`Error::Tool`], [`Error::Cache`].
    pub fn has(&self, pin: &Pin) -> Result<bool> {
        let scratch = Scratch::new(&self.dir.join("tmp"))?;
        for (number, place) in self.places(pin)?.iter().enumerate() {
            let target = scratch.path().join(format!("probe{number}"));
            let answer = match place {
                Place::Web(..) => apt::probe(&place.to_string(), &target)?,
                Place::Cargo(_) => self.ask(place, pin, &target, &|_| {})?,
            };
            if answer == Answer::File {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The file, or what was tried in vain.
    fn try_fetch(
        &self,
        name: &str,
        pin: &Pin,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<std::result::Result<PathBuf, Vec<Attempt>>> {
        if let Some(path) = self.cached(pin) {
            return Ok(Ok(path));
        }
        let report = |step, done| {
            progress(Progress {
                name,
                version: &pin.version,
                step,
                done,
                total: pin.bytes,
            });
        };
        let tmp = self.dir.join("tmp");
        let lock_file = tmp.join(format!("{}.lock", pin.sha256));
        let _guard = scratch::lock(&lock_file, || report(Step::Waiting, 0))?;
        if let Some(path) = self.cached(pin) {
            return Ok(Ok(path));
        }

        let scratch = Scratch::new(&tmp)?;
        let mut attempts = Vec::new();
        let mut wrong = None;
        for place in self.places(pin)? {
            let address = place.to_string();
            let target = scratch.path().join("file");
            let answer = self.ask(&place, pin, &target, &|done| {
                report(Step::Downloading, done);
            })?;
            let outcome = match answer {
                Answer::File => match self.check(pin, &target, &|done| {
                    report(Step::Checking, done);
                })? {
                    None => return self.keep(pin, &target).map(Ok),
                    Some(got) => Err(got),
                },
                Answer::WrongHash(got) => Err(got),
                Answer::Missing => Ok(Outcome::Missing),
                Answer::Failed(said) | Answer::Silent(said) => Ok(Outcome::Unreachable(said)),
            };
            let _ = fs::remove_file(&target);
            match outcome {
                Ok(outcome) => attempts.push(Attempt {
                    version: pin.version.clone(),
                    address,
                    outcome,
                }),
                // Another mirror may still have the right one.
                Err(got) => {
                    wrong.get_or_insert(WrongHash {
                        name: name.to_owned(),
                        version: pin.version.clone(),
                        address,
                        wanted: pin.sha256.clone(),
                        got,
                    });
                }
            }
        }
        if let Some(error) = wrong {
            return Err(Error::WrongHash(Box::new(error)));
        }
        if !attempts.is_empty() && attempts.iter().all(|a| a.outcome == Outcome::Missing) {
            self.set_gone(pin);
        }
        Ok(Err(attempts))
    }

    /// None if the file is the pin's, else what was found instead.
    fn check(&self, pin: &Pin, file: &Path, read: &dyn Fn(u64)) -> Result<Option<String>> {
        let failed = || Error::cache("read", file);
        let mut open = File::open(file).map_err(failed())?;
        let got = digest::of_file(&mut open, read).map_err(failed())?;
        if got != pin.sha256 {
            return Ok(Some(got));
        }
        let bytes = open.metadata().map_err(failed())?.len();
        Ok((bytes != pin.bytes).then(|| {
            format!(
                "{got}, but {bytes} bytes where {} says {}: correct the lock",
                self.lock.file().display(),
                pin.bytes
            )
        }))
    }

    /// Moves a checked file to its place, to stay there.
    fn keep(&self, pin: &Pin, file: &Path) -> Result<PathBuf> {
        let path = self.path(pin);
        File::open(file)
            .and_then(|file| file.sync_all())
            .map_err(Error::cache("write to", file))?;
        fs::rename(file, &path).map_err(Error::cache("create", &path))?;
        scratch::sync_dir(&self.dir)?;
        let _ = fs::remove_file(self.gone_mark(pin));
        Ok(path)
    }

    fn silent(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gone_mark(&self, pin: &Pin) -> PathBuf {
        self.dir.join("tmp").join(format!("{}.gone", pin.sha256))
    }

    fn set_gone(&self, pin: &Pin) {
        // Only a saving: without the mark the next run asks again.
        let _ = fs::write(self.gone_mark(pin), "");
    }

    fn is_gone(&self, pin: &Pin) -> bool {
        fs::metadata(self.gone_mark(pin))
            .and_then(|meta| meta.modified())
            .is_ok_and(|time| time.elapsed().is_ok_and(|age| age < GONE_FOR))
    }
}
