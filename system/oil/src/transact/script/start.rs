//! What a program that is a text is started from: a file in memory, or one of the root where there are none of those.

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A text that can be started, until it is dropped.
#[derive(Debug)]
pub struct Start {
    /// What to execute; if it is relative, from the directory that this thread is in.
    pub path: PathBuf,
    /// It has to stay open in the child, whose interpreter reads it by the same name.
    memory: Option<OwnedFd>,
}

impl Start {
    /// Of a text, whose messages call it `title`: its path below the root if it has to lie there, which this thread's
    /// directory is.
    ///
    /// # Errors
    /// In words.
    pub fn of(title: &str, text: &[u8]) -> Result<Self, String> {
        match memory_file(title, text) {
            Ok(file) => Ok(Self {
                path: format!("/proc/self/fd/{}", file.as_raw_fd()).into(),
                memory: Some(file),
            }),
            // A kernel before 3.17, or a seccomp filter.
            Err(Errno::NOSYS | Errno::PERM | Errno::ACCESS) => Self::on_disk(title, text),
            Err(error) => Err(format!("memfd_create: {}", super::plain(&error.into()))),
        }
    }

    fn on_disk(title: &str, text: &[u8]) -> Result<Self, String> {
        let path = PathBuf::from(title);
        write(&path, text).map_err(|error| {
            let error = super::plain(&error);
            format!("there is no memfd_create, and {title} could not be written: {error}")
        })?;
        Ok(Self { path, memory: None })
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        if self.memory.is_none() {
            let _ = fs::remove_file(&self.path);
            // Others may have something there.
            let _ = self.path.parent().map(fs::remove_dir);
        }
    }
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    // What an earlier run left, or a link in its place.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o700)
        .open(path)?;
    file.write_all(text)
}

/// A nameless file that nobody changes meanwhile.
fn memory_file(name: &str, text: &[u8]) -> Result<OwnedFd, Errno> {
    let fd = rustix::fs::memfd_create(name, MemfdFlags::ALLOW_SEALING)?;
    let mut file = File::from(fd);
    file.write_all(text)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    rustix::fs::fcntl_add_seals(file.as_fd(), seals)?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_file_of_the_root_is_as_good() {
        let folder = tempfile::tempdir().expect("a directory");
        let title = folder.path().join("lib/apk/exec/x-1.post-install");
        let start = Start::on_disk(title.to_str().expect("text"), b"#!/bin/sh\necho $# $0\n");
        let start = start.expect("written");
        let output = Command::new(&start.path)
            .arg("1")
            .output()
            .expect("started");
        let told = format!("1 {}\n", title.display());
        assert_eq!(String::from_utf8_lossy(&output.stdout), told);
        drop(start);
        assert!(!title.exists() && !folder.path().join("lib/apk/exec").exists());
        fs::write(folder.path().join("lib/apk/exec"), "").expect("a file");
        let refused = Start::on_disk(title.to_str().expect("text"), b"").expect_err("in the way");
        assert!(refused.contains("there is no memfd_create"), "{refused}");
        assert!(refused.contains("x-1.post-install"), "{refused}");
    }
}
