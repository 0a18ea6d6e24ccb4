//! The journal: what a decided transaction has to do, and how far it has come.
//!
//! `journal` in the area is written as a whole and put in its place by a rename: it is there exactly from the instant
//! on that the transaction is decided. `progress` grows by a line with each thing done.

use super::area::Area;
use crate::digest::{Algorithm, Digest};
use crate::error::{Error, Result};
use rustix::fs::OFlags;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

const MARK: &str = "oil transaction 1";
/// The journal's name in the area.
pub const JOURNAL: &str = "journal";
const PROGRESS: &str = "progress";

/// A decided transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// SHA-256 of `installed` before it.
    pub before: Option<Digest>,
    /// Whether scripts run.
    pub scripts: bool,
    /// Whether files are given to their owners.
    pub chown: bool,
    /// Whether the disk is waited for.
    pub sync: bool,
    /// The number that the history has for it.
    pub generation: Option<u64>,
    /// The kernel's run that it was decided in: after another start the disk may have forgotten what was not waited
    /// for, the progress too.
    pub boot: String,
    /// Whether something of the history comes back.
    pub restored: bool,
    /// Its steps.
    pub steps: Vec<Line>,
}

/// A step of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// See [`super::Step::title`].
    pub title: String,
    /// The package's name.
    pub name: String,
    /// Version and identity of what goes.
    pub old: Option<(String, Option<Digest>)>,
    /// Version and identity of what comes.
    pub new: Option<(String, Option<Digest>)>,
    /// What goes must go before what comes.
    pub early: bool,
    /// Nothing but the tag changes.
    pub pinned: bool,
}

impl Journal {
    fn text(&self) -> String {
        let mut text = format!("{MARK}\n");
        let digest = |digest: Option<Digest>| digest.map_or("-".to_owned(), |one| one.to_string());
        let version = |side: &Option<(String, Option<Digest>)>| match side {
            Some((version, identity)) => format!("{version}\t{}", digest(*identity)),
            None => "-\t-".to_owned(),
        };
        let generation = self
            .generation
            .map_or("-".to_owned(), |number| number.to_string());
        // Writing to memory does not fail.
        let _ = writeln!(
            text,
            "{}\t{}\t{}\t{}\t{generation}\t{}\t{}",
            digest(self.before),
            self.scripts,
            self.chown,
            self.sync,
            self.restored,
            self.boot
        );
        for step in &self.steps {
            let _ = writeln!(
                text,
                "{}\t{}\t{}\t{}\t{}\t{}",
                step.name,
                version(&step.old),
                version(&step.new),
                step.early,
                step.pinned,
                step.title.replace(['\n', '\t'], " ")
            );
        }
        text.push_str("end\n");
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix("end\n")?.lines();
        if lines.next()? != MARK {
            return None;
        }
        let digest = |word: &str| match word {
            "-" => Some(None),
            word => Digest::parse(word.as_bytes()).map(Some),
        };
        let mut words = lines.next()?.split('\t');
        let mut journal = Self {
            before: digest(words.next()?)?,
            scripts: words.next()?.parse().ok()?,
            chown: words.next()?.parse().ok()?,
            sync: words.next()?.parse().ok()?,
            generation: words.next()?.parse().ok(),
            restored: words.next()?.parse().ok()?,
            boot: words.next()?.to_owned(),
            steps: Vec::new(),
        };
        for line in lines {
            let mut words = line.splitn(8, '\t');
            let name = words.next()?.to_owned();
            let mut side = || {
                let (version, identity) = (words.next()?, words.next()?);
                let some = version != "-";
                Some(some.then_some((version.to_owned(), digest(identity)?)))
            };
            journal.steps.push(Line {
                name,
                old: side()?,
                new: side()?,
                early: words.next()?.parse().ok()?,
                pinned: words.next()?.parse().ok()?,
                title: words.next()?.to_owned(),
            });
        }
        Some(journal)
    }

    /// Writes it, and thereby decides the transaction.
    pub fn publish(&self, area: &Area) -> Result<()> {
        let beside = area.path("journal.new");
        let place = area.path(JOURNAL);
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(self.text().as_bytes())?;
            if self.sync {
                file.sync_all()?;
            }
            fs::rename(&beside, &place)?;
            if self.sync {
                sync_directory(&place)?;
            }
            Ok(())
        };
        write().map_err(Error::file(&place))
    }

    /// The one that is there, if any.
    pub fn read(area: &Area) -> Result<Option<Self>> {
        let path = area.path(JOURNAL);
        let Some(text) = crate::database::read_if_there(&path)? else {
            return Ok(None);
        };
        let journal = std::str::from_utf8(&text).ok().and_then(Self::parse);
        journal.map(Some).ok_or(Error::Database {
            path,
            line: 1,
            reason: "a journal that this Oil cannot read; the Oil that wrote it can".to_owned(),
        })
    }
}

