//! Writes a tarball's members to a folder, and nothing outside it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Gid, Timespec, Timestamps, Uid};
use rustix::io::Errno;
use tar::{Archive, Entry, EntryType};

use crate::links::Links;

type Result<T> = std::result::Result<T, Stop>;

/// Bytes of file data moved at once.
const CHUNK: usize = 1 << 17;

/// Why unpacking stopped: the disk it writes to, or the archive it reads.
pub(crate) enum Stop {
    Disk { path: PathBuf, source: io::Error },
    Owner { path: PathBuf, source: io::Error },
    Archive(String),
}

impl From<io::Error> for Stop {
    /// What the reading side says; the writing side is wrapped by [`disk`].
    fn from(e: io::Error) -> Stop {
        Stop::Archive(match e.kind() {
            io::ErrorKind::UnexpectedEof => "it ends in the middle".to_owned(),
            _ => e.to_string(),
        })
    }
}

fn disk<E: Into<io::Error>>(path: &Path) -> impl FnOnce(E) -> Stop {
    let path = path.to_owned();
    move |source| Stop::Disk {
        path,
        source: source.into(),
    }
}

fn owner(path: &Path) -> impl FnOnce(Errno) -> Stop {
    let path = path.to_owned();
    move |e| match e {
        Errno::PERM => Stop::Owner {
            path,
            source: e.into(),
        },
        e => disk(&path)(e),
    }
}

