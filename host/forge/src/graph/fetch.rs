//! What a recipe's build needs from outside, fetched before the sandbox closes: its source and its crates.

use super::Forge;
use crate::build;
use crate::error::{Error, Result};
use crate::recipe::{Recipe, Style};
use alpenglow_builder::progress::step;
use alpenglow_sources::{Crates, Pin, Progress, Unpack, silent};
use std::path::{Path, PathBuf};

/// A recipe's inputs from outside.
pub(super) struct Fetched<'a> {
    /// The pin of the source that is used.
    pub pin: Option<&'a Pin>,
    /// The unpacked source.
    pub tree: Option<PathBuf>,
    /// The crates of its `Cargo.lock`.
    pub crates: Option<PathBuf>,
}

impl<'a> Forge<'a> {
    /// Every pin that a recipe may be built from; one nothing for what has no source.
    pub(super) fn pins(&self, recipe: &Recipe) -> Result<Vec<Option<&'a Pin>>> {
        let Some(name) = &recipe.source else {
            return Ok(vec![None]);
        };
        let pins = self.sources.pins(name);
        if pins.is_empty() {
            return Err(Error::Recipe {
                path: recipe.folder.join("recipe.toml"),
                message: format!("source = \"{name}\" is not in sources.lock"),
            });
        }
        Ok(pins.iter().map(Some).collect())
    }

    /// The first pin of a recipe's source that can be had, its unpacked tree, and the crates of its lock.
    pub(super) fn fetch(&self, recipe: &Recipe) -> Result<Fetched<'a>> {
        let (pin, tree) = self.source(recipe)?;
        let crates = match recipe.style {
            Style::Cargo => self.crates(recipe, tree.as_deref())?,
            _ => None,
        };
        Ok(Fetched { pin, tree, crates })
    }

    fn crates(&self, recipe: &Recipe, tree: Option<&Path>) -> Result<Option<PathBuf>> {
        let own = self.inputs.repository.join(crate::own::FOLDER);
        let folder = tree.unwrap_or(&own);
        let crates = Crates::new(self.cache.dir(), build::USER);
        if !crates.lacks(folder)? {
            return Ok(crates.ensure(folder, &silent)?);
        }
        step(self.progress, &format!("crates of {}", recipe.name), |id| {
            let progress = |now: Progress<'_>| self.progress.advance(id, now.done, now.total);
            Ok(crates.ensure(folder, &progress)?)
        })
    }

    fn source(&self, recipe: &Recipe) -> Result<(Option<&'a Pin>, Option<PathBuf>)> {
        let Some(name) = &recipe.source else {
            return Ok((None, None));
        };
        let unpack = Unpack::new(self.cache.dir(), build::USER).only(&recipe.source_only);
        if let Some(pin) = self.sources.pins(name).first()
            && let Some(tree) = unpack.cached(pin)
        {
            return Ok((Some(pin), Some(tree)));
        }
        step(self.progress, &format!("fetch {name}"), |id| {
            let progress = |now: Progress<'_>| self.progress.advance(id, now.done, now.total);
            let (pin, archive) = self.sources.fetch_first(name, &progress)?;
            let tree = unpack.unpack(name, pin, &archive, &progress)?;
            Ok((Some(pin), Some(tree)))
        })
    }
}
