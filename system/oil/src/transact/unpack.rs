//! Unpacks a package into the area of a transaction.

use super::area::Area;
use super::manifest::{Action, Builder, Folder, Item, Owner};
use super::owners::Owners;
use super::place::split;
use super::xattrs::{self, Xattrs};
use crate::database::record::{self, Flags, Record};
use crate::error::{Error, Result};
use crate::history::Kept;
use crate::history::restore::{Sources, restore};
use crate::package::{Acl, Entry, EntryKind, Info, ScriptKind, Scripts};
use crate::stream::{Format, PackageReader, Trust};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

/// What is known of an unpacked package; the rest is in its manifest and beside it.
#[derive(Clone, Debug, Default)]
pub struct Unpacked {
    pub info: Info,
    pub scripts: Vec<ScriptKind>,
}

/// What all packages of a transaction are unpacked with.
pub struct Unpacker<'u> {
    pub area: &'u Area<'u>,
    pub owners: Owners,
    pub chown: bool,
    /// Our own user and group, whose new files are.
    pub own: (u32, u32),
    pub progress: &'u (dyn Fn(u64) + Sync),
}

/// A file of the area: of `step`, what `what` says.
pub fn name_of(step: usize, what: &str) -> String {
    format!("{step}.{what}")
}

impl Unpacker<'_> {
    /// Unpacks a package file as a step.
    pub fn file(
        &self,
        step: usize,
        path: &Path,
        trust: &Trust,
        tag: Option<&str>,
    ) -> Result<Unpacked> {
        let with_path = |error| Error::Package {
            path: path.to_owned(),
            source: Box::new(error),
        };
        let file = File::open(path).map_err(Error::file(path))?;
        let size = file.metadata().map_err(Error::file(path))?.len();
        let file = Counted {
            file,
            progress: self.progress,
        };
        let package = PackageReader::open(file, trust).map_err(with_path)?;
        let metadata = package.metadata();
        let mut record = Record {
            info: metadata.info.clone(),
            tag: tag.map(str::to_owned),
            ..Record::default()
        };
        record.info.file_size = size;
        // As apk: a v3 package that no index named is known by the identifier that it gives itself.
        if !matches!(trust, Trust::Identity(_)) {
            record.info.identity = metadata.unique_id.or(record.info.identity);
        }
        record.flags.sha256 = matches!(metadata.format, Format::V3(_));
        let scripts = metadata.scripts.clone();
        let mut unpacking = Unpacking::new(self, step);
        // What a package says wrongly is the package's fault, what cannot be written is not.
        unpacking.all(package).map_err(|error| match error {
            error @ (Error::File { .. } | Error::Io(_)) => error,
            error => with_path(error),
        })?;
        record.flags.broken_xattrs = unpacking.broken_xattrs;
        unpacking.finish(&record)?;
        self.scripts(step, &scripts)?;
        Ok(Unpacked {
            info: record.info,
            scripts: scripts.into_keys().collect(),
        })
    }

    /// A package that is metadata alone.
    pub fn metadata(&self, step: usize, info: &Info, tag: Option<&str>) -> Result<Unpacked> {
        let record = Record {
            info: info.clone(),
            tag: tag.map(str::to_owned),
            flags: Flags::default(),
            directories: Vec::new(),
        };
        Unpacking::new(self, step).finish(&record)?;
        Ok(Unpacked {
            info: record.info,
            scripts: Vec::new(),
        })
    }

    /// A package that the history has.
    pub fn kept(
        &self,
        step: usize,
        kept: &Kept,
        tag: Option<&str>,
        sources: &Sources,
    ) -> Result<Unpacked> {
        let mut record = Record {
            tag: tag.map(str::to_owned),
            directories: Vec::new(),
            ..kept.record.clone()
        };
        record.flags = Flags {
            sha256: kept.record.flags.sha256,
            ..Flags::default()
        };
        let mut head = Vec::new();
        record.write(&mut head);
        head.pop();
        let text = restore(self.area, step, kept, &head, sources, self.chown)?;
        self.area.write(&name_of(step, "manifest"), &text)?;
        self.scripts(step, &kept.scripts)?;
        Ok(Unpacked {
            info: record.info,
            scripts: kept.scripts.keys().copied().collect(),
        })
    }

    /// Puts scripts where [`super::script`] finds them.
    pub fn scripts(&self, step: usize, scripts: &Scripts) -> Result<()> {
        scripts.iter().try_for_each(|(kind, content)| {
            let name = name_of(step, kind.name());
            self.area.write(&name, content)
        })
    }
}

/// Tells what has been read.
struct Counted<'u> {
    file: File,
    progress: &'u (dyn Fn(u64) + Sync),
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(into)?;
        (self.progress)(length as u64);
        Ok(length)
    }
}

/// A directory, and what its files need.
struct Place {
    path: Vec<u8>,
    acl: record::Acl,
    owner: Option<Vec<u8>>,
    volume: Option<usize>,
    xattrs: Xattrs,
}