/// Waits until the disk has the directory of a path.
fn sync_directory(path: &Path) -> std::io::Result<()> {
    File::open(path.parent().unwrap_or(path))?.sync_all()
}

/// The identifier of the kernel's run; empty where /proc does not tell it.
pub fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map_or_else(|_| String::new(), |id| id.trim().to_owned())
}

/// SHA-256 of a file; of nothing if it is not there.
pub fn digest_of(path: &Path) -> Result<Digest> {
    let bytes = crate::database::read_if_there(path)?.unwrap_or_default();
    Ok(Digest::of(Algorithm::Sha256, &bytes))
}

/// What can be wrong with a package after its step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    pub files: bool,
    pub script: bool,
}

/// How far it has come.
#[derive(Debug)]
pub struct Progress {
    file: File,
    done: HashSet<String>,
    /// Steps that something went wrong with.
    pub broken: BTreeMap<usize, Broken>,
    /// Packages whose trigger failed, by identity.
    pub failed_triggers: Vec<Digest>,
    /// SHA-256 of the new `installed`, once it is written.
    pub after: Option<Digest>,
}

impl Progress {
    /// Opens it where it was left; from the beginning if the machine was started anew since.
    pub fn open(area: &Area, journal: &Journal) -> Result<Self> {
        let text = crate::database::read_if_there(&area.path(PROGRESS))?.unwrap_or_default();
        let mut text = String::from_utf8_lossy(&text).into_owned();
        if journal.boot != boot() {
            // The disk was waited for before the database was put in its place.
            let lines = text.split_inclusive('\n');
            text = lines.filter(|line| line.starts_with("database ")).collect();
            area.write(PROGRESS, text.as_bytes())?;
        }
        let mut progress = Self {
            file: area.file(PROGRESS, OFlags::CREATE | OFlags::WRONLY | OFlags::APPEND)?,
            done: HashSet::new(),
            broken: BTreeMap::new(),
            failed_triggers: Vec::new(),
            after: None,
        };
        // A line without its end was cut off, and what it says is done again.
        for line in text
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'))
        {
            progress.note(line);
        }
        if !text.is_empty() && !text.ends_with('\n') {
            progress.add("")?;
        }
        Ok(progress)
    }

    fn note(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("files-broken", step)) => {
                let broken = step
                    .parse()
                    .map(|step| self.broken.entry(step).or_default());
                broken.into_iter().for_each(|broken| broken.files = true);
            }
            Some(("script-broken", step)) => {
                let broken = step
                    .parse()
                    .map(|step| self.broken.entry(step).or_default());
                broken.into_iter().for_each(|broken| broken.script = true);
            }
            Some(("trigger-broken", identity)) => {
                self.failed_triggers
                    .extend(Digest::parse(identity.as_bytes()));
            }
            Some(("database", digest)) => self.after = Digest::parse(digest.as_bytes()),
            _ => {
                self.done.insert(line.to_owned());
            }
        }
    }

    /// Whether a thing has been done.
    pub fn has(&self, what: &str) -> bool {
        self.done.contains(what)
    }

    /// Notes that a thing is done.
    pub fn add(&mut self, what: &str) -> Result<()> {
        self.note(what);
        Ok(self.file.write_all(format!("{what}\n").as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_read() {
        let journal = Journal {
            before: Some(Digest::of(Algorithm::Sha256, b"x")),
            scripts: true,
            generation: Some(7),
            steps: vec![
                Line {
                    title: "Upgrading a (1 -> 2)".into(),
                    name: "a".into(),
                    old: Some(("1".into(), None)),
                    new: Some(("2".into(), Some(Digest::of(Algorithm::Sha1, b"y")))),
                    early: true,
                    pinned: false,
                },
                Line::default(),
            ],
            ..Journal::default()
        };
        assert_eq!(Journal::parse(&journal.text()), Some(journal.clone()));
        for length in 0..journal.text().len() {
            assert_eq!(Journal::parse(&journal.text()[..length]), None, "{length}");
        }
    }
}
