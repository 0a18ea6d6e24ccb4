//! What comes: what is done with each new file, and what stands in its place.

use super::super::claims::join;
use super::super::files;
use super::super::manifest::{Action, Builder, Manifest, Part};
use super::super::place::split;
use super::super::protect::{self, Known};
use super::super::trees;
use super::super::unpack::name_of;
use super::Settling;
use crate::database::record::Record;
use crate::error::{Error, Result};
use crate::history::store::Content;
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;
use std::collections::HashMap;

/// By the number of a file, what is done with it and whether what it replaces is kept; none for one that does not come.
type Changes = HashMap<u32, Option<(Action, bool)>>;

impl Settling<'_> {
    /// Decides about each new file of a step.
    pub(super) fn arrive(&mut self, step: usize) -> Result<()> {
        if self.tasks[step].new.is_none() {
            return Ok(());
        }
        let manifest = self.manifest(step)?;
        let sha256 = Record::parse(manifest.head())
            .map_err(|fault| Error::Make(fault.reason))?
            .flags
            .sha256;
        let mut changes = Changes::new();
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
            let mut action = item.action;
            if self.options.overlay.contains(&path) {
                action = Action::Leave;
            } else if protect::is_protected(&self.protected, &path) {
                let new = Known {
                    digest: item.digest,
                    sha256,
                    mode: item.acl.mode,
                };
                let clean = self.options.clean_protected;
                action = match protect::action(&mut self.directories, &path, old, new, clean)? {
                    Action::Place => item.action,
                    other => other,
                };
            }
            if old.is_none() && self.look(&path)? == Some(FileType::Directory) {
                match self.folder_goes_with(&path)? {
                    Some(other) if other < step => {}
                    Some(other) if other == step => {
                        self.early.insert(step);
                    }
                    _ => self.refuse(step, "commit", &path, "Is a directory"),
                }
            }
            let same = |old: Known| {
                old.sha256 == sha256 && old.digest == item.digest && old.mode == item.acl.mode
            };
            let keep = action == Action::Place
                && self.options.generations > 0
                && old.is_some_and(|old| old.digest.is_some() && !same(old));
            if keep || action != item.action {
                changes.insert(item.number, Some((action, keep)));
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.rewrite(step, &manifest, &changes)
    }

    /// Writes the manifest of a step anew with what was decided.
    fn rewrite(&self, step: usize, manifest: &Manifest, changes: &Changes) -> Result<()> {
        let mut out = Builder::new(manifest.head());
        let mut folder: &[u8] = &[];
        let mut tree = None;
        for part in manifest.parts() {
            match part? {
                Part::Folder(next) => {
                    folder = next.path;
                    tree = next.tree.map(|tree| (tree, next.volume));
                    out.folder(&next);
                }
                Part::Item(mut item) => match changes.get(&item.number) {
                    // It must not come with its directory.
                    Some(None) => {
                        if let Some((tree, volume)) = tree {
                            let at = |error: Errno| self.area.root().error(folder, error);
                            let fd = self.area.step(volume, step, false)?;
                            let fd = trees::open(fd, &files::staged(tree, folder)).map_err(at)?;
                            rustix::fs::unlinkat(fd, item.name, AtFlags::empty()).map_err(at)?;
                        }
                    }
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

    /// Whether a directory of a new package is there. A file in its place must be one that goes with this
    /// step or an earlier one.
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
        let mut path = folder;
        while !path.is_empty() {
            match self.goes_with(path)? {
                Some(other) if other < step => return Ok(false),
                Some(other) if other == step => {
                    self.early.insert(step);
                    return Ok(false);
                }
                _ => path = split(path).0,
            }
        }
        self.refuse(step, "extract", folder, "Not a directory");
        Ok(false)
    }
}
