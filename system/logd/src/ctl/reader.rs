//! Reads a file and those that it was renamed to, in the order in which they were written, and what comes later.

use crate::time::Time;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// As many as logd keeps at most.
const MOST: u32 = 99;

/// One of the files.
struct Opened {
    file: File,
    inode: u64,
}

pub struct Reader {
    path: PathBuf,
    /// Still to be read, the oldest first; the last one stays, as it may grow.
    files: VecDeque<Opened>,
    /// A line whose end is not there yet.
    partial: Vec<u8>,
}

impl Reader {
    /// Opens the files. Those to which nothing was written since are passed over.
    ///
    /// # Errors
    /// That of opening the file itself.
    pub fn open(path: &Path, since: Option<Time>) -> io::Result<Self> {
        let since = since.map(|time| SystemTime::UNIX_EPOCH + Duration::from_micros(time.0));
        let mut files = VecDeque::new();
        files.push_front(open(path)?);
        // The newest first: one that is renamed meanwhile is found twice, and not missed.
        for number in 1..=MOST {
            let Ok(opened) = open(&numbered(path, number)) else {
                break;
            };
            let changed = opened.file.metadata()?.modified()?;
            if since.is_some_and(|since| changed < since) {
                break;
            }
            if !files.iter().any(|one: &Opened| one.inode == opened.inode) {
                files.push_front(opened);
            }
        }
        Ok(Self {
            path: path.to_owned(),
            files,
            partial: Vec::new(),
        })
    }

    /// Hands over each line that there is, without its end, until no more is wanted.
    ///
    /// # Errors
    /// That of read(2).
    pub fn read(&mut self, take: &mut impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        self.look_for_newer();
        while let Some(first) = self.files.front_mut() {
            if !lines(&mut first.file, &mut self.partial, take)? {
                return Ok(());
            }
            if self.files.len() == 1 {
                break;
            }
            // The next begins with a line of its own.
            self.partial.clear();
            self.files.pop_front();
        }
        Ok(())
    }

    /// If the last one was renamed, what came after it is to be read as well.
    fn look_for_newer(&mut self) {
        let Some(last) = self.files.back().map(|last| last.inode) else {
            return;
        };
        let mut newer = Vec::new();
        for number in 0..=MOST {
            let path = match number {
                0 => self.path.clone(),
                number => numbered(&self.path, number),
            };
            match open(&path) {
                Ok(opened) if opened.inode == last => break,
                Ok(opened) => newer.push(opened),
                // It is being renamed, and will be there.
                Err(_) if number == 0 => return,
                // It was deleted: of what came after it, nobody knows how far to go back.
                Err(_) => {
                    newer.truncate(1);
                    break;
                }
            }
        }
        newer.reverse();
        self.files.extend(newer);
    }
}

fn open(path: &Path) -> io::Result<Opened> {
    let file = File::open(path)?;
    let inode = file.metadata()?.ino();
    Ok(Opened { file, inode })
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// Hands over the lines of a file to its end; whether more is wanted.
fn lines(
    file: &mut File,
    partial: &mut Vec<u8>,
    take: &mut impl FnMut(&[u8]) -> bool,
) -> io::Result<bool> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = match file.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let mut rest = &buffer[..length];
        while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
            let more = match partial.is_empty() {
                true => take(&rest[..at]),
                false => {
                    partial.extend_from_slice(&rest[..at]);
                    let more = take(partial);
                    partial.clear();
                    more
                }
            };
            if !more {
                return Ok(false);
            }
            rest = &rest[at + 1..];
        }
        partial.extend_from_slice(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(reader: &mut Reader) -> Vec<String> {
        let mut lines = Vec::new();
        reader
            .read(&mut |line| {
                lines.push(String::from_utf8(line.into()).unwrap());
                true
            })
            .unwrap();
        lines
    }

    fn append(path: &Path, text: &str) {
        use std::io::Write;
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn files_are_read_in_order_and_followed_when_they_are_renamed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        append(&numbered(&path, 2), "1\n2\nunfinished");
        append(&numbered(&path, 1), "3\n");
        append(&path, "4\nha");
        let mut reader = Reader::open(&path, None).unwrap();
        assert_eq!(read(&mut reader), ["1", "2", "3", "4"]);
        append(&path, "lf\n5\n");
        assert_eq!(read(&mut reader), ["half", "5"]);
        // Renamed three times before anybody looks.
        append(&path, "6\n");
        for text in ["7\n", "8\n", "9\n"] {
            for number in (1..6).rev() {
                let _ = fs::rename(numbered(&path, number), numbered(&path, number + 1));
            }
            fs::rename(&path, numbered(&path, 1)).unwrap();
            append(&path, text);
        }
        assert_eq!(read(&mut reader), ["6", "7", "8", "9"]);
        assert_eq!(read(&mut reader).len(), 0);
        // Deleted.
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&mut reader).len(), 0);
        append(&path, "10\n");
        assert_eq!(read(&mut reader).last().map(String::as_str), Some("10"));
    }

    #[test]
    fn old_files_are_passed_over_and_no_more_is_read_than_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        assert!(Reader::open(&path, None).is_err());
        append(&numbered(&path, 1), "1\n");
        append(&path, "2\n3\n");
        let later = Time(Time::now().0 + 3_600_000_000);
        assert_eq!(
            read(&mut Reader::open(&path, Some(later)).unwrap()),
            ["2", "3"]
        );
        let mut count = 0;
        let mut reader = Reader::open(&path, None).unwrap();
        let take = &mut |_: &[u8]| {
            count += 1;
            count < 2
        };
        reader.read(take).unwrap();
        assert_eq!(count, 2);
    }
}
