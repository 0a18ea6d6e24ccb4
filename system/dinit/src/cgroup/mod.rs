//! A control group for each service that asks for one (cgroups(7), `Documentation/admin-guide/cgroup-v2.rst`): found,
//! made, limited; [`group`] has what is done with one.
//!
//! Only the unified hierarchy is used. Groups of services are folders of the daemon's own group. Limits need controllers
//! there, and those can be had only where no process is: if need be the daemon moves into a leaf of its own.

pub mod group;
mod name;

use crate::description::{Description, Options};
use crate::text::Show;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fmt;
use std::os::fd::OwnedFd;

/// Where the hierarchy is mounted.
const ROOT: &str = "/sys/fs/cgroup";

/// The leaf that the daemon moves into.
const LEAF: &[u8] = b"init";

/// CGROUP2_SUPER_MAGIC (`include/uapi/linux/magic.h`).
const MAGIC: u64 = 0x6367_7270;

/// The daemon's own group and what is above it.
#[derive(Debug)]
pub struct Tree {
    /// The mount point, without a slash at the end.
    root: Box<[u8]>,
    /// From the mount point to the daemon's group: empty or with a slash before each part.
    base: Box<[u8]>,
    /// Controllers that groups of services have.
    enabled: Vec<&'static str>,
}

/// A service's group.
#[derive(Debug)]
pub struct Group {
    /// Its folder, for clone3 and [`group`].
    pub folder: OwnedFd,
    pub path: Box<[u8]>,
}

/// Why there are no groups for services.
#[derive(Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// Nothing, or something else, is mounted there.
    NotMounted,
    /// Controllers are in hierarchies of the old kind.
    Hybrid,
    /// /proc/self/cgroup cannot be read.
    Unknown(i32),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMounted => write!(f, "no cgroup v2 is mounted at {ROOT}"),
            Self::Hybrid => f.write_str("cgroup v1 controllers are in use beside cgroup v2"),
            Self::Unknown(errno) => {
                let error = crate::text::Errno(*errno);
                write!(f, "/proc/self/cgroup cannot be read: {error}")
            }
        }
    }
}

/// A step that failed: with which file, and what was to be written to it.
#[derive(Debug)]
pub struct Error {
    pub errno: i32,
    file: Box<[u8]>,
    value: Option<Box<[u8]>>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, error) = (Show(&self.file), crate::text::Errno(self.errno));
        match &self.value {
            Some(value) => write!(f, "{file} cannot be set to {:?}: {error}", Show(value)),
            None => write!(f, "{file}: {error}"),
        }
    }
}

impl Error {
    fn new(file: &[u8], value: Option<&[u8]>, errno: Errno) -> Self {
        Self {
            errno: errno.raw_os_error(),
            file: file.into(),
            value: value.map(Into::into),
        }
    }
}

/// Whether a service has a group of its own. Limits imply it. Without a word about it, it has none: what a service
/// leaves behind on purpose lives on, as with the reference.
pub fn is_wanted(description: &Description) -> bool {
    let options = description.options;
    let implied = !description.extra().cgroup.is_empty();
    !options.contains(Options::NO_OWN_CGROUP) && (implied || options.contains(Options::OWN_CGROUP))
}

impl Tree {
    /// Finds the daemon's own group.
    pub fn discover() -> Result<Self, Unavailable> {
        let own = std::fs::read("/proc/self/cgroup").map_err(|error| {
            Unavailable::Unknown(error.raw_os_error().unwrap_or(Errno::IO.raw_os_error()))
        })?;
        let base = own_path(&own)?;
        match rustix::fs::statfs(ROOT) {
            Ok(stat) if stat.f_type as u64 == MAGIC => Ok(Self::at(ROOT.as_bytes(), base)),
            _ => Err(Unavailable::NotMounted),
        }
    }

    /// That of a path below a mount point.
    pub fn at(root: &[u8], base: &[u8]) -> Self {
        let mut base = base.strip_suffix(b"/").unwrap_or(base);
        // It was in its leaf already, before it ran this program again.
        if let Some(outer) = base
            .strip_suffix(LEAF)
            .and_then(|base| base.strip_suffix(b"/"))
        {
            base = outer;
        }
        Self {
            root: root.into(),
            base: base.into(),
            enabled: Vec::new(),
        }
    }

    /// The daemon's own group, from the mount point: what relative `run-in-cgroup` paths begin with.
    pub fn base(&self) -> &[u8] {
        &self.base
    }

