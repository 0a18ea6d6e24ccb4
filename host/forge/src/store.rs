//! Built packages, by the key of everything that went into them.
//!
//! `store/NAME-KEY/` holds `record.toml`, which says what it was built from and with, and
//! `trees/PACKAGE/` for each package that the recipe makes.

use crate::error::{Error, Result};
use crate::own::Own;
use crate::recipe::Recipe;
use crate::{style, toolchain, tree};
use alpenglow_builder::debian::hex;
use alpenglow_builder::{Arch, Cache, Root};
use alpenglow_sources::Pin;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A built package.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The key of what it was built from, in hexadecimal.
    pub key: String,
    /// Its files.
    pub tree: PathBuf,
}

/// What a package needs to be built, built.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// What its sysroot is composed of.
    pub build: Vec<Built>,
    /// What its build runs.
    pub tools: Vec<Built>,
}

impl Needs {
    /// Those of a recipe, out of all that is built.
    ///
    /// # Panics
    /// When one is not there.
    pub fn of(recipe: &Recipe, all: &BTreeMap<String, Built>) -> Self {
        let those = |names: &[String]| names.iter().map(|name| all[name].clone()).collect();
        Self {
            build: those(&recipe.build),
            tools: those(&recipe.tools),
        }
    }
}

/// What a package was built from and with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The recipe's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The whole key.
    pub key: String,
    /// SHA-256 of the source's file, if it has one.
    pub source: Option<String>,
    /// Wall-clock seconds that the build took.
    pub seconds: u64,
    /// Seconds of processors that it took.
    #[serde(default)]
    pub cpu_seconds: u64,
    /// KiB of memory of its largest process.
    #[serde(default)]
    pub peak_kib: u64,
    /// Compilers of the build root, as `name=version`.
    pub tools: Vec<String>,
}

/// Everything outside the recipe that a package's key depends on.
pub struct Inputs<'a> {
    /// The repository, for our own programs and kernel fragments.
    pub repository: &'a Path,
    /// The build root.
    pub root: &'a Root,
    /// The architecture that is built for.
    pub arch: Arch,
}

impl Inputs<'_> {
    /// The key of a package built from this recipe and pin with these needs:
    /// SHA-256 over all of it, in hexadecimal. `certificate` is that of what signs its modules. A source's digest, and our own programs', covers its
    /// `Cargo.lock`, and with it every crate.
    ///
    /// # Errors
    /// [`Error::Builder`] when a file of the repository cannot be read.
    pub fn key(
        &self,
        recipe: &Recipe,
        pin: Option<&Pin>,
        needs: &Needs,
        certificate: Option<&str>,
    ) -> Result<String> {
        let arch = recipe.arch(self.arch);
        let mut parts: Vec<String> = vec![
            format!("root {}", self.root.identity),
            format!("arch {arch}"),
            format!("recipe {}", tree::digest(&recipe.folder)?),
            format!("script {}", style::script(recipe, arch)),
            format!("tools {:?}", toolchain::files(arch, recipe.is_cxx())),
        ];
        if let Some(pin) = pin {
            parts.push(format!("source {}", pin.sha256));
        }
        if let Some(certificate) = certificate {
            parts.push(format!("certificate {certificate}"));
        }
        if let Some(own) = Own::of(self.repository, recipe)? {
            parts.push(format!("own {}", own.digest()?));
        }
        for fragment in recipe.kernel.iter().flat_map(|kernel| &kernel.fragments) {
            let path = self.fragment(fragment);
            let text = fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
            // A comment is no reason to build a kernel again.
            let asked = |line: &&str| line.starts_with("CONFIG_") || line.starts_with("# CONFIG_");
            let lines: Vec<&str> = text.lines().filter(asked).collect();
            parts.push(format!("fragment {}", lines.join("\n")));
        }
        for patch in recipe.kernel.iter().flat_map(|kernel| &kernel.patches) {
            let path = self
                .repository
                .join("kernel/patches")
                .join(format!("{patch}.patch"));
            let text = fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
            parts.push(format!("patch {text}"));
        }
        parts.extend(needs.build.iter().map(|need| format!("needs {}", need.key)));
        parts.extend(needs.tools.iter().map(|need| format!("tool {}", need.key)));
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        Ok(hex(&digest.finalize()))
    }

    /// The file of a kernel fragment.
    pub fn fragment(&self, name: &str) -> PathBuf {
        self.repository
            .join("kernel")
            .join(format!("{name}.config"))
    }
}

/// The store of a cache.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The store of this cache.
    ///
    /// # Errors
    /// [`Error::Builder`] when it cannot be made.
    pub fn open(cache: &Cache) -> Result<Self> {
        Ok(Self {
            dir: cache.sub("store")?,
        })
    }

    fn place(&self, recipe: &Recipe, key: &str) -> PathBuf {
        self.dir.join(format!("{}-{}", recipe.name, &key[..24]))
    }

    /// What was built under this key, by package name, if it was.
    pub fn get(&self, recipe: &Recipe, key: &str) -> Option<BTreeMap<String, Built>> {
        let place = self.place(recipe, key);
        let record = Self::record_at(&place)?;
        let names = std::iter::once(&recipe.name).chain(recipe.split.keys());
        let built = names.map(|name| {
            let built = Built {
                name: name.clone(),
                version: record.version.clone(),
                key: key.to_owned(),
                tree: place.join("trees").join(name),
            };
            (name.clone(), built)
        });
        Some(built.collect())
    }

    /// The record of what was built under this key.
    pub fn record(&self, recipe: &Recipe, key: &str) -> Option<Record> {
        Self::record_at(&self.place(recipe, key))
    }

    fn record_at(place: &Path) -> Option<Record> {
        let text = fs::read_to_string(place.join("record.toml")).ok()?;
        toml::from_str(&text).ok()
    }

    /// Moves finished trees (`work/trees/…`) into the store, whole.
    ///
    /// # Errors
    /// [`Error::Builder`].
    pub fn put(&self, recipe: &Recipe, record: &Record, work: &Path) -> Result<()> {
        let place = self.place(recipe, &record.key);
        let text = toml::to_string(record).unwrap_or_default();
        alpenglow_builder::cache::write_whole(&work.join("record.toml"), text.as_bytes())?;
        alpenglow_builder::cache::remove_tree(&place)?;
        fs::rename(work, &place).map_err(|e| Error::io("make", &place, e))
    }
}
