//! A program of ours: the crates of the workspace `system/` that it is made of, and no others, so that a change to another
//! program is no reason to build it anew.
//!
//! The workspace that the build sees has these members alone, the profile of a release, and of the lock what they need.

use crate::error::{Error, Result};
use crate::recipe::{Module, Recipe};
use crate::tree;
use alpenglow_builder::cache::{make_dir, write_whole};
use alpenglow_builder::debian::hex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The workspace's folder in the repository.
pub const FOLDER: &str = "system";

/// What changes no program: what cargo builds, and tests of whole programs.
const APART: [&str; 2] = ["target", "tests"];

/// What the programs or modules of a recipe are made of.
#[derive(Debug)]
pub struct Own {
    /// The workspace's folder; for modules, the repository's.
    folder: PathBuf,
    /// Where it belongs in the folder of the source.
    place: &'static str,
    /// Its files that are taken as they are, relative to it, sorted.
    files: Vec<PathBuf>,
    /// Those that are made: `Cargo.toml` and `Cargo.lock`.
    made: BTreeMap<&'static str, String>,
}

/// A `[[package]]` of a `Cargo.lock` (The Cargo Book, "Cargo.toml vs Cargo.lock").
#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Own {
    /// What a recipe's programs or modules are made of, or nothing where it has a source or makes neither.
    ///
    /// # Errors
    /// [`Error::Recipe`] when no crate is called like a program, or a folder of a module is not there; one of the workspace's files when it makes no sense;
    /// [`Error::Builder`] when one cannot be read.
    pub fn of(repository: &Path, recipe: &Recipe) -> Result<Option<Self>> {
        if let Some(module) = &recipe.module {
            return Self::of_module(repository, recipe, module).map(Some);
        }
        let Some(cargo) = recipe.cargo.as_ref().filter(|_| recipe.source.is_none()) else {
            return Ok(None);
        };
        let folder = repository.join(FOLDER);
        let crates = crates(&folder)?;
        for program in cargo.install.keys() {
            if !crates.contains_key(program) {
                let known: Vec<&str> = crates.keys().map(String::as_str).collect();
                return Err(Error::Recipe {
                    path: recipe.folder.join("recipe.toml"),
                    message: format!(
                        "cargo.install has '{program}', but no crate of {FOLDER}/ is called so; there are {} (for others' programs, `source`)",
                        known.join(", ")
                    ),
                });
            }
        }
        let programs: Vec<&str> = cargo.install.keys().map(String::as_str).collect();
        let path = folder.join("Cargo.lock");
        let (lock, locked) = needed(&read(&path)?, &programs).map_err(|e| wrong(&path, &e))?;
        let members: BTreeSet<&str> = crates
            .iter()
            .filter(|(name, _)| locked.contains(*name))
            .map(|(_, folder)| folder.as_str())
            .collect();
        let path = folder.join("Cargo.toml");
        let manifest = manifest(&read(&path)?, &members).map_err(|e| wrong(&path, &e))?;
        let mut files = Vec::new();
        for part in members.iter().copied().chain([".cargo"]) {
            if folder.join(part).is_dir() {
                files.extend(files_below(&folder, part)?);
            }
        }
        files.sort();
        let made = [("Cargo.lock", lock), ("Cargo.toml", manifest)].into();
        Ok(Some(Self {
            folder,
            place: FOLDER,
            files,
            made,
        }))
    }

    /// The folders that a module is made of, each where the repository has it.
    fn of_module(repository: &Path, recipe: &Recipe, module: &Module) -> Result<Self> {
        let mut files = Vec::new();
        for part in module.folders() {
            if !repository.join(&part).is_dir() {
                return Err(Error::Recipe {
                    path: recipe.folder.join("recipe.toml"),
                    message: format!("[module] names the folder '{part}', which is not there"),
                });
            }
            files.extend(files_below(repository, &part)?);
        }
        files.sort();
        files.dedup();
        Ok(Self {
            folder: repository.to_owned(),
            place: "",
            files,
            made: BTreeMap::new(),
        })
    }

    /// A digest of all of it: names, the executable bit and contents.
    ///
    /// # Errors
    /// [`Error::Builder`] when a file cannot be read.
    pub fn digest(&self) -> Result<String> {
        let mut digest = Sha256::new();
        let mut update = |name: &str, executable: bool, bytes: &[u8]| {
            digest.update(format!("{name} {executable} {}\n", bytes.len()));
            digest.update(bytes);
        };
        for (name, text) in &self.made {
            update(name, false, text.as_bytes());
        }
        for file in &self.files {
            let path = self.folder.join(file);
            let bytes = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
            let mode = path.metadata().map_err(|e| Error::io("read", &path, e))?;
            update(&file.to_string_lossy(), mode.mode() & 0o111 != 0, &bytes);
        }
        Ok(hex(&digest.finalize()))
    }

    /// Copies it to where it belongs in `source`, the folder of a build's source.
    ///
    /// # Errors
    /// [`Error::Builder`] when a file cannot be read or written.
    pub fn copy(&self, source: &Path) -> Result<()> {
        let to = &source.join(self.place);
        make_dir(to)?;
        for (name, text) in &self.made {
            write_whole(&to.join(name), text.as_bytes())?;
        }
        for file in &self.files {
            let (from, to) = (self.folder.join(file), to.join(file));
            if let Some(folder) = to.parent() {
                make_dir(folder)?;
            }
            let metadata = fs::symlink_metadata(&from).map_err(|e| Error::io("read", &from, e))?;
            tree::copy_entry(&from, &metadata, &to)?;
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::io("read", path, e))
}

