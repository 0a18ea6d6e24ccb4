//! An edition's whole way: its packages built, its root composed, its images written.

use std::fs;
use std::path::{Path, PathBuf};

use alpenglow_builder::cache::{make_dir, remove_tree};
use alpenglow_builder::debian::hex;
use alpenglow_builder::progress::{Progress, step};
use alpenglow_builder::{Arch, Cache};
use alpenglow_forge::{Built, Edition, Forge, compose};
use sha2::{Digest, Sha256};

use crate::{Compression, Error, Format, Result, initramfs};

/// A built edition: a folder of the cache, named by the key of everything in it.
#[derive(Clone, Debug)]
pub struct System {
    /// The edition's name.
    pub edition: String,
    /// The architecture.
    pub arch: Arch,
    /// The folder.
    dir: PathBuf,
    /// The packages of the root, in the edition's order, then the kernel.
    pub packages: Vec<Built>,
}

impl System {
    /// Builds what is not in the cache yet. The cache's lock must be held.
    ///
    /// # Errors
    /// What the forge says, or [`Error`] when an image cannot be written.
    pub fn build(
        forge: &Forge<'_>,
        edition: &Edition,
        arch: Arch,
        cache: &Cache,
        progress: &dyn Progress,
    ) -> Result<System> {
        let compression: Compression = edition.compression.parse()?;
        let names = forge.with_run_needs(&edition.packages)?;
        let mut wanted = names.clone();
        wanted.push(edition.kernel.clone());
        let built = forge.build(&wanted)?;
        let packages: Vec<Built> = wanted.iter().map(|name| built[name].clone()).collect();
        let mut digest = Sha256::new();
        digest.update(format!("system 1 {} {compression}", edition.name));
        for package in &packages {
            digest.update(format!(" {}={}", package.name, package.key));
        }
        let key = &hex(&digest.finalize())[..24];
        let dir = cache
            .sub("systems")?
            .join(format!("{}-{arch}-{key}", edition.name));
        let system = System {
            edition: edition.name.clone(),
            arch,
            dir,
            packages,
        };
        if !system.dir.is_dir() {
            step(progress, &format!("compose {}", edition.name), |_| {
                system.write(cache, compression)
            })?;
        }
        Ok(system)
    }

    fn write(&self, cache: &Cache, compression: Compression) -> Result<()> {
        let work = cache.work("system")?;
        let root = work.join("root");
        // The kernel is the last one and is not part of the root.
        let Some((kernel, packages)) = self.packages.split_last() else {
            return Ok(());
        };
        compose::compose(packages, &root)?;
        initramfs::build(&root, &work.join(Format::Initramfs.name()), compression)?;
        for (format, file) in [(Format::Bzimage, "vmlinuz"), (Format::Vmlinux, "vmlinux")] {
            let source = kernel.tree.join("boot").join(file);
            fs::copy(&source, work.join(format.name())).map_err(Error::read(&source))?;
        }
        remove_tree(&self.dir)?;
        fs::rename(&work, &self.dir).map_err(Error::write(&self.dir))?;
        Ok(())
    }

    /// The root as a tree of files.
    pub fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// An image of the cache.
    pub fn image(&self, format: Format) -> PathBuf {
        self.dir.join(format.name())
    }

    /// Copies an image to `folder/NAME`; returns where it is and its size in bytes.
    ///
    /// # Errors
    /// [`Error`] when it cannot be written.
    pub fn deliver(&self, format: Format, folder: &Path) -> Result<(PathBuf, u64)> {
        make_dir(folder)?;
        let place = folder.join(format.name());
        let beside = folder.join(format!(".{}.{}", format.name(), std::process::id()));
        let bytes = fs::copy(self.image(format), &beside)
            .and_then(|bytes| fs::rename(&beside, &place).map(|()| bytes))
            .map_err(|e| {
                let _ = fs::remove_file(&beside);
                Error::write(&place)(e)
            })?;
        Ok((place, bytes))
    }
}
