//! The cache (`apk-cache(5)`): indexes of remote repositories, their compiled forms, and packages.

use super::Settings;
use crate::digest::{Algorithm, Digest};
use crate::package_name::cached_index;
use std::path::{Path, PathBuf};

/// Where things are kept.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
    enabled: bool,
    packages: bool,
}

impl Cache {
    /// Of a system: the directory that `etc/apk/cache` leads to, or `var/cache/apk`, which is for indexes alone.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let named = settings.cache_directory.as_ref();
        let link = settings.root.join("etc/apk/cache");
        let has_link = link.is_dir();
        let directory = match named {
            Some(directory) => settings.root.join(directory),
            None if has_link => link,
            None => settings.root.join("var/cache/apk"),
        };
        let directory = match settings.cache {
            true => directory,
            // For what has to be a file for a moment.
            false => std::env::temp_dir(),
        };
        Self {
            directory,
            enabled: settings.cache,
            packages: settings.cache && has_link,
        }
    }

    /// Its directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether it is used at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Whether packages are kept.
    #[must_use]
    pub fn keeps_packages(&self) -> bool {
        self.packages
    }

    /// Keeps packages from now on (`--cache-packages`).
    pub fn keep_packages(&mut self) {
        self.packages = self.enabled;
    }

    /// Makes the directory, if the root has a database to keep something for.
    pub fn prepare(&self, root: &Path) {
        if self.enabled && root.join(crate::database::DIRECTORY).is_dir() {
            // If this fails, nothing is kept.
            let _ = std::fs::create_dir_all(&self.directory);
        }
    }

    /// Where an index is kept.
    #[must_use]
    pub fn cached_index(&self, url: &str) -> PathBuf {
        self.directory.join(cached_index(url))
    }

    /// Where the server's mark of an index is kept, whose time is that of the last look at the server.
    #[must_use]
    pub fn mark(&self, url: &str) -> PathBuf {
        self.compiled(url).with_extension("etag")
    }

    /// Where the compiled form of an index is kept.
    #[must_use]
    pub fn compiled(&self, url: &str) -> PathBuf {
        let hash = Digest::of(Algorithm::Sha256, url.as_bytes()).hex();
        self.directory.join(format!("oil.{}.index", &hash[..8]))
    }
}

/// The path that a local address names.
#[must_use]
pub fn local_path(url: &str) -> PathBuf {
    PathBuf::from(url.strip_prefix("file://").unwrap_or(url))
}
