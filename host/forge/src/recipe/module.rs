//! The `[module]` table of a recipe: modules of ours for a kernel.

use super::Recipe;
use serde::Deserialize;

/// Modules of ours, of a folder of `kernel/` with a `Kbuild` or `Makefile` as kbuild asks for one
/// (Documentation/kbuild/modules.rst).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// The package of the kernel that they are for; its `-dev` is in `build`.
    pub kernel: String,
    /// The folder in `kernel/`.
    pub folder: String,
    /// Further folders of the repository that its files include from, by relative paths: the build sees them where the
    /// repository has them.
    #[serde(default)]
    pub also: Vec<String>,
    /// User Mode Linux.
    #[serde(default)]
    pub um: bool,
}

impl Module {
    /// Every folder that they are made of, from the repository's on.
    pub fn folders(&self) -> impl Iterator<Item = String> {
        std::iter::once(format!("kernel/{}", self.folder)).chain(self.also.iter().cloned())
    }

    /// The package that they are built with.
    pub fn dev(&self) -> String {
        format!("{}-dev", self.kernel)
    }

    /// What does not fit together, and what to write instead.
    pub(super) fn check(&self, recipe: &Recipe) -> Result<(), String> {
        let dev = self.dev();
        if !recipe.build.contains(&dev) {
            return Err(format!(
                "module.kernel is '{}', so what it is built with is to be there: build = [\"{dev}\"]",
                self.kernel
            ));
        }
        if recipe.source.is_some() {
            return Err("[module] is for what is in kernel/: leave out `source`".into());
        }
        let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        let good = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        for folder in self.folders() {
            if !folder.split('/').all(plain) || !folder.chars().all(good) {
                return Err(format!(
                    "'{folder}' is not a folder of the repository: write it as \"system/x/src\""
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::recipe::Recipe;
    use std::fs;

    fn read(text: &str) -> Result<Recipe, String> {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("glow");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("recipe.toml"), text).unwrap();
        Recipe::read(&folder).map_err(|e| e.to_string())
    }

    const GOOD: &str = "name = \"glow\"\nversion = \"1\"\nsummary = \"s\"\nlicense = \"GPL-2.0-only\"\n\
        build = [\"linux-x-dev\"]\nstyle = \"kernel-module\"\n[module]\nkernel = \"linux-x\"\nfolder = \"glow\"\n\
        also = [\"system/glow/src/core\"]\n";

    #[test]
    fn a_module_and_its_folders() {
        let module = read(GOOD).unwrap().module.unwrap();
        let folders: Vec<String> = module.folders().collect();
        assert_eq!(folders, ["kernel/glow", "system/glow/src/core"]);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (from, to, expected) in [
            ("[\"linux-x-dev\"]", "[]", "build = [\"linux-x-dev\"]"),
            ("version = \"1\"", "source = \"x\"", "leave out `source`"),
            ("folder = \"glow\"", "folder = \"../glow\"", "not a folder"),
            ("\"system/glow/src/core\"", "\"/etc\"", "not a folder"),
            ("\"system/glow/src/core\"", "\"$(x)\"", "not a folder"),
            ("[module]", "[modules]", "modules"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let text = read(&GOOD.replace(from, to)).unwrap_err();
            assert!(text.contains(expected), "{expected}: {text}");
        }
        let (head, _) = GOOD.split_once("[module]").unwrap();
        assert!(read(head).unwrap_err().contains("needs a [module] table"));
    }
}
