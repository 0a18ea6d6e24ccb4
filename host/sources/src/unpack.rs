//! From a checked file in the cache to a tree of sources: `CACHE/unpacked/SHA256-VARIANT/`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::scratch::{self, Scratch};
use crate::tree::{Stop, Writer};
use crate::{Error, Pin, Progress, Result, Step, WrongHash, archive, digest};

/// Unpacks sources into a cache, each once.
pub struct Unpack {
    dir: PathBuf,
    owner: u32,
    only: Vec<String>,
}

impl Unpack {
    /// `owner` is the user and group id that everything unpacked gets; another than one's own needs root.
    pub fn new(cache: &Path, owner: u32) -> Unpack {
        Unpack {
            dir: scratch::absolute(cache).join("unpacked"),
            owner,
            only: Vec::new(),
        }
    }

    /// Unpacks these files and folders alone, named relative to the source's top folder; everything where none is named.
    #[must_use]
    pub fn only<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Unpack {
        self.only = paths
            .into_iter()
            .map(|path| path.into().trim_matches('/').to_owned())
            .collect();
        self.only.sort();
        self.only.dedup();
        self
    }

    /// Where the pin's tree is kept: named by the file's hash and, in 8 digits, by how it is unpacked.
    pub fn path(&self, pin: &Pin) -> PathBuf {
        let owner = self.owner.to_string();
        let how = [&*owner, pin.unpack.as_deref().unwrap_or("")];
        let variant = digest::of_parts(how.into_iter().chain(self.only.iter().map(|x| &**x)));
        self.dir.join(format!("{}-{}", pin.sha256, &variant[..8]))
    }

    /// The pin's tree, if it was unpacked before.
    pub fn cached(&self, pin: &Pin) -> Option<PathBuf> {
        Some(self.path(pin)).filter(|path| path.is_dir())
    }

    /// Unpacks a fetched file, its single top folder taken off, and returns the tree's folder.
    ///
    /// The file's hash is computed again first. The tree appears at once and whole, or not at all.
    /// `name` is the source's, for progress and messages.
    pub fn unpack(
        &self,
        name: &str,
        pin: &Pin,
        file: &Path,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<PathBuf> {
        if let Some(path) = self.cached(pin) {
            return Ok(path);
        }
        let report = |step, done| {
            progress(Progress {
                name,
                version: &pin.version,
                step,
                done,
                total: pin.bytes,
            });
        };
        let path = self.path(pin);
        let lock_file = self.dir.join(format!("{}.lock", pin.sha256));
        let _guard = scratch::lock(&lock_file, || report(Step::Waiting, 0))?;
        if path.is_dir() {
            return Ok(path);
        }

        let mut open = File::open(file).map_err(Error::cache("read", file))?;
        let got = digest::of_file(&mut open, |done| report(Step::Checking, done))
            .map_err(Error::cache("read", file))?;
        if got != pin.sha256 {
            fs::remove_file(file).map_err(Error::cache("remove", file))?;
            return Err(Error::WrongHash(Box::new(WrongHash {
                name: name.to_owned(),
                version: pin.version.clone(),
                address: file.display().to_string(),
                wanted: pin.sha256.clone(),
                got,
            })));
        }
        io::Seek::rewind(&mut open).map_err(Error::cache("read", file))?;

        let scratch = Scratch::new(&self.dir)?;
        let tree = scratch.path().join("tree");
        let counted = Counted {
            inner: open,
            read: 0,
            report: |done| report(Step::Unpacking, done),
        };
        let bad = |problem: String| Error::Archive {
            archive: file.to_owned(),
            problem: format!(
                "{problem}; the file has the hash that the lock gives, so correct the lock"
            ),
        };
        archive::with_tarball(counted, pin.unpack.as_deref(), |tarball| {
            Writer::new(&tree, self.owner, &self.only)?.write(tarball)
        })
        .map_err(|stop| match stop {
            Stop::Disk { path, source } => Error::Cache {
                action: "unpack to",
                path,
                source,
            },
            Stop::Owner { path, source } => Error::Owner {
                path,
                owner: self.owner,
                source,
            },
            Stop::Archive(problem) => bad(problem),
        })?;
        // One call for the whole file system: what is renamed below must not be found half-written after a power cut.
        File::open(&tree)
            .and_then(|dir| Ok(rustix::fs::syncfs(dir)?))
            .map_err(Error::cache("write to", &tree))?;
        fs::rename(&tree, &path).map_err(Error::cache("create", &path))?;
        scratch::sync_dir(&self.dir)?;
        Ok(path)
    }
}

/// Counts what passes through.
struct Counted<F> {
    inner: File,
    read: u64,
    report: F,
}

impl<F: Fn(u64)> Read for Counted<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read += n as u64;
        (self.report)(self.read);
        Ok(n)
    }
}
