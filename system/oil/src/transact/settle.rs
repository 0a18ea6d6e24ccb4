//! Settles what unpacked packages do to what is there: who gets which path, what is protected, what goes.
//!
//! Reads the live tree and writes the area alone. Everything that stands in the way is found here.

mod arrive;
mod leave;

use super::area::Area;
use super::claims::{ByPath, Claims, Mixed, Verdict, join, verdict};
use super::conflicts::Conflicts;
use super::manifest::{Manifest, Part};
use super::options::Options;
use super::place::{Directories, split};
use super::protect::Known;
use super::trees::{Trees, Whole};
use super::unpack::name_of;
use super::watch::{Event, Watch};
use crate::database::installed::Installed;
use crate::database::record::Record;
use crate::error::{Error, Result};
use crate::package::Info;
use crate::protected_paths::ProtectedPaths;
use rustix::fs::FileType;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A step as far as it matters here.
pub struct Task {
    /// The place in the database of the package that goes.
    pub old: Option<usize>,
    /// The package that comes.
    pub new: Option<Info>,
    /// Under what tag the old one stays, if it does.
    pub pinned: Option<Option<String>>,
}

/// What became of it.
pub struct Settled {
    /// Steps whose old files have to go first.
    pub early: HashSet<usize>,
    /// Directories that are kept whole.
    pub trees: Trees,
}

/// What it works with.
pub struct Settling<'s> {
    area: &'s Area<'s>,
    installed: &'s Installed,
    tasks: &'s [Task],
    options: &'s Options,
    watch: &'s dyn Watch,
    protected: ProtectedPaths,
    directories: Directories<'s>,
    claims: Claims,
    /// What the database has of files that new ones take the place of.
    replaced: ByPath<Known>,
    /// Files that packages that stay lose.
    lost: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Directories of packages that go, and their steps.
    leaving: ByPath<u32>,
    /// Directories that may be kept whole.
    whole: Whole,
    /// Those that are, by step.
    trees: Trees,
    /// Steps with packages that go, and the lines of what goes.
    parting: Vec<(usize, Vec<u8>)>,
    /// Steps whose old files have to go before the new ones come.
    early: HashSet<usize>,
    /// What the directories that nobody has afterwards are, and the last step that has them.
    unneeded: ByPath<u32>,
    /// Files that go, and with which step; made when it is first asked for.
    gone: Option<ByPath<u32>>,
    /// A directory that is not there, and so nothing below it.
    missing: Vec<u8>,
    conflicts: Conflicts,
}

impl<'s> Settling<'s> {
    pub fn new(
        area: &'s Area<'s>,
        installed: &'s Installed,
        tasks: &'s [Task],
        options: &'s Options,
        watch: &'s dyn Watch,
    ) -> Result<Self> {
        let root = area.root();
        let protected = ProtectedPaths::read(root.path()).map_err(Error::file(root.path()))?;
        Ok(Self {
            area,
            installed,
            tasks,
            options,
            watch,
            protected,
            directories: Directories::new(root),
            claims: Claims::default(),
            replaced: ByPath::default(),
            lost: BTreeMap::new(),
            leaving: ByPath::default(),
            whole: Whole::default(),
            trees: Trees::new(),
            parting: Vec::new(),
            early: HashSet::new(),
            unneeded: ByPath::default(),
            gone: None,
            missing: Vec::new(),
            conflicts: Conflicts::default(),
        })
    }

    /// Does all of it.
    pub fn run(mut self) -> Result<Settled> {
        for step in 0..self.tasks.len() {
            self.claim(step)?;
        }
        self.rivals()?;
        for step in 0..self.tasks.len() {
            self.leave(step)?;
        }
        self.write_gone()?;
        self.mixed()?;
        for step in 0..self.tasks.len() {
            self.arrive(step)?;
        }
        if !self.conflicts.is_empty() {
            return Err(Error::Conflicts(self.conflicts));
        }
        self.edits()?;
        Ok(Settled {
            early: self.early,
            trees: self.trees,
        })
    }

    fn manifest(&self, step: usize) -> Result<Manifest> {
        Manifest::read(&self.area.path(&name_of(step, "manifest")))
    }

    /// Whether `new` gets a path that `owner` has.
    fn gets(&mut self, owner: &Info, new: &Info, path: &[u8]) -> bool {
        match verdict(owner, new) {
            Verdict::Taken => true,
            Verdict::Kept => false,
            Verdict::Conflict => {
                let (package, path) = (title(new), String::from_utf8_lossy(path));
                let text = format!(
                    "{package}: trying to overwrite {path} owned by {}.",
                    title(owner)
                );
                if self.options.force_overwrite {
                    self.watch.tell(Event::Warning(&text));
                } else {
                    self.watch.tell(Event::Error(&text));
                    self.conflicts.packages.insert(package);
                    self.conflicts.owners.insert(owner.name.clone());
                    self.conflicts.files += 1;
                }
                self.options.force_overwrite
            }
        }
    }

