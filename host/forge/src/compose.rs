//! A root composed of packages' trees. (Oil takes this over: the seam is this one function.)

use crate::error::{Error, Result};
use crate::store::Built;
use crate::tree;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Copies the trees of `packages` into `root`, an empty folder or one that is made. Folders may
/// be shared; any other path belongs to one package.
///
/// # Errors
/// [`Error::Conflict`] before anything is written for the second package; [`Error::Builder`].
pub fn compose<'a>(packages: impl IntoIterator<Item = &'a Built>, root: &Path) -> Result<()> {
    alpenglow_builder::cache::make_dir(root)?;
    let mut owners: BTreeMap<PathBuf, (bool, String)> = BTreeMap::new();
    for package in packages {
        let entries = tree::walk(&package.tree)?;
        for (path, metadata) in &entries {
            if let Some((folder, first)) = owners.get(path)
                && !(*folder && metadata.is_dir())
            {
                return Err(Error::Conflict {
                    path: Path::new("/").join(path),
                    first: first.clone(),
                    second: package.name.clone(),
                });
            }
        }
        for (path, metadata) in entries {
            let shared = owners.contains_key(&path);
            if !shared {
                tree::copy_entry(&package.tree.join(&path), &metadata, &root.join(&path))?;
                owners.insert(path, (metadata.is_dir(), package.name.clone()));
            }
        }
    }
    Ok(())
}

/// The bytes of all files below a root.
///
/// # Errors
/// [`Error::Builder`].
pub fn bytes(root: &Path) -> Result<u64> {
    let sum = tree::walk(root)?
        .iter()
        .filter(|(_, metadata)| metadata.is_file())
        .map(|(_, metadata)| metadata.len())
        .sum();
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn package(dir: &Path, name: &str, files: &[&str]) -> Built {
        let tree = dir.join(name);
        for file in files {
            let path = tree.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        Built {
            name: name.into(),
            version: "1".into(),
            key: String::new(),
            tree,
        }
    }

    #[test]
    fn folders_are_shared_and_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let one = package(dir.path(), "one", &["bin/a"]);
        let two = package(dir.path(), "two", &["bin/b"]);
        let root = dir.path().join("root");
        compose([&one, &two], &root).unwrap();
        assert!(root.join("bin/a").exists() && root.join("bin/b").exists());
        let three = package(dir.path(), "three", &["bin/a"]);
        let text = compose([&one, &three], &dir.path().join("other"))
            .unwrap_err()
            .to_string();
        assert!(text.contains("/bin/a is in both one and three"), "{text}");
    }
}
