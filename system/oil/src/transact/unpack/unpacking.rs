//! A package on its way: its entries are noted while their content is written, for its manifest.

use super::stay::{Before, Compared};
use super::{Unpacker, name_of};
use crate::database::record::{self, Record};
use crate::digest::Digest;
use crate::error::Result;
use crate::package::{Acl, Entry, EntryKind};
use crate::stream::PackageReader;
use crate::transact::manifest::{Action, Builder, Folder, Item, Owner, Tree};
use crate::transact::place::split;
use crate::transact::trees;
use crate::transact::xattrs::{self, Xattrs};
use rustix::fs::{Gid, Mode, Uid};
use rustix::io::Errno;
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// A directory, and what its files need.
pub(super) struct Place {
    pub(super) path: Vec<u8>,
    pub(super) acl: record::Acl,
    pub(super) owner: Option<Vec<u8>>,
    pub(super) volume: Option<usize>,
    /// The tree that it is unpacked in, if it is not there yet.
    tree: Option<usize>,
    xattrs: Xattrs,
}

/// A package on its way.
pub struct Unpacking<'u> {
    pub(super) unpacker: &'u Unpacker<'u>,
    pub(super) step: usize,
    pub(super) folders: Vec<Place>,
    pub(super) numbers: HashMap<Vec<u8>, usize>,
    /// Items as their manifest will have them, one behind the other.
    pub(super) text: Builder,
    /// Of each its folder and where its text begins.
    pub(super) items: Vec<(u32, u32)>,
    /// The number of each file by its path, from the first hard link on.
    pub(super) links: Option<HashMap<Vec<u8>, u32>>,
    /// The directory of the step on each volume.
    open: Vec<Option<Rc<OwnedFd>>>,
    /// Whether directories that are not there are unpacked as trees.
    whole: bool,
    /// Of each tree the path of its top and its volume.
    trees: Vec<(Vec<u8>, usize)>,
    /// The directory of a tree that is open: the number of its folder.
    current: Option<(usize, Rc<OwnedFd>)>,
    /// What the version before had, if there is one.
    pub(super) before: Before,
    /// Whether some files stay where they are.
    pub stays: bool,
    /// The last directory that files were looked for in, if it is there: the number of its folder.
    live: Option<(usize, Option<Rc<OwnedFd>>)>,
    /// What is compared.
    pub(super) piece: Vec<u8>,
    /// An extended attribute could not be set.
    pub broken_xattrs: bool,
}

impl<'u> Unpacking<'u> {
    pub fn new(unpacker: &'u Unpacker<'u>, step: usize) -> Self {
        Self {
            unpacker,
            step,
            folders: Vec::new(),
            numbers: HashMap::new(),
            text: Builder::default(),
            items: Vec::new(),
            links: None,
            open: Vec::new(),
            whole: false,
            trees: Vec::new(),
            current: None,
            before: Before::default(),
            stays: false,
            live: None,
            piece: Vec::new(),
            broken_xattrs: false,
        }
    }

    /// Unpacks all of a package. `old` is the place of the version before.
    pub fn all(&mut self, mut package: PackageReader, old: Option<usize>) -> Result<()> {
        // Owners whose numbers are only known later are given one by one.
        let (mut is_named, mut is_linked) = (false, false);
        let known = package.all_entries(|entry| {
            is_named |= owner_text(&entry.acl).is_some();
            is_linked |= matches!(entry.kind, EntryKind::HardLink(_));
            true
        })?;
        self.whole = known.is_some() && !is_named;
        // What has several names comes with all of them.
        if let Some(old) = old.filter(|_| known.is_some() && !is_linked) {
            self.before = Before::of(self.unpacker.installed, old);
        }
        while let Some(entry) = package.next_entry()? {
            if entry.kind == EntryKind::Directory {
                self.folder(&entry.path, &entry.acl);
                continue;
            }
            let (directory, _) = split(&entry.path);
            let folder = self.folder_of(directory);
            let (directory, name) = self.spot(folder, self.items.len() as u32, &entry.path)?;
            let mut action = Action::Place;
            let digest = match &entry.kind {
                EntryKind::File => {
                    let compared = match self.lying(folder, &entry) {
                        Some(lying) => {
                            self.compare(lying, (&directory, &name), &entry, &mut package)?
                        }
                        None => {
                            let file = self.create(&directory, &name, &entry)?;
                            self.content(file, &entry, &mut package)?;
                            Compared::Other
                        }
                    };
                    if let Compared::Same(time) = compared {
                        action = Action::Stay(time);
                        self.stays = true;
                    }
                    package.content_digest().or(entry.digest)
                }
                _ => {
                    self.special(&directory, &name, &entry)?;
                    entry.digest
                }
            };
            self.note(folder, &entry, digest, action);
        }
        package.finish()?;
        Ok(())
    }

    pub(super) fn acl(&self, acl: &Acl) -> record::Acl {
        let (uid, gid) = self.unpacker.owners.of(acl);
        record::Acl {
            uid,
            gid,
            mode: acl.mode & 0o7777,
            xattrs: acl.xattr_digest(),
        }
    }

