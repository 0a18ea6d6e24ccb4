//! Temporary folders beside their destination, and locks between processes that share a cache.
//!
//! A temporary folder is locked (flock(2)) for as long as its maker lives, so that the next run can tell one that
//! was left behind by a killed process from one in use, and removes it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::{Error, Result};

const PREFIX: &str = ".tmp-";

/// A folder of this process alone, removed when dropped.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
    /// Keeps the lock; closed after `dir` is removed.
    _lock: File,
}

impl Scratch {
    /// Makes a folder in `parent`, which is made too, and removes those that dead processes left there.
    pub(crate) fn new(parent: &Path) -> Result<Scratch> {
        fs::create_dir_all(parent).map_err(Error::cache("create", parent))?;
        sweep(parent);
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(parent)
            .map_err(Error::cache("create a folder in", parent))?;
        let lock = File::open(dir.path())
            .and_then(|lock| {
                flock(&lock, FlockOperation::LockExclusive)?;
                Ok(lock)
            })
            .map_err(Error::cache("lock", dir.path()))?;
        Ok(Scratch { dir, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Removes abandoned folders; what cannot be removed is left for `clean`.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let abandoned = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
            && is_old(&entry.path())
            && File::open(entry.path())
                .is_ok_and(|dir| flock(&dir, FlockOperation::NonBlockingLockExclusive).is_ok());
        if abandoned {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Between making a folder and locking it a moment passes in which it must not look abandoned.
fn is_old(dir: &Path) -> bool {
    fs::metadata(dir)
        .and_then(|meta| meta.modified())
        .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() >= 2))
}

/// Taken by one process at a time; free again when dropped, or when its holder dies.
pub(crate) struct Guard {
    _file: File,
}

/// Waits for `file` to be free and takes it; `waiting` is called once if it has to wait.
pub(crate) fn lock(file: &Path, waiting: impl FnOnce()) -> Result<Guard> {
    let parent = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(Error::cache("create", parent))?;
    let open = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(file)
        .map_err(Error::cache("create", file))?;
    match flock(&open, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            waiting();
            flock(&open, FlockOperation::LockExclusive)
                .map_err(|e| Error::cache("lock", file)(e.into()))?;
        }
        Err(e) => return Err(Error::cache("lock", file)(e.into())),
    }
    Ok(Guard { _file: open })
}

/// Makes a rename in `dir` last.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(Error::cache("write to", dir))
}

/// The path made absolute, without asking that it exists.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_: io::Error| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    fn age(dir: &Path) {
        let then = SystemTime::now() - Duration::from_secs(60);
        File::open(dir).unwrap().set_modified(then).unwrap();
    }

    #[test]
    fn abandoned_folders_go_and_used_ones_stay() {
        let parent = tempfile::tempdir().unwrap();
        let abandoned = parent.path().join(".tmp-dead");
        fs::create_dir_all(abandoned.join("deep")).unwrap();
        age(&abandoned);
        let foreign = parent.path().join("keep");
        fs::create_dir(&foreign).unwrap();
        age(&foreign);
        let used = Scratch::new(parent.path()).unwrap();
        age(used.path());
        let second = Scratch::new(parent.path()).unwrap();
        assert!(!abandoned.exists());
        assert!(foreign.exists());
        assert!(used.path().exists());
        let path = second.path().to_owned();
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn a_lock_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a/b.lock");
        let first = lock(&file, || panic!("nobody holds it")).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _second = lock(&file, || sender.send("waiting").unwrap()).unwrap();
                sender.send("taken").unwrap();
            });
            assert_eq!(receiver.recv().unwrap(), "waiting");
            drop(first);
            assert_eq!(receiver.recv().unwrap(), "taken");
        });
    }
}
