//! The graph of packages: what needs what, and building all of it, several at once.

use crate::build::Job;
use crate::error::{Error, Result};
use crate::pack::Packer;
use crate::recipe::{self, Recipe};
use crate::signer::modules::{self, ModuleSigner};
use crate::store::{Built, Inputs, Needs, Record, Store};
use crate::tree;
use alpenglow_builder::progress::{Progress, StepId, step};
use alpenglow_builder::{Arch, Cache, Root};
use alpenglow_sources::Sources;
use fetch::Fetched;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

mod fetch;
mod roots;
mod schedule;

/// Builds packages of one repository for one architecture.
pub struct Forge<'a> {
    cache: &'a Cache,
    sources: &'a Sources,
    inputs: Inputs<'a>,
    store: Store,
    recipes: BTreeMap<String, Recipe>,
    packer: Mutex<Option<Arc<Packer>>>,
    signer: Mutex<Option<Arc<ModuleSigner>>>,
    progress: &'a dyn Progress,
    logs: PathBuf,
    jobs: usize,
}

impl<'a> Forge<'a> {
    /// A forge for the recipes of `repository/packages`. Logs go to `logs/PACKAGE.log`.
    ///
    /// # Errors
    /// [`Error::Recipe`] when a recipe is wrong.
    pub fn new(
        repository: &'a Path,
        cache: &'a Cache,
        sources: &'a Sources,
        root: &'a Root,
        arch: Arch,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        Ok(Self {
            cache,
            sources,
            inputs: Inputs {
                repository,
                root,
                arch,
            },
            store: Store::open(cache)?,
            recipes: recipe::read_all(&repository.join("packages"))?,
            packer: Mutex::new(None),
            signer: Mutex::new(None),
            progress,
            logs: repository.join("target/log"),
            jobs: std::thread::available_parallelism().map_or(2, usize::from),
        })
    }

    /// Every recipe, by each package that it makes.
    pub fn recipes(&self) -> &BTreeMap<String, Recipe> {
        &self.recipes
    }

