//! Which open file has which number in the new process. The parent plans it; the child carries it out.

use crate::memory::Room;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, RawFd};

/// Where a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The parent's number, or that of a copy.
    Open(RawFd),
    /// /dev/null, opened by the child.
    Null,
    /// The log file, likewise.
    Log,
    /// It has its number already.
    Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Move {
    from: Source,
    to: RawFd,
}

/// The whole plan. All numbers of the parent that are not named in it close with the next program (O_CLOEXEC).
#[derive(Default)]
pub struct Descriptors {
    moves: Vec<Move>,
    /// Above every number that is given away.
    floor: RawFd,
}

/// How the log file is opened.
pub struct LogFile<'a> {
    pub path: &'a CStr,
    pub mode: u32,
    /// `u32::MAX`: not changed.
    pub uid: u32,
    pub gid: u32,
}

impl Descriptors {
    pub fn null(&mut self, to: RawFd) -> Result<(), Errno> {
        self.add(Source::Null, to)
    }

    pub fn log(&mut self, to: RawFd) -> Result<(), Errno> {
        self.add(Source::Log, to)
    }

    pub fn open(&mut self, from: BorrowedFd<'_>, to: RawFd) -> Result<(), Errno> {
        self.add(Source::Open(from.as_raw_fd()), to)
    }

    /// EINVAL: not a number, or given twice.
    fn add(&mut self, from: Source, to: RawFd) -> Result<(), Errno> {
        if to < 0 || self.has(to) {
            return Err(Errno::INVAL);
        }
        self.moves.room(1).map_err(|_| Errno::NOMEM)?;
        self.moves.push(Move { from, to });
        self.floor = self.floor.max(to.saturating_add(1));
        Ok(())
    }

    pub fn has(&self, to: RawFd) -> bool {
        self.moves.iter().any(|other| other.to == to)
    }

    /// Child: brings every file whose number is to become another's out of the way, then gives all but the first three
    /// numbers to their files.
    pub fn arrange(&mut self) -> Result<(), Errno> {
        for at in 0..self.moves.len() {
            let Some(Move {
                from: Source::Open(from),
                to,
            }) = self.moves.get(at).copied()
            else {
                continue;
            };
            if from != to && self.has(from) {
                // SAFETY: the number is open: the parent lent it for the whole start.
                let file = unsafe { BorrowedFd::borrow_raw(from) };
                let copy = rustix::io::fcntl_dupfd_cloexec(file, self.floor)?.into_raw_fd();
                if let Some(entry) = self.moves.get_mut(at) {
                    entry.from = Source::Open(copy);
                }
            }
        }
        self.give(|to| to > 2)
    }

    /// Child: gives the first three numbers to their files. `log` is whether opening the log file is what failed.
    pub fn arrange_standard(
        &mut self,
        log_file: Option<&LogFile<'_>>,
        log: &mut bool,
    ) -> Result<(), Errno> {
        if self.wants(Source::Null) {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let null = rustix::fs::open(c"/dev/null", flags, Mode::empty())?;
            self.opened(Source::Null, null.into_raw_fd())?;
        }
        if let Some(file) = log_file.filter(|_| self.wants(Source::Log)) {
            *log = true;
            let open = crate::log::file::open_at(file.path, file.mode, file.uid, file.gid)?;
            self.opened(Source::Log, open.into_raw_fd())?;
            *log = false;
        }
        self.give(|to| to <= 2)
    }

    fn wants(&self, source: Source) -> bool {
        self.moves.iter().any(|entry| entry.from == source)
    }

    /// Gives what was just opened to all who want it. It may itself have the number of one of them, or of a later one.
    fn opened(&mut self, source: Source, file: RawFd) -> Result<(), Errno> {
        for entry in self.moves.iter_mut().filter(|entry| entry.from == source) {
            give(file, entry.to)?;
            entry.from = Source::Given;
        }
        Ok(())
    }

    fn give(&self, which: impl Fn(RawFd) -> bool) -> Result<(), Errno> {
        for entry in self.moves.iter().filter(|entry| which(entry.to)) {
            if let Source::Open(from) = entry.from {
                give(from, entry.to)?;
            }
        }
        Ok(())
    }
}

/// Makes `to` another number of a file, one that stays open in the next program.
fn give(from: RawFd, to: RawFd) -> Result<(), Errno> {
    if from != to {
        return check(bare::sys::dup(from as isize, to as isize));
    }
    // SAFETY: see above; a number that is not open is an error here, not harm.
    let file = unsafe { BorrowedFd::borrow_raw(from) };
    rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty())
}

/// The kernel's answer as a result.
pub fn check(answer: isize) -> Result<(), Errno> {
    match answer {
        -4095..=-1 => Err(Errno::from_raw_os_error(-answer as i32)),
        _ => Ok(()),
    }
}