/// A package on its way.
struct Unpacking<'u> {
    unpacker: &'u Unpacker<'u>,
    step: usize,
    folders: Vec<Place>,
    numbers: HashMap<Vec<u8>, usize>,
    /// Items as their manifest will have them, one behind the other.
    text: Builder,
    /// Of each its folder and where its text begins.
    items: Vec<(u32, u32)>,
    /// The number of each file by its path, from the first hard link on.
    links: Option<HashMap<Vec<u8>, u32>>,
    /// The directory of the step on each volume.
    open: Vec<Option<OwnedFd>>,
    broken_xattrs: bool,
}

impl<'u> Unpacking<'u> {
    fn new(unpacker: &'u Unpacker<'u>, step: usize) -> Self {
        Self {
            unpacker,
            step,
            folders: Vec::new(),
            numbers: HashMap::new(),
            text: Builder::default(),
            items: Vec::new(),
            links: None,
            open: Vec::new(),
            broken_xattrs: false,
        }
    }

    fn all<R: Read>(&mut self, mut package: PackageReader<R>) -> Result<()> {
        while let Some(entry) = package.next_entry()? {
            if entry.kind == EntryKind::Directory {
                self.folder(&entry.path, &entry.acl);
                continue;
            }
            let (directory, _) = split(&entry.path);
            let folder = self.folder_of(directory);
            let volume = self.volume(folder)?;
            let number = self.items.len() as u32;
            let digest = match &entry.kind {
                EntryKind::File => {
                    let file = self.create(volume, number, &entry)?;
                    self.content(file, &entry, &mut package)?;
                    package.content_digest().or(entry.digest)
                }
                _ => {
                    self.special(volume, number, &entry)?;
                    entry.digest
                }
            };
            self.note(folder, &entry, digest);
        }
        package.finish()?;
        Ok(())
    }

    fn acl(&self, acl: &Acl) -> record::Acl {
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

    fn volume(&mut self, folder: usize) -> Result<usize> {
        if let Some(volume) = self.folders[folder].volume {
            return Ok(volume);
        }
        let area = self.unpacker.area;
        let volume = area.volume_of(&self.folders[folder].path)?;
        self.folders[folder].volume = Some(volume);
        if self.open.len() <= volume {
            self.open.resize_with(volume + 1, || None);
        }
        if self.open[volume].is_none() {
            self.open[volume] = Some(area.step(volume, self.step, true)?);
        }
        Ok(volume)
    }

    fn directory(&self, volume: usize) -> &OwnedFd {
        self.open[volume].as_ref().expect("opened by volume()")
    }

    fn at(&self, entry: &Entry) -> impl Fn(Errno) -> Error + use<> {
        let path = self.unpacker.area.root().path();
        let path = path.join(std::ffi::OsStr::from_bytes(&entry.path));
        use std::os::unix::ffi::OsStrExt as _;
        move |error| Error::file(&path)(error.into())
    }

    fn create(&self, volume: usize, number: u32, entry: &Entry) -> Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(entry.acl.mode & 0o777);
        let name = number.to_string();
        let fd = rustix::fs::openat(self.directory(volume), &name, flags, mode)
            .map_err(self.at(entry))?;
        Ok(File::from(fd))
    }

    fn content<R: Read>(
        &mut self,
        mut file: File,
        entry: &Entry,
        package: &mut PackageReader<R>,
    ) -> Result<()> {
        while let Some(piece) = package.chunk()? {
            file.write_all(piece).map_err(|error| {
                self.at(entry)(Errno::from_io_error(&error).unwrap_or(Errno::IO))
            })?;
        }
        let acl = self.acl(&entry.acl);
        let other = (acl.uid, acl.gid) != self.unpacker.own;
        if self.unpacker.chown && other {
            let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
            rustix::fs::fchown(&file, Some(uid), Some(gid)).map_err(self.at(entry))?;
        }
        if acl.mode & (0o7000 | self.unpacker.area.masked) != 0 {
            let mode = Mode::from_raw_mode(acl.mode);
            rustix::fs::fchmod(&file, mode).map_err(self.at(entry))?;
        }
        for (name, value) in &entry.acl.xattrs {
            if !self.unpacker.chown && !name.starts_with(b"user.") {
                continue;
            }
            let set = rustix::fs::fsetxattr(&file, name.as_slice(), value, XattrFlags::empty());
            self.broken_xattrs |= set.is_err();
        }
        rustix::fs::futimens(&file, &times(entry.mtime)).map_err(self.at(entry))
    }

