//! How a system is to be opened.

use std::path::PathBuf;
use std::time::Duration;

/// How a system is to be opened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its directory.
    pub root: PathBuf,
    /// Architectures, in place of the system's.
    pub arches: Vec<String>,
    /// A directory of keys in place of the usual two; a relative path is meant below the root.
    pub keys: Option<PathBuf>,
    /// Take what nobody vouches for.
    pub allow_untrusted: bool,
    /// A file of repositories, in place of the system's.
    pub repositories_file: Option<PathBuf>,
    /// Addresses of further repositories.
    pub repositories: Vec<String>,
    /// Lines as of a repositories file.
    pub repository_lines: Vec<String>,
    /// Whether the system's own repositories count.
    pub repositories_wanted: bool,
    /// Whether what is installed counts.
    pub installed: bool,
    /// Whether there has to be a database.
    pub database: bool,
    /// Whether files in the cache are used and kept.
    pub cache: bool,
    /// The cache's directory in place of the usual one; a relative path is meant below the root.
    pub cache_directory: Option<PathBuf>,
    /// How old an index in the cache may be.
    pub cache_max_age: Duration,
    /// Whether to ask servers.
    pub network: bool,
    /// Take nothing from any cache.
    pub refresh: bool,
    /// How long a server may make no progress.
    pub timeout: Duration,
    /// Whether certificates of servers are checked.
    pub check_certificate: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            root: PathBuf::from("/"),
            arches: Vec::new(),
            keys: None,
            allow_untrusted: false,
            repositories_file: None,
            repositories: Vec::new(),
            repository_lines: Vec::new(),
            repositories_wanted: true,
            installed: true,
            database: true,
            cache: true,
            cache_directory: None,
            cache_max_age: Duration::from_secs(4 * 60 * 60),
            network: true,
            refresh: false,
            timeout: Duration::from_secs(60),
            check_certificate: true,
        }
    }
}