    /// Makes a service's group, or takes the one that is there, and sets its limits: (file, content) each.
    pub fn make(
        &mut self,
        service: &[u8],
        limits: &[(&'static str, Box<[u8]>)],
    ) -> Result<Group, Error> {
        for (file, _) in limits {
            if let Some((controller, _)) = file.split_once('.') {
                self.enable(controller)?;
            }
        }
        let path = [&*self.root, &self.base, b"/", &name::escape(service)].concat();
        match rustix::fs::mkdir(&*path, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(Error::new(&path, None, errno)),
        }
        for (file, content) in limits {
            write(&[&*path, b"/", file.as_bytes()].concat(), content)?;
        }
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&*path, flags, Mode::empty());
        let folder = folder.map_err(|errno| Error::new(&path, None, errno))?;
        let path = path.into();
        Ok(Group { folder, path })
    }

    /// Lets groups of services have a controller: from the top down, as each group can give on only what it has.
    fn enable(&mut self, controller: &str) -> Result<(), Error> {
        let Some(controller) = name::controller(controller) else {
            return Ok(());
        };
        if self.enabled.contains(&controller) {
            return Ok(());
        }
        let own = [&*self.root, &self.base].concat();
        let slashes = self
            .base
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'/');
        let above = slashes.map(|(at, _)| [&*self.root, &self.base[..at]].concat());
        if !has(&[&*own, b"/cgroup.controllers"].concat(), controller)? {
            for folder in above {
                // What stands above may not be ours to change; then it is told below.
                let _ = self.give_on(&folder, controller);
            }
        }
        self.give_on(&own, controller)?;
        self.enabled.push(controller);
        Ok(())
    }

    fn give_on(&self, folder: &[u8], controller: &str) -> Result<(), Error> {
        let file = [folder, b"/cgroup.subtree_control"].concat();
        if has(&file, controller)? {
            return Ok(());
        }
        let value = format!("+{controller}");
        let busy = Errno::BUSY.raw_os_error();
        match write(&file, value.as_bytes()) {
            Err(error) if error.errno == busy && folder.ends_with(&self.base) => {
                clear_out(folder)?;
                write(&file, value.as_bytes())
            }
            done => done,
        }
    }
}

/// Moves every process of a group into a leaf below it. Only of the root need that never be done.
fn clear_out(folder: &[u8]) -> Result<(), Error> {
    let leaf = [folder, b"/", LEAF].concat();
    match rustix::fs::mkdir(&*leaf, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(Error::new(&leaf, None, errno)),
    }
    let target = [&*leaf, b"/cgroup.procs"].concat();
    let source = [folder, b"/cgroup.procs"].concat();
    // New ones may come meanwhile.
    for _ in 0..8 {
        let processes = read(&source)?;
        let lines = processes.split(|byte| *byte == b'\n');
        let mut moved = false;
        for process in lines.filter(|line| !line.is_empty()) {
            match write(&target, process) {
                Ok(()) => moved = true,
                // It has ended.
                Err(error) if error.errno == Errno::SRCH.raw_os_error() => {}
                Err(error) => return Err(error),
            }
        }
        if !moved {
            break;
        }
    }
    Ok(())
}

/// The daemon's group by /proc/self/cgroup: one line `0::PATH` if there is no other hierarchy.
fn own_path(text: &[u8]) -> Result<&[u8], Unavailable> {
    let mut own = None;
    for line in text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        match line.strip_prefix(b"0::") {
            Some(path) => own = Some(path),
            // A hierarchy with a name alone (`1:name=x:/`) has no controllers.
            None if line
                .split(|byte| *byte == b':')
                .nth(1)
                .is_some_and(|list| list.starts_with(b"name=")) => {}
            None => return Err(Unavailable::Hybrid),
        }
    }
    own.ok_or(Unavailable::NotMounted)
}

/// Whether a list of words in a file has one.
fn has(file: &[u8], word: &str) -> Result<bool, Error> {
    let text = read(file)?;
    let mut words = text.split(|byte| byte.is_ascii_whitespace());
    Ok(words.any(|other| other == word.as_bytes()))
}

fn read(file: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |errno| Error::new(file, None, errno);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let open = rustix::fs::open(file, flags, Mode::empty()).map_err(failed)?;
    group::read_all(&open).map_err(failed)
}

fn write(file: &[u8], value: &[u8]) -> Result<(), Error> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let open = rustix::fs::open(file, flags, Mode::empty());
    let done = open.and_then(|open| rustix::io::write(open, value));
    done.map(drop)
        .map_err(|errno| Error::new(file, Some(value), errno))
}

#[cfg(test)]
mod tests;
