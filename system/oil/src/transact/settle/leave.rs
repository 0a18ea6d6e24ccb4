//! What goes: the files of packages that leave or are replaced, and the directories that nobody has afterwards.

use super::super::claims::join;
use super::super::manifest::{Action, Builder, Folder, Item, Manifest, Part};
use super::super::protect::{self, Known};
use super::super::unpack::name_of;
use super::super::xattrs::Xattrs;
use super::Settling;
use crate::database::record::Acl;
use crate::error::Result;
use crate::history::store::Content;
use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};

impl Settling<'_> {
    /// Writes what of an old package goes, and notes what is replaced.
    pub(super) fn leave(&mut self, step: usize) -> Result<()> {
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
                tree: None,
                xattrs: Xattrs::new(),
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

    /// Notes what becomes of an old file: it goes, or it stays as the administrator changed it. A `.apk-new` beside
    /// it, which no package has, goes with it. Whether it is kept, whatever it is now.
    fn leave_file(
        &mut self,
        gone: &mut Builder,
        directory: &[u8],
        name: &[u8],
        known: Known,
    ) -> Result<bool> {
        let item = |action, keep| Item {
            name,
            acl: Acl::of_root(0o644),
            digest: None,
            owner: None,
            number: 0,
            action,
            keep,
        };
        let path = join(directory, name);
        let is_protected = protect::is_protected(&self.protected, &path);
        if is_protected {
            let beside = [name, b".apk-new"].concat();
            if self.look(&join(directory, &beside))?.is_some() {
                gone.gone(&Item {
                    name: &beside,
                    ..item(Action::Beside, None)
                });
            }
            if !self.options.purge {
                let found = protect::on_disk(&mut self.directories, &path)?;
                if found.is_some_and(|found| !protect::agrees(known, &found)) {
                    gone.gone(&item(Action::Leave, None));
                    return Ok(false);
                }
            }
        }
        let keep = Content::of(known.digest, known.mode).filter(|_| self.options.generations > 0);
        gone.gone(&item(Action::Place, keep));
        Ok(keep.is_some() && !is_protected)
    }

    /// Writes, for each step with a package that goes, the directories that nobody has afterwards, the deepest first.
    pub(super) fn unneeded_folders(&mut self) -> Result<()> {
        let mut unneeded = std::mem::take(&mut self.leaving);
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
        self.unneeded = unneeded;
        Ok(())
    }

    /// The step that takes away the file at a path, if one does.
    pub(super) fn goes_with(&mut self, path: &[u8]) -> Result<Option<usize>> {
        if self.gone.is_none() {
            let mut all = HashMap::new();
            for (_, step) in self.going() {
                let gone = Manifest::read(&self.area.path(&name_of(step, "gone")))?;
                let mut folder: &[u8] = &[];
                for part in gone.parts() {
                    match part? {
                        Part::Folder(next) => folder = next.path,
                        Part::Item(item) if item.action == Action::Leave => {}
                        Part::Item(item) => {
                            let hash = self.claims.paths.hash(folder, item.name);
                            all.insert(hash, step as u32);
                        }
                    }
                }
            }
            self.gone = Some(all);
        }
        let hash = self.claims.paths.whole(path);
        let step = self.gone.as_ref().and_then(|gone| gone.get(&hash));
        Ok(step.map(|&step| step as usize))
    }

    /// The step with which a directory that is there is gone, with all that is in it, if it ever is.
    pub(super) fn folder_goes_with(&mut self, path: &[u8]) -> Result<Option<usize>> {
        let hash = self.claims.paths.whole(path);
        let Some(&step) = self.unneeded.get(&hash) else {
            return Ok(None);
        };
        let mut last = step as usize;
        let root = self.area.root();
        let at = |error: Errno| root.error(path, error);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let fd = root.open_at(path, flags, Mode::empty()).map_err(at)?;
        for entry in Dir::read_from(&fd).map_err(at)? {
            let entry = entry.map_err(at)?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let inside = join(path, name);
            let goes = match self.look(&inside)? {
                Some(FileType::Directory) => self.folder_goes_with(&inside)?,
                _ => self.goes_with(&inside)?,
            };
            match goes {
                Some(step) => last = last.max(step),
                None => return Ok(None),
            }
        }
        Ok(Some(last))
    }
}
