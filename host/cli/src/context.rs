//! What every verb starts from: the repository, the cache, and the stages in their order.

use crate::error::{Error, Result};
use crate::progress::Bars;
use alpenglow_builder::cache::Lock;
use alpenglow_builder::debian::{BUILD, MACHINE, Plan};
use alpenglow_builder::{Arch, Cache, Root};
use alpenglow_forge::{Edition, Forge};
use alpenglow_image::system::System;
use alpenglow_machine::{Hypervisor, hypervisor};
use alpenglow_sources::Sources;
use std::env;
use std::path::{Path, PathBuf};

/// The computer and the repository that this run works with.
pub struct Context {
    /// The checkout.
    pub repository: PathBuf,
    /// The cache.
    pub cache: Cache,
    /// Where progress is shown.
    pub bars: Bars,
}

impl Context {
    /// The repository that the launcher named, or the one around the current folder.
    pub fn open() -> Result<Self> {
        let named = env::var_os("ALPENGLOW_REPOSITORY").map(PathBuf::from);
        let here = || {
            let current = env::current_dir().ok()?;
            current
                .ancestors()
                .find(|dir| dir.join("editions").is_dir())
                .map(Path::to_owned)
        };
        Ok(Self {
            repository: named.or_else(here).ok_or(Error::NoRepository)?,
            cache: Cache::open()?,
            bars: Bars::new(),
        })
    }

    /// The right to write to the cache; says whom it waits for.
    pub fn lock(&self) -> Result<Lock> {
        Ok(self.cache.lock(|holder| {
            self.bars.say(&format!(
                "waiting for {holder}, which is building with the same cache; Ctrl-C gives up"
            ));
        })?)
    }

    /// A Debian root of the builder's.
    pub fn root(&self, plan: &Plan) -> Result<Root> {
        Ok(Root::ensure(&self.cache, plan, &self.bars)?)
    }

    /// The sources of this repository's lock.
    pub fn sources(&self) -> Result<Sources> {
        let lock = alpenglow_sources::Lock::read(&self.repository.join("sources.lock"))?;
        Ok(Sources::of_host(self.cache.dir(), lock))
    }

    fn forge<'a>(&'a self, sources: &'a Sources, root: &'a Root, arch: Arch) -> Result<Forge<'a>> {
        let (cache, bars) = (&self.cache, &self.bars);
        Ok(Forge::new(
            &self.repository,
            cache,
            sources,
            root,
            arch,
            bars,
        )?)
    }

    /// Does `work` with a forge for `arch`, holding the cache's lock.
    pub fn with_forge<T>(
        &self,
        arch: Arch,
        work: impl FnOnce(&Forge<'_>) -> Result<T>,
    ) -> Result<T> {
        let _lock = self.lock()?;
        let sources = self.sources()?;
        let root = self.root(&BUILD)?;
        let forge = self.forge(&sources, &root, arch)?;
        work(&forge)
    }

    /// An edition, built. What is all in the cache is taken from there without waiting for others'
    /// builds.
    pub fn system(&self, edition: &str, arch: Arch) -> Result<System> {
        let edition = Edition::read(&self.repository, edition)?;
        if let Some(root) = Root::made(&self.cache, &BUILD)? {
            let sources = self.sources()?;
            let forge = self.forge(&sources, &root, arch)?;
            if let Some(system) = System::find(&forge, &edition, arch, &self.cache)? {
                return Ok(system);
            }
        }
        self.with_forge(arch, |forge| {
            Ok(System::build(
                forge,
                &edition,
                arch,
                &self.cache,
                &self.bars,
            )?)
        })
    }

    /// QEMU in its own root, with the instruction counter compiled for it. It sees the folders of these files, absolute paths, and
    /// the host's network only where asked.
    pub fn hypervisor(&self, files: &[PathBuf], network: bool) -> Result<Hypervisor> {
        let made = (
            Root::made(&self.cache, &MACHINE)?,
            Root::made(&self.cache, &BUILD)?,
        );
        let (machine, build) = match made {
            (Some(machine), Some(build)) => (machine, build),
            _ => {
                let _lock = self.lock()?;
                (self.root(&MACHINE)?, self.root(&BUILD)?)
            }
        };
        let counter = match hypervisor::counter(&self.cache, &build, &machine)? {
            Some(counter) => counter,
            None => {
                let _lock = self.lock()?;
                hypervisor::compile_counter(&self.cache, &build, &machine)?
            }
        };
        let mut folders = vec![
            self.cache.dir().to_owned(),
            self.repository.clone(),
            env::temp_dir(),
        ];
        for folder in files.iter().filter_map(|file| file.parent()) {
            if !folders.iter().any(|seen| folder.starts_with(seen)) {
                folders.push(folder.to_owned());
            }
        }
        Ok(hypervisor::of_root(&machine, counter, folders, network))
    }
}