/// Writes a tarball's members below `tree`.
///
/// Nothing is ever written through a symbolic link: links are made last, when every file is in its place.
pub(crate) struct Writer<'a> {
    tree: &'a Path,
    owner: u32,
    only: &'a [String],
    /// The folder that every member stands in, once the first member has shown it.
    top: Option<PathBuf>,
    links: Links,
    link_times: BTreeMap<PathBuf, u64>,
    dirs: BTreeMap<PathBuf, (u32, u64)>,
    buffer: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(tree: &'a Path, owner: u32, only: &'a [String]) -> Result<Writer<'a>> {
        fs::create_dir(tree).map_err(disk(tree))?;
        Ok(Writer {
            tree,
            owner,
            only,
            top: None,
            links: Links::default(),
            link_times: BTreeMap::new(),
            dirs: BTreeMap::from([(PathBuf::new(), (0o755, 0))]),
            buffer: vec![0; CHUNK],
        })
    }

    pub(crate) fn write(mut self, tarball: impl Read) -> Result<()> {
        let mut tarball = Archive::new(tarball);
        let mut members = 0_usize;
        for entry in tarball.entries()? {
            let mut entry = entry?;
            members += 1;
            self.member(&mut entry)?;
        }
        if members == 0 {
            return Err(Stop::Archive("it is empty, or no tar archive".to_owned()));
        }
        self.finish()
    }

    fn member(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<()> {
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            return Ok(());
        }
        let full = entry.path()?.into_owned();
        let Some(path) = self.inside(&full)? else {
            return Ok(());
        };
        let mode = entry.header().mode()? & 0o777;
        let time = entry.header().mtime()?;
        if path.as_os_str().is_empty() && !kind.is_dir() {
            return Err(Stop::Archive(format!(
                "its member '{}' stands beside a top folder, not in one",
                full.display()
            )));
        }
        match kind {
            EntryType::Directory => {
                self.dir(&path, &full)?;
                self.dirs.insert(path, (mode | 0o700, time));
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.parent(&path, &full)?;
                self.file(entry, &path, &full, mode | 0o600, time)?;
            }
            EntryType::Symlink => {
                let target = link_target(entry, &full)?;
                self.parent(&path, &full)?;
                self.clear(&path, &full)?;
                self.link_times.insert(path.clone(), time);
                self.links.insert(path, target);
            }
            EntryType::Link => {
                let target = link_target(entry, &full)?;
                let Some(target) = self.inside(&target)? else {
                    return Err(Stop::Archive(format!(
                        "its member '{}' is a link to '{}', which is not unpacked: unpack both",
                        full.display(),
                        target.display()
                    )));
                };
                self.parent(&path, &full)?;
                self.clear(&path, &full)?;
                let (from, to) = (self.tree.join(&target), self.tree.join(&path));
                if !fs::symlink_metadata(&from).is_ok_and(|meta| meta.is_file()) {
                    return Err(Stop::Archive(format!(
                        "its member '{}' is a link to '{}', which is no file before it",
                        full.display(),
                        target.display()
                    )));
                }
                fs::hard_link(&from, &to).map_err(disk(&to))?;
            }
            _ => {
                return Err(Stop::Archive(format!(
                    "its member '{}' is neither a file, a folder nor a link (tar type {:?})",
                    full.display(),
                    char::from(kind.as_byte())
                )));
            }
        }
        Ok(())
    }

    /// The member's path below the top folder; none for what is not wanted.
    fn inside(&mut self, full: &Path) -> Result<Option<PathBuf>> {
        let mut parts = PathBuf::new();
        for component in full.components() {
            match component {
                Component::Normal(name) => parts.push(name),
                Component::CurDir => {}
                _ => {
                    return Err(Stop::Archive(format!(
                        "its member '{}' would be written outside the source's folder",
                        full.display()
                    )));
                }
            }
        }
        let mut components = parts.components();
        let Some(first) = components.next() else {
            return Ok(None);
        };
        let first = PathBuf::from(first.as_os_str());
        let top = self.top.get_or_insert_with(|| first.clone());
        if *top != first {
            return Err(Stop::Archive(format!(
                "it has more than one top folder: '{}' and '{}'",
                top.display(),
                first.display()
            )));
        }
        let path = components.as_path().to_owned();
        let wanted = path.as_os_str().is_empty()
            || self.only.is_empty()
            || self.only.iter().any(|one| path.starts_with(one));
        Ok(wanted.then_some(path))
    }

    /// Makes the folders above a member.
    fn parent(&mut self, path: &Path, full: &Path) -> Result<()> {
        match path.parent() {
            Some(parent) => self.dir(parent, full),
            None => Ok(()),
        }
    }

    fn dir(&mut self, path: &Path, full: &Path) -> Result<()> {
        if self.dirs.contains_key(path) {
            return Ok(());
        }
        self.parent(path, full)?;
        if self.link_times.contains_key(path) {
            return Err(through(full, path));
        }
        let place = self.tree.join(path);
        fs::create_dir(&place).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => through(full, path),
            _ => disk(&place)(e),
        })?;
        self.dirs.insert(path.to_owned(), (0o755, 0));
        Ok(())
    }

    /// Makes room for a member that comes a second time: the last one counts (tar(5)).
    fn clear(&mut self, path: &Path, full: &Path) -> Result<()> {
        if self.dirs.contains_key(path) {
            return Err(Stop::Archive(format!(
                "its member '{}' stands where it has a folder",
                full.display()
            )));
        }
        if self.link_times.remove(path).is_some() {
            self.links.remove(path);
        }
        let place = self.tree.join(path);
        match fs::remove_file(&place) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(disk(&place)(e)),
            _ => Ok(()),
        }
    }

    fn file(
        &mut self,
        entry: &mut Entry<'_, impl Read>,
        path: &Path,
        full: &Path,
        mode: u32,
        time: u64,
    ) -> Result<()> {
        let place = self.tree.join(path);
        let open = |place: &Path| {
            File::options()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(place)
        };
        let taken = self.dirs.contains_key(path) || self.link_times.contains_key(path);
        let mut file = match open(&place) {
            Ok(file) if !taken => file,
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(disk(&place)(e)),
            _ => {
                self.clear(path, full)?;
                open(&place).map_err(disk(&place))?
            }
        };
        loop {
            let n = entry.read(&mut self.buffer)?;
            if n == 0 {
                break;
            }
            io::Write::write_all(&mut file, &self.buffer[..n]).map_err(disk(&place))?;
        }
        let (user, group) = ids(self.owner);
        rustix::fs::fchown(&file, user, group).map_err(owner(&place))?;
        file.set_permissions(fs::Permissions::from_mode(mode))
            .map_err(disk(&place))?;
        rustix::fs::futimens(&file, &times(time)).map_err(disk(&place))
    }

    /// Makes the symbolic links, then gives the folders their modes and times, innermost first.
    fn finish(self) -> Result<()> {
        let (user, group) = ids(self.owner);
        for (at, target) in self.links.iter() {
            let place = self.tree.join(at);
            if self.links.escapes(at) {
                return Err(Stop::Archive(format!(
                    "its link '{}' leads outside the source's folder, to '{}'",
                    at.display(),
                    target.display()
                )));
            }
            std::os::unix::fs::symlink(target, &place).map_err(disk(&place))?;
            rustix::fs::chownat(CWD, &place, user, group, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(owner(&place))?;
            let time = self.link_times.get(at).copied().unwrap_or(0);
            rustix::fs::utimensat(CWD, &place, &times(time), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(disk(&place))?;
        }
        for (path, (mode, time)) in self.dirs.iter().rev() {
            let place = self.tree.join(path);
            rustix::fs::chown(&place, user, group).map_err(owner(&place))?;
            fs::set_permissions(&place, fs::Permissions::from_mode(*mode)).map_err(disk(&place))?;
            rustix::fs::utimensat(CWD, &place, &times(*time), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(disk(&place))?;
        }
        Ok(())
    }
}

fn through(full: &Path, path: &Path) -> Stop {
    Stop::Archive(format!(
        "its member '{}' goes through '{}', which is no folder",
        full.display(),
        path.display()
    ))
}

fn link_target(entry: &Entry<'_, impl Read>, full: &Path) -> Result<PathBuf> {
    match entry.link_name()? {
        Some(target) if !target.as_os_str().is_empty() => Ok(target.into_owned()),
        _ => Err(Stop::Archive(format!(
            "its link '{}' leads nowhere",
            full.display()
        ))),
    }
}

fn ids(owner: u32) -> (Option<Uid>, Option<Gid>) {
    (Some(Uid::from_raw(owner)), Some(Gid::from_raw(owner)))
}

/// Whole seconds since 1970 for both times of a file.
fn times(seconds: u64) -> Timestamps {
    let time = Timespec {
        tv_sec: i64::try_from(seconds).unwrap_or(i64::MAX),
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
