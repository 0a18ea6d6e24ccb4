//! One control group: its processes signalled or killed together, whether there are any, its end.

use crate::memory::Room;
use rustix::fs::{CWD, Dir, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::Pid;
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Groups in groups that are looked into. More than that no service makes but to confuse.
const DEEPEST: usize = 32;

/// Kills every process of the group and of those below it: at once (Linux 5.14), or else one by one while all of them
/// are frozen, so that none can make another.
pub fn kill(folder: impl AsFd) -> Result<(), Errno> {
    match write(&folder, c"cgroup.kill", b"1") {
        Err(Errno::NOENT | Errno::OPNOTSUPP) => {}
        done => return done,
    }
    let frozen = write(&folder, c"cgroup.freeze", b"1");
    let done = signal(&folder, 9);
    if frozen.is_ok() {
        write(&folder, c"cgroup.freeze", b"0")?;
    }
    done
}

/// Sends a signal to every process of the group and of those below it.
pub fn signal(folder: impl AsFd, number: i32) -> Result<(), Errno> {
    for_each(folder, &mut |pid| {
        // Its end was faster.
        bare::sys::kill(pid as isize, number.unsigned_abs() as usize);
    })
}

/// Calls `work` with every process of the group and of those below it.
pub fn for_each(folder: impl AsFd, work: &mut dyn FnMut(i32)) -> Result<(), Errno> {
    visit(folder.as_fd(), DEEPEST, work)
}

fn visit(folder: BorrowedFd<'_>, deepest: usize, work: &mut dyn FnMut(i32)) -> Result<(), Errno> {
    let processes = read(folder, c"cgroup.procs")?;
    for line in processes.split(|byte| *byte == b'\n') {
        let pid = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.parse().ok());
        // 0 is a process that cannot be seen from here; 1 nobody signals. -1 would be everybody.
        if let Some(pid) = pid.filter(|pid| *pid > 1 && Pid::from_raw(*pid).is_some()) {
            work(pid);
        }
    }
    let Some(deeper) = deepest.checked_sub(1) else {
        return Ok(());
    };
    for name in folders(folder)? {
        match open_folder(folder, &*name) {
            Ok(inner) => visit(inner.as_fd(), deeper, work)?,
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Whether no process is left in the group and those below it. A zombie counts as none.
pub fn is_empty(folder: impl AsFd) -> Result<bool, Errno> {
    let events = read(folder, c"cgroup.events")?;
    Ok(events
        .split(|byte| *byte == b'\n')
        .any(|line| line == b"populated 0"))
}

/// A file that polls as exceptional (POLLPRI) whenever what [`is_empty`] says may have changed.
pub fn open_events(folder: impl AsFd) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::openat(folder, c"cgroup.events", flags, Mode::empty())
}

/// Removes the group and those below it. EBUSY: there are still processes.
pub fn remove(path: &[u8]) -> Result<(), Errno> {
    match rustix::fs::rmdir(path) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::BUSY | Errno::NOTEMPTY) => {}
        Err(errno) => return Err(errno),
    }
    remove_inner(&open_folder(CWD, path)?, DEEPEST)?;
    rustix::fs::rmdir(path)
}

fn remove_inner(folder: &OwnedFd, deepest: usize) -> Result<(), Errno> {
    let deeper = deepest.checked_sub(1).ok_or(Errno::BUSY)?;
    for name in folders(folder)? {
        remove_inner(&open_folder(folder, &*name)?, deeper)?;
        rustix::fs::unlinkat(folder, &*name, rustix::fs::AtFlags::REMOVEDIR)?;
    }
    Ok(())
}

fn open_folder(at: impl AsFd, name: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, name, flags, Mode::empty())
}

/// Names of the folders in one.
fn folders(folder: impl AsFd) -> Result<Vec<Box<CStr>>, Errno> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type().is_dir() && !matches!(name.to_bytes(), b"." | b"..") {
            found.room(1).map_err(|_| Errno::NOMEM)?;
            found.push(name.into());
        }
    }
    Ok(found)
}

fn read(folder: impl AsFd, name: &CStr) -> Result<Vec<u8>, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    read_all(&rustix::fs::openat(folder, name, flags, Mode::empty())?)
}

/// All of a file of the kernel's.
pub(super) fn read_all(file: &OwnedFd) -> Result<Vec<u8>, Errno> {
    let mut text = Vec::new();
    loop {
        let mut piece = [0; 1024];
        match rustix::io::read(file, &mut piece) {
            Ok(0) => return Ok(text),
            Ok(length) => {
                text.room(length).map_err(|_| Errno::NOMEM)?;
                text.extend_from_slice(&piece[..length]);
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

fn write(folder: impl AsFd, name: &CStr, value: &[u8]) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, name, flags, Mode::empty())?;
    rustix::io::write(file, value).map(drop)
}
