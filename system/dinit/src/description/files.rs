//! Reading the files that a description consists of: whole, bounded, and from where they really are.

use super::error::Problem;
use crate::memory::Room;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// Bytes that one file may have.
pub const LIMIT: usize = 1 << 20;
/// Symbolic links in a row, as Linux allows.
const LINKS: usize = 40;
/// How often a file that changes is read again.
const TRIES: usize = 3;

/// One file that was read.
#[derive(Debug)]
pub struct File {
    pub text: Vec<u8>,
    /// The folder that holds it when links in its last part are followed: what it names is relative to that.
    pub folder: Vec<u8>,
    /// `st_mtim`: seconds, nanoseconds.
    pub modified: (i64, u32),
}

/// The folder part of a path: `/a/b` of `/a/b/c`, `/` of `/a`, empty for `a`.
pub fn parent(path: &[u8]) -> &[u8] {
    let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else {
        return b"";
    };
    let more = path[..slash].iter().rev().take_while(|byte| **byte == b'/');
    &path[..(slash - more.count()).max(1)]
}

/// A path that may be relative to a folder.
pub fn join(folder: &[u8], path: &[u8]) -> Vec<u8> {
    match (folder, path) {
        (_, [b'/', ..]) | ([], _) => path.to_vec(),
        ([.., b'/'], _) => [folder, path].concat(),
        (_, []) => folder.to_vec(),
        _ => [folder, b"/", path].concat(),
    }
}

/// Reads a file. None if it is not there.
pub fn read(path: &[u8]) -> Result<Option<File>, Problem> {
    let mut real = path.to_vec();
    for _ in 0..LINKS {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        match rustix::fs::open(real.as_slice(), flags | OFlags::NOCTTY, Mode::empty()) {
            Ok(file) => {
                let (text, modified) = contents(&file, path)?;
                let folder = parent(&real).to_vec();
                return Ok(Some(File {
                    text,
                    folder,
                    modified,
                }));
            }
            // What ends in no name cannot be opened with NOFOLLOW as a link would.
            Err(Errno::LOOP) => match rustix::fs::readlink(real.as_slice(), Vec::new()) {
                Ok(target) => real = join(parent(&real), target.as_bytes()),
                Err(error) => return Err(unreadable(path, error)),
            },
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(unreadable(path, error)),
        }
    }
    Err(unreadable(path, Errno::LOOP))
}

fn unreadable(path: &[u8], error: Errno) -> Problem {
    Problem::Unreadable(path.into(), error.raw_os_error())
}

type Contents = (Vec<u8>, (i64, u32));

fn contents(file: &OwnedFd, path: &[u8]) -> Result<Contents, Problem> {
    for _ in 0..TRIES {
        let stat = rustix::fs::fstat(file).map_err(|error| unreadable(path, error))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let what = match kind {
            // A description may be a link to /dev/null: then it says nothing.
            FileType::RegularFile | FileType::CharacterDevice => "",
            FileType::Directory => "a folder",
            FileType::Fifo => "a pipe",
            FileType::Socket => "a socket",
            _ => "a device",
        };
        if !what.is_empty() {
            return Err(Problem::NotAFile(path.into(), what));
        }
        let size = usize::try_from(stat.st_size).unwrap_or(usize::MAX);
        if size > LIMIT {
            return Err(Problem::TooLarge(path.into(), LIMIT));
        }
        let text = fill(file, path, size)?;
        // Devices and the files of /proc say that they have no bytes.
        if text.len() == size || size == 0 {
            let nanoseconds = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
            #[allow(clippy::useless_conversion)]
            return Ok((text, (i64::from(stat.st_mtime), nanoseconds)));
        }
    }
    Err(Problem::Changed(path.into()))
}

/// Reads from the beginning to the end, which is expected after `size` bytes.
fn fill(file: &OwnedFd, path: &[u8], size: usize) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    let mut filled = 0;
    loop {
        let room = if filled == 0 && size > 0 {
            size + 1
        } else {
            4096
        };
        if text.room_exact(room).is_err() {
            return Err(Problem::Memory);
        }
        text.resize(filled + room, 0);
        let offset = u64::try_from(filled).unwrap_or(u64::MAX);
        let count = match rustix::io::pread(file, &mut text[filled..], offset) {
            // A terminal or the like: it has no place to read from.
            Err(Errno::SPIPE) => return Err(Problem::NotAFile(path.into(), "a device")),
            read => read.map_err(|error| unreadable(path, error))?,
        };
        filled += count;
        if filled > LIMIT {
            return Err(Problem::TooLarge(path.into(), LIMIT));
        }
        // A read that does not fill the room has reached the end, but in files of /proc.
        if count == 0 || size > 0 && count < room {
            text.truncate(filled);
            return Ok(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn bytes(path: &std::path::Path) -> &[u8] {
        path.as_os_str().as_bytes()
    }

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/a", "/"),
            ("/a/b/c", "/a/b"),
            ("a", ""),
            ("a/b", "a"),
            ("/a//b", "/a"),
            ("//a", "/"),
        ] {
            assert_eq!(parent(path.as_bytes()), expected.as_bytes(), "{path}");
        }
        for (folder, path, expected) in [
            ("/a", "b", "/a/b"),
            ("/a/", "b", "/a/b"),
            ("/a", "/b", "/b"),
            ("", "b", "b"),
        ] {
            assert_eq!(
                join(folder.as_bytes(), path.as_bytes()),
                expected.as_bytes()
            );
        }
    }

    #[test]
    fn reads_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join("file"), "text").unwrap();
        symlink("inner/file", folder.path().join("one")).unwrap();
        symlink(folder.path().join("one"), folder.path().join("two")).unwrap();
        let file = read(bytes(&folder.path().join("two"))).unwrap().unwrap();
        assert_eq!(file.text, b"text");
        assert_eq!(file.folder, bytes(&inner));
        assert!(file.modified.0 > 0);
    }

    #[test]
    fn refuses_what_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        symlink("b", path.join("a")).unwrap();
        symlink("a", path.join("b")).unwrap();
        symlink("nothing", path.join("dangling")).unwrap();
        std::fs::write(path.join("huge"), vec![b'#'; LIMIT + 1]).unwrap();
        std::fs::write(path.join("full"), vec![b'#'; LIMIT]).unwrap();
        let fifo = std::process::Command::new("mkfifo")
            .arg(path.join("pipe"))
            .status();
        assert!(fifo.unwrap().success());
        let of = |name: &str| read(bytes(&path.join(name)));
        assert!(matches!(of("a"), Err(Problem::Unreadable(_, 40))));
        assert!(matches!(of("dangling"), Ok(None)));
        assert!(matches!(of("missing"), Ok(None)));
        assert!(matches!(of("huge"), Err(Problem::TooLarge(_, LIMIT))));
        assert_eq!(of("full").unwrap().unwrap().text.len(), LIMIT);
        assert!(matches!(of("pipe"), Err(Problem::NotAFile(_, "a pipe"))));
        assert!(matches!(of(""), Err(Problem::NotAFile(_, "a folder"))));
        assert!(matches!(of("full/x"), Err(Problem::Unreadable(_, 20))));
        assert!(matches!(read(b"/dev/zero"), Err(Problem::TooLarge(..))));
        assert_eq!(read(b"/dev/null").unwrap().unwrap().text, b"");
        assert!(!read(b"/proc/self/status").unwrap().unwrap().text.is_empty());
        assert!(read(b"/nul\0byte").is_err());
    }
}
