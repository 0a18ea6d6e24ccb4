//! `log-type = file`: opening the file, and files that the daemon writes and rotates itself.

use crate::description::LogFile;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{CStr, CString, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Opens a log file to append to it, with owner and mode as asked for (`u32::MAX`: unchanged), and waits for no reader if
/// it is a pipe. Allocates nothing.
pub fn open_at(path: &CStr, mode: u32, uid: u32, gid: u32) -> Result<OwnedFd, Errno> {
    let append = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND;
    let wait = OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, append | wait, Mode::RUSR | Mode::WUSR)?;
    rustix::fs::fcntl_setfl(&file, OFlags::APPEND)?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    // A device (/dev/null, a terminal) has its own owner and permissions.
    if !kind.is_char_device() && !kind.is_block_device() {
        if (uid, gid) != (u32::MAX, u32::MAX) {
            let id = |id: u32| (id != u32::MAX).then_some(id);
            let uid = id(uid).map(rustix::fs::Uid::from_raw);
            let gid = id(gid).map(rustix::fs::Gid::from_raw);
            rustix::fs::fchown(&file, uid, gid)?;
        }
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
    }
    Ok(file)
}

/// Opens the log file of a description.
pub fn open(file: &LogFile) -> Result<OwnedFd, Errno> {
    let path = CString::new(&*file.path).map_err(|_| Errno::INVAL)?;
    open_at(&path, file.mode, file.uid, file.gid)
}

/// A log file that the daemon writes: when it has grown to `logfile-max-size`, it becomes `PATH.1`, that `PATH.2`, and so
/// on up to `PATH.KEEP`. Lines stay whole. No error is anybody's trouble: what cannot be written is dropped, counted,
/// and the count is written once that is possible.
pub struct Rotating {
    settings: LogFile,
    file: Option<OwnedFd>,
    /// Bytes in the file.
    size: u64,
    /// Size at which it is to rotate.
    due: u64,
    /// Whether the last line is complete.
    line_ended: bool,
    lost: u64,
}

impl Rotating {
    /// Opens the file with the first output.
    pub fn new(settings: &LogFile) -> Self {
        Self {
            due: settings.max_size,
            settings: settings.clone(),
            file: None,
            size: 0,
            line_ended: true,
            lost: 0,
        }
    }

    pub fn settings(&self) -> &LogFile {
        &self.settings
    }