    /// A place that is taken by something of another kind.
    fn refuse(&mut self, step: usize, what: &str, path: &[u8], why: &str) {
        let (package, path) = (self.package(step), String::from_utf8_lossy(path));
        let text = format!("{package}: failed to {what} {path}: {why}");
        self.watch.tell(Event::Error(&text));
        self.conflicts.packages.insert(package);
        self.conflicts.places += 1;
    }

    fn claim(&mut self, step: usize) -> Result<()> {
        let tasks = self.tasks;
        let Some(new) = &tasks[step].new else {
            return Ok(());
        };
        let manifest = self.manifest(step)?;
        let mut claims = std::mem::take(&mut self.claims);
        claims.add(step, &manifest, |earlier, path| {
            let owner = tasks[earlier].new.as_ref();
            Ok(owner.is_none_or(|owner| self.gets(owner, new, path)))
        })?;
        self.claims = claims;
        Ok(())
    }

    /// What a new package has as a directory and another one as a file.
    fn mixed(&mut self) -> Result<()> {
        for Mixed {
            step,
            path,
            is_folder,
        } in std::mem::take(&mut self.claims.mixed)
        {
            // Through a link that is there already both are to be had.
            if self.directories.get(&path).is_ok() && self.look(&path)? == Some(FileType::Symlink) {
                continue;
            }
            let hash = self.claims.paths.whole(&path);
            if is_folder {
                let other = self.claims.files.get(&hash).copied().unwrap_or_default();
                let why = format!("Not a directory in {}", self.package(other as usize));
                self.refuse(step, "extract", &path, &why);
                continue;
            }
            let mut why = "Is a directory".to_owned();
            for earlier in (0..step).filter(|&step| self.tasks[step].new.is_some()) {
                let manifest = self.manifest(earlier)?;
                let has_it = |part: Result<Part>| matches!(part, Ok(Part::Folder(folder)) if folder.path == path);
                if manifest.parts().any(has_it) {
                    why = format!("Is a directory in {}", self.package(earlier));
                }
            }
            self.refuse(step, "commit", &path, &why);
        }
        Ok(())
    }

    /// Files of packages that stay.
    fn rivals(&mut self) -> Result<()> {
        if self.claims.files.is_empty() {
            return Ok(());
        }
        let going: HashSet<usize> = self.going().map(|(place, _)| place).collect();
        let mut met = Vec::new();
        self.installed.each_file(|package, _, _, directory, name| {
            let hash = self.claims.paths.hash(directory, name);
            if let Some(&step) = self.claims.files.get(&hash)
                && !going.contains(&package)
            {
                met.push((package, step, hash, join(directory, name)));
            }
        });
        let tasks = self.tasks;
        for (package, step, hash, path) in met {
            let owner = self.installed.metadata(package)?.info;
            let new = tasks[step as usize].new.as_ref();
            if new.is_some_and(|new| self.gets(&owner, new, &path)) {
                let record = self.installed.record(package)?;
                if let Some(known) = known_of(&record, &path) {
                    self.replaced.insert(hash, known);
                }
                self.lost.entry(package).or_default().push(path);
            } else {
                self.claims.dropped.insert((step, hash));
            }
        }
        Ok(())
    }

    /// Places of the packages that go or come anew, and their steps.
    fn going(&self) -> impl Iterator<Item = (usize, usize)> + use<'s> {
        self.tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| task.pinned.is_none())
            .filter_map(|(step, task)| Some((task.old?, step)))
    }

    fn look(&mut self, path: &[u8]) -> Result<Option<FileType>> {
        let looked = self.directories.look(path);
        let looked = looked.map_err(|error| self.area.root().error(path, error))?;
        Ok(looked.map(|statx| FileType::from_raw_mode(statx.stx_mode.into())))
    }

    fn package(&self, step: usize) -> String {
        self.tasks[step].new.as_ref().map(title).unwrap_or_default()
    }

    /// Writes the records of packages that stay but not as they are.
    fn edits(&mut self) -> Result<()> {
        let mut lost = std::mem::take(&mut self.lost);
        let pinned: HashMap<usize, &Option<String>> = self
            .tasks
            .iter()
            .filter_map(|task| Some((task.old?, task.pinned.as_ref()?)))
            .collect();
        for place in pinned.keys() {
            lost.entry(*place).or_default();
        }
        let mut out = Vec::new();
        for (place, paths) in lost {
            let mut record = self.installed.record(place)?;
            if let Some(tag) = pinned.get(&place) {
                record.tag.clone_from(tag);
            }
            for path in paths {
                let (directory, name) = split(&path);
                for one in &mut record.directories {
                    if one.path == directory {
                        one.files.retain(|file| file.name != name);
                    }
                }
            }
            record.write(&mut out);
        }
        self.area.write("edits", &out)
    }
}

/// `name-version`.
fn title(info: &Info) -> String {
    format!("{}-{}", info.name, info.version.as_str())
}

fn known_of(record: &Record, path: &[u8]) -> Option<Known> {
    let (directory, name) = split(path);
    let directory = record
        .directories
        .iter()
        .find(|one| one.path == directory)?;
    let file = directory.files.iter().find(|file| file.name == name)?;
    Some(Known {
        digest: file.digest,
        sha256: record.flags.sha256,
        mode: file.acl.mode,
    })
}
