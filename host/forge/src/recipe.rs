//! A recipe: how one package is made, declared in `packages/NAME/recipe.toml`.

use crate::error::{Error, Result};
use alpenglow_builder::Arch;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

mod cargo;
mod make;
mod module;
mod split;

pub use cargo::Cargo;
pub use make::Make;
pub use module::Module;
pub use split::{Part, Split, owns};

/// A recipe as its file declares it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// The package's name: that of its folder.
    pub name: String,
    /// Its version, for our own code; what has a source takes the version of the pin in use.
    pub version: Option<String>,
    /// Counts what is packed anew of the same version.
    #[serde(default)]
    pub release: u32,
    /// One line that says what it is.
    pub summary: String,
    /// SPDX licence expression.
    pub license: String,
    /// Files of its source that are its licence's text: they go to `/usr/share/licenses/NAME`.
    #[serde(default)]
    pub license_files: Vec<String>,
    /// The source's name in `sources.lock`.
    pub source: Option<String>,
    /// Its folders and files that are unpacked, of a large source; all of it where none is named.
    #[serde(default)]
    pub source_only: Vec<String>,
    /// Packages whose files are in the sysroot while it is built.
    #[serde(default)]
    pub build: Vec<String>,
    /// Packages whose programs its build runs: tools, made with `[cargo] host = true`.
    #[serde(default)]
    pub tools: Vec<String>,
    /// Packages that must be in a root with it.
    #[serde(default)]
    pub run: Vec<String>,
    /// Minutes after which its build is ended: it hangs.
    #[serde(default = "minutes")]
    pub minutes: f64,
    /// How it is built.
    pub style: Style,
    /// `style = "script"` and, for what is run in place of a style's own step, every style.
    #[serde(default)]
    pub script: Script,
    /// What `style = "kernel"` needs.
    pub kernel: Option<Kernel>,
    /// What `style = "kernel-module"` needs.
    pub module: Option<Module>,
    /// What `style = "cargo"` needs.
    pub cargo: Option<Cargo>,
    /// What `style = "autotools"` and `style = "make"` can be told.
    #[serde(default)]
    pub make: Make,
    /// The usual packages that are split off it.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Parts of what it installs that are packages of their own, by name.
    #[serde(default)]
    pub split: BTreeMap<String, Split>,
    /// What runs in a root where folders changed; never while one is composed.
    pub trigger: Option<Trigger>,
    /// Files that are not their build user's default: modes, in octal, by path.
    #[serde(default)]
    pub modes: BTreeMap<String, String>,
    /// Checks of the ELF files that it cannot pass: the check's name and the reason.
    #[serde(default)]
    pub exempt: BTreeMap<String, String>,
    /// The folder that it was read from.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// The package with the C++ library's headers and archives.
pub const CXX: &str = "libcxx-dev";

/// No build of ours takes a quarter of it.
fn minutes() -> f64 {
    120.0
}

/// How a package is built.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// The Linux kernel, from configuration fragments.
    Kernel,
    /// Modules of ours for a kernel that another recipe makes.
    KernelModule,
    /// Rust programs, our own or others'.
    Cargo,
    /// Rust's standard library, for our own.
    RustStd,
    /// `./configure` as autoconf makes it, `make`, `make install`.
    Autotools,
    /// `make` and `make install`.
    Make,
    /// The recipe's own few lines of shell.
    Script,
}

/// A script of a package that Oil runs after a transaction, in the root (apk-package(5)).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Folders, from `/` on; a `*` stands for anything but `/`. The script is called with those that changed.
    pub folders: Vec<String>,
    /// The script, with the line that says what runs it.
    pub script: String,
}

/// Lines of shell, each with `set -eu`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Comes before a style's own build, in the source's folder.
    #[serde(default)]
    pub prepare: String,
    /// Builds, in the source's folder.
    #[serde(default)]
    pub build: String,
    /// Tests what was built.
    #[serde(default)]
    pub check: String,
    /// Installs into `$DESTDIR`.
    #[serde(default)]
    pub install: String,
}

/// A kernel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Names of files in `kernel/`, without `.config`, each adding to those before it.
    pub fragments: Vec<String>,
    /// Names of files in `kernel/patches/`, without `.patch`, in the order of being applied.
    #[serde(default)]
    pub patches: Vec<String>,
    /// User Mode Linux: the kernel as a program of the host.
    #[serde(default)]
    pub um: bool,
    /// Whether it has modules: they go to `/lib/modules`.
    #[serde(default)]
    pub modules: bool,
    /// Whether there is Rust in it: its build runs bindgen, which is in `tools`.
    #[serde(default)]
    pub rust: bool,
    /// Whether `/usr/src/NAME` has what modules are built with, of a recipe of `style = "kernel-module"`.
    #[serde(default)]
    pub dev: bool,
    /// Whether the forge signs its modules, and those that are built for it: the kernel trusts the certificate
    /// [`signer::CERTIFICATE`](crate::signer::CERTIFICATE).
    #[serde(default)]
    pub signed: bool,
}