/// A file of the workspace that makes no sense.
fn wrong(path: &Path, problem: &str) -> Error {
    Error::Recipe {
        path: path.to_owned(),
        message: problem.replace('\n', ", "),
    }
}

/// The folders of the workspace's crates, by the crate's name.
fn crates(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut crates = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|e| Error::io("read the folder", folder, e))? {
        let entry = entry.map_err(|e| Error::io("read the folder", folder, e))?;
        let path = entry.path().join("Cargo.toml");
        if !path.is_file() {
            continue;
        }
        let manifest: toml::Table =
            toml::from_str(&read(&path)?).map_err(|e| wrong(&path, &e.to_string()))?;
        let name = manifest.get("package").and_then(|table| table.get("name"));
        if let Some(name) = name.and_then(|name| name.as_str()) {
            let folder = entry.file_name().to_string_lossy().into_owned();
            crates.insert(name.to_owned(), folder);
        }
    }
    Ok(crates)
}

/// The files below a folder of the workspace, but for those [`APART`].
fn files_below(folder: &Path, part: &str) -> Result<Vec<PathBuf>> {
    let of_the_crate = |path: &Path| {
        let first = path.components().next();
        !first.is_some_and(|first| APART.iter().any(|apart| first.as_os_str() == *apart))
    };
    let all = tree::walk(&folder.join(part))?;
    let files = all
        .into_iter()
        .filter(|(path, metadata)| !metadata.is_dir() && of_the_crate(path));
    Ok(files.map(|(path, _)| Path::new(part).join(path)).collect())
}

/// The workspace's manifest with these members alone, and without the profiles of tests.
fn manifest(text: &str, members: &BTreeSet<&str>) -> Result<String, String> {
    let mut manifest: toml::Table = toml::from_str(text).map_err(|e| e.to_string())?;
    let workspace = manifest
        .get_mut("workspace")
        .and_then(|it| it.as_table_mut());
    let workspace = workspace.ok_or("it has no [workspace]")?;
    let members: Vec<String> = members.iter().map(|&name| name.to_owned()).collect();
    workspace.insert("members".into(), members.into());
    if let Some(profiles) = manifest.get_mut("profile").and_then(|it| it.as_table_mut()) {
        profiles.retain(|name, _| name == "release");
    }
    toml::to_string(&manifest).map_err(|e| e.to_string())
}

