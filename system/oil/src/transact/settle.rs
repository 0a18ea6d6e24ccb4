//! Settles what unpacked packages do to what is there: who gets which path, what is protected, what goes.
//!
//! Reads the live tree and writes the area alone. Everything that stands in the way is found here.

use super::area::Area;
use super::claims::{Claims, Verdict, join, verdict};
use super::manifest::{Action, Builder, Folder, Item, Manifest, Part};
use super::options::Options;
use super::place::{Directories, split};
use super::protect::{self, Known};
use super::trees::Whole;
use super::unpack::name_of;
use super::watch::{Event, Watch};
use crate::database::installed::Installed;
use crate::database::record::{Acl, Record};
use crate::error::{Error, Result};
use crate::history::store::Content;
use crate::package::Info;
use crate::protected_paths::ProtectedPaths;
use rustix::fs::FileType;
use rustix::io::Errno;
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
    replaced: HashMap<u64, Known>,
    /// Files that packages that stay lose.
    lost: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Directories of packages that go, and their steps.
    leaving: HashMap<u64, u32>,
    /// Directories that may be kept whole.
    whole: Whole,
    /// Steps whose old files have to go before the new ones come.
    early: HashSet<usize>,
    /// A directory that is not there, and so nothing below it.
    missing: Vec<u8>,
    in_the_way: usize,
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
            replaced: HashMap::new(),
            lost: BTreeMap::new(),
            leaving: HashMap::new(),
            whole: Whole::default(),
            early: HashSet::new(),
            missing: Vec::new(),
            in_the_way: 0,
        })
    }

    /// Does all of it. The steps whose old files have to go first.
    pub fn run(mut self) -> Result<HashSet<usize>> {
        for step in 0..self.tasks.len() {
            self.claim(step)?;
        }
        self.rivals()?;
        for step in 0..self.tasks.len() {
            self.leave(step)?;
        }
        self.unneeded_folders()?;
        for step in 0..self.tasks.len() {
            self.arrive(step)?;
        }
        if self.in_the_way > 0 {
            return Err(Error::Conflicts(self.in_the_way));
        }
        self.edits()?;
        Ok(self.early)
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
                let text = format!(
                    "{}-{}: trying to overwrite {} owned by {}-{}.",
                    new.name,
                    new.version.as_str(),
                    String::from_utf8_lossy(path),
                    owner.name,
                    owner.version.as_str()
                );
                if self.options.force_overwrite {
                    self.watch.tell(Event::Warning(&text));
                } else {
                    self.refuse(&text);
                }
                self.options.force_overwrite
            }
        }
    }

    fn refuse(&mut self, text: &str) {
        self.watch.tell(Event::Error(text));
        self.in_the_way += 1;
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

    /// Writes what of an old package goes, and notes what is replaced.
    fn leave(&mut self, step: usize) -> Result<()> {
        let task = &self.tasks[step];
        let (Some(place), None) = (task.old, &task.pinned) else {
            return Ok(());
        };
        let record = self.installed.record(place)?;
        let mut gone = Builder::default();
        for directory in &record.directories {
            let hash = self.claims.paths.whole(&directory.path);
            self.leaving.insert(hash, step as u32);
            let volume = match self.options.generations {
                0 => 0,
                _ => self.area.volume_of(&directory.path)?,
            };
            gone.folder(&Folder {
                path: &directory.path,
                acl: Acl::of_root(0o755),
                owner: None,
                volume,
            });
            let mut all = task.new.is_none() && self.options.generations > 0 && volume == 0;
            for file in &directory.files {
                let hash = self.claims.paths.hash(&directory.path, &file.name);
                let known = Known {
                    digest: file.digest,
                    sha256: record.flags.sha256,
                    mode: file.acl.mode,
                };
                if self.claims.files.contains_key(&hash) {
                    self.replaced.insert(hash, known);
                    all = false;
                    continue;
                }
                all &= self.leave_file(&mut gone, &directory.path, &file.name, known)?;
            }
            self.whole.goes(step, &directory.path, all);
        }
        self.area.write(&name_of(step, "gone"), &gone.text)
    }

    /// Whether it is kept, whatever it is now.
    fn leave_file(
        &mut self,
        gone: &mut Builder,
        directory: &[u8],
        name: &[u8],
        known: Known,
    ) -> Result<bool> {
        let item = |keep| Item {
            name,
            acl: Acl::of_root(0o644),
            digest: None,
            owner: None,
            number: 0,
            action: Action::Place,
            keep,
        };
        let path = join(directory, name);
        let is_protected = protect::is_protected(&self.protected, &path);
        if is_protected {
            let beside = [name, b".apk-new"].concat();
            if self.look(&join(directory, &beside))?.is_some() {
                gone.gone(&Item {
                    name: &beside,
                    ..item(None)
                });
            }
            if !self.options.purge {
                let found = protect::on_disk(&mut self.directories, &path)?;
                if found.is_some_and(|found| !protect::agrees(known, &found)) {
                    return Ok(false);
                }
            }
        }
        let keep = Content::of(known.digest, known.mode).filter(|_| self.options.generations > 0);
        gone.gone(&item(keep));
        Ok(keep.is_some() && !is_protected)
    }

    fn look(&mut self, path: &[u8]) -> Result<Option<FileType>> {
        let looked = self.directories.look(path);
        let looked = looked.map_err(|error| self.area.root().error(path, error))?;
        Ok(looked.map(|statx| FileType::from_raw_mode(statx.stx_mode.into())))
    }

    /// Writes, for each step with a package that goes, the directories that nobody has afterwards, the deepest first.
    fn unneeded_folders(&mut self) -> Result<()> {
        let mut unneeded = std::mem::take(&mut self.leaving);
        let all = unneeded.clone();
        unneeded.retain(|hash, _| !self.claims.folders.contains(hash));
        let going: HashSet<usize> = self.going().map(|(place, _)| place).collect();
        if !unneeded.is_empty() {
            self.installed.each_folder(|package, path| {
                if !going.contains(&package) {
                    unneeded.remove(&self.claims.paths.whole(path));
                    self.whole.stays(path);
                }
            });
        }
        let whole = std::mem::take(&mut self.whole);
        let trees = whole.topmost(|path| unneeded.contains_key(&self.claims.paths.whole(path)));
        for (step, paths) in trees {
            let text = paths.join(&b'\n');
            self.area.write(&name_of(step, "trees"), &text)?;
        }
        for (_, step) in self.going() {
            let gone = Manifest::read(&self.area.path(&name_of(step, "gone")))?;
            let mut folders = Vec::new();
            for part in gone.parts() {
                if let Part::Folder(folder) = part?
                    && !folder.path.is_empty()
                    && unneeded.contains_key(&self.claims.paths.whole(folder.path))
                {
                    folders.push([folder.path, b"\n"].concat());
                }
            }
            folders.sort_by(|one, other| other.cmp(one));
            if !folders.is_empty() {
                self.area
                    .write(&name_of(step, "folders"), &folders.concat())?;
            }
        }
        self.leaving = all;
        Ok(())
    }

    /// Decides about each new file of a step.
    fn arrive(&mut self, step: usize) -> Result<()> {
        if self.tasks[step].new.is_none() {
            return Ok(());
        }
        let manifest = self.manifest(step)?;
        let sha256 = Record::parse(manifest.head())
            .map_err(|fault| Error::Make(fault.reason))?
            .flags
            .sha256;
        let mut changes: HashMap<u32, Option<(Action, bool)>> = HashMap::new();
        let mut folder: &[u8] = &[];
        let mut is_there = false;
        for part in manifest.parts() {
            let item = match part? {
                Part::Folder(next) => {
                    folder = next.path;
                    is_there = self.enter(step, folder)?;
                    continue;
                }
                Part::Item(item) => item,
            };
            let hash = self.claims.paths.hash(folder, item.name);
            if self.claims.dropped.contains(&(step as u32, hash)) {
                changes.insert(item.number, None);
                continue;
            }
            if !is_there {
                continue;
            }
            let path = join(folder, item.name);
            let old = self.replaced.get(&hash).copied();
            let mut action = Action::Place;
            if self.options.overlay.contains(&path) {
                action = Action::Leave;
            } else if protect::is_protected(&self.protected, &path) {
                let new = Known {
                    digest: item.digest,
                    sha256,
                    mode: item.acl.mode,
                };
                let clean = self.options.clean_protected;
                action = protect::action(&mut self.directories, &path, old, new, clean)?;
            }
            if old.is_none() && self.look(&path)? == Some(FileType::Directory) {
                if self.leaving.get(&self.claims.paths.whole(&path)) == Some(&(step as u32)) {
                    self.early.insert(step);
                } else {
                    let package = self.package(step);
                    let path = String::from_utf8_lossy(&path).into_owned();
                    self.refuse(&format!(
                        "{package}: failed to commit {path}: Is a directory"
                    ));
                }
            }
            let same = |old: Known| {
                old.sha256 == sha256 && old.digest == item.digest && old.mode == item.acl.mode
            };
            let keep = action == Action::Place
                && self.options.generations > 0
                && old.is_some_and(|old| old.digest.is_some() && !same(old));
            if keep || action != Action::Place {
                changes.insert(item.number, Some((action, keep)));
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let mut out = Builder::new(manifest.head());
        let mut folder: &[u8] = &[];
        for part in manifest.parts() {
            match part? {
                Part::Folder(next) => {
                    folder = next.path;
                    out.folder(&next);
                }
                Part::Item(mut item) => match changes.get(&item.number) {
                    Some(None) => {}
                    None => out.item(&item),
                    Some(Some((action, keep))) => {
                        let hash = self.claims.paths.hash(folder, item.name);
                        item.action = *action;
                        item.keep = self
                            .replaced
                            .get(&hash)
                            .filter(|_| *keep)
                            .and_then(|old| Content::of(old.digest, old.mode));
                        out.item(&item);
                    }
                },
            }
        }
        self.area.write(&name_of(step, "manifest"), &out.text)
    }

    fn package(&self, step: usize) -> String {
        self.tasks[step]
            .new
            .as_ref()
            .map_or_else(String::new, |info| {
                format!("{}-{}", info.name, info.version.as_str())
            })
    }

    /// Whether a directory of a new package is there. A file in its place must be one that goes with this step.
    fn enter(&mut self, step: usize, folder: &[u8]) -> Result<bool> {
        let below = folder.strip_prefix(self.missing.as_slice());
        if !self.missing.is_empty() && below.is_some_and(|rest| rest.starts_with(b"/")) {
            return Ok(false);
        }
        match self.directories.get(folder) {
            Ok(_) => return Ok(true),
            Err(Errno::NOENT) if self.look(folder)?.is_none() => {
                folder.clone_into(&mut self.missing);
                return Ok(false);
            }
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(error) => return Err(self.area.root().error(folder, error)),
        }
        let record = match self.tasks[step].old {
            Some(place) => self.installed.record(place)?,
            None => Record::default(),
        };
        let mut path = folder;
        while !path.is_empty() {
            if known_of(&record, path).is_some() {
                self.early.insert(step);
                return Ok(false);
            }
            path = split(path).0;
        }
        let package = self.package(step);
        let path = String::from_utf8_lossy(folder).into_owned();
        self.refuse(&format!(
            "{package}: failed to extract {path}: Not a directory"
        ));
        Ok(false)
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
