//! An edition: what one kind of system is made of, declared in `editions/NAME.toml`.

use crate::error::{Error, Result};
use crate::recipe::Recipe;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// An edition as its file declares it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edition {
    /// Its name: that of its file.
    pub name: String,
    /// One line that says what it is.
    pub summary: String,
    /// The packages of its root; what they need to run is added.
    #[serde(default)]
    pub packages: Vec<String>,
    /// The package of its kernel, which is not in the root; none for what others' kernels run.
    pub kernel: Option<String>,
    /// What it is made as (`./alpenglow build --format`); what machines boot from when it does not say.
    #[serde(default)]
    pub formats: Vec<String>,
    /// How its initramfs is compressed, if it is made as one: `none`, `gzip`, `xz`, `lzma`, `zstd`, `lz4`.
    pub compression: Option<String>,
    /// The packages of its initramfs, whose /init starts the root from one file, a GlowFS image; none: the initramfs is the root.
    #[serde(default)]
    pub initramfs: Vec<String>,
    /// The service of dinit's whose start means that all of the system is up; [`None`]: the login prompt does.
    #[serde(default)]
    pub ready: Option<String>,
    /// Promises that `./alpenglow test` holds it to. They only ever go down.
    #[serde(default)]
    pub budget: Budget,
}

/// Upper bounds; what is absent is not promised.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Bytes of the compressed kernel image.
    pub kernel_bytes: Option<u64>,
    /// Bytes of the initramfs.
    pub initramfs_bytes: Option<u64>,
    /// Bytes of all files of the root, each counted once.
    pub root_bytes: Option<u64>,
    /// Bytes of the root's tar archive, compressed by gzip.
    pub tar_bytes: Option<u64>,
    /// The same by xz.
    pub tar_xz_bytes: Option<u64>,
    /// Bytes of the container image's archive, its layer compressed by gzip.
    pub oci_bytes: Option<u64>,
    /// The same by Zstandard.
    pub oci_zstd_bytes: Option<u64>,
    /// Instructions from reset to the login prompt on q35, from the compressed kernel.
    pub q35_instructions_to_login: Option<u64>,
    /// Instructions from reset to the login prompt on microvm, from the uncompressed kernel.
    pub microvm_instructions_to_login: Option<u64>,
    /// Instructions from reset until `ready` is started, on q35 from the compressed kernel.
    pub q35_instructions_to_ready: Option<u64>,
    /// The same on microvm from the uncompressed kernel.
    pub microvm_instructions_to_ready: Option<u64>,
    /// KiB that are given but not available to programs, of 256 MiB, after login.
    pub memory_used_kib: Option<u64>,
    /// MiB with which it still reaches the login prompt.
    pub memory_mib: Option<u32>,
}

impl Edition {
    /// Reads `editions/NAME.toml` of a repository.
    ///
    /// # Errors
    /// [`Error::NoEdition`] naming those that there are; [`Error::Recipe`] when it is wrong.
    pub fn read(repository: &Path, name: &str) -> Result<Self> {
        let dir = repository.join("editions");
        let path = dir.join(format!("{name}.toml"));
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !plain || !path.is_file() {
            return Err(Error::NoEdition {
                name: name.to_owned(),
                known: names(&dir)?.join(", "),
            });
        }
        let text = fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
        let wrong = |message: String| Error::Recipe {
            path: path.clone(),
            message,
        };
        let edition: Self = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if edition.name != name {
            return Err(wrong(format!(
                "name is '{}' but the file is {name}.toml",
                edition.name
            )));
        }
        Ok(edition)
    }

    /// Every edition of a repository, by name.
    ///
    /// # Errors
    /// Those of [`Edition::read`].
    pub fn all(repository: &Path) -> Result<Vec<Self>> {
        let names = names(&repository.join("editions"))?;
        let each = names.iter().map(|name| Self::read(repository, name));
        each.collect()
    }
}

/// The packages that tests build: kernels, the project's own programs, and of others' what an edition is made of.
/// What is in no edition is built when somebody asks for it.
pub fn tested(recipes: &BTreeMap<String, Recipe>, editions: &[Edition]) -> Vec<String> {
    let mut next: Vec<&String> = editions.iter().flat_map(|one| &one.packages).collect();
    let mut named = BTreeSet::new();
    while let Some(name) = next.pop() {
        if named.insert(name) {
            next.extend(recipes.get(name).into_iter().flat_map(|recipe| &recipe.run));
        }
    }
    let is_tested = |(name, recipe): &(&String, &Recipe)| {
        let own = recipe.source.is_none() || recipe.kernel.is_some();
        own || named.contains(*name)
    };
    let tested = recipes.iter().filter(is_tested);
    tested.map(|(name, _)| name.clone()).collect()
}

/// The names of the editions that there are, sorted.
fn names(dir: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(dir).map_err(|e| Error::io("read the folder", dir, e))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            Some(name.strip_suffix(".toml")?.to_owned())
        })
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_edition_names_those_that_there_are() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("editions")).unwrap();
        fs::write(dir.path().join("editions/small.toml"), "").unwrap();
        for name in ["large", "../small", ""] {
            let text = Edition::read(dir.path(), name).unwrap_err().to_string();
            assert!(
                text.contains(&format!("'{name}'")) && text.contains("small"),
                "{text}"
            );
        }
    }

    #[test]
    fn tests_build_what_editions_and_the_project_are_made_of() {
        let dir = tempfile::tempdir().unwrap();
        let mut recipes = BTreeMap::new();
        for (name, lines) in [
            ("own", "version = \"1\""),
            ("named", "source = \"x\"\nrun = [\"needed\"]"),
            ("needed", "source = \"x\""),
            ("other", "source = \"x\""),
        ] {
            let folder = dir.path().join("packages").join(name);
            fs::create_dir_all(&folder).unwrap();
            let text = format!(
                "name = \"{name}\"\nsummary = \"s\"\nlicense = \"MIT\"\n{lines}\nstyle = \"script\"\n\
                 [script]\ninstall = \"true\"\n"
            );
            fs::write(folder.join("recipe.toml"), text).unwrap();
            recipes.insert(name.to_owned(), Recipe::read(&folder).unwrap());
        }
        fs::create_dir(dir.path().join("editions")).unwrap();
        let text = "name = \"x\"\nsummary = \"s\"\nkernel = \"k\"\ncompression = \"none\"\npackages = [\"named\"]\n";
        fs::write(dir.path().join("editions/x.toml"), text).unwrap();
        let editions = Edition::all(dir.path()).unwrap();
        assert_eq!(tested(&recipes, &editions), ["named", "needed", "own"]);
    }

    #[test]
    fn a_misspelt_budget_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("editions")).unwrap();
        let text = "name = \"x\"\nsummary = \"s\"\nkernel = \"k\"\ncompression = \"none\"\n[budget]\nkernel_byte = 1\n";
        fs::write(dir.path().join("editions/x.toml"), text).unwrap();
        let text = Edition::read(dir.path(), "x").unwrap_err().to_string();
        assert!(
            text.contains("x.toml") && text.contains("kernel_byte"),
            "{text}"
        );
    }
}
