//! What goes: the files of packages that leave or are replaced, and the directories that nobody has afterwards.

use super::super::claims::{ByPath, join};
use super::super::manifest::{self, Action, Builder, Folder, Item, Manifest, Part};
use super::super::protect::{self, Known};
use super::super::unpack::name_of;
use super::super::xattrs::Xattrs;
use super::Settling;
use crate::database::installed::{self, join_into};
use crate::database::record::Acl;
use crate::error::Result;
use crate::history::store::Content;
use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::collections::HashSet;

impl Settling<'_> {
    /// Notes what of an old package goes, and what is replaced.
    pub(super) fn leave(&mut self, step: usize) -> Result<()> {
        let task = &self.tasks[step];
        let (Some(place), None) = (task.old, &task.pinned) else {
            return Ok(());
        };
        let is_removed = task.new.is_none();
        let sha256 = self.installed.metadata(place)?.flags.sha256;
        let mut gone = Builder::default();
        // The directory; whether all of it is kept; and the path of a file in it.
        let mut folder: (&[u8], bool) = (&[], false);
        let mut path = Vec::new();
        for part in manifest::of_installed(self.installed, place) {
            let file = match part? {
                Part::Folder(next) => {
                    if !gone.text.is_empty() {
                        self.whole.goes(step, folder.0, folder.1);
                    }
                    folder = (next.path, self.leave_folder(&mut gone, step, next.path)?);
                    folder.1 &= is_removed;
                    continue;
                }
                Part::Item(file) => file,
            };
            let known = Known {
                digest: file.digest,
                sha256,
                mode: file.acl.mode,
            };
            if !self.claims.files.is_empty() {
                let hash = self.claims.paths.hash(folder.0, file.name);
                if self.claims.files.contains_key(&hash) {
                    self.replaced.insert(hash, known);
                    folder.1 = false;
                    continue;
                }
            }
            join_into(&mut path, folder.0, file.name);
            folder.1 &= self.leave_file(&mut gone, &path, file.name, known)?;
        }
        if !gone.text.is_empty() {
            self.whole.goes(step, folder.0, folder.1);
        }
        self.parting.push((step, gone.text));
        Ok(())
    }

    /// Notes a directory of an old package. Whether it may be kept as a whole.
    fn leave_folder(&mut self, gone: &mut Builder, step: usize, path: &[u8]) -> Result<bool> {
        let hash = self.claims.paths.whole(path);
        self.leaving.insert(hash, step as u32);
        let is_kept = self.options.generations > 0;
        let volume = match is_kept {
            true => self.area.volume_of(path)?,
            false => 0,
        };
        gone.folder(&Folder {
            path,
            acl: Acl::of_root(0o755),
            owner: None,
            volume,
            tree: None,
            xattrs: Xattrs::new(),
        });
        Ok(is_kept && volume == 0)
    }

    /// Notes what becomes of an old file: it goes, or it stays as the administrator changed it. A `.apk-new` beside
    /// it, which no package has, goes with it. Whether it is kept, whatever it is now.
    fn leave_file(
        &mut self,
        gone: &mut Builder,
        path: &[u8],
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
        let is_protected = protect::is_protected(&self.protected, path);
        if is_protected {
            let beside = [name, b".apk-new"].concat();
            if self.look(&[path, b".apk-new"].concat())?.is_some() {
                gone.gone(&Item {
                    name: &beside,
                    ..item(Action::Beside, None)
                });
            }
            if !self.options.purge {
                let found = protect::on_disk(&mut self.directories, path)?;
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

    /// Writes what goes with each step, and of its directories those that nobody has afterwards.
    pub(super) fn write_gone(&mut self) -> Result<()> {
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
        let is_unneeded = |path: &[u8]| unneeded.contains_key(&self.claims.paths.whole(path));
        self.trees = whole.topmost(is_unneeded);
        for (step, lines) in std::mem::take(&mut self.parting) {
            let mut text = Vec::with_capacity(lines.len() + lines.len() / 8);
            let mut line = |letter: &[u8], path: &[u8]| {
                [letter, path, b"\n"]
                    .iter()
                    .for_each(|part| text.extend_from_slice(part));
            };
            let trees = self.trees.get(&step).into_iter().flatten();
            trees.for_each(|path| line(b"T:", path));
            let mut folders: Vec<&[u8]> = installed::folders(&lines)
                .filter(|path| !path.is_empty() && is_unneeded(path))
                .collect();
            folders.sort_unstable_by(|one, other| other.cmp(one));
            folders.iter().for_each(|path| line(b"D:", path));
            text.extend_from_slice(&lines);
            self.area.write(&name_of(step, "gone"), &text)?;
        }
        self.unneeded = unneeded;
        Ok(())
    }

    /// The step that takes away the file at a path, if one does.
    pub(super) fn goes_with(&mut self, path: &[u8]) -> Result<Option<usize>> {
        if self.gone.is_none() {
            let mut all = ByPath::default();
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
