//! The `[make]` table of a recipe: what `make` builds, after a `./configure` of autoconf's with `style = "autotools"`.

use super::{Recipe, Style};
use serde::Deserialize;

/// Programs and libraries, mostly in C.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Make {
    /// Words for `./configure` beside those that every package gets.
    pub configure: Vec<String>,
    /// CFLAGS and CXXFLAGS; what hardens is in the compiler's own configuration.
    pub cflags: String,
    /// Words for every call of make, mostly variables.
    pub words: Vec<String>,
    /// What is built; make's own default when it names nothing.
    pub build: Vec<String>,
    /// What installs into `$DESTDIR`; nothing where `script.install` does it.
    pub install: Vec<String>,
}

impl Default for Make {
    fn default() -> Self {
        Self {
            configure: Vec::new(),
            cflags: "-O2".into(),
            words: Vec::new(),
            build: Vec::new(),
            install: vec!["install".into()],
        }
    }
}

impl Make {
    /// What does not fit together, and what to write instead.
    pub(super) fn check(&self, recipe: &Recipe) -> Result<(), String> {
        if recipe.source.is_none() {
            return Err("style = \"autotools\" and style = \"make\" need `source`".into());
        }
        if recipe.license_files.is_empty() {
            return Err(
                "what is others' goes with its licence: license-files = [\"COPYING\"], or what it is called there"
                    .into(),
            );
        }
        if recipe.style == Style::Make && !self.configure.is_empty() {
            return Err(
                "make.configure is for style = \"autotools\"; another configure is run by script.prepare"
                    .into(),
            );
        }
        if self.install.is_empty() && recipe.script.install.trim().is_empty() {
            return Err("make.install names nothing: script.install must then install".into());
        }
        Ok(())
    }
}
