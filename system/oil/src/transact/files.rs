//! Puts the files of a step in their places, and takes away what goes. Everything here can be done again.

use super::area::{AREA, Area};
use super::claims::join;
use super::journal::Line;
use super::manifest::{Action, Builder, Folder, Item, Manifest, Owner, Part, Tree};
use super::owners::Owners;
use super::place::{Directories, split};
use super::trees;
use super::unpack::{name_of, times};
use super::watch::{Event, Watch};
use super::xattrs::{self, Xattrs};
use crate::database::record::Acl;
use crate::error::{Error, Result};
use crate::history::store::Store;
use rustix::fs::{AtFlags, FileType, Gid, Mode, RenameFlags, Uid};
use rustix::io::Errno;
use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};

/// What a directory is called until it is as it shall be.
const UNFINISHED: &[u8] = b".oil-directory";

/// What it works with.
pub struct Placing<'p> {
    pub area: &'p Area<'p>,
    pub directories: Directories<'p>,
    /// Where what is replaced is kept, if it is.
    pub store: Option<Store>,
    /// The number that the history has for the transaction, if it remembers it.
    pub generation: Option<u64>,
    pub chown: bool,
    /// Our own user and group, whose new files are.
    pub own: (u32, u32),
    /// Some of it may have been done before.
    pub again: bool,
    pub watch: &'p dyn Watch,
}

/// What the kernel says of a place that a file cannot have, whatever is tried.
fn is_refused(error: Errno) -> bool {
    use Errno as E;
    matches!(
        error,
        E::ISDIR
            | E::NOTDIR
            | E::NOTEMPTY
            | E::EXIST
            | E::PERM
            | E::ACCESS
            | E::NOENT
            | E::LOOP
            | E::XDEV
            | E::NAMETOOLONG
            | E::TXTBSY
            | E::BUSY
            | E::INVAL
    )
}

/// Directories of trees of a step that were tried: whether they were put in their places whole.
#[derive(Default)]
struct Trees(HashMap<Vec<u8>, bool>);

/// Where in its step's directory a directory of a tree is, by what its path will be.
pub fn staged(tree: Tree, path: &[u8]) -> Vec<u8> {
    [trees::staged(tree.number).as_bytes(), &path[tree.top..]].concat()
}