    fn folder(&mut self, path: &[u8], acl: &Acl) {
        let resolved = self.acl(acl);
        let place = Place {
            path: path.to_vec(),
            acl: resolved,
            owner: owner_text(acl),
            volume: None,
            tree: None,
            xattrs: acl.xattrs.clone(),
        };
        match self.numbers.get(path) {
            Some(&known) => self.folders[known] = place,
            None => {
                self.numbers.insert(path.to_vec(), self.folders.len());
                self.folders.push(place);
            }
        }
    }

    fn folder_of(&mut self, directory: &[u8]) -> usize {
        if let Some(last) = self.folders.last()
            && last.path == directory
        {
            return self.folders.len() - 1;
        }
        if let Some(&known) = self.numbers.get(directory) {
            return known;
        }
        let acl = Acl {
            mode: 0o755,
            ..Acl::default()
        };
        self.folder(directory, &acl);
        self.folders.len() - 1
    }

    /// Where an item of a folder is unpacked: a directory, and the name in it.
    fn spot(&mut self, folder: usize, number: u32, path: &[u8]) -> Result<(Rc<OwnedFd>, Vec<u8>)> {
        let volume = self.volume(folder)?;
        if self.folders[folder].tree.is_none() {
            let step = self.open[volume].clone();
            let step = step.expect("opened by volume()");
            return Ok((step, number.to_string().into_bytes()));
        }
        let name = split(path).1.to_vec();
        match &self.current {
            Some((open, fd)) if *open == folder => Ok((fd.clone(), name)),
            _ => {
                let fd = Rc::new(self.directory_of_tree(folder)?);
                self.current = Some((folder, fd.clone()));
                Ok((fd, name))
            }
        }
    }

    /// Where an item is that has been unpacked.
    pub(super) fn spot_of(&mut self, number: u32) -> Result<(Rc<OwnedFd>, Vec<u8>)> {
        let folder = self.items[number as usize].0 as usize;
        let path = self.path_of(number as usize);
        self.spot(folder, number, &path)
    }

    /// A folder's directory in its place, if it is there.
    pub(super) fn live_directory(&mut self, folder: usize) -> Option<Rc<OwnedFd>> {
        if let Some((known, fd)) = &self.live
            && *known == folder
        {
            return fd.clone();
        }
        let root = self.unpacker.area.root();
        let fd = root.directory(&self.folders[folder].path).ok();
        let (_, fd) = self.live.insert((folder, fd.map(Rc::new)));
        fd.clone()
    }

    fn volume(&mut self, folder: usize) -> Result<usize> {
        if let Some(volume) = self.folders[folder].volume {
            return Ok(volume);
        }
        let area = self.unpacker.area;
        let (volume, top) = area.top_of_missing(&self.folders[folder].path)?;
        self.folders[folder].volume = Some(volume);
        if self.open.len() <= volume {
            self.open.resize_with(volume + 1, || None);
        }
        if self.open[volume].is_none() {
            self.open[volume] = Some(Rc::new(area.step(volume, self.step, true)?));
        }
        if let Some(top) = top.filter(|_| self.whole) {
            let known = self.trees.iter().position(|(path, _)| *path == top);
            self.folders[folder].tree = Some(known.unwrap_or(self.trees.len()));
            if known.is_none() {
                self.trees.push((top, volume));
            }
        }
        Ok(volume)
    }

    /// Opens a folder's directory in its tree; it and those above it are made.
    fn directory_of_tree(&self, folder: usize) -> Result<OwnedFd> {
        let folder = &self.folders[folder];
        let tree = folder.tree.unwrap_or_default();
        let (top, volume) = &self.trees[tree];
        let step = self.open[*volume].as_ref().expect("opened by volume()");
        let mut fd = self.directory_in(step, trees::staged(tree).as_bytes(), top)?;
        let rest = folder.path[top.len()..].split(|&byte| byte == b'/');
        let mut length = top.len();
        for name in rest.skip(1) {
            length += 1 + name.len();
            fd = self.directory_in(&fd, name, &folder.path[..length])?;
        }
        Ok(fd)
    }

    /// Opens a directory of a tree that will be at `path`. It is made as the package has it, or root's.
    fn directory_in(&self, above: &OwnedFd, name: &[u8], path: &[u8]) -> Result<OwnedFd> {
        let at = |error| self.unpacker.area.root().error(path, error);
        let known = self.numbers.get(path).map(|&known| &self.folders[known]);
        let acl = known.map_or(record::Acl::of_root(0o755), |known| known.acl);
        let mode = Mode::from_raw_mode(acl.mode);
        match rustix::fs::mkdirat(above, name, mode & Mode::from_raw_mode(0o777)) {
            Ok(()) => {}
            Err(Errno::EXIST) => return trees::open(above, name).map_err(at),
            Err(error) => return Err(at(error)),
        }
        let fd = trees::open(above, name).map_err(at)?;
        if self.unpacker.chown && (acl.uid, acl.gid) != self.unpacker.own {
            let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
            rustix::fs::fchown(&fd, Some(uid), Some(gid)).map_err(at)?;
        }
        if acl.mode & (0o7000 | self.unpacker.area.masked) != 0 {
            rustix::fs::fchmod(&fd, mode).map_err(at)?;
        }
        if let Some(known) = known.filter(|known| !known.xattrs.is_empty()) {
            // As where a directory is made in its place, this is no reason to stop.
            let _ = xattrs::set(above, name, &known.xattrs, self.unpacker.chown);
        }
        Ok(fd)
    }

