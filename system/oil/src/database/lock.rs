//! `lib/apk/db/lock`: who writes holds it. Readers do not take it.

use super::DIRECTORY;
use crate::error::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the database below `root`, and waits at most `wait` for it.
    ///
    /// # Errors
    /// [`Error::Locked`] when someone else still holds it, [`Error::File`] when there is no database or it cannot be
    /// written.
    pub fn take(root: &Path, wait: Duration) -> Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = root.join(DIRECTORY).join("lock");
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(Error::file(&path))?;
        let end = Instant::now() + wait;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(20).min(wait));
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(Error::Locked(path)),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Error::file(&path)(error.into())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let root = tempfile::tempdir().expect("a directory");
        assert!(matches!(
            Lock::take(root.path(), Duration::ZERO),
            Err(Error::File { .. })
        ));
        std::fs::create_dir_all(root.path().join(DIRECTORY)).expect("a directory");
        let held = Lock::take(root.path(), Duration::ZERO).expect("free");
        assert!(matches!(
            Lock::take(root.path(), Duration::from_millis(30)),
            Err(Error::Locked(_))
        ));
        drop(held);
        Lock::take(root.path(), Duration::ZERO).expect("free again");
    }
}