impl Kernel {
    /// What does not fit together, and what to write instead.
    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        if self.fragments.is_empty() {
            return Err("kernel.fragments names no file of kernel/".into());
        }
        if self.rust && !recipe.tools.iter().any(|name| name == "bindgen") {
            return Err(
                "kernel.rust needs the maker of its declarations from C headers: tools = [\"bindgen\"]"
                    .into(),
            );
        }
        if self.dev {
            let dev = format!("{}-dev", recipe.name);
            let has = |split: &Split| split.files.iter().any(|file| file == "usr/src");
            if !recipe.split.get(&dev).is_some_and(has) {
                return Err(format!(
                    "kernel.dev installs what modules are built with to /usr/src: split.{dev} with files = [\"usr/src\"]"
                ));
            }
        }
        if self.um && self.modules {
            return Err("kernel.um makes one program: leave out modules".into());
        }
        Ok(())
    }
}

impl Recipe {
    /// Reads `FOLDER/recipe.toml`.
    ///
    /// # Errors
    /// [`Error::Recipe`] naming the file and what was expected; [`Error::Io`].
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("recipe.toml");
        let text = fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
        let mut recipe: Self = toml::from_str(&text).map_err(|e| Error::Recipe {
            path: path.clone(),
            message: e.to_string(),
        })?;
        recipe.folder = folder.to_owned();
        for part in &recipe.parts {
            let (name, split) = part.of(&recipe.name, &recipe.summary);
            if recipe.split.insert(name.clone(), split).is_some() {
                let message =
                    format!("'{name}' is in `parts` and in [split]: leave one of them out");
                return Err(Error::Recipe { path, message });
            }
        }
        recipe
            .check()
            .map_err(|message| Error::Recipe { path, message })?;
        Ok(recipe)
    }

    /// Every package that must be there before it is built.
    pub fn needs(&self) -> impl Iterator<Item = &String> {
        self.build.iter().chain(&self.tools)
    }

    /// Whether its compiler knows C++ beside C: it is built with the package [`CXX`].
    pub fn is_cxx(&self) -> bool {
        self.build.iter().any(|name| name == CXX)
    }

    /// Whether it makes programs that builds run, not programs of Alpenglow.
    pub fn is_tool(&self) -> bool {
        self.cargo.as_ref().is_some_and(|cargo| cargo.host)
    }

    /// The architecture that it is built for when `target` is wanted: a tool's is that of the computer that builds.
    pub fn arch(&self, target: Arch) -> Arch {
        let host = std::env::consts::ARCH.parse().ok();
        host.filter(|_| self.is_tool()).unwrap_or(target)
    }

    fn check(&self) -> Result<(), String> {
        let folder = self
            .folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        if self.name != folder {
            return Err(format!(
                "name is '{}' but the folder is '{folder}'",
                self.name
            ));
        }
        for name in std::iter::once(&self.name).chain(self.split.keys()) {
            let good = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
            if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(good) {
                return Err(format!(
                    "'{name}' is not a package name: letters, digits and . _ + - only"
                ));
            }
        }
        if self.source.is_some() != self.version.is_none() {
            return Err("give either `source` (its pin has the version) or `version`".into());
        }
        match self.style {
            Style::Kernel => match &self.kernel {
                Some(kernel) => kernel.check(self),
                None => Err("style = \"kernel\" needs a [kernel] table".into()),
            },
            Style::KernelModule => match &self.module {
                Some(module) => module.check(self),
                None => Err("style = \"kernel-module\" needs a [module] table".into()),
            },
            Style::Cargo => match &self.cargo {
                Some(cargo) => cargo.check(self),
                None => Err("style = \"cargo\" needs a [cargo] table".into()),
            },
            Style::RustStd if !self.build.iter().any(|name| name == "musl-dev") => {
                Err("style = \"rust-std\" needs the C library: build = [\"musl-dev\"]".into())
            }
            Style::Autotools | Style::Make => self.make.check(self),
            Style::Script if self.script.install.trim().is_empty() => {
                Err("style = \"script\" needs script.install".into())
            }
            _ => Ok::<(), String>(()),
        }?;
        if let Some(trigger) = &self.trigger {
            if let Some(folder) = trigger.folders.iter().find(|one| !one.starts_with('/')) {
                return Err(format!(
                    "trigger.folders has '{folder}': write it from / on"
                ));
            }
            if trigger.folders.is_empty() || !trigger.script.starts_with("#!") {
                return Err(
                    "[trigger] needs folders, and a script that begins as \"#!/bin/sh\"".into(),
                );
            }
        }
        for (path, mode) in &self.modes {
            if !u32::from_str_radix(mode, 8).is_ok_and(|mode| mode <= 0o7777) {
                return Err(format!(
                    "modes.\"{path}\" = \"{mode}\" is not an octal file mode"
                ));
            }
        }
        let known = crate::lint::CHECKS;
        match self
            .exempt
            .keys()
            .find(|check| !known.contains(&check.as_str()))
        {
            Some(check) => Err(format!(
                "exempt.{check}: the checks are {}",
                known.join(", ")
            )),
            None => Ok(()),
        }
    }
}