    /// Links and devices.
    fn special(&mut self, volume: usize, number: u32, entry: &Entry) -> Result<()> {
        let at = self.at(entry);
        let name = number.to_string();
        if let EntryKind::HardLink(target) = &entry.kind {
            return self.link(volume, &name, target, &at);
        }
        let directory = self.directory(volume);
        let mode = Mode::from_raw_mode(entry.acl.mode & 0o777);
        let node = |kind, device| rustix::fs::mknodat(directory, &name, kind, mode, device);
        match &entry.kind {
            EntryKind::Symlink(target) => {
                rustix::fs::symlinkat(target.as_slice(), directory, &name)
            }
            EntryKind::Character(device) => node(FileType::CharacterDevice, *device),
            EntryKind::Block(device) => node(FileType::BlockDevice, *device),
            EntryKind::Fifo => node(FileType::Fifo, 0),
            EntryKind::File | EntryKind::Directory | EntryKind::HardLink(_) => Ok(()),
        }
        .map_err(&at)?;
        let acl = self.acl(&entry.acl);
        if self.unpacker.chown && (acl.uid, acl.gid) != self.unpacker.own {
            let (uid, gid) = (Uid::from_raw(acl.uid), Gid::from_raw(acl.gid));
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            rustix::fs::chownat(directory, &name, Some(uid), Some(gid), flags).map_err(&at)?;
        }
        let set = |broken: &mut bool| {
            let all = self.unpacker.chown;
            *broken |= xattrs::set(directory, name.as_bytes(), &entry.acl.xattrs, all).is_err();
        };
        let mut broken = false;
        // Links keep the time at which they were made, as with apk.
        if matches!(entry.kind, EntryKind::Symlink(_)) {
            set(&mut broken);
            self.broken_xattrs |= broken;
            return Ok(());
        }
        if acl.mode & (0o7000 | self.unpacker.area.masked) != 0 {
            let mode = Mode::from_raw_mode(acl.mode);
            rustix::fs::chmodat(directory, &name, mode, AtFlags::empty()).map_err(&at)?;
        }
        set(&mut broken);
        rustix::fs::utimensat(directory, &name, &times(entry.mtime), AtFlags::empty())
            .map_err(&at)?;
        self.broken_xattrs |= broken;
        Ok(())
    }

    fn link(
        &mut self,
        volume: usize,
        name: &str,
        target: &[u8],
        at: &dyn Fn(Errno) -> Error,
    ) -> Result<()> {
        let number = self.number_of(target).ok_or_else(|| at(Errno::NOENT))?;
        let folder = self.items[number as usize].0 as usize;
        let from = self.folders[folder].volume.unwrap_or(0);
        let number = number.to_string();
        let (old, new) = (self.directory(from), self.directory(volume));
        match rustix::fs::linkat(old, &number, new, name, AtFlags::empty()) {
            Err(Errno::XDEV) => {
                let open = |fd: &OwnedFd, name: &str, flags| {
                    rustix::fs::openat(fd, name, flags | OFlags::CLOEXEC, Mode::RUSR)
                        .map(File::from)
                };
                let mut from = open(old, &number, OFlags::RDONLY).map_err(at)?;
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
                let mut to = open(new, name, flags).map_err(at)?;
                let status = rustix::fs::fstat(&from).map_err(at)?;
                std::io::copy(&mut from, &mut to)?;
                if self.unpacker.chown {
                    let (uid, gid) = (Uid::from_raw(status.st_uid), Gid::from_raw(status.st_gid));
                    rustix::fs::fchown(&to, Some(uid), Some(gid)).map_err(at)?;
                }
                rustix::fs::fchmod(&to, Mode::from_raw_mode(status.st_mode)).map_err(at)?;
                let mtime = u64::try_from(status.st_mtime).unwrap_or(0);
                rustix::fs::futimens(&to, &times(mtime)).map_err(at)
            }
            other => other.map_err(at),
        }
    }

    fn path_of(&self, number: usize) -> Vec<u8> {
        let (folder, start) = self.items[number];
        let text = &self.text.text[start as usize + 2..];
        let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
        let folder = &self.folders[folder as usize].path;
        let slash: &[u8] = if folder.is_empty() { b"" } else { b"/" };
        [folder, slash, &text[..end]].concat()
    }

    fn number_of(&mut self, path: &[u8]) -> Option<u32> {
        if self.links.is_none() {
            let all = (0..self.items.len()).map(|number| (self.path_of(number), number as u32));
            self.links = Some(all.collect());
        }
        self.links.as_ref()?.get(path).copied()
    }

    /// Notes an entry that is unpacked under the number of items before it.
    fn note(&mut self, folder: usize, entry: &Entry, digest: Option<crate::digest::Digest>) {
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
            action: Action::Place,
            keep: None,
        });
        self.items.push((folder as u32, start));
        if let Some(links) = &mut self.links {
            links.insert(entry.path.clone(), number);
        }
    }

    /// Writes the manifest: directories sorted by path, files by name.
    fn finish(mut self, record: &Record) -> Result<()> {
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
fn owner_text(acl: &Acl) -> Option<Vec<u8>> {
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

/// The time of both access and change.
pub fn times(seconds: u64) -> Timestamps {
    let time = Timespec {
        tv_sec: i64::try_from(seconds).unwrap_or(0),
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