    /// Bytes that were dropped and not yet reported in the file.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes output.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.file.is_none() && !self.open() {
            self.lost += bytes.len() as u64;
            return;
        }
        let mut rest = bytes;
        let mut fresh = false;
        while !rest.is_empty() {
            match self.piece(rest) {
                0 if !fresh => {
                    self.rotate(rest.len() as u64);
                    fresh = true;
                }
                0 => {
                    self.put(rest);
                    return;
                }
                end => {
                    let (piece, later) = rest.split_at(end);
                    self.put(piece);
                    (rest, fresh) = (later, false);
                }
            }
        }
    }

    /// How much to write before the file rotates: whole lines that fit, and never less than to the end of the line begun;
    /// but a line without end does not make a file without end.
    fn piece(&self, bytes: &[u8]) -> usize {
        let room = self.due.saturating_sub(self.size);
        let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        if fits == bytes.len() {
            return fits;
        }
        let newline = |byte: &u8| *byte == b'\n';
        if let Some(last) = bytes[..fits].iter().rposition(newline) {
            return last + 1;
        }
        if self.line_ended && self.size > 0 {
            return 0;
        }
        let first = bytes[fits..].iter().position(newline);
        first.map_or(bytes.len(), |at| fits + at + 1)
    }

    fn put(&mut self, bytes: &[u8]) {
        let Some(file) = &self.file else {
            self.lost += bytes.len() as u64;
            return;
        };
        let mut rest = bytes;
        if self.lost > 0 && self.line_ended {
            let note = format!("(dinit: note: {} bytes of output were lost)\n", self.lost);
            if let Ok(written) = rustix::io::write(file, note.as_bytes()) {
                self.lost = 0;
                self.size += written as u64;
            }
        }
        while !rest.is_empty() {
            match rustix::io::write(file, rest) {
                Ok(written @ 1..) => {
                    self.size += written as u64;
                    self.line_ended = rest[written - 1] == b'\n';
                    rest = &rest[written..];
                }
                Err(Errno::INTR) => {}
                Ok(0) | Err(_) => {
                    self.lost += rest.len() as u64;
                    // The note is to begin a line of its own.
                    if !self.line_ended && rustix::io::write(file, b"\n").is_ok() {
                        self.size += 1;
                    }
                    self.line_ended = true;
                    return;
                }
            }
        }
        // A line without end is broken.
        self.line_ended |= self.size >= self.settings.max_size.saturating_mul(2);
    }

    fn open(&mut self) -> bool {
        let Ok(file) = open(&self.settings) else {
            return false;
        };
        let stat = rustix::fs::fstat(&file);
        self.size = stat.map_or(0, |stat| u64::try_from(stat.st_size).unwrap_or(0));
        self.file = Some(file);
        true
    }

    /// Renames all files one further and begins a new one. Where that cannot be done the file grows on for as much again,
    /// and at least for what waits to be written.
    fn rotate(&mut self, waiting: u64) {
        let more = self.settings.max_size.max(waiting);
        self.due = self.size.saturating_add(more);
        let moved = match self.settings.keep {
            0 => std::fs::remove_file(self.path(0)),
            keep => {
                for number in (1..keep).rev() {
                    // Those that are not there yet.
                    let _ = std::fs::rename(self.path(number), self.path(number + 1));
                }
                std::fs::rename(self.path(0), self.path(1))
            }
        };
        // Somebody else may have moved the file away: that is as good.
        if moved.is_ok() || !self.path(0).exists() {
            (self.file, self.size) = (None, 0);
            self.due = self.settings.max_size;
            self.open();
        }
    }

    /// The file, or one that it was.
    fn path(&self, number: u32) -> PathBuf {
        let mut path = PathBuf::from(OsStr::from_bytes(&self.settings.path)).into_os_string();
        if number > 0 {
            path.push(format!(".{number}"));
        }
        path.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn settings(path: &Path, max_size: u64, keep: u32) -> LogFile {
        LogFile {
            path: path.as_os_str().as_bytes().into(),
            mode: 0o640,
            uid: u32::MAX,
            gid: u32::MAX,
            max_size,
            keep,
        }
    }

    /// All files of a folder, by name, with their text.
    fn files(folder: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn expect(folder: &Path, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, text)| (name.to_string(), text.to_string()))
            .collect();
        assert_eq!(files(folder), expected);
    }

    #[test]
    fn rotates_at_the_ends_of_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "old\n").unwrap();
        let mut log = Rotating::new(&settings(&path, 10, 2));
        log.write(b"one\n");
        expect(folder.path(), &[("log", "old\none\n")]);
        log.write(b"two\nth");
        log.write(b"ree\n");
        let expected = [("log", "two\nthree\n"), ("log.1", "old\none\n")];
        expect(folder.path(), &expected);
        // Longer than the limit, in several pieces, and more lines at once than one file takes.
        log.write(b"a very long");
        log.write(b" line\nx\n1234567\n1234567\nend\n");
        let expected = [
            ("log", "end\n"),
            ("log.1", "1234567\n"),
            ("log.2", "x\n1234567\n"),
        ];
        expect(folder.path(), &expected);
        assert_eq!(log.lost(), 0);
    }

    #[test]
    fn a_line_without_end_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Rotating::new(&settings(&path, 10, 5));
        for _ in 0..100 {
            log.write(b"xxxx");
        }
        let files = files(folder.path());
        assert_eq!(files.len(), 6);
        assert!(files.iter().all(|(_, text)| text.len() <= 24), "{files:?}");
    }

    #[test]
    fn without_kept_files_it_begins_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Rotating::new(&settings(&path, 4, 0));
        log.write(b"one\n");
        log.write(b"two\n");
        expect(folder.path(), &[("log", "two\n")]);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("later");
        let mut log = Rotating::new(&settings(&inside.join("log"), 1000, 1));
        log.write(b"lost\n");
        assert_eq!(log.lost(), 5);
        fs::create_dir(&inside).unwrap();
        log.write(b"kept\n");
        let text = "(dinit: note: 5 bytes of output were lost)\nkept\n";
        expect(&inside, &[("log", text)]);
        // A full disk.
        let mut log = Rotating::new(&settings("/dev/full".as_ref(), 1000, 1));
        log.write(b"lost\n");
        assert_eq!(log.lost(), 5);
    }

    #[test]
    fn what_cannot_be_renamed_grows_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::create_dir_all(folder.path().join("log.1/in the way")).unwrap();
        let mut log = Rotating::new(&settings(&path, 4, 1));
        for line in [&b"one\n"[..], b"two\n", b"and a longer line\n", b"x\n"] {
            log.write(line);
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "one\ntwo\nand a longer line\nx\n");
    }
}
