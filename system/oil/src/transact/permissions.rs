//! Gives the directories of installed packages the owners and permissions that the database has for them.

use super::place::{Root, split};
use crate::database::installed::Installed;
use crate::database::lock::Lock;
use crate::database::record::{Acl, Record};
use crate::error::Result;
use rustix::fs::{Gid, Mode, OFlags, Uid};
use rustix::io::Errno;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

/// Who says what a directory that several packages have is to be like: the one with the highest `replaces_priority`,
/// then one that is called as what it was built from, then the first by name.
fn rank(record: &Record) -> (Reverse<u32>, bool, String) {
    let info = &record.info;
    let priority = info.replaces_priority;
    (
        Reverse(priority),
        info.name != info.origin,
        info.name.clone(),
    )
}

/// Does so for all directories below `root`, and makes those that are missing; owners only with `chown`. Links in
/// place of directories are followed, inside the root.
///
/// # Errors
/// [`crate::error::Error::File`] with the first directory that could not be had so, and those of the database.
pub fn reset_directories(root: &Path, _lock: &Lock, chown: bool) -> Result<()> {
    let installed = Installed::read(root)?;
    let root = Root::open(root)?;
    let mut wanted: BTreeMap<Vec<u8>, (_, Acl)> = BTreeMap::new();
    for number in 0..installed.places().len() {
        let record = installed.record(number)?;
        let rank = rank(&record);
        for directory in record.directories {
            let entry = wanted.entry(directory.path);
            let known = entry.or_insert_with(|| (rank.clone(), directory.acl));
            if rank < known.0 {
                *known = (rank.clone(), directory.acl);
            }
        }
    }
    // What is above comes first.
    for (path, (_, acl)) in wanted {
        reset(&root, &path, acl, chown).map_err(|error| root.error(&path, error))?;
    }
    Ok(())
}

fn reset(root: &Root, path: &[u8], acl: Acl, chown: bool) -> Result<(), Errno> {
    let mode = Mode::from_raw_mode(acl.mode);
    let open = || root.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty());
    let directory = match open() {
        Err(Errno::NOENT) => {
            let (above, name) = split(path);
            rustix::fs::mkdirat(root.directory(above)?, name, mode)?;
            open()?
        }
        other => other?,
    };
    if chown {
        let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
        rustix::fs::fchown(&directory, Some(uid), Some(gid))?;
    }
    rustix::fs::fchmod(&directory, mode)
}