    /// The recipe that makes a package.
    ///
    /// # Errors
    /// [`Error::NoPackage`].
    pub fn recipe(&self, package: &str, wanted_by: Option<&str>) -> Result<&Recipe> {
        self.recipes.get(package).ok_or_else(|| Error::NoPackage {
            name: package.to_owned(),
            wanted_by: wanted_by.map_or(String::new(), |name| format!(", which {name} needs")),
            known: self.recipes.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    /// `packages` and all that must be in a root with them, each once, in that order.
    ///
    /// # Errors
    /// [`Error::NoPackage`].
    pub fn with_run_needs(&self, packages: &[String]) -> Result<Vec<String>> {
        let mut all: Vec<String> = Vec::new();
        let mut next: Vec<(String, Option<String>)> =
            packages.iter().rev().map(|p| (p.clone(), None)).collect();
        while let Some((name, wanted_by)) = next.pop() {
            if all.contains(&name) {
                continue;
            }
            let recipe = self.recipe(&name, wanted_by.as_deref())?;
            if recipe.is_tool() {
                return Err(Error::Recipe {
                    path: recipe.folder.join("recipe.toml"),
                    message: format!(
                        "'{name}' is a tool that runs in builds; no system can hold it"
                    ),
                });
            }
            for need in recipe.run.iter().rev() {
                next.push((need.clone(), Some(name.clone())));
            }
            all.push(name);
        }
        Ok(all)
    }

    /// What the store already has of `packages`, or nothing when one lacks. Needs no lock.
    ///
    /// # Errors
    /// Those of a wrong recipe.
    pub fn find(&self, packages: &[String]) -> Result<Option<BTreeMap<String, Built>>> {
        let mut all: BTreeMap<String, Built> = BTreeMap::new();
        for recipe in self.order(packages)? {
            let needs = Needs::of(recipe, &all);
            match self.stored(recipe, &needs)? {
                Some(built) => all.extend(built),
                None => return Ok(None),
            }
        }
        Ok(Some(all))
    }

    /// The recipes of `packages` and of all that they need to be built, needs first.
    fn order(&self, packages: &[String]) -> Result<Vec<&Recipe>> {
        let mut order = Vec::new();
        let mut path = Vec::new();
        for package in packages {
            self.visit(package, None, &mut path, &mut order)?;
        }
        Ok(order)
    }

    fn visit<'s>(
        &'s self,
        package: &str,
        wanted_by: Option<&str>,
        path: &mut Vec<String>,
        order: &mut Vec<&'s Recipe>,
    ) -> Result<()> {
        let recipe = self.recipe(package, wanted_by)?;
        if order.iter().any(|other| other.name == recipe.name) {
            return Ok(());
        }
        let around = path.iter().position(|name| *name == recipe.name);
        path.push(recipe.name.clone());
        if let Some(start) = around {
            return Err(Error::Cycle(path[start..].to_vec()));
        }
        for need in recipe.needs() {
            self.visit(need, Some(&recipe.name), path, order)?;
        }
        self.check_kinds(recipe)?;
        path.pop();
        order.push(recipe);
        Ok(())
    }

    /// What is built for Alpenglow and what is a tool of builds are not taken for each other.
    fn check_kinds(&self, recipe: &Recipe) -> Result<()> {
        let wrong = |message: String| Error::Recipe {
            path: recipe.folder.join("recipe.toml"),
            message,
        };
        for need in recipe.build.iter().chain(&recipe.run) {
            if self.recipes.get(need).is_some_and(Recipe::is_tool) {
                return Err(wrong(format!(
                    "'{need}' is a tool that runs in builds: name it in `tools`"
                )));
            }
        }
        for need in &recipe.tools {
            if !self.recipe(need, Some(&recipe.name))?.is_tool() {
                return Err(wrong(format!(
                    "tools has '{need}', which is made for Alpenglow and does not run in a build ([cargo] host = true makes a tool)"
                )));
            }
        }
        Ok(())
    }

    /// Whether the modules that a recipe makes are signed: its kernel says so.
    fn is_signed(&self, recipe: &Recipe) -> Result<bool> {
        let kernel = match &recipe.module {
            Some(module) => &self.recipe(&module.kernel, Some(&recipe.name))?.kernel,
            None => &recipe.kernel,
        };
        Ok(kernel.as_ref().is_some_and(|kernel| kernel.signed))
    }

    /// What signs modules, with the key of the cache; if there is none, it is made if `make` says so, for which the cache's
    /// lock must be held.
    fn signer(&self, make: bool) -> Result<Option<Arc<ModuleSigner>>> {
        let mut signer = lock(&self.signer);
        if signer.is_none() {
            *signer = match make {
                true => Some(Arc::new(modules::of(self.cache)?)),
                false => modules::known(self.cache)?.map(Arc::new),
            };
        }
        Ok(signer.clone())
    }

    /// What the store has for a recipe, from whichever pin of its source.
    fn stored(&self, recipe: &Recipe, needs: &Needs) -> Result<Option<BTreeMap<String, Built>>> {
        // What is signed by a key that is not there yet is not there either.
        let signer = match self.is_signed(recipe)? {
            false => None,
            true => match self.signer(false)? {
                None => return Ok(None),
                signer => signer,
            },
        };
        let certificate = signer.map(|signer| signer.certificate());
        for pin in self.pins(recipe)? {
            let key = self
                .inputs
                .key(recipe, pin, needs, certificate.as_deref())?;
            if let Some(built) = self.store.get(recipe, &key) {
                return Ok(Some(built));
            }
        }
        Ok(None)
    }

    /// What the store has for a recipe, or a new build of it.
    fn make(&self, recipe: &Recipe, needs: &Needs) -> Result<BTreeMap<String, Built>> {
        if let Some(built) = self.stored(recipe, needs)? {
            return Ok(built);
        }
        let fetched = self.fetch(recipe)?;
        let signer = match self.is_signed(recipe)? {
            true => self.signer(true)?,
            false => None,
        };
        let certificate = signer.map(|signer| signer.certificate());
        let key = self
            .inputs
            .key(recipe, fetched.pin, needs, certificate.as_deref())?;
        let (work, record) = self.run(recipe, fetched, needs, key)?;
        self.store.put(recipe, &record, &work)?;
        self.store.get(recipe, &record.key).ok_or_else(|| {
            let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
            Error::io("find again what was built in", self.cache.dir(), missing)
        })
    }

    /// Builds what the store already has once more, several packages at once, and compares every file.
    ///
    /// # Errors
    /// [`Error::NotReproducible`] naming the files that differ; those of [`Forge::build`]. The first one, after the builds
    /// that were under way have ended.
    pub fn rebuild(&self, packages: &[String]) -> Result<()> {
        let first = self.build(packages)?;
        let waiting = Mutex::new((packages.iter(), Ok(())));
        let next = || {
            let mut guard = lock(&waiting);
            if guard.1.is_err() {
                return None;
            }
            guard.0.next()
        };
        std::thread::scope(|scope| {
            for _ in 0..self.workers() {
                scope.spawn(|| {
                    while let Some(package) = next() {
                        if let Err(error) = self.compare(package, &first) {
                            let mut guard = lock(&waiting);
                            guard.1 = std::mem::replace(&mut guard.1, Ok(())).and(Err(error));
                        }
                    }
                });
            }
        });
        waiting
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .1
    }

    /// Builds a package once more and compares it with the `first` one.
    fn compare(&self, package: &str, first: &BTreeMap<String, Built>) -> Result<()> {
        let recipe = self.recipe(package, None)?;
        let needs = Needs::of(recipe, first);
        let fetched = self.fetch(recipe)?;
        let (work, _) = self.run(recipe, fetched, &needs, first[package].key.clone())?;
        let mut files = Vec::new();
        let packer = self.packer()?;
        for name in std::iter::once(&recipe.name).chain(recipe.split.keys()) {
            let tree = work.join("trees").join(name);
            let one = tree::entries(&first[name].tree)?;
            let other = tree::entries(&tree)?;
            let paths: BTreeSet<&PathBuf> = one.keys().chain(other.keys()).collect();
            files.extend(
                paths
                    .into_iter()
                    .filter(|path| one.get(*path) != other.get(*path))
                    .map(|path| format!("  {name}: /{}", path.display())),
            );
            if !recipe.is_tool() {
                let file = packer.file(&first[name], recipe)?;
                let again = work.join("again.apk");
                packer.write(&first[name], recipe, &tree, &again)?;
                if !same(&file, &again)? {
                    files.push(format!("  {name}: the package itself"));
                }
            }
        }
        alpenglow_builder::cache::remove_tree(&work)?;
        if files.is_empty() {
            return Ok(());
        }
        Err(Error::NotReproducible {
            package: recipe.name.clone(),
            files,
        })
    }

    /// The record of a package that is built.
    pub fn record(&self, built: &Built) -> Option<Record> {
        self.store
            .record(self.recipes.get(&built.name)?, &built.key)
    }

    /// What the store has of each package; those that are not built, or of whose needs one is not, are left out. Needs no lock.
    ///
    /// # Errors
    /// Those of a wrong recipe.
    pub fn known(&self) -> Result<BTreeMap<String, Built>> {
        let mut all: BTreeMap<String, Built> = BTreeMap::new();
        let names: Vec<String> = self.recipes.keys().cloned().collect();
        for recipe in self.order(&names)? {
            if recipe.needs().all(|need| all.contains_key(need)) {
                let needs = Needs::of(recipe, &all);
                all.extend(self.stored(recipe, &needs)?.unwrap_or_default());
            }
        }
        Ok(all)
    }

    /// The version that a recipe is built in: its own, or that of its source's first pin.
    ///
    /// # Errors
    /// [`Error::Sources`] when its source has no pin.
    pub fn version(&self, recipe: &Recipe) -> Result<String> {
        let pin = self.pins(recipe)?.into_iter().flatten().next();
        let version = pin
            .map(|pin| pin.version.clone())
            .or_else(|| recipe.version.clone());
        Ok(version.unwrap_or_default())
    }

    /// Builds one package; returns the folder that holds its trees, and its record.
    fn run(
        &self,
        recipe: &Recipe,
        fetched: Fetched<'_>,
        needs: &Needs,
        key: String,
    ) -> Result<(PathBuf, Record)> {
        let signer = match self.is_signed(recipe)? {
            true => self.signer(true)?,
            false => None,
        };
        step(
            self.progress,
            &format!("build {}", recipe.name),
            |_: StepId| {
                let begin = Instant::now();
                let job = Job {
                    recipe,
                    source: fetched.tree,
                    crates: fetched.crates,
                    needs,
                    compose: &|packages, root| self.compose_for_build(packages, root),
                    signer: signer.as_deref(),
                    inputs: &self.inputs,
                    cache: self.cache,
                    log: self.logs.join(format!("{}.log", recipe.name)),
                    jobs: self.jobs,
                };
                let (work, usage) = job.run()?;
                let version = fetched
                    .pin
                    .map(|pin| pin.version.clone())
                    .or_else(|| recipe.version.clone());
                let tools = ["clang-22", "lld-22", "rustc-web"];
                let is_tool = |line: &&String| {
                    tools
                        .iter()
                        .any(|tool| line.split('=').next() == Some(tool))
                };
                let record = Record {
                    name: recipe.name.clone(),
                    version: version.unwrap_or_default(),
                    key,
                    source: fetched.pin.map(|pin| pin.sha256.clone()),
                    seconds: begin.elapsed().as_secs(),
                    cpu_seconds: usage.cpu_ms.div_ceil(1000),
                    peak_kib: usage.peak_kib,
                    tools: self
                        .inputs
                        .root
                        .packages
                        .iter()
                        .filter(is_tool)
                        .cloned()
                        .collect(),
                };
                Ok((work, record))
            },
        )
    }
}

/// Whether two files have the same bytes.
fn same(one: &Path, other: &Path) -> Result<bool> {
    let read = |path: &Path| std::fs::read(path).map_err(|e| Error::io("read", path, e));
    Ok(read(one)? == read(other)?)
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
