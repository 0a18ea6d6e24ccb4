//! An edition's whole way: its packages built, its root composed, its images written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use alpenglow_builder::cache::{make_dir, remove_tree};
use alpenglow_builder::debian::hex;
use alpenglow_builder::progress::{Progress, step};
use alpenglow_builder::{Arch, Cache};
use alpenglow_forge::{Built, Edition, Forge, compose};
use sha2::{Digest, Sha256};

use crate::glowfs::{self, Key};
use crate::oci::{self, About};
use crate::{
    Compression, Error, Format, Made, Result, initramfs, packaged_time, source_date_epoch, tarball,
};

/// Alpenglow's own version: that of its tools and system programs.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The ways in which a root's archive is compressed for containers: what it is called by itself, and as the layer of an image.
const CONTAINERS: [(Compression, Option<Format>, Option<Format>); 3] = [
    (Compression::Gzip, Some(Format::Tar), Some(Format::Oci)),
    (Compression::Xz(None), Some(Format::TarXz), None),
    (Compression::Zstd, None, Some(Format::OciZstd)),
];

/// A built edition: a folder of the cache, named by the key of everything in it.
#[derive(Clone, Debug)]
pub struct System {
    /// The edition's name.
    pub edition: String,
    /// The architecture.
    pub arch: Arch,
    /// The folder.
    dir: PathBuf,
    /// The packages of the root, in the edition's order.
    pub packages: Vec<Built>,
    /// The package of the kernel, if it has one.
    kernel: Option<Built>,
    /// The packages of the initramfs, where the root is an image in it.
    initramfs: Vec<Built>,
    /// What it is made as.
    pub made: Made,
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
        let made = Made::of(edition)?;
        let wanted = Wanted::of(forge, edition)?;
        let built = forge.build(&wanted.all())?;
        let parts = wanted.of_built(&built);
        if compose::has_manager(&parts.packages) {
            // The key that such a root trusts is a part of it, and is made where there is none.
            forge.packer()?;
        }
        if !parts.initramfs.is_empty() {
            // The same of what the initramfs trusts.
            Key::of(cache)?;
        }
        let system = Self::named(forge, edition, arch, cache, made, parts)?;
        if !system.dir.is_dir() {
            step(progress, &format!("compose {}", edition.name), |_| {
                system.write(forge, edition, cache)
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
        let made = Made::of(edition)?;
        let wanted = Wanted::of(forge, edition)?;
        let Some(built) = forge.find(&wanted.all())? else {
            return Ok(None);
        };
        let parts = wanted.of_built(&built);
        let system = Self::named(forge, edition, arch, cache, made, parts)?;
        Ok(system.dir.is_dir().then_some(system))
    }

    /// The folder's name is the key of all that is in it.
    fn named(
        forge: &Forge<'_>,
        edition: &Edition,
        arch: Arch,
        cache: &Cache,
        made: Made,
        parts: Parts,
    ) -> Result<System> {
        let Parts {
            packages,
            kernel,
            initramfs,
        } = parts;
        let mut digest = Sha256::new();
        digest.update(format!("system 5 {VERSION} {made:?} {}", edition.summary));
        digest.update(format!(" {} {}", source_date_epoch()?, packaged_time()?));
        digest.update(format!(" world {:?}", edition.packages));
        digest.update(format!(" trusts {:?}", forge.trusted(&packages)?));
        for package in packages.iter().chain(&kernel) {
            digest.update(format!(" {}={}", package.name, package.key));
        }
        if !initramfs.is_empty() {
            digest.update(format!(
                " by {:?} {:?}",
                edition.initramfs,
                Key::known(cache)?
            ));
        }
        for package in &initramfs {
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
            kernel,
            initramfs,
            made,
            ready: edition.ready.clone(),
        })
    }

    fn write(&self, forge: &Forge<'_>, edition: &Edition, cache: &Cache) -> Result<()> {
        let work = cache.work("system")?;
        let root = work.join("root");
        forge.compose(&edition.packages, &self.packages, &root)?;
        let first = match self.initramfs.is_empty() {
            true => root.clone(),
            false => self.write_initramfs(forge, edition, cache, &root, &work)?,
        };
        for format in &self.made.formats {
            let image = work.join(format.name());
            match format {
                Format::Bzimage => self.copy_kernel("vmlinuz", &image)?,
                Format::Vmlinux => self.copy_kernel("vmlinux", &image)?,
                Format::Initramfs => {
                    initramfs::build(&first, &image, self.made.compression)?;
                }
                Format::Cpio => {
                    initramfs::build(&first, &image, Compression::None)?;
                }
                // An archive may be wanted by itself and in an image: below.
                Format::Tar | Format::TarXz | Format::Oci | Format::OciZstd => {}
            }
        }
        for (kind, tar, oci) in CONTAINERS {
            self.write_container(forge, edition, &root, &work, kind, (tar, oci))?;
        }
        remove_tree(&self.dir)?;
        fs::rename(&work, &self.dir).map_err(Error::write(&self.dir))?;
        Ok(())
    }

    /// Makes an image of the root, and composes what starts it, with the image in it. Returns the folder of that.
    fn write_initramfs(
        &self,
        forge: &Forge<'_>,
        edition: &Edition,
        cache: &Cache,
        root: &Path,
        work: &Path,
    ) -> Result<PathBuf> {
        let first = work.join("initramfs-root");
        forge.compose(&edition.initramfs, &self.initramfs, &first)?;
        let key = Key::of(cache)?;
        let trusted = first.join("etc/glowfs");
        make_dir(&trusted)?;
        let public = trusted.join("alpenglow.pub");
        fs::write(&public, format!("{}\n", key.public())).map_err(Error::write(&public))?;
        glowfs::build(
            root,
            &first.join("root.glowfs"),
            &edition.name,
            packaged_time()?,
            &key,
        )?;
        Ok(first)
    }

    fn copy_kernel(&self, file: &str, image: &Path) -> Result<()> {
        if let Some(kernel) = &self.kernel {
            let source = kernel.tree.join("boot").join(file);
            fs::copy(&source, image).map_err(Error::read(&source))?;
        }
        Ok(())
    }

    /// What container engines take, compressed as `kind` says: the archive of the root, an image of it, both or neither.
    fn write_container(
        &self,
        forge: &Forge<'_>,
        edition: &Edition,
        root: &Path,
        work: &Path,
        kind: Compression,
        (tar, oci): (Option<Format>, Option<Format>),
    ) -> Result<()> {
        let asked = |format: Option<Format>| format.filter(|it| self.made.formats.contains(it));
        let (tar, oci) = (asked(tar), asked(oci));
        if tar.is_none() && oci.is_none() {
            return Ok(());
        }
        let time = packaged_time()?;
        let archive = work.join(tar.map_or("layer", Format::name));
        let layer = tarball::build(root, &archive, time, kind)?;
        if let Some(oci) = oci {
            let recipes = forge.recipes();
            let licenses = self
                .packages
                .iter()
                .filter_map(|built| recipes.get(&built.name));
            let about = About {
                edition: edition.name.clone(),
                summary: edition.summary.clone(),
                version: VERSION.to_owned(),
                licenses: oci::all_licenses(licenses.map(|recipe| &*recipe.license)),
                arch: self.arch,
                time,
            };
            oci::build(&layer, &archive, &about, &work.join(oci.name()))?;
        }
        if tar.is_none() {
            fs::remove_file(&archive).map_err(Error::write(&archive))?;
        }
        Ok(())
    }

    /// The folder of the initramfs that is put over the root, where the initramfs is not the root itself.
    pub fn layer(&self) -> Option<&'static str> {
        (!self.initramfs.is_empty()).then_some("upper")
    }

