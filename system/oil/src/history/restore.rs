//! Unpacks a package that the history has: its files are linked from where they are kept, by their content or in a
//! directory that went whole, or copied from where they still are, each hashed before it is believed.

use super::Kept;
use super::special::Node;
use super::store::{Content, Store};
use crate::database::installed::Installed;
use crate::database::record::{Acl, File as Known};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Error, Result};
use crate::transact::area::Area;
use crate::transact::manifest::{Action, Builder, Folder, Item};
use crate::transact::place::{Root, split};
use crate::transact::{times, trees, xattrs};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

/// Where content can be had.
pub struct Sources {
    store: Option<Store>,
    /// Paths of files in directories that are kept whole.
    trees: HashMap<Content, Vec<u8>>,
    /// Paths of installed files.
    live: HashMap<Content, Vec<u8>>,
    /// Kept files that have been linked: a second name of one would be one file with it.
    linked: Mutex<HashSet<Content>>,
}

impl Sources {
    /// For packages of the history.
    pub fn of<'k>(
        root: &Root,
        installed: &Installed,
        kept: impl Iterator<Item = &'k Kept>,
    ) -> Result<Self> {
        let files = |kept: &'k Kept| kept.record.directories.iter().flat_map(|one| &one.files);
        let wanted: HashSet<Content> = kept
            .flat_map(files)
            .filter_map(|file| Content::of(file.digest, file.acl.mode))
            .collect();
        let mut live = HashMap::new();
        let places = if wanted.is_empty() {
            0
        } else {
            installed.places().len()
        };
        for place in 0..places {
            for directory in installed.record(place)?.directories {
                for file in &directory.files {
                    if let Some(content) = Content::of(file.digest, file.acl.mode)
                        && wanted.contains(&content)
                    {
                        let path = crate::transact::join(&directory.path, &file.name);
                        live.insert(content, path);
                    }
                }
            }
        }
        let trees = match wanted.is_empty() {
            true => HashMap::new(),
            false => in_trees(root, &wanted)?,
        };
        Ok(Self {
            store: Store::open_existing(root),
            trees,
            live,
            linked: Mutex::new(HashSet::new()),
        })
    }
}

/// Where content is in directories that are kept whole.
fn in_trees(root: &Root, wanted: &HashSet<Content>) -> Result<HashMap<Content, Vec<u8>>> {
    let mut found = HashMap::new();
    for number in super::file::numbers(root.path())? {
        let file = super::file::read(root.path(), number)?;
        let directories = file.kept.values().flat_map(|kept| &kept.record.directories);
        for directory in directories {
            let of = |(name, top): &(String, String)| trees::place(name, top, &directory.path);
            let Some(place) = file.trees.iter().find_map(of) else {
                continue;
            };
            for one in &directory.files {
                if let Some(content) = Content::of(one.digest, one.acl.mode)
                    && wanted.contains(&content)
                {
                    found.insert(content, crate::transact::join(&place, &one.name));
                }
            }
        }
    }
    Ok(found)
}

/// A package on its way.
struct Restoring<'r> {
    area: &'r Area<'r>,
    sources: &'r Sources,
    kept: &'r Kept,
    chown: bool,
}

/// Unpacks a package as a step of a transaction; the text of its manifest behind the metadata `head`.
pub fn restore(
    area: &Area,
    step: usize,
    kept: &Kept,
    head: &[u8],
    sources: &Sources,
    chown: bool,
) -> Result<Vec<u8>> {
    let restoring = Restoring {
        area,
        sources,
        kept,
        chown,
    };
    let mut out = Builder::new(head);
    let mut number = 0;
    for directory in &kept.record.directories {
        let volume = match directory.files.is_empty() {
            true => 0,
            false => area.volume_of(&directory.path)?,
        };
        out.folder(&Folder {
            path: &directory.path,
            acl: directory.acl,
            owner: None,
            volume,
            tree: None,
            xattrs: kept
                .specials
                .xattrs
                .get(&directory.path)
                .cloned()
                .unwrap_or_default(),
        });
        if directory.files.is_empty() {
            continue;
        }
        let into = area.step(volume, step, true)?;
        for file in &directory.files {
            let path = crate::transact::join(&directory.path, &file.name);
            restoring.file(&into, number, &path, file)?;
            out.item(&Item {
                name: &file.name,
                acl: file.acl,
                digest: file.digest,
                owner: None,
                number,
                action: Action::Place,
                keep: None,
            });
            number += 1;
        }
    }
    Ok(out.text)
}

