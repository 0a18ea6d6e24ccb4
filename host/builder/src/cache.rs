//! The cache folder: everything that can be made again, kept outside the checkout.
//!
//! `$XDG_CACHE_HOME/alpenglow` or `~/.cache/alpenglow`
//! (XDG Base Directory Specification 0.8).
//!
//! ```text
//! roots/     Debian roots, made by debootstrap and apt
//! sources/   fetched files, named by their SHA-256     unpacked/  the same as trees
//! crates/    the crates that a Cargo.lock names, in place of a registry
//! apt/       indexes of Debian's suites, for `package update`
//! store/     built packages, named by the key of their inputs
//! keys/      what packages are signed with
//! systems/   composed roots and images, named likewise
//! run/       what lasts as long as one process: a machine's own initramfs
//! work/      what is being made now; emptied at the next start
//! ```

use crate::error::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The cache folder of this user.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

/// The right to write to the cache. One process has it at a time; the kernel takes it back when
/// the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Cache {
    /// The cache of this user, made if it is not there.
    ///
    /// # Errors
    /// [`Error::NoCacheHome`]; [`Error::Io`] when it cannot be made or written.
    pub fn open() -> Result<Self> {
        let absolute = |name| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|p| p.is_absolute())
        };
        let dir = match (absolute("XDG_CACHE_HOME"), absolute("HOME")) {
            (Some(cache), _) => cache,
            (None, Some(home)) => home.join(".cache"),
            (None, None) => return Err(Error::NoCacheHome),
        };
        Self::at(dir.join("alpenglow"))
    }

    /// A cache in `dir`.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be made or written.
    pub fn at(dir: impl Into<PathBuf>) -> Result<Self> {
        let cache = Self { dir: dir.into() };
        make_dir(&cache.dir)?;
        // Room is another matter: what takes it may be what the next step deletes.
        let probe = cache.dir.join(format!(".probe.{}", std::process::id()));
        match fs::write(&probe, b"x") {
            Err(error) if error.kind() != std::io::ErrorKind::StorageFull => {
                return Err(Error::io("write to the cache", &cache.dir, error));
            }
            _ => drop(fs::remove_file(&probe)),
        }
        Ok(cache)
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A folder of the cache, made if it is not there.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be made.
    pub fn sub(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir.join(name);
        make_dir(&dir)?;
        Ok(dir)
    }

    /// Waits for the right to write. `waiting` is told who has it ("process 12", or "another process" that has not said yet
    /// which it is), once, before the wait. What an earlier process left half made is then deleted.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn lock(&self, waiting: impl FnOnce(&str)) -> Result<Lock> {
        let path = self.dir.join("lock");
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|e| Error::io("open", &path, e))?;
        let failed = |e: std::io::Error| Error::io("lock", &path, e);
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(failed)?;
            waiting(&match holder.trim() {
                "" => "another process".to_owned(),
                holder => format!("process {holder}"),
            });
            while let Err(error) = flock(&file, FlockOperation::LockExclusive) {
                if error != rustix::io::Errno::INTR {
                    return Err(failed(error.into()));
                }
            }
        }
        let work = self.dir.join("work");
        remove_tree(&work)?;
        make_dir(&work)?;
        // Only for the message of whoever waits: a full disk must not end the work here.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Lock { _file: file })
    }

    /// A new folder for what lasts as long as this process, readable by its user alone; those of
    /// processes that are gone are deleted. No lock is needed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn run_folder(&self) -> Result<RunFolder> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let dir = self.sub("run")?;
        for entry in fs::read_dir(&dir)
            .map_err(|e| Error::io("read the folder", &dir, e))?
            .flatten()
        {
            let name = entry.file_name();
            let process = name.to_str().and_then(|name| name.split('.').next());
            if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
                remove_tree(&entry.path())?;
            }
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = dir.join(format!("{}.{number}", std::process::id()));
        remove_tree(&folder)?;
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|e| Error::io("make the folder", &folder, e))?;
        Ok(RunFolder(folder))
    }

    /// A new empty folder for something half made. Call it only while holding the [`Lock`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn work(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir.join("work").join(name);
        remove_tree(&dir)?;
        make_dir(&dir)?;
        Ok(dir)
    }
}

/// A folder of one process, deleted when dropped, or by a later process when this one was killed.
#[derive(Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let _ = remove_tree(&self.0);
    }
}

/// Makes a folder and those above it.
///
/// # Errors
/// [`Error::Io`].
pub fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|e| Error::io("make the folder", dir, e))
}

/// Deletes a tree if it is there. Nothing of the host is ever mounted in one.
///
/// # Errors
/// [`Error::Io`].
pub fn remove_tree(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("delete", dir, e)),
        _ => Ok(()),
    }
}

/// Writes a file beside its place and renames it, so that it is there whole or not at all.
///
/// # Errors
/// [`Error::Io`].
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|e| {
        let _ = fs::remove_file(&beside);
        Error::io("write", path, e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir =
            std::env::temp_dir().join(format!("alpenglow-cache-{name}-{}", std::process::id()));
        remove_tree(&dir).unwrap();
        dir
    }

    #[test]
    fn the_lock_names_its_holder_and_clears_half_made_things() {
        let dir = scratch("lock");
        let cache = Cache::at(&dir).unwrap();
        {
            let _lock = cache.lock(|_| panic!("nobody has it")).unwrap();
            fs::write(cache.work("half").unwrap().join("file"), "x").unwrap();
        }
        let _lock = cache.lock(|_| panic!("it was given back")).unwrap();
        assert!(!dir.join("work/half").exists());
        let holder = fs::read_to_string(dir.join("lock")).unwrap();
        assert_eq!(holder.trim(), std::process::id().to_string());
        remove_tree(&dir).unwrap();
    }

    #[test]
    fn who_waits_is_told_for_whom() {
        for (said, expected) in [("12\n", "process 12"), ("", "another process")] {
            let dir = scratch("waits");
            let cache = Cache::at(&dir).unwrap();
            let lock = std::cell::Cell::new(Some(cache.lock(|_| panic!("nobody has it")).unwrap()));
            fs::write(dir.join("lock"), said).unwrap();
            let mut told = String::new();
            let _lock = cache.lock(|holder| {
                told = holder.to_owned();
                drop(lock.take());
            });
            assert_eq!(told, expected);
            remove_tree(&dir).unwrap();
        }
    }

    #[test]
    fn a_run_folder_goes_with_its_process() {
        let dir = scratch("run");
        let cache = Cache::at(&dir).unwrap();
        // No process has a number above the kernel's largest limit, 2^22.
        fs::create_dir_all(dir.join("run/99999999.0")).unwrap();
        let folder = cache.run_folder().unwrap();
        assert!(folder.path().is_dir() && !dir.join("run/99999999.0").exists());
        drop(folder);
        assert_eq!(fs::read_dir(dir.join("run")).unwrap().count(), 0);
        remove_tree(&dir).unwrap();
    }

    #[test]
    fn an_impossible_folder_is_named() {
        let error = Cache::at("/proc/nowhere").unwrap_err();
        assert!(error.to_string().contains("/proc/nowhere"), "{error}");
    }

    #[test]
    fn write_whole_leaves_nothing_beside() {
        let dir = scratch("whole");
        make_dir(&dir).unwrap();
        write_whole(&dir.join("a"), b"1").unwrap();
        write_whole(&dir.join("a"), b"2").unwrap();
        assert_eq!(fs::read(dir.join("a")).unwrap(), b"2");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        remove_tree(&dir).unwrap();
    }
}