    /// The root as a tree of files.
    pub fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// An image of the cache.
    pub fn image(&self, format: Format) -> PathBuf {
        self.dir.join(format.name())
    }

    /// Copies an image to `folder`; returns where it is and its size in bytes.
    ///
    /// # Errors
    /// [`Error`] when it cannot be written.
    pub fn deliver(&self, format: Format, folder: &Path) -> Result<(PathBuf, u64)> {
        make_dir(folder)?;
        let name = format.file_name();
        let place = folder.join(name);
        let beside = folder.join(format!(".{name}.{}", std::process::id()));
        let bytes = fs::copy(self.image(format), &beside)
            .and_then(|bytes| fs::rename(&beside, &place).map(|()| bytes))
            .map_err(|e| {
                let _ = fs::remove_file(&beside);
                Error::write(&place)(e)
            })?;
        Ok((place, bytes))
    }
}

/// The names of an edition's packages: those of its root and its initramfs with what they need, and its kernel's.
struct Wanted {
    packages: Vec<String>,
    kernel: Option<String>,
    initramfs: Vec<String>,
}

/// The packages themselves.
struct Parts {
    packages: Vec<Built>,
    kernel: Option<Built>,
    initramfs: Vec<Built>,
}

impl Wanted {
    fn of(forge: &Forge<'_>, edition: &Edition) -> Result<Wanted> {
        Ok(Wanted {
            packages: forge.with_run_needs(&edition.packages)?,
            kernel: edition.kernel.clone(),
            initramfs: forge.with_run_needs(&edition.initramfs)?,
        })
    }

    /// Each once.
    fn all(&self) -> Vec<String> {
        let names = self.packages.iter().chain(&self.kernel);
        let mut all: Vec<String> = names.chain(&self.initramfs).cloned().collect();
        let mut seen = BTreeSet::new();
        all.retain(|name| seen.insert(name.clone()));
        all
    }

    fn of_built(&self, built: &BTreeMap<String, Built>) -> Parts {
        let get = |name: &String| built[name].clone();
        Parts {
            packages: self.packages.iter().map(get).collect(),
            kernel: self.kernel.as_ref().map(get),
            initramfs: self.initramfs.iter().map(get).collect(),
        }
    }
}