impl Restoring<'_> {
    fn gone(&self, path: &[u8]) -> Error {
        let info = &self.kept.record.info;
        Error::History(format!(
            "{}-{}: {} is not kept any more as it was; install that version from a repository",
            info.name,
            info.version.as_str(),
            String::from_utf8_lossy(path)
        ))
    }

    fn file(&self, into: &OwnedFd, number: u32, path: &[u8], file: &Known) -> Result<()> {
        let root = self.area.root();
        let at = |error: Errno| root.error(path, error);
        if let (None, Some(node)) = (file.digest, self.kept.specials.nodes.get(path)) {
            return self.node(into, number, path, file.acl, node).map_err(at);
        }
        let content = Content::of(file.digest, file.acl.mode).ok_or_else(|| self.gone(path))?;
        let digest = content.digest;
        let to = number.to_string();
        // The first name of what is kept is the file itself: a second one would be one file with it.
        let is_first = || {
            let linked = self.sources.linked.lock();
            let mut linked = linked.unwrap_or_else(PoisonError::into_inner);
            linked.insert(content)
        };
        if let Some(store) = &self.sources.store {
            let name = content.name();
            let name = name.as_bytes();
            if self.is_it(store.fd(), name, &digest).map_err(at)? {
                return self
                    .give((store.fd(), name), (into, &to), path, file.acl, is_first())
                    .map_err(at);
            }
        }
        if let Some(kept) = self.sources.trees.get(&content) {
            let (directory, name) = split(kept);
            if let Ok(from) = root.directory(directory)
                && self.is_it(&from, name, &digest).map_err(at)?
            {
                return self
                    .give((&from, name), (into, &to), path, file.acl, is_first())
                    .map_err(at);
            }
        }
        let live = self
            .sources
            .live
            .get(&content)
            .ok_or_else(|| self.gone(path))?;
        let (directory, name) = split(live);
        let from = root.directory(directory).map_err(|_| self.gone(path))?;
        if !self.is_it(&from, name, &digest).map_err(at)? {
            return Err(self.gone(path));
        }
        self.give((&from, name), (into, &to), path, file.acl, live == path)
            .map_err(at)
    }

    /// Makes a device or a pipe.
    fn node(
        &self,
        into: &OwnedFd,
        number: u32,
        path: &[u8],
        acl: Acl,
        node: &Node,
    ) -> Result<(), Errno> {
        let to = number.to_string();
        let kind = FileType::from_raw_mode(node.mode);
        let mode = Mode::from_raw_mode(acl.mode);
        rustix::fs::mknodat(into, &to, kind, mode, node.device)?;
        self.own(into, &to, acl)?;
        rustix::fs::chmodat(into, &to, mode, AtFlags::empty())?;
        self.attributes(into, &to, path)?;
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::utimensat(into, &to, &times(node.mtime), flags)
    }

    fn own(&self, into: &OwnedFd, to: &str, acl: Acl) -> Result<(), Errno> {
        if !self.chown {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
        rustix::fs::chownat(into, to, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Sets the extended attributes that a path had.
    fn attributes(&self, into: &OwnedFd, to: &str, path: &[u8]) -> Result<(), Errno> {
        match self.kept.specials.xattrs.get(path) {
            Some(all) => xattrs::set(into, to.as_bytes(), all, self.chown),
            None => Ok(()),
        }
    }

    /// Whether a file is there and is what it should be.
    fn is_it(&self, directory: impl AsFd, name: &[u8], digest: &Digest) -> Result<bool, Errno> {
        let mut hasher = Hasher::new(match self.kept.record.flags.sha256 {
            true => Algorithm::Sha256,
            false => Algorithm::Sha1,
        });
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        match rustix::fs::openat(&directory, name, flags, Mode::empty()) {
            Ok(fd) => {
                let mut file = File::from(fd);
                Hasher::update_from(std::slice::from_mut(&mut hasher), &mut file)
                    .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
            }
            Err(Errno::LOOP) => {
                let target = rustix::fs::readlinkat(&directory, name, Vec::new())?;
                hasher.update(target.as_bytes());
            }
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(digest.agrees(&hasher.finish()))
    }

    /// Puts a file into the area: by a link if it is to be the same file and looks as it should, else by a copy.
    fn give(
        &self,
        (from, name): (impl AsFd, &[u8]),
        (into, to): (&OwnedFd, &str),
        path: &[u8],
        acl: Acl,
        may_link: bool,
    ) -> Result<(), Errno> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let status = rustix::fs::statat(&from, name, flags)?;
        let same = status.st_mode & 0o7777 == acl.mode
            && (!self.chown || (status.st_uid, status.st_gid) == (acl.uid, acl.gid))
            && xattrs::digest(&xattrs::get(&from, name)?) == acl.xattrs;
        if may_link && same && rustix::fs::linkat(&from, name, into, to, AtFlags::empty()).is_ok() {
            return Ok(());
        }
        if FileType::from_raw_mode(status.st_mode) == FileType::Symlink {
            let target = rustix::fs::readlinkat(&from, name, Vec::new())?;
            rustix::fs::symlinkat(&target, into, to)?;
            self.own(into, to, acl)?;
            return self.attributes(into, to, path);
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let source = rustix::fs::openat(&from, name, flags, Mode::empty())?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let copy = rustix::fs::openat(into, to, flags, Mode::RUSR | Mode::WUSR)?;
        let (mut source, mut copy) = (File::from(source), File::from(copy));
        std::io::copy(&mut source, &mut copy)
            .and_then(|_| copy.flush())
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        self.own(into, to, acl)?;
        self.attributes(into, to, path)?;
        rustix::fs::fchmod(&copy, Mode::from_raw_mode(acl.mode))?;
        let mtime = u64::try_from(status.st_mtime).unwrap_or(0);
        rustix::fs::futimens(&copy, &times(mtime))
    }
}