    fn path_of(&self, number: usize) -> Vec<u8> {
        let (folder, start) = self.items[number];
        let text = &self.text.text[start as usize + 2..];
        let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
        let folder = &self.folders[folder as usize].path;
        let slash: &[u8] = if folder.is_empty() { b"" } else { b"/" };
        [folder, slash, &text[..end]].concat()
    }

    pub(super) fn number_of(&mut self, path: &[u8]) -> Option<u32> {
        if self.links.is_none() {
            let all = (0..self.items.len()).map(|number| (self.path_of(number), number as u32));
            self.links = Some(all.collect());
        }
        self.links.as_ref()?.get(path).copied()
    }

    /// Notes an entry that is unpacked under the number of items before it.
    fn note(&mut self, folder: usize, entry: &Entry, digest: Option<Digest>, action: Action) {
        let number = self.items.len() as u32;
        let start = self.text.text.len() as u32;
        let owner = owner_text(&entry.acl);
        let (_, name) = split(&entry.path);
        self.text.item(&Item {
            name,
            acl: self.acl(&entry.acl),
            digest: digest.map(|digest| digest.short()),
            owner: owner.as_deref().and_then(Owner::parse),
            number,
            action,
            keep: None,
        });
        self.items.push((folder as u32, start));
        if let Some(links) = &mut self.links {
            links.insert(entry.path.clone(), number);
        }
    }

    /// The tree that a directory is in, whether it has files or not.
    fn tree_of(&self, path: &[u8]) -> Option<Tree> {
        let covers = |(top, _): &(Vec<u8>, usize)| trees::covers(std::slice::from_ref(top), path);
        let number = self.trees.iter().position(covers)?;
        let top = self.trees[number].0.len();
        Some(Tree { number, top })
    }

    /// Writes the manifest: directories sorted by path, files by name.
    pub fn finish(mut self, record: &Record) -> Result<()> {
        let mut head = Vec::new();
        record.write(&mut head);
        head.pop();
        let end = self.text.text.len() as u32;
        let ends = self.items.iter().map(|item| item.1).skip(1).chain([end]);
        let mut order: Vec<(u32, u32, u32, u32)> = self
            .items
            .iter()
            .zip(ends)
            .enumerate()
            .map(|(number, (item, end))| (item.0, item.1, end, number as u32))
            .collect();
        let text = &self.text.text;
        let name = |start: u32| {
            let name = &text[start as usize + 2..];
            &name[..memchr::memchr(b'\n', name).unwrap_or(name.len())]
        };
        order.sort_by(|one, other| {
            one.0
                .cmp(&other.0)
                .then_with(|| name(one.1).cmp(name(other.1)))
        });
        let mut folders: Vec<usize> = (0..self.folders.len()).collect();
        folders.sort_by(|&one, &other| self.folders[one].path.cmp(&self.folders[other].path));
        let mut out = Builder::new(&head);
        for number in folders {
            let folder = &self.folders[number];
            let from = order.partition_point(|item| (item.0 as usize) < number);
            let files = order[from..]
                .iter()
                .take_while(|item| item.0 as usize == number);
            // The root is nobody's, but for what is in it.
            if folder.path.is_empty() && files.clone().next().is_none() {
                continue;
            }
            out.folder(&Folder {
                path: &folder.path,
                acl: folder.acl,
                owner: folder.owner.as_deref().and_then(Owner::parse),
                volume: folder.volume.unwrap_or(0),
                tree: self.tree_of(&folder.path),
                xattrs: folder.xattrs.clone(),
            });
            for &(_, start, end, number) in files {
                out.copied(&text[start as usize..end as usize], number);
            }
        }
        self.numbers.clear();
        let name = name_of(self.step, "manifest");
        self.unpacker.area.write(&name, &out.text)
    }
}

/// The names of an owner that is not root, as a manifest has them; none too for names that are no names.
pub(super) fn owner_text(acl: &Acl) -> Option<Vec<u8>> {
    let root = |name: &[u8]| name.is_empty() || name == b"root";
    let good = |name: &[u8]| name.iter().all(u8::is_ascii_graphic);
    if root(&acl.user) && root(&acl.group) || !good(&acl.user) || !good(&acl.group) {
        return None;
    }
    let text = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
    let numbers = format!(" {} {}", text(acl.uid), text(acl.gid));
    let or_root = |name: &[u8]| {
        if name.is_empty() {
            b"root".to_vec()
        } else {
            name.to_vec()
        }
    };
    Some(
        [
            &or_root(&acl.user)[..],
            b" ",
            &or_root(&acl.group),
            numbers.as_bytes(),
        ]
        .concat(),
    )
}
