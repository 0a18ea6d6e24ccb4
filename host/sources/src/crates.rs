//! From a `Cargo.lock` to the crates that it names, as a folder that cargo takes in place of a registry
//! (The Cargo Book, "Source Replacement", directory sources): `CACHE/crates/KEY/NAME-VERSION/`.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::cargo::{Cargo, Found, PLACE};
use crate::cargo_lock::{self, Named};
use crate::scratch::{self, Scratch};
use crate::tree::{Stop, Writer};
use crate::{Error, Progress, Result, Step, archive, digest};

/// Sets of crates in a cache, each set fetched once.
pub struct Crates {
    dir: PathBuf,
    owner: u32,
}

impl Crates {
    /// `owner` is the user and group id that the files get; another than one's own needs root.
    pub fn new(cache: &Path, owner: u32) -> Crates {
        Crates {
            dir: scratch::absolute(cache).join("crates"),
            owner,
        }
    }

    /// Where a set is kept: named by what the lock says of it, so that a lock whose other lines change stays cheap.
    fn path(&self, named: &[Named]) -> PathBuf {
        let owner = self.owner.to_string();
        let parts = named
            .iter()
            .flat_map(|one| [&*one.name, &*one.version, &*one.sha256]);
        let key = digest::of_parts(std::iter::once(&*owner).chain(parts));
        self.dir.join(&key[..24])
    }

    /// Whether [`ensure`](Self::ensure) would have to fetch something.
    ///
    /// # Errors
    /// [`Error::CargoLock`], [`Error::Crate`].
    pub fn lacks(&self, folder: &Path) -> Result<bool> {
        let named = cargo_lock::read(&folder.join("Cargo.lock"))?;
        Ok(!named.is_empty() && !self.path(&named).is_dir())
    }

    /// The crates that `folder/Cargo.lock` names, fetched by the host's cargo if they are not here, each checked
    /// against the lock's SHA-256. [`None`] if it names none. `folder` has the `Cargo.toml` that goes with it.
    ///
    /// The folder appears at once and whole, or not at all.
    ///
    /// # Errors
    /// [`Error::Crate`] naming the crate, [`Error::CargoLock`], [`Error::Cargo`], [`Error::Cache`].
    pub fn ensure(
        &self,
        folder: &Path,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<Option<PathBuf>> {
        let lock = folder.join("Cargo.lock");
        let named = cargo_lock::read(&lock)?;
        if named.is_empty() {
            return Ok(None);
        }
        let path = self.path(&named);
        if path.is_dir() {
            return Ok(Some(path));
        }
        let report = |step, done: usize| {
            progress(Progress {
                name: "crates",
                version: "",
                step,
                done: done as u64,
                total: named.len() as u64,
            });
        };
        let guard = self.dir.join(format!(
            "{}.lock",
            path.file_name().unwrap_or_default().to_string_lossy()
        ));
        let _guard = scratch::lock(&guard, || report(Step::Waiting, 0))?;
        if path.is_dir() {
            return Ok(Some(path));
        }
        let cargo = Cargo::of_host()?;
        let there = |one: &Named| cargo.find(&one.name, &one.version, &one.sha256);
        for one in &named {
            if !matches!(there(one)?, Found::File(_)) {
                report(Step::Downloading, 0);
                cargo.fetch(folder)?;
                break;
            }
        }
        let scratch = Scratch::new(&self.dir)?;
        let set = scratch.path().join("set");
        fs::create_dir(&set).map_err(Error::cache("create", &set))?;
        open_to_all(&set)?;
        for (done, one) in named.iter().enumerate() {
            report(Step::Unpacking, done);
            let refuse = |problem: String| Error::Crate {
                name: one.name.clone(),
                version: one.version.clone(),
                lock: lock.clone(),
                problem,
            };
            match there(one)? {
                Found::File(bytes) => self.unpack(one, &bytes, &set, &refuse)?,
                Found::Other { path, got } => {
                    return Err(refuse(format!(
                        "{} has the wrong hash\n  wanted {}\n  got    {got}\nDelete that file and start again; if it \
                         comes back, {PLACE} changes files: configure another one",
                        path.display(),
                        one.sha256
                    )));
                }
                Found::Nothing => {
                    return Err(refuse(format!(
                        "cargo left no file of it in {}: it may be configured with a source that is no registry \
                         (`replace-with` in its config.toml); configure a registry and start again",
                        cargo.downloads().display()
                    )));
                }
            }
        }
        File::open(&set)
            .and_then(|dir| Ok(rustix::fs::syncfs(dir)?))
            .map_err(Error::cache("write to", &set))?;
        fs::rename(&set, &path).map_err(Error::cache("create", &path))?;
        scratch::sync_dir(&self.dir)?;
        Ok(Some(path))
    }

    /// Unpacks a crate whose hash is right and adds what makes a folder one of a directory source.
    fn unpack(
        &self,
        one: &Named,
        bytes: &[u8],
        set: &Path,
        refuse: &dyn Fn(String) -> Error,
    ) -> Result<()> {
        let tree = set.join(format!("{}-{}", one.name, one.version));
        let write = archive::decompress(bytes)
            .map_err(Stop::from)
            .and_then(|tarball| Writer::new(&tree, self.owner, &[])?.write(tarball));
        write.map_err(|stop| match stop {
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
            Stop::Archive(problem) => refuse(format!(
                "it cannot be unpacked: {problem}; it has the hash that the lock gives, so depend on another version"
            )),
        })?;
        // The files were checked as one; cargo compares single ones only where they are listed.
        let sums = tree.join(".cargo-checksum.json");
        fs::write(
            &sums,
            format!("{{\"files\":{{}},\"package\":\"{}\"}}", one.sha256),
        )
        .map_err(Error::cache("write", &sums))?;
        open_to_all(&sums)
    }
}

/// Whatever the umask: the build's user reads it, nobody but root changes it.
fn open_to_all(path: &Path) -> Result<()> {
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(Error::cache("write", path))
}
