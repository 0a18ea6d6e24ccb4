//! Unpacks what stays of a step, after all: scripts that run before its turn may change or delete files, and count on it
//! that they come anew.

use super::stage::copy;
use super::stay::open;
use super::{name_of, times};
use crate::error::Result;
use crate::transact::area::Area;
use crate::transact::manifest::{Action, Builder, Manifest, Part};
use crate::transact::place::Directories;
use crate::transact::{files, join, trees};
use rustix::fs::AtFlags;
use rustix::io::Errno;
use std::collections::HashMap;
use std::os::fd::OwnedFd;

/// Does it, for a step that has been unpacked.
pub fn unpack_what_stays(area: &Area, step: usize) -> Result<()> {
    let name = name_of(step, "manifest");
    let manifest = Manifest::read(&area.path(&name))?;
    let mut directories = Directories::new(area.root());
    let mut out = Builder::new(manifest.head());
    // What the files of several names became.
    let mut named = HashMap::new();
    let (mut folder, mut volume): (&[u8], _) = (&[], 0);
    for part in manifest.parts() {
        let mut part = part?;
        match &mut part {
            Part::Folder(next) => (folder, volume) = (next.path, next.volume),
            Part::Item(item) => {
                if let Action::Stay(time) = item.action {
                    item.action = Action::Place;
                    let path = join(folder, item.name);
                    let at = |error: Errno| area.root().error(&path, error);
                    let live = directories.get(folder).map_err(at)?;
                    let (from, status) = open(&*live, item.name)
                        .map_err(at)?
                        .ok_or_else(|| at(Errno::NOENT))?;
                    let time = time.unwrap_or(u64::try_from(status.st_mtime).unwrap_or(0));
                    let into = area.step(volume, step, true)?;
                    let number = item.number.to_string();
                    copy(from, &status, &into, number.as_bytes(), &times(time))
                        .map_err(|error| area.root().error(&path, error))?;
                    if status.st_nlink > 1 {
                        named.insert((status.st_dev, status.st_ino), (volume, number));
                    }
                }
            }
        }
        out.part(&part);
    }
    if !named.is_empty() {
        relink(area, step, &manifest, &named)?;
    }
    area.write(&name, &out.text)
}

/// Makes further names of what stayed those of what it became: a place in the area by device and number.
fn relink(
    area: &Area,
    step: usize,
    manifest: &Manifest,
    named: &HashMap<(u64, u64), (usize, String)>,
) -> Result<()> {
    let mut from: Option<OwnedFd> = None;
    let mut folder = None;
    for part in manifest.parts() {
        let item = match part? {
            Part::Folder(next) => {
                (folder, from) = (Some(next), None);
                continue;
            }
            Part::Item(item) => item,
        };
        let Some(folder) = folder
            .as_ref()
            .filter(|_| !matches!(item.action, Action::Stay(_)))
        else {
            continue;
        };
        let at = |error: Errno| area.root().error(folder.path, error);
        if from.is_none() {
            let mut fd = area.step(folder.volume, step, false)?;
            if let Some(tree) = folder.tree {
                fd = trees::open(&fd, &files::staged(tree, folder.path)).map_err(at)?;
            }
            from = Some(fd);
        }
        let Some(directory) = &from else {
            continue;
        };
        let number = item.number.to_string();
        let name = match folder.tree {
            Some(_) => item.name,
            None => number.as_bytes(),
        };
        let status = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map_err(at)?;
        if let Some((volume, target)) = named.get(&(status.st_dev, status.st_ino)) {
            let of = area.step(*volume, step, false)?;
            rustix::fs::unlinkat(directory, name, AtFlags::empty())
                .and_then(|()| rustix::fs::linkat(of, target, directory, name, AtFlags::empty()))
                .map_err(at)?;
        }
    }
    Ok(())
}
