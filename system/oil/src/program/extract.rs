//! `extract`.

use super::arguments::Arguments;
use super::change::files_trust as trust;
use super::outcome::{FAILED, Failure, Outcome, reason, reason_of};
use super::session::{Session, settings};
use oil::context::Context;
use oil::error::{Error, Result};
use oil::inside::{self, Links};
use oil::package::{Acl, Entry, EntryKind};
use oil::stream::{self, PackageReader};
use oil::transact::set_xattrs;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timestamps, Uid};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Unpacks packages.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    settings.installed = false;
    let context = session.open_with(&settings)?;
    let name = arguments.value("destination").unwrap_or(".");
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(name, flags, Mode::empty()).map_err(|error| {
        Failure::of(
            format_args!("Error opening destination '{name}'"),
            reason(&error.into()),
        )
    })?;
    let chown = rustix::process::geteuid().is_root() && !arguments.has("no-chown");
    let target = Target {
        directory,
        owners: chown.then(|| Owners::read(context.root())),
    };
    for file in &arguments.operands {
        writeln!(session.out, "Extracting {file}...")?;
        if let Err(error) = one(&context, &target, Path::new(file)) {
            return Err(Failure {
                text: format!("{file}: {}", reason_of(&error)),
                status: FAILED,
            });
        }
    }
    Ok(0)
}

/// Unpacks one, which is verified whole before its first file is written.
fn one(context: &Context, target: &Target, path: &Path) -> Result<()> {
    let mut file = File::open(path)?;
    let trust = trust(context);
    // Not by reference: all that reads packages would be there once more, for references to files.
    stream::verify(file.try_clone()?, &trust)?;
    file.rewind()?;
    let mut reader = PackageReader::open(file, &trust)?;
    let mut directories = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        if entry.kind == EntryKind::Directory {
            target.make_directory(&entry)?;
            directories.push(entry);
        } else {
            target.make_file(&entry, &mut reader)?;
        }
    }
    reader.finish()?;
    // Those whose permissions forbid writing come last.
    directories
        .iter()
        .rev()
        .try_for_each(|entry| target.finish_directory(entry))
}

/// Numbers of users and groups by their names.
struct Owners {
    users: HashMap<Vec<u8>, u32>,
    groups: HashMap<Vec<u8>, u32>,
}

impl Owners {
    fn read(root: &Path) -> Self {
        let names = |file: &str| {
            let text = std::fs::read(root.join(file)).unwrap_or_default();
            let mut names = HashMap::new();
            for line in text.split(|byte| *byte == b'\n') {
                let mut fields = line.split(|byte| *byte == b':');
                let name = fields.next().unwrap_or_default().to_vec();
                let number = fields
                    .nth(1)
                    .and_then(|field| std::str::from_utf8(field).ok()?.parse().ok());
                if let Some(number) = number {
                    names.entry(name).or_insert(number);
                }
            }
            names
        };
        Self {
            users: names("etc/passwd"),
            groups: names("etc/group"),
        }
    }

    fn of(&self, acl: &Acl) -> (Option<Uid>, Option<Gid>) {
        let number = |names: &HashMap<Vec<u8>, u32>, name: &[u8], own: Option<u32>| {
            names.get(name).copied().or(own).unwrap_or(0)
        };
        (
            Some(Uid::from_raw(number(&self.users, &acl.user, acl.uid))),
            Some(Gid::from_raw(number(&self.groups, &acl.group, acl.gid))),
        )
    }
}

/// Where files go, and whose they will be.
struct Target {
    directory: OwnedFd,
    owners: Option<Owners>,
}

/// A path's directory and its name in it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b".", path),
    }
}

fn io(error: rustix::io::Errno) -> Error {
    Error::Io(error.into())
}

impl Target {
    /// Opens a directory of the package below the destination; no link on the way is followed.
    fn open(&self, path: &[u8]) -> Result<OwnedFd> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY;
        let links = Links::Refused;
        inside::open(&self.directory, path, flags, Mode::empty(), links).map_err(io)
    }

    fn make_directory(&self, entry: &Entry) -> Result<()> {
        if entry.path.is_empty() {
            return Ok(());
        }
        let (above, name) = split(&entry.path);
        match rustix::fs::mkdirat(self.open(above)?, name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => self.open(&entry.path).map(|_| ()),
            Err(error) => Err(io(error)),
        }
    }

    fn finish_directory(&self, entry: &Entry) -> Result<()> {
        if entry.path.is_empty() {
            return Ok(());
        }
        let directory = self.open(&entry.path)?;
        if let Some(owners) = &self.owners {
            let (user, group) = owners.of(&entry.acl);
            rustix::fs::fchown(&directory, user, group).map_err(io)?;
        }
        set_xattrs(&directory, b".", &entry.acl.xattrs, true).map_err(io)?;
        rustix::fs::fchmod(&directory, Mode::from_raw_mode(entry.acl.mode)).map_err(io)
    }

    fn make_file(&self, entry: &Entry, reader: &mut PackageReader) -> Result<()> {
        let (above, name) = split(&entry.path);
        let directory = self.open(above)?;
        let mode = Mode::from_raw_mode(entry.acl.mode);
        match &entry.kind {
            EntryKind::Directory => return Ok(()),
            EntryKind::File => {
                let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
                let file = rustix::fs::openat(&directory, name, flags, Mode::from_raw_mode(0o600));
                let mut file = File::from(file.map_err(io)?);
                while let Some(bytes) = reader.chunk()? {
                    file.write_all(bytes)?;
                }
                self.set_owner(&directory, name, entry)?;
                rustix::fs::fchmod(&file, mode).map_err(io)?;
                for (name, value) in &entry.acl.xattrs {
                    let flags = rustix::fs::XattrFlags::empty();
                    rustix::fs::fsetxattr(&file, &name[..], value, flags).map_err(io)?;
                }
                let time = rustix::fs::Timespec {
                    tv_sec: entry.mtime as i64,
                    tv_nsec: 0,
                };
                let times = Timestamps {
                    last_access: time,
                    last_modification: time,
                };
                return rustix::fs::futimens(&file, &times).map_err(io);
            }
            EntryKind::HardLink(target) => {
                let (other, other_name) = split(target);
                let other = self.open(other)?;
                return rustix::fs::linkat(&other, other_name, &directory, name, AtFlags::empty())
                    .map_err(io);
            }
            EntryKind::Symlink(target) => {
                rustix::fs::symlinkat(&target[..], &directory, name).map_err(io)?
            }
            EntryKind::Character(device) => {
                rustix::fs::mknodat(&directory, name, FileType::CharacterDevice, mode, *device)
                    .map_err(io)?;
            }
            EntryKind::Block(device) => {
                rustix::fs::mknodat(&directory, name, FileType::BlockDevice, mode, *device)
                    .map_err(io)?;
            }
            EntryKind::Fifo => {
                rustix::fs::mknodat(&directory, name, FileType::Fifo, mode, 0).map_err(io)?
            }
        }
        self.set_owner(&directory, name, entry)?;
        set_xattrs(&directory, name, &entry.acl.xattrs, true).map_err(io)
    }

    fn set_owner(&self, directory: &OwnedFd, name: &[u8], entry: &Entry) -> Result<()> {
        let Some(owners) = &self.owners else {
            return Ok(());
        };
        let (user, group) = owners.of(&entry.acl);
        rustix::fs::chownat(directory, name, user, group, AtFlags::SYMLINK_NOFOLLOW).map_err(io)
    }
}
