//! `inittab-id`, `inittab-line`: the service's entry among the users that are logged in (utmp(5)).
//!
//! The file is written only where it is there: an administrator or a service makes it. Its layout is that of musl on
//! 64-bit systems and of glibc on aarch64, with 64-bit times; musl's own functions for it do nothing.

use crate::clock::{SECOND, realtime};
use rustix::fs::{FlockOperation, OFlags, fcntl_lock};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// Where it is.
pub const PATH: &str = "/run/utmp";

const INIT_PROCESS: i16 = 5;
const DEAD_PROCESS: i16 = 8;

/// Bytes of an entry, and where its fields are: type (2 bytes), process (4), line (32), id (4), seconds and
/// microseconds (8 each). What is between them stays empty.
const SIZE: usize = 400;
const PROCESS: usize = 4;
const LINE: std::ops::Range<usize> = 8..40;
const ID: std::ops::Range<usize> = 40..44;
const TIME: usize = 344;

/// Entries that are looked at before the file counts as broken.
const MOST: usize = 4096;

/// Says that a process runs. Without the file nothing is done.
pub fn started(path: &str, id: &[u8], line: &[u8], pid: i32) -> Result<(), Errno> {
    record(path, INIT_PROCESS, id, line, Some(pid))
}

/// Says that it runs no more.
pub fn ended(path: &str, id: &[u8], line: &[u8]) -> Result<(), Errno> {
    record(path, DEAD_PROCESS, id, line, None)
}

/// Puts an entry in the place of the one with its id (or line, without one), or behind all. Without a process it keeps
/// that of the entry before.
fn record(path: &str, kind: i16, id: &[u8], line: &[u8], pid: Option<i32>) -> Result<(), Errno> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, rustix::fs::Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(errno),
    };
    // Who holds the file must not hold up the daemon.
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let mut entry = [0; SIZE];
    entry[..2].copy_from_slice(&kind.to_ne_bytes());
    fill(&mut entry[LINE], line);
    fill(&mut entry[ID], id);
    let now = realtime();
    entry[TIME..TIME + 8].copy_from_slice(&(now / SECOND).to_ne_bytes());
    let micros = now % SECOND / 1000;
    entry[TIME + 8..TIME + 16].copy_from_slice(&micros.to_ne_bytes());
    let (at, before) = find(&file, id, &entry)?;
    let process = pid.map(i32::to_ne_bytes).or(before);
    let process = process.unwrap_or_default();
    entry[PROCESS..PROCESS + 4].copy_from_slice(&process);
    match rustix::io::pwrite(&file, &entry, at)? {
        SIZE => Ok(()),
        _ => Err(Errno::NOSPC),
    }
}

fn fill(room: &mut [u8], text: &[u8]) {
    room.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
}

/// Where the entry is to be, and the process of the one that is there.
fn find(file: &OwnedFd, id: &[u8], wanted: &[u8; SIZE]) -> Result<(u64, Option<[u8; 4]>), Errno> {
    let field = match id {
        [] => LINE,
        _ => ID,
    };
    let mut entry = [0; SIZE];
    for number in 0..MOST {
        let at = (number * SIZE) as u64;
        if rustix::io::pread(file, &mut entry, at)? < SIZE {
            return Ok((at, None));
        }
        let kind = i16::from_ne_bytes([entry[0], entry[1]]);
        let process = (INIT_PROCESS..=DEAD_PROCESS).contains(&kind);
        if process && entry[field.clone()] == wanted[field.clone()] {
            let pid = [entry[4], entry[5], entry[6], entry[7]];
            return Ok((at, Some(pid)));
        }
    }
    Err(Errno::FBIG)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type, process, line and id of every entry.
    fn entries(path: &str) -> Vec<(i16, i32, String, String)> {
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .trim_end_matches('\0')
                .to_owned()
        };
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(bytes.len() % SIZE, 0);
        let entries = bytes.chunks(SIZE).map(|entry| {
            let kind = i16::from_ne_bytes(entry[..2].try_into().unwrap());
            let pid = i32::from_ne_bytes(entry[4..8].try_into().unwrap());
            let seconds = i64::from_ne_bytes(entry[344..352].try_into().unwrap());
            assert!(seconds > 1_000_000_000);
            (kind, pid, text(&entry[LINE]), text(&entry[ID]))
        });
        entries.collect()
    }

    #[test]
    fn entries_take_the_place_of_their_like() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("utmp");
        let path = path.to_str().unwrap();
        assert_eq!(started(path, b"1", b"tty1", 10), Ok(()));
        assert!(!std::fs::exists(path).unwrap());
        std::fs::write(path, "").unwrap();
        started(path, b"1", b"tty1", 10).unwrap();
        started(path, b"longer than four", &[b'x'; 40], 11).unwrap();
        started(path, b"", b"tty3", 12).unwrap();
        started(path, b"1", b"tty1", 20).unwrap();
        ended(path, b"longer than four", b"").unwrap();
        ended(path, b"", b"tty3").unwrap();
        let one = |kind, pid, line: &str, id: &str| (kind, pid, line.to_owned(), id.to_owned());
        let expected = [
            one(5, 20, "tty1", "1"),
            one(8, 11, "", "long"),
            one(8, 12, "tty3", ""),
        ];
        assert_eq!(entries(path), expected);
        // Whoever was not there is dead all the same.
        ended(path, b"9", b"").unwrap();
        assert_eq!(entries(path)[3], one(8, 0, "", "9"));
    }

    #[test]
    fn errors_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(started(path, b"1", b"", 1), Err(Errno::ISDIR));
        // Empty entries without end.
        assert_eq!(started("/dev/zero", b"1", b"", 1), Err(Errno::FBIG));
    }
}
