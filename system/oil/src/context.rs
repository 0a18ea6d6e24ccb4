//! A system as commands see it: its settings, what is installed, what its repositories have.
//!
//! [`Context::open`] reads what is small. Indexes are opened by [`Context::load`]: those of local repositories where
//! they are, those of others in the [`cache`]. Each is compiled once ([`crate::index`]) and then mapped, so that
//! nothing is read that is not asked for.

pub mod cache;
mod files;
mod load;
mod packages;
mod settings;

pub use load::Freshness;
pub use packages::{Found, INSTALLED, Place};
pub use settings::Settings;

use crate::arch;
use crate::database::installed::Installed;
use crate::database::sidecar::{self, Heads, Sidecar};
use crate::database::source::InstalledSource;
use crate::error::{Error, Result};
use crate::index::Index;
use crate::keys::Keys;
use crate::repositories::{Repositories, Repository};
use crate::solve::{Kind, Origin};
use crate::world::World;
use cache::Cache;
use std::path::Path;

/// A system.
pub struct Context {
    /// How it was asked for.
    pub settings: Settings,
    /// Architectures, the primary one first.
    pub arches: Vec<String>,
    /// Keys that are trusted.
    pub keys: Keys,
    /// Repositories in their order.
    pub repositories: Repositories,
    /// The index of each repository, if it could be had.
    pub indexes: Vec<Option<Index>>,
    /// What is installed.
    pub installed: InstalledSource,
    /// What the user asked for.
    pub world: World,
    /// Where indexes and packages are kept.
    pub cache: Cache,
    /// What went wrong without being in the way.
    pub warnings: Vec<String>,
    /// How the index of each repository was come by.
    pub freshness: Vec<Freshness>,
}

impl Context {
    /// Reads settings and lists of a system, and what is installed; indexes are not opened.
    ///
    /// # Errors
    /// A file that is there and cannot be read or understood.
    pub fn open(settings: &Settings) -> Result<Self> {
        let root = &settings.root;
        let arches = match settings.arches.is_empty() {
            true => arch::read(root).map_err(Error::file(&root.join("etc/apk/arch")))?,
            false => settings.arches.clone(),
        };
        let mut warnings = Vec::new();
        let keys = keys(settings, &mut warnings)?;
        let repositories = repositories(settings, &arches[0], &mut warnings)?;
        let place = root.join("etc/apk/world");
        let world = match std::fs::read_to_string(&place) {
            Ok(text) => World::parse(&text).map_err(|part| Error::Database {
                path: place,
                line: 1,
                reason: format!("{part:?} is not a dependency"),
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => World::default(),
            Err(error) => return Err(Error::file(&place)(error)),
        };
        let installed = match settings.installed {
            true => InstalledSource::new(heads(settings)?),
            false => InstalledSource::default(),
        };
        Ok(Self {
            cache: Cache::of(settings),
            settings: settings.clone(),
            arches,
            keys,
            indexes: Vec::new(),
            repositories,
            installed,
            world,
            warnings,
            freshness: Vec::new(),
        })
    }

    /// The system's directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.settings.root
    }

    /// The sources for the solver: what is installed, then the repositories that have an index.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin<'_>> {
        let mut origins = vec![Origin {
            source: &self.installed,
            kind: Kind::Installed,
        }];
        for (number, repository, index) in self.opened() {
            origins.push(Origin {
                source: index,
                kind: Kind::Repository {
                    number: number as u8,
                    tag: self.repositories.tag_number(repository.tag.as_deref()),
                    available: self.settings.network || !repository.is_remote(),
                },
            });
        }
        origins
    }

    /// The repositories that have an index, with their places in the list.
    pub fn opened(&self) -> impl Iterator<Item = (usize, &Repository, &Index)> {
        let all = self.repositories.list.iter().zip(&self.indexes).enumerate();
        all.filter_map(|(number, (repository, index))| Some((number, repository, index.as_ref()?)))
    }
}

/// The metadata of what is installed. A sidecar that is not there or does not fit is made for the next time; where that
/// cannot be done, the next time costs the same again.
fn heads(settings: &Settings) -> Result<Heads> {
    let root = &settings.root;
    if let Some(heads) = Sidecar::open(root).and_then(|sidecar| sidecar.heads()) {
        return Ok(heads);
    }
    let installed = Installed::read(root)?;
    if settings.cache && !installed.places().is_empty() {
        let _ = sidecar::write(root, &installed, false);
    }
    Ok(Heads::of(&installed))
}

fn keys(settings: &Settings, warnings: &mut Vec<String>) -> Result<Keys> {
    let mut keys = Keys::new();
    let places = match &settings.keys {
        Some(directory) => vec![settings.root.join(directory)],
        None => ["etc/apk/keys", "lib/apk/keys"]
            .map(|place| settings.root.join(place))
            .to_vec(),
    };
    for place in places {
        keys.add_directory(&place)?;
    }
    warnings.extend(keys.skipped().iter().cloned());
    Ok(keys)
}

fn repositories(
    settings: &Settings,
    arch: &str,
    warnings: &mut Vec<String>,
) -> Result<Repositories> {
    let mut all = match &settings.repositories_file {
        _ if !settings.repositories_wanted => Repositories::new(arch),
        Some(path) => {
            let mut all = Repositories::new(arch);
            let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
            all.add_text(&text, &path.to_string_lossy());
            all
        }
        None => Repositories::read(&settings.root, arch)
            .map_err(Error::file(&settings.root.join("etc/apk/repositories")))?,
    };
    for line in &settings.repository_lines {
        all.add_text(line, "command line");
    }
    for url in &settings.repositories {
        if let Err(reason) = all.add_url(url) {
            all.warnings.push(format!("--repository: {reason}"));
        }
    }
    warnings.append(&mut all.warnings);
    Ok(all)
}