/// Every recipe of a folder, by each package that it makes: its own name and its splits'.
///
/// # Errors
/// Those of [`Recipe::read`]; [`Error::Recipe`] when two make the same package.
pub fn read_all(packages: &Path) -> Result<BTreeMap<String, Recipe>> {
    let mut recipes = BTreeMap::new();
    let entries = fs::read_dir(packages).map_err(|e| Error::io("read the folder", packages, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read the folder", packages, e))?;
        if !entry.path().is_dir() {
            continue;
        }
        let recipe = Recipe::read(&entry.path())?;
        let names: Vec<String> = std::iter::once(&recipe.name)
            .chain(recipe.split.keys())
            .cloned()
            .collect();
        for name in names {
            if let Some(other) = recipes.insert(name.clone(), recipe.clone()) {
                return Err(Error::Recipe {
                    path: entry.path().join("recipe.toml"),
                    message: format!(
                        "the package '{name}' is made by packages/{} too",
                        other.name
                    ),
                });
            }
        }
    }
    Ok(recipes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Recipe> {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("hello");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("recipe.toml"), text).unwrap();
        Recipe::read(&folder)
    }

    const GOOD: &str = "name = \"hello\"\nversion = \"1\"\nsummary = \"s\"\nlicense = \"MIT\"\n\
        style = \"script\"\n[script]\ninstall = \"true\"\n";

    #[test]
    fn a_plain_recipe_is_read() {
        assert_eq!(read(GOOD).unwrap().name, "hello");
    }

    #[test]
    fn a_misspelt_key_is_named_with_file_and_line() {
        let text = read(&GOOD.replace("summary", "sumary"))
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("hello/recipe.toml")
                && text.contains("`sumary`")
                && text.contains("line 3"),
            "{text}"
        );
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (from, to, expected) in [
            ("\"hello\"", "\"other\"", "the folder is 'hello'"),
            ("version = \"1\"", "", "either `source`"),
            ("\"script\"", "\"kernel\"", "[kernel] table"),
            ("\"script\"", "\"scons\"", "scons"),
            ("\"script\"", "\"make\"", "need `source`"),
            (
                "style",
                "parts = [\"dev\"]\nsplit = { hello-dev = { summary = \"s\", files = [] } }\nstyle",
                "'hello-dev' is in `parts` and in [split]",
            ),
            (
                "[script]",
                "[exempt]\nbeauty = \"x\"\n[script]",
                "exempt.beauty",
            ),
            (
                "[script]",
                "[trigger]\nfolders = [\"lib\"]\nscript = \"#!/bin/sh\"\n[script]",
                "from / on",
            ),
            (
                "[script]",
                "[trigger]\nfolders = [\"/lib\"]\nscript = \"true\"\n[script]",
                "begins as",
            ),
            ("[script]", "[modes]\n\"bin/x\" = \"9\"\n[script]", "octal"),
        ] {
            let text = read(&GOOD.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn a_kernels_parts_that_do_not_fit_together_are_refused() {
        let kernel = |table: &str| {
            let (head, _) = GOOD.split_once("style").unwrap();
            read(&format!("{head}style = \"kernel\"\n[kernel]\n{table}\n"))
        };
        assert!(kernel("fragments = [\"x\"]\nmodules = true").is_ok());
        for (table, expected) in [
            ("fragments = []", "names no file"),
            ("fragments = [\"x\"]\nrust = true", "tools = [\"bindgen\"]"),
            (
                "fragments = [\"x\"]\num = true\nmodules = true",
                "leave out modules",
            ),
        ] {
            let text = kernel(table).unwrap_err().to_string();
            assert!(text.contains(expected), "{text}");
        }
    }
}
