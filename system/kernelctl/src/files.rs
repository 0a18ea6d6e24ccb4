//! Reading and writing the kernel's files and our own.

use crate::error::{Error, Result};
use common::Root;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// No file of the kernel that is read here is longer, in bytes.
const LONGEST: usize = 1 << 20;

/// So much is read at once: more than nearly all values have.
const ROOM: usize = 4096;

/// A file of the kernel that is open for a value to be read, written and read again.
pub struct Value {
    file: OwnedFd,
    readable: bool,
}

impl Value {
    /// Opens for a new value, as `>` of a shell does; for writing alone where reading is not allowed (`vm.drop_caches`).
    pub fn open(path: &Path) -> Result<Self, Errno> {
        let always = OFlags::TRUNC | OFlags::CLOEXEC;
        let open = |flags| rustix::fs::open(path, flags | always, Mode::empty());
        match open(OFlags::RDWR) {
            Ok(file) => Ok(Self {
                file,
                readable: true,
            }),
            Err(Errno::ACCESS) => Ok(Self {
                file: open(OFlags::WRONLY)?,
                readable: false,
            }),
            Err(errno) => Err(errno),
        }
    }

    /// The value now; none where it cannot be read.
    pub fn read(&self) -> Result<Option<String>, Errno> {
        match self.readable {
            true => read_from(&self.file).map(Some),
            false => Ok(None),
        }
    }

    /// Writes it as `echo` would: in one piece, which is what the kernel takes for one value.
    pub fn write(&self, value: &str) -> Result<(), Errno> {
        let line = format!("{value}\n");
        let written = match rustix::io::pwrite(&self.file, line.as_bytes(), 0) {
            // Files of /proc/pressure have no places.
            Err(Errno::SPIPE) => rustix::io::write(&self.file, line.as_bytes())?,
            written => written?,
        };
        match written + 1 >= line.len() {
            true => Ok(()),
            false => Err(Errno::INVAL),
        }
    }
}

impl AsFd for Value {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Writes a value to a file of the kernel below a root.
pub fn write(root: &Root, path: &str, value: &str) -> Result<(), Errno> {
    Value::open(&root.at(path))?.write(value)
}

/// The number of a process.
pub fn pid(text: &str) -> Option<i32> {
    text.parse::<u32>().ok()?.try_into().ok()
}

/// Of a text that has all choices the one that is marked: `always [madvise] never`, `none voluntary (full)`.
pub fn chosen(text: &str) -> &str {
    for word in text.split_ascii_whitespace() {
        if let [b'[', .., b']'] | [b'(', .., b')'] = word.as_bytes() {
            return &word[1..word.len() - 1];
        }
    }
    text
}

/// The value that a file has, without white space at its end; none where it cannot be read.
pub fn read_value(path: &Path) -> Result<Option<String>, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => read_from(&file).map(Some),
        Err(Errno::ACCESS) if path.exists() => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn read_from(file: &OwnedFd) -> Result<String, Errno> {
    let (mut bytes, mut room) = (Vec::new(), [MaybeUninit::uninit(); ROOM]);
    while bytes.len() < LONGEST {
        let (read, _) = rustix::io::pread(file, &mut room, bytes.len() as u64)?;
        bytes.extend_from_slice(read);
        // What is left out of a read that is not the last is at most one line.
        if read.len() < ROOM / 2 {
            break;
        }
    }
    while bytes.last().is_some_and(u8::is_ascii_whitespace) {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| Errno::ILSEQ)
}

/// Writes a file of our own beside its place and renames it there.
///
/// # Errors
/// [`Error::file`]; then what was there is there as it was.
pub fn replace(path: &Path, shown: &str, contents: &str) -> Result<()> {
    let failed = |doing| move |error| Error::file(shown, doing, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("making its folder"))?;
    }
    let beside = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = fs::File::create(&beside)?;
        file.write_all(contents.as_bytes())?;
        file.sync_data()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed("writing it")(error)
    })
}
