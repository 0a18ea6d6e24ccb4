//! The root below which everything is looked for: `/`, or a tree that a test made.

use std::path::{Path, PathBuf};

/// A root.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Root {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Whether it is the system that runs.
    pub fn is_real(&self) -> bool {
        self.0.as_os_str() == "/"
    }

    /// Where an absolute path is below this root.
    pub fn at(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    /// The other way round, for messages: the path as it is seen from within.
    pub fn within(&self, path: &Path) -> String {
        let inner = path.strip_prefix(&self.0).unwrap_or(path);
        format!("/{}", inner.display().to_string().trim_start_matches('/'))
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::new("/")
    }
}
