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
    /// The service whose start means that all is up, where the edition names one.
    pub ready: Option<String>,
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
        let wanted = wanted(forge, edition)?;
        let built = forge.build(&wanted)?;
        let packages: Vec<Built> = wanted.iter().map(|name| built[name].clone()).collect();
        if compose::has_manager(&packages) {
            // The key that such a root trusts is a part of it, and is made where there is none.
            forge.packer()?;
        }
        let system = Self::named(forge, edition, arch, compression, packages, cache)?;
        if !system.dir.is_dir() {
            step(progress, &format!("compose {}", edition.name), |_| {
                system.write(forge, edition, cache, compression)
            })?;
        }
        Ok(system)
    }

    /// The edition if all of it is in the cache. Needs no lock.
    ///
    /// # Errors
    /// What is wrong with the edition or a recipe.
    pub fn find(
        forge: &Forge<'_>,
        edition: &Edition,
        arch: Arch,
        cache: &Cache,
    ) -> Result<Option<System>> {
        let compression: Compression = edition.compression.parse()?;
        let wanted = wanted(forge, edition)?;
        let Some(built) = forge.find(&wanted)? else {
            return Ok(None);
        };
        let packages = wanted.iter().map(|name| built[name].clone()).collect();
        let system = Self::named(forge, edition, arch, compression, packages, cache)?;
        Ok(system.dir.is_dir().then_some(system))
    }

    /// The folder's name is the key of all that is in it.
    fn named(
        forge: &Forge<'_>,
        edition: &Edition,
        arch: Arch,
        compression: Compression,
        packages: Vec<Built>,
        cache: &Cache,
    ) -> Result<System> {
        let mut digest = Sha256::new();
        digest.update(format!("system 3 {} {compression}", edition.name));
        digest.update(format!(" world {:?}", edition.packages));
        digest.update(format!(" trusts {:?}", forge.trusted(&packages)?));
        for package in &packages {
            digest.update(format!(" {}={}", package.name, package.key));
        }
        let key = &hex(&digest.finalize())[..24];
        let dir = cache
            .sub("systems")?
            .join(format!("{}-{arch}-{key}", edition.name));
        Ok(System {
            edition: edition.name.clone(),
            arch,
            dir,
            packages,
            ready: edition.ready.clone(),
        })
    }

    fn write(
        &self,
        forge: &Forge<'_>,
        edition: &Edition,
        cache: &Cache,
        compression: Compression,
    ) -> Result<()> {
        let work = cache.work("system")?;
        let root = work.join("root");
        // The kernel is the last one and is not part of the root.
        let Some((kernel, packages)) = self.packages.split_last() else {
            return Ok(());
        };
        forge.compose(&edition.packages, packages, &root)?;
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

/// The packages of an edition's root, and its kernel's, which is the last.
fn wanted(forge: &Forge<'_>, edition: &Edition) -> Result<Vec<String>> {
    let mut wanted = forge.with_run_needs(&edition.packages)?;
    wanted.push(edition.kernel.clone());
    Ok(wanted)
}
