//! What is made of built packages: their files, repositories and roots.

use super::Forge;
use crate::error::Result;
use crate::pack::Packer;
use crate::recipe::Recipe;
use crate::store::Built;
use crate::{compose, modules, signer};
use alpenglow_builder::progress::step;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

impl Forge<'_> {
    /// What makes packages' files, with the key of the cache, whose lock must be held.
    ///
    /// # Errors
    /// [`Package`](crate::Error::Package) when there is no key and none can be made.
    pub fn packer(&self) -> Result<Arc<Packer>> {
        let mut packer = self.packer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(packer) = &*packer {
            return Ok(packer.clone());
        }
        let made = Arc::new(Packer::new(signer::of(self.cache)?, self.inputs.arch));
        Ok(packer.insert(made).clone())
    }

    /// The name of the key that a root of these packages trusts: none if it keeps no database, or if there is no key yet.
    /// Needs no lock.
    ///
    /// # Errors
    /// [`Package`](crate::Error::Package) when the key cannot be read.
    pub fn trusted(&self, packages: &[Built]) -> Result<Option<String>> {
        match compose::has_manager(packages) {
            true => signer::name(self.cache),
            false => Ok(None),
        }
    }

    /// Composes a system's root: `world`, out of `packages`, which are built, with the lists of its kernel modules.
    ///
    /// # Errors
    /// Those of [`compose::system`] and of depmod, which is run on it.
    pub fn compose(&self, world: &[String], packages: &[Built], root: &Path) -> Result<()> {
        let packages = self.with_recipes(packages)?;
        compose::system(&*self.packer()?, &packages, world, root)?;
        modules::index(self.inputs.root, root)
    }

    /// Composes what a build sees.
    pub(super) fn compose_for_build(&self, packages: &[Built], root: &Path) -> Result<()> {
        if packages.is_empty() {
            return Ok(());
        }
        let packages = self.with_recipes(packages)?;
        compose::build(&*self.packer()?, &packages, root)
    }

    fn with_recipes(&self, packages: &[Built]) -> Result<Vec<(Built, Recipe)>> {
        let recipe = |built: &Built| self.recipe(&built.name, None).cloned();
        let each = packages.iter();
        each.map(|built| Ok((built.clone(), recipe(built)?)))
            .collect()
    }

    /// Builds `packages` and all that must be in a root with them, packs them, and writes a repository of them to
    /// `dir`. Returns the public key's file.
    ///
    /// # Errors
    /// Those of [`Forge::build`] and [`Packer::repository`].
    pub fn repository(&self, packages: &[String], dir: &Path) -> Result<PathBuf> {
        let names = self.with_run_needs(packages)?;
        let built = self.build(&names)?;
        let packages: Vec<Built> = names.iter().map(|name| built[name].clone()).collect();
        let packages = self.with_recipes(&packages)?;
        let packer = self.packer()?;
        step(self.progress, "pack", |_| packer.repository(&packages, dir))
    }
}
