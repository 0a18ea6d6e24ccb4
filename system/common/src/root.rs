//! The root below which everything is looked for: `/`, or a tree that a test made.

use std::io;
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

    /// The files of a kind in several folders, in the order of their names wherever they are; of files with the same name
    /// only that in the first folder. Paths are as seen from within the root.
    pub fn files(&self, folders: &[&str], ending: &str) -> Vec<String> {
        self.files_or(folders, ending, &mut |_, _| ())
    }

    /// The same; which folders could not be read is told, but for those that are not there.
    pub fn files_or(
        &self,
        folders: &[&str],
        ending: &str,
        failed: &mut dyn FnMut(&str, io::Error),
    ) -> Vec<String> {
        let mut found: Vec<(String, String)> = Vec::new();
        for folder in folders {
            let names = match names_of(&self.at(folder)) {
                Ok(names) => names,
                Err(error) => {
                    if error.kind() != io::ErrorKind::NotFound {
                        failed(folder, error);
                    }
                    continue;
                }
            };
            for name in names {
                if !name.ends_with(ending) || name.starts_with('.') {
                    continue;
                }
                if !found.iter().any(|(other, _)| *other == name) {
                    let path = format!("{folder}/{name}");
                    found.push((name, path));
                }
            }
        }
        found.sort();
        found.into_iter().map(|(_, path)| path).collect()
    }

    /// A small file of the kernel without the white space at its end; none where it cannot be read.
    pub fn value(&self, path: &str) -> Option<String> {
        value(&self.at(path))
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::new("/")
    }
}

/// The names of what is in a folder, in no order, those that are not UTF-8 left out; none of a folder that cannot be read.
pub fn names(folder: &Path) -> Vec<String> {
    names_of(folder).unwrap_or_default()
}

fn names_of(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

/// As [`Root::value`], of any path.
pub fn value(path: &Path) -> Option<String> {
    let text = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&text);
    Some(text.trim_end_matches(['\n', ' ', '\t', '\0']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_counts_and_names_are_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        for path in [
            "a/20.conf",
            "a/10.conf",
            "b/20.conf",
            "b/15.conf",
            "b/16.txt",
            "b/.17.conf",
        ] {
            let path = root.at(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let files = root.files(&["/a", "/b", "/c"], ".conf");
        assert_eq!(files, ["/a/10.conf", "/b/15.conf", "/a/20.conf"]);
    }
}