impl Placing<'_> {
    /// Does a step. Whether all files of it got their places.
    pub fn step(&mut self, step: usize, line: &Line) -> Result<bool> {
        if line.pinned {
            return Ok(true);
        }
        let has_old = line.old.is_some();
        if has_old && line.early {
            self.leave(step)?;
        }
        let well = line.new.is_none() || self.arrive(step, line)?;
        if has_old && !line.early {
            self.leave(step)?;
        }
        Ok(well)
    }

    fn arrive(&mut self, step: usize, line: &Line) -> Result<bool> {
        self.resolve(step)?;
        let manifest = Manifest::read(&self.area.path(&name_of(step, "manifest")))?;
        let package = match &line.new {
            Some((version, _)) => format!("{}-{version}", line.name),
            None => line.name.clone(),
        };
        self.list(&manifest)?;
        let mut well = true;
        let mut folder: &[u8] = &[];
        let mut from: Option<(usize, Option<Tree>, OwnedFd)> = None;
        let (mut volume, mut tree) = (0, None);
        let mut trees = Trees::default();
        let mut is_whole = false;
        for part in manifest.parts() {
            let item = match part? {
                Part::Folder(next) => {
                    folder = next.path;
                    (volume, tree) = (next.volume, next.tree);
                    // What is in a tree is in a directory of its own.
                    from = from.filter(|from| from.1.is_none() && tree.is_none());
                    is_whole = match tree {
                        Some(tree) => self.come(step, volume, tree, folder, &mut trees)?,
                        None => false,
                    };
                    if let Err(error) = self.make(&next) {
                        well &= self.refused(&package, "create", folder, error)?;
                    }
                    continue;
                }
                Part::Item(item) => item,
            };
            if let Action::Stay(Some(time)) = item.action
                && let Err(error) = self.stay(folder, item.name, time)
            {
                let path = join(folder, item.name);
                well &= self.refused(&package, "commit", &path, error)?;
            }
            if matches!(item.action, Action::Leave | Action::Stay(_)) || is_whole {
                continue;
            }
            if from.as_ref().is_none_or(|(open, ..)| *open != volume) {
                let mut fd = self.area.step(volume, step, false)?;
                if let Some(tree) = tree {
                    fd = match trees::open(&fd, &staged(tree, folder)) {
                        Ok(fd) => fd,
                        Err(error) => return Err(self.area.root().error(folder, error)),
                    };
                }
                from = Some((volume, tree, fd));
            }
            let from = &from.as_ref().expect("opened above").2;
            let number = item.number.to_string();
            let staged = match tree {
                Some(_) => item.name,
                None => number.as_bytes(),
            };
            if let Err(error) = self.place(from, staged, folder, &item) {
                let path = join(folder, item.name);
                well &= self.refused(&package, "commit", &path, error)?;
            }
        }
        Ok(well)
    }

    /// Tells the paths of a manifest, if that is wanted.
    fn list(&self, manifest: &Manifest) -> Result<()> {
        if !self.watch.lists_paths() {
            return Ok(());
        }
        let mut folder: &[u8] = &[];
        for part in manifest.parts() {
            match part? {
                Part::Folder(next) => {
                    folder = next.path;
                    if !folder.is_empty() {
                        let (path, is_folder) = (folder, true);
                        self.watch.tell(Event::Path { path, is_folder });
                    }
                }
                Part::Item(item) => self.list_file(folder, item.name),
            }
        }
        Ok(())
    }

    fn list_file(&self, folder: &[u8], name: &[u8]) {
        if self.watch.lists_paths() {
            let (path, is_folder) = (&join(folder, name)[..], false);
            self.watch.tell(Event::Path { path, is_folder });
        }
    }

    /// Tells what a place was refused for; an error if that is not the place's fault.
    fn refused(&self, package: &str, what: &str, path: &[u8], error: Errno) -> Result<bool> {
        if !is_refused(error) {
            return Err(self.area.root().error(path, error));
        }
        let path = String::from_utf8_lossy(path);
        let error = std::io::Error::from(error).to_string();
        let error = error.split(" (os error").next().unwrap_or_default();
        let text = format!("{package}: failed to {what} {path}: {error}");
        self.watch.tell(Event::Error(&text));
        Ok(false)
    }

    fn make(&mut self, folder: &Folder) -> Result<(), Errno> {
        match self.directories.get(folder.path) {
            Ok(_) => return Ok(()),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        let (above, name) = split(folder.path);
        if self.directories.get(above).err() == Some(Errno::NOENT) {
            self.make(&Folder {
                path: above,
                acl: Acl::of_root(0o755),
                owner: None,
                volume: 0,
                tree: None,
                xattrs: Xattrs::new(),
            })?;
        }
        let above = self.directories.get(above)?;
        let acl = folder.acl;
        let owned = self.chown && (acl.uid, acl.gid) != self.own;
        // One that takes several calls to make is made under another name, where one that was cut off left it.
        let whole = acl.mode == 0o755 && !owned && folder.xattrs.is_empty();
        let place = name;
        let name = if whole { place } else { UNFINISHED };
        match rustix::fs::mkdirat(&*above, name, Mode::from_raw_mode(acl.mode & 0o777)) {
            Err(Errno::EXIST) if !whole => {}
            other => other?,
        }
        if owned {
            let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
            rustix::fs::chownat(
                &*above,
                name,
                Some(uid),
                Some(gid),
                AtFlags::SYMLINK_NOFOLLOW,
            )?;
        }
        rustix::fs::chmodat(
            &*above,
            name,
            Mode::from_raw_mode(acl.mode),
            AtFlags::empty(),
        )?;
        if whole {
            return Ok(());
        }
        if let Err(error) = xattrs::set(&*above, name, &folder.xattrs, self.chown) {
            let path = String::from_utf8_lossy(folder.path);
            let text = format!("{path}: its extended attributes could not be set: {error}");
            self.watch.tell(Event::Warning(&text));
        }
        rustix::fs::renameat(&*above, name, &*above, place)
    }

    /// Puts a directory that was unpacked whole, or one above it, in its place. False if both were there already: its
    /// files go there one by one.
    fn come(
        &mut self,
        step: usize,
        volume: usize,
        tree: Tree,
        folder: &[u8],
        trees: &mut Trees,
    ) -> Result<bool> {
        let ends =
            (tree.top..=folder.len()).filter(|&end| matches!(folder.get(end), None | Some(b'/')));
        for path in ends.map(|end| &folder[..end]) {
            match trees.0.get(path) {
                Some(true) => return Ok(true),
                Some(false) => continue,
                None => {}
            }
            let (above, name) = split(path);
            let from = self.area.step(volume, step, false)?;
            let renamed = self.directories.get(above).and_then(|into| {
                let flags = RenameFlags::NOREPLACE;
                rustix::fs::renameat_with(&from, staged(tree, path), &*into, name, flags)
            });
            let is_whole = match renamed {
                Ok(()) => true,
                // It was put there before.
                Err(Errno::NOENT)
                    if self.again && trees::open(&from, &staged(tree, path)).is_err() =>
                {
                    true
                }
                Err(error) if error == Errno::NOSYS || is_refused(error) => false,
                Err(error) => return Err(self.area.root().error(path, error)),
            };
            trees.0.insert(path.to_vec(), is_whole);
            if is_whole {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn place(
        &mut self,
        from: &OwnedFd,
        number: &[u8],
        folder: &[u8],
        item: &Item,
    ) -> Result<(), Errno> {
        let into = self.directories.get(folder)?;
        if self.again {
            let staged = rustix::fs::statat(from, number, AtFlags::SYMLINK_NOFOLLOW);
            if staged.err() == Some(Errno::NOENT) {
                return Ok(());
            }
        }
        if let (Some(content), Some(store)) = (&item.keep, &self.store) {
            store.link(&*into, item.name, content)?;
        }
        match item.action {
            Action::Beside => {
                let name = [item.name, b".apk-new"].concat();
                let text = format!(
                    "  Installing file to {}",
                    String::from_utf8_lossy(&join(folder, &name))
                );
                self.watch.tell(Event::Script(&text));
                rustix::fs::renameat(from, number, &*into, &name)
            }
            Action::Place | Action::Leave | Action::Stay(_) => {
                rustix::fs::renameat(from, number, &*into, item.name)
            }
        }
    }

    /// Gives a file that stays its time.
    fn stay(&mut self, folder: &[u8], name: &[u8], time: u64) -> Result<(), Errno> {
        let into = self.directories.get(folder)?;
        rustix::fs::utimensat(&*into, name, &times(time), AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Gives what is unpacked to owners whose numbers were not known before: a script or a package of this
    /// transaction has brought them.
    fn resolve(&mut self, step: usize) -> Result<()> {
        let path = self.area.path(&name_of(step, "manifest"));
        let manifest = Manifest::read(&path)?;
        let named = |part: &Part| match part {
            Part::Folder(folder) => folder.owner.is_some(),
            Part::Item(item) => item.owner.is_some(),
        };
        if !self.chown || !manifest.parts().flatten().any(|part| named(&part)) {
            return Ok(());
        }
        let owners = Owners::read(self.area.root());
        let mut out = Builder::new(manifest.head());
        let mut changed = false;
        let mut volume = 0;
        let resolve = |acl: &mut Acl, owner: Option<Owner>| {
            let Some(owner) = owner else { return false };
            let (uid, gid) = owners.find(owner.user, owner.group, owner.numbers);
            let other = (uid, gid) != (acl.uid, acl.gid);
            (acl.uid, acl.gid) = (uid, gid);
            other
        };
        for part in manifest.parts() {
            let mut part = part?;
            match &mut part {
                Part::Folder(folder) => {
                    volume = folder.volume;
                    changed |= resolve(&mut folder.acl, folder.owner);
                }
                Part::Item(item) => {
                    if resolve(&mut item.acl, item.owner) {
                        changed = true;
                        let at = |error| self.area.root().error(AREA, error);
                        let from = self.area.step(volume, step, false)?;
                        give(&from, &item.number.to_string(), item.acl).map_err(at)?;
                    }
                }
            }
            out.part(&part);
        }
        if changed {
            // In one instant, as a cut off transaction reads it again.
            let beside = name_of(step, "manifest.new");
            self.area.write(&beside, &out.text)?;
            std::fs::rename(self.area.path(&beside), &path).map_err(Error::file(&path))?;
        }
        Ok(())
    }

    /// Takes away what goes with a step.
    fn leave(&mut self, step: usize) -> Result<()> {
        let gone = Manifest::read(&self.area.path(&name_of(step, "gone")))?;
        let trees = self.leave_trees(step, &gone)?;
        let mut folder: &[u8] = &[];
        let mut is_gone = false;
        let mut parts = gone.parts();
        while let Some(part) = parts.next() {
            let item = match part? {
                Part::Folder(next) => {
                    folder = next.path;
                    is_gone = trees::covers(&trees, folder);
                    if is_gone && !self.watch.lists_paths() {
                        parts.skip_files();
                    }
                    continue;
                }
                Part::Item(item) => item,
            };
            if item.action != Action::Beside {
                self.list_file(folder, item.name);
            }
            if is_gone || item.action == Action::Leave {
                continue;
            }
            let removed = self.directories.get(folder).and_then(|directory| {
                if let (Some(content), Some(store)) = (&item.keep, &self.store) {
                    return store.take(&*directory, item.name, content);
                }
                rustix::fs::unlinkat(&*directory, item.name, AtFlags::empty())
            });
            match removed {
                Err(error) if !is_refused(error) => {
                    return Err(self.area.root().error(&join(folder, item.name), error));
                }
                _ => {}
            }
        }
        let mut is_changed = false;
        for path in gone.fields(b'D') {
            is_changed = true;
            if trees::covers(&trees, path) {
                continue;
            }
            let (above, name) = split(path);
            let removed = self
                .directories
                .get(above)
                .and_then(|above| rustix::fs::unlinkat(&*above, name, AtFlags::REMOVEDIR));
            match removed {
                Err(error) if !is_refused(error) => {
                    return Err(self.area.root().error(path, error));
                }
                _ => {}
            }
        }
        if is_changed {
            self.directories.forget();
        }
        Ok(())
    }
}

impl Placing<'_> {
    /// Keeps directories that go whole; those that are kept.
    fn leave_trees<'m>(&mut self, step: usize, gone: &'m Manifest) -> Result<Vec<&'m [u8]>> {
        let (Some(store), Some(generation)) = (&self.store, self.generation) else {
            return Ok(Vec::new());
        };
        let mut content = None;
        let mut kept = Vec::new();
        for (number, path) in gone.fields(b'T').enumerate() {
            let content = content.get_or_insert_with(|| trees::Content::of(gone));
            let name = trees::name(generation, step, number);
            match trees::keep(&mut self.directories, store, &name, path, content) {
                Ok(true) => kept.push(path),
                Ok(false) => {}
                Err(error) if is_refused(error) => {}
                Err(error) => return Err(self.area.root().error(path, error)),
            }
        }
        Ok(kept)
    }
}

/// Gives a file to its owner, and then the bits that the kernel takes away with that.
fn give(directory: impl AsFd, name: &str, acl: Acl) -> Result<(), Errno> {
    let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    // Capabilities go with the owner.
    let had = match acl.xattrs {
        Some(_) => xattrs::get(&directory, name.as_bytes())?,
        None => Xattrs::new(),
    };
    match rustix::fs::chownat(&directory, name, Some(uid), Some(gid), flags) {
        // It is in its place already.
        Err(Errno::NOENT) => return Ok(()),
        other => other?,
    }
    xattrs::set(&directory, name.as_bytes(), &had, true)?;
    let status = rustix::fs::statat(&directory, name, flags)?;
    if FileType::from_raw_mode(status.st_mode) == FileType::Symlink || acl.mode & 0o7000 == 0 {
        return Ok(());
    }
    rustix::fs::chmodat(
        &directory,
        name,
        Mode::from_raw_mode(acl.mode),
        AtFlags::empty(),
    )
}
