//! One file: appended to, renamed when it is large, and gone on with when the disk has room again.

use super::told;
use crate::configuration::Rule;
use crate::error::Error;
use crate::user::User;
use common::reason;
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes that are kept for a file that cannot be written.
const KEPT: usize = 256 << 10;

/// Whose files are, and the folders that are made for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Whoever we are.
    Ours,
    User(User),
}

/// A file of the log.
pub struct LogFile {
    path: PathBuf,
    limit: u64,
    keep: u32,
    mode: u32,
    file: Option<OwnedFd>,
    size: u64,
    /// What could not be written.
    rest: Vec<u8>,
    /// Lines that found no room even there.
    lost: u64,
    /// Why.
    failed: Option<io::Error>,
    /// It cannot be renamed: it grows so far.
    stretched: u64,
}

impl LogFile {
    /// Opens it, or will once that is possible ([`LogFile::problem`] tells why not). What the same file has not
    /// written yet is taken over.
    pub fn open(rule: &Rule, owner: Owner, old: Option<Self>) -> Self {
        let (rest, lost) = old.map_or((Vec::new(), 0), |old| (old.rest, old.lost));
        let mut made = Self {
            path: rule.path.clone(),
            limit: rule.size,
            keep: rule.keep,
            mode: rule.mode,
            file: None,
            size: 0,
            rest,
            lost,
            failed: None,
            stretched: 0,
        };
        if let Err(error) = made.make(owner) {
            made.failed = Some(error);
        }
        made
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why it cannot be written.
    pub fn problem(&self) -> Option<Error> {
        let error = self.failed.as_ref()?;
        let error = io::Error::new(error.kind(), error.to_string());
        Some(Error::file(
            &self.path.display().to_string(),
            "writing to it",
        )(error))
    }

    /// Whether something is left to be written.
    pub fn is_behind(&self) -> bool {
        !self.rest.is_empty() || self.lost > 0
    }

    /// Writes lines, and tells how many were lost before they came here.
    pub fn write(&mut self, lines: &[u8], lost: u64) {
        self.lost += lost;
        if lines.is_empty() && !self.is_behind() {
            return;
        }
        // In order: first what is left of before.
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            let done = self.append(&rest);
            if done < rest.len() {
                self.rest = rest;
                self.rest.drain(..done);
            }
        }
        if self.rest.is_empty() && self.lost > 0 {
            let why = self.failed.as_ref().map(reason);
            let why: &dyn std::fmt::Display = match &why {
                Some(why) => why,
                None => &"more came than could be written",
            };
            let line = told(&format!("{} messages were lost here: {why}", self.lost));
            // Half of that line would be worse than none.
            let done = self.append(&line);
            if done > 0 {
                self.lost = 0;
                self.rest.extend_from_slice(&line[done..]);
            }
        }
        let behind = self.is_behind();
        let done = if behind { 0 } else { self.append(lines) };
        if !behind && done == lines.len() {
            self.failed = None;
            return;
        }
        self.keep_rest(&lines[done..], done > 0 && !behind);
    }

    /// Keeps what finds room, in whole lines; the first is the end of one that was begun, if that is so.
    fn keep_rest(&mut self, lines: &[u8], begun: bool) {
        for (at, line) in lines.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if (at == 0 && begun) || self.rest.len() + line.len() <= KEPT {
                self.rest.extend_from_slice(line);
            } else {
                self.lost += 1;
            }
        }
    }

    /// Appends what it can, renaming where it gets too large; how many bytes were written.
    fn append(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            if self.file.is_none()
                && let Err(error) = self.make(Owner::Ours)
            {
                self.failed = Some(error);
                break;
            }
            let mut end = self.fitting(&bytes[done..]);
            if end == 0 {
                self.rotate();
                end = self.fitting(&bytes[done..]).max(first_line(&bytes[done..]));
            }
            let Some(file) = &self.file else { continue };
            match rustix::io::write(file, &bytes[done..done + end]) {
                Ok(length) => {
                    done += length;
                    self.size += length as u64;
                }
                Err(Errno::INTR) => {}
                Err(errno) => {
                    self.failed = Some(errno.into());
                    break;
                }
            }
        }
        done
    }

    /// The length of the whole lines that fit in.
    fn fitting(&self, bytes: &[u8]) -> usize {
        let room = (self.limit + self.stretched).saturating_sub(self.size);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if bytes.len() <= room {
            return bytes.len();
        }
        let end = bytes[..room].iter().rposition(|byte| *byte == b'\n');
        end.map_or(0, |at| at + 1)
    }

    /// Renames it to `PATH.1`, that to `PATH.2` and so on, and begins it anew. At any moment each message is in one of them.
    fn rotate(&mut self) {
        if self.size == 0 {
            return;
        }
        let renamed = (1..self.keep).rev().try_for_each(|number| {
            match fs::rename(self.numbered(number), self.numbered(number + 1)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                other => other,
            }
        });
        match renamed.and_then(|()| fs::rename(&self.path, self.numbered(1))) {
            Ok(()) => {
                self.file = None;
                self.stretched = 0;
                if let Err(error) = self.make(Owner::Ours) {
                    self.failed = Some(error);
                }
            }
            // Somebody took it away: it is begun anew.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.file = None,
            Err(error) => {
                self.stretched += self.limit;
                let (path, why) = (self.path.display(), reason(&error));
                let line = told(&format!(
                    "{path}: it cannot be renamed, and grows: {why}; give us a folder of our own"
                ));
                self.append(&line);
            }
        }
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name: OsString = self.path.clone().into();
        name.push(format!(".{number}"));
        name.into()
    }

    /// Opens it, with the folders that it needs. Nothing but a regular file is written to: a link, a device or a pipe that
    /// somebody put in its place is not.
    fn make(&mut self, owner: Owner) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            make_folder(folder, owner)?;
        }
        let flags = OFlags::RDWR
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::CLOEXEC
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(self.mode);
        let file = rustix::fs::open(&self.path, flags, mode)?;
        let stat = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::other("it is no regular file: take it away"));
        }
        give(&file, owner)?;
        // Not by its making alone, where a umask takes part of it away.
        let _ = rustix::fs::fchmod(&file, mode);
        self.size = u64::try_from(stat.st_size).unwrap_or(0);
        let mut last = [b'\n'];
        if self.size > 0 {
            rustix::io::pread(&file, &mut last, self.size - 1)?;
        }
        // Whoever wrote it before was stopped within a line. What we left undone ourselves goes on there.
        if last[0] != b'\n' && self.rest.is_empty() && rustix::io::write(&file, b"\n") == Ok(1) {
            self.size += 1;
        }
        self.file = Some(file);
        Ok(())
    }

    /// Waits until the disk has it.
    pub fn sync(&mut self) {
        self.write(&[], 0);
        if let Some(file) = &self.file {
            let _ = rustix::fs::fdatasync(file);
        }
    }
}

fn first_line(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    end.map_or(bytes.len(), |at| at + 1)
}

fn give(file: &OwnedFd, owner: Owner) -> io::Result<()> {
    if let Owner::User(User { uid, gid }) = owner {
        rustix::fs::fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    Ok(())
}

/// Makes a folder and those above it; the last is given to its owner if it was not there.
pub fn make_folder(folder: &Path, owner: Owner) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    match rustix::fs::mkdir(folder, Mode::from_raw_mode(0o750)) {
        Ok(()) => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let made = rustix::fs::open(folder, flags, Mode::empty())?;
            give(&made, owner)
        }
        Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
