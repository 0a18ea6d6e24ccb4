//! What upstream has newer than the pins of the lock, and new pins of it.
//!
//! Debian's suites are looked up through an apt of our own ([`suites`]), crates through cargo. What an index lists may
//! be gone from the mirror, so each answer is asked for before it is told, and fetched whole, by the hash that the
//! index gives, before the lock is changed.

mod listed;
mod prepend;
mod suites;
mod version;

use std::cmp::Ordering;
use std::path::Path;

use crate::cargo::{self, Cargo, Found};
use crate::cargo_lock;
use crate::scratch::Scratch;
use crate::{Error, Lock, Pin, Progress, Result, Sources};

pub use listed::Asked;
use suites::Suites;
pub use version::compare;

/// What there is of a source beside its pins.
#[derive(Debug)]
pub struct News {
    /// The source's name.
    pub name: String,
    /// Its first pin.
    pub pinned: Pin,
    /// Whether a mirror still has it.
    pub there: bool,
    /// The newest that is newer than every pin and can be fetched.
    pub newer: Option<Pin>,
    /// What else is to be said: versions that are listed and gone, other series.
    pub notes: Vec<String>,
}

/// Looks for newer versions.
pub struct Update<'a> {
    sources: &'a Sources,
    suites: Suites,
    cache: &'a Path,
}

impl<'a> Update<'a> {
    /// Looks with the mirrors of `sources`, whose indexes are kept in `cache`.
    pub fn new(sources: &'a Sources, cache: &'a Path) -> Update<'a> {
        Update {
            sources,
            suites: Suites::new(cache),
            cache,
        }
    }

    /// Fetches the indexes of Debian's suites if one of these sources needs them; returns what is to be said about
    /// them: suites that the mirror does not have, or whose date has passed.
    ///
    /// # Errors
    /// [`Error::Suites`] when no index can be had.
    pub fn refresh(&self, names: &[String]) -> Result<Vec<String>> {
        let from_debian = |name: &String| {
            let pins = self.sources.pins(name);
            let asked = pins.first().and_then(Asked::of);
            asked.is_some_and(|asked| !matches!(asked, Asked::Crate(_)))
        };
        if names.iter().any(from_debian) {
            self.suites.refresh()
        } else {
            Ok(Vec::new())
        }
    }

    /// What there is of one source.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a name that the lock does not list; [`Error::Suites`], [`Error::Cargo`].
    pub fn news(&self, name: &str) -> Result<News> {
        let pins = self.sources.pins(name);
        let Some(pinned) = pins.first().cloned() else {
            return Err(self.sources.unknown(name));
        };
        let mut news = News {
            name: name.to_owned(),
            there: self.sources.has(&pinned)?,
            pinned,
            newer: None,
            notes: Vec::new(),
        };
        let Some(asked) = Asked::of(&news.pinned) else {
            let note = "has an upstream address alone, which no index lists: look there yourself";
            news.notes.push(note.to_owned());
            return Ok(news);
        };
        for mut pin in self.candidates(&asked, &news.pinned)? {
            let known = |old: &Pin| compare(&pin.version, &old.version) != Ordering::Greater;
            if pins.iter().any(known) {
                break;
            }
            if self.sources.has(&pin)? {
                pin.unpack = news.pinned.unpack.clone();
                news.newer = Some(pin);
                break;
            }
            news.notes
                .push(format!("{} is listed, but no mirror has it", pin.version));
        }
        if let Asked::Binary(package) = &asked
            && let Some((series, newest)) = self.suites.later_series(package)?
        {
            news.notes.push(format!(
                "there is {series} {newest} as well: another series, whose pins are written by hand"
            ));
        }
        Ok(news)
    }

    /// Every version that is listed, newest first.
    fn candidates(&self, asked: &Asked, pinned: &Pin) -> Result<Vec<Pin>> {
        let mut pins = match asked {
            Asked::Crate(name) => vec![self.newest_crate(name)?],
            Asked::Binary(package) => listed::binaries(&self.suites.show(package)?, package),
            Asked::Source(source) => {
                listed::sources(&self.suites.show_source(source)?, source, pinned)
            }
        };
        pins.sort_by(|one, other| compare(&other.version, &one.version));
        pins.dedup_by(|one, other| one.version == other.version);
        Ok(pins)
    }

    /// The newest version of a crate: what cargo takes for a package that asks for any.
    fn newest_crate(&self, name: &str) -> Result<Pin> {
        let scratch = Scratch::new(&self.cache.join("sources/tmp"))?;
        let package = scratch.path().join("package");
        cargo::depend(&package, name, "*")?;
        let cargo = Cargo::of_host()?;
        for word in ["generate-lockfile", "fetch"] {
            let mut command = cargo.command(&package);
            command.arg(word);
            if let Err(said) = cargo.run(command)? {
                let doing = format!("look for crate {name}");
                return Err(Error::Cargo { doing, said });
            }
        }
        let lock = package.join("Cargo.lock");
        let named = cargo_lock::read(&lock)?;
        let newest = named
            .into_iter()
            .filter(|one| one.name == name)
            .max_by(|one, other| compare(&one.version, &other.version));
        let missing = |problem: &str| Error::Cargo {
            doing: format!("look for crate {name}"),
            said: problem.to_owned(),
        };
        let newest = newest.ok_or_else(|| missing("its lock does not name it"))?;
        match cargo.find(name, &newest.version, &newest.sha256)? {
            Found::File(bytes) => Ok(Pin {
                version: newest.version,
                path: None,
                upstream: None,
                krate: Some(name.to_owned()),
                sha256: newest.sha256,
                bytes: bytes.len() as u64,
                unpack: None,
            }),
            _ => Err(missing("it left no .crate file")),
        }
    }

    /// Fetches the newer version whole and puts its pin before the others in the lock's file; comments and order
    /// stay. Returns whether there was one.
    ///
    /// # Errors
    /// Those of [`Sources::fetch`]; [`Error::Lock`] when the file is not laid out as it must be.
    pub fn write(&self, news: &News, progress: &dyn Fn(Progress<'_>)) -> Result<bool> {
        let Some(pin) = &news.newer else {
            return Ok(false);
        };
        self.sources.fetch(&news.name, pin, progress)?;
        let file = self.sources.lock().file();
        // What was written for other sources meanwhile is kept.
        let text = std::fs::read_to_string(file).map_err(Error::cache("read", file))?;
        let lock = Lock::parse(&text, file)?;
        let changed = prepend::prepend(&text, &lock, &news.name, pin)?;
        alpenglow_builder::cache::write_whole(file, changed.as_bytes())?;
        Ok(true)
    }
}