/// Of a lock's text what these crates need, each package in its own words, and the names of the workspace's own among it.
fn needed(text: &str, crates: &[&str]) -> Result<(String, BTreeSet<String>), String> {
    const START: &str = "[[package]]\n";
    let (head, rest) = text.split_at(text.find(START).unwrap_or(text.len()));
    let mut packages = Vec::new();
    for words in rest.split(START).skip(1) {
        let locked: Locked = toml::from_str(words).map_err(|e| e.to_string())?;
        packages.push((words, locked));
    }
    // "name", "name version" or "name version (source)": as much as tells it from others.
    let is = |locked: &Locked, words: &str| {
        let mut words = words.splitn(3, ' ');
        words.next() == Some(&locked.name)
            && words.next().is_none_or(|version| version == locked.version)
    };
    let own = |words: &str| {
        let mut all = packages.iter();
        all.position(|(_, locked)| locked.source.is_none() && is(locked, words))
    };
    let mut queue = Vec::new();
    for name in crates {
        queue.push(own(name).ok_or_else(|| {
            format!("it has no '{name}': let cargo write it anew (`cargo metadata` in {FOLDER}/)")
        })?);
    }
    let mut found = BTreeSet::new();
    while let Some(index) = queue.pop() {
        if !found.insert(index) {
            continue;
        }
        let Locked { dependencies, .. } = &packages[index].1;
        for (other, (_, locked)) in packages.iter().enumerate() {
            if dependencies.iter().any(|words| is(locked, words)) {
                queue.push(other);
            }
        }
    }
    let mut lock = head.to_owned();
    let mut names = BTreeSet::new();
    for index in found {
        let (words, locked) = &packages[index];
        lock.push_str(START);
        lock.push_str(words);
        if locked.source.is_none() {
            names.insert(locked.name.clone());
        }
    }
    Ok((lock, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "# written by cargo\nversion = 4\n\n\
        [[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\n \"leaf 2.0.0\",\n \"shared\",\n]\n\n\
        [[package]]\nname = \"b\"\nversion = \"0.1.0\"\ndependencies = [\n \"leaf 1.0.0\",\n \"shared\",\n]\n\n\
        [[package]]\nname = \"leaf\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"11\"\n\n\
        [[package]]\nname = \"leaf\"\nversion = \"2.0.0\"\nsource = \"registry+x\"\nchecksum = \"22\"\n\n\
        [[package]]\nname = \"shared\"\nversion = \"0.1.0\"\n";

    fn repository() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let manifest = "[workspace]\nmembers = [\"a\", \"second\", \"shared\"]\n\
            [profile.release]\nopt-level = \"z\"\n[profile.quick]\nopt-level = 1\n";
        write("system/Cargo.toml", manifest);
        write("system/Cargo.lock", LOCK);
        for (folder, name) in [("a", "a"), ("second", "b"), ("shared", "shared")] {
            let manifest = format!("[package]\nname = \"{name}\"\n");
            write(&format!("system/{folder}/Cargo.toml"), &manifest);
            write(&format!("system/{folder}/src/main.rs"), "fn main() {}\n");
            write(&format!("system/{folder}/tests/whole.rs"), "\n");
        }
        for name in ["a", "b", "none"] {
            let recipe = format!(
                "name = \"{name}\"\nversion = \"1\"\nsummary = \"s\"\nlicense = \"MIT\"\nstyle = \"cargo\"\n\
                 [cargo]\ninstall = {{ {name} = \"/bin/{name}\" }}\n"
            );
            write(&format!("packages/{name}/recipe.toml"), &recipe);
        }
        dir
    }

    fn own(repository: &Path, name: &str) -> Result<Own> {
        let recipe = Recipe::read(&repository.join("packages").join(name)).unwrap();
        Own::of(repository, &recipe).map(Option::unwrap)
    }

    #[test]
    fn a_lock_keeps_what_is_needed() {
        let (lock, names) = needed(LOCK, &["b"]).unwrap();
        assert!(lock.starts_with("# written by cargo\nversion = 4\n\n[[package]]\nname = \"b\""));
        assert!(lock.contains("checksum = \"11\"") && !lock.contains("checksum = \"22\""));
        assert_eq!(names, ["b", "shared"].map(str::to_owned).into());
        assert_eq!(needed(LOCK, &["a", "b"]).unwrap().0, LOCK);
        assert!(needed(LOCK, &["leaf"]).unwrap_err().contains("'leaf'"));
    }

    #[test]
    fn a_program_depends_on_its_own_crates_alone() {
        let dir = repository();
        let digest = |name| own(dir.path(), name).unwrap().digest().unwrap();
        let (a, b) = (digest("a"), digest("b"));
        let write = |path: &str, text: &str| fs::write(dir.path().join(path), text).unwrap();
        write("system/second/src/main.rs", "fn main() { loop {} }\n");
        write("system/a/tests/whole.rs", "#[test] fn one() {}\n");
        assert_eq!(digest("a"), a);
        assert_ne!(digest("b"), b);
        write("system/shared/src/main.rs", "fn main() { loop {} }\n");
        assert_ne!(digest("a"), a);
    }

    #[test]
    fn its_workspace_has_its_own_crates_alone() {
        let dir = repository();
        let source = dir.path().join("to");
        own(dir.path(), "a").unwrap().copy(&source).unwrap();
        let to = source.join(FOLDER);
        assert!(to.join("a/src/main.rs").is_file() && to.join("shared/Cargo.toml").is_file());
        assert!(!to.join("second").exists() && !to.join("a/tests").exists());
        let manifest = fs::read_to_string(to.join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("members = [\"a\", \"shared\"]"),
            "{manifest}"
        );
        assert!(manifest.contains("[profile.release]") && !manifest.contains("quick"));
    }

    #[test]
    fn a_program_that_no_crate_makes_is_named() {
        let dir = repository();
        let text = own(dir.path(), "none").unwrap_err().to_string();
        for part in ["none/recipe.toml", "'none'", "a, b, shared"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
