//! Makes a root one that has a database, and one that has none any more.

use super::DIRECTORY;
use super::installed::Installed;
use crate::arch;
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

/// Directories of a new database, each after the one that it is in.
const DIRECTORIES: [&str; 4] = [DIRECTORY, "etc/apk", "var/cache/apk", "var/log"];

/// Files of a new database, empty.
const FILES: [&str; 3] = [
    "etc/apk/world",
    "lib/apk/db/installed",
    "lib/apk/db/triggers",
];

/// Makes the files of a database, those that are not there yet. `arches`, if there are any, are what the root takes from
/// now on.
///
/// # Errors
/// [`Error::File`].
pub fn make(root: &Path, arches: &[String]) -> Result<()> {
    for directory in DIRECTORIES {
        let path = root.join(directory);
        fs::create_dir_all(&path).map_err(Error::file(&path))?;
    }
    if !arches.is_empty() {
        let path = root.join("etc/apk/arch");
        fs::write(&path, arch::to_text(arches)).map_err(Error::file(&path))?;
    }
    for file in FILES {
        let path = root.join(file);
        if !path.exists() {
            fs::write(&path, b"").map_err(Error::file(&path))?;
        }
    }
    Ok(())
}

/// Takes a database out of a root that an image is made of: what is left is what packages have and what others put
/// there.
///
/// # Errors
/// [`Error::File`].
pub fn remove(root: &Path) -> Result<()> {
    let installed = Installed::read(root)?;
    let mut folders: HashSet<Vec<u8>> = HashSet::new();
    installed.each_folder(|_, folder| {
        folders.insert(folder.to_vec());
    });
    for file in ["etc/apk/world", "etc/apk/arch"] {
        let path = root.join(file);
        if installed.owner(file.as_bytes()).is_none() {
            gone(&path, fs::remove_file(&path))?;
        }
    }
    for directory in [DIRECTORY, "lib/apk/oil"] {
        let path = root.join(directory);
        gone(&path, fs::remove_dir_all(&path))?;
    }
    for directory in DIRECTORIES {
        let above = Path::new(directory).ancestors();
        for one in above.filter(|one| !one.as_os_str().is_empty()) {
            if folders.contains(one.as_os_str().as_encoded_bytes()) {
                break;
            }
            let path = root.join(one);
            match gone(&path, fs::remove_dir(&path)) {
                Err(Error::File { source, .. })
                    if source.kind() == io::ErrorKind::DirectoryNotEmpty =>
                {
                    break;
                }
                other => other?,
            }
        }
    }
    Ok(())
}

/// What is not there is gone as well.
fn gone(path: &Path, removed: io::Result<()>) -> Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(root: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut next = vec![root.to_owned()];
        while let Some(folder) = next.pop() {
            for entry in fs::read_dir(folder).expect("a directory").flatten() {
                let path = entry.path();
                let name = path.strip_prefix(root).expect("below it");
                found.push(name.to_string_lossy().into_owned());
                if path.is_dir() {
                    next.push(path);
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn nothing_is_left_of_a_database() {
        let root = tempfile::tempdir().expect("a directory");
        make(root.path(), &["x86_64".to_owned()]).expect("made");
        let arch = fs::read_to_string(root.path().join("etc/apk/arch")).expect("a file");
        assert_eq!(arch, "x86_64\n");
        remove(root.path()).expect("removed");
        assert_eq!(all(root.path()), [""; 0]);
    }

    #[test]
    fn what_packages_and_others_have_stays() {
        let root = tempfile::tempdir().expect("a directory");
        make(root.path(), &[]).expect("made");
        let text = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:a\nV:1\nF:lib\nF:etc\nF:etc/apk\nR:world\nF:var\n\n";
        fs::write(root.path().join("lib/apk/db/installed"), text).expect("a file");
        fs::write(root.path().join("var/log/mine"), "").expect("a file");
        remove(root.path()).expect("removed");
        let left = [
            "etc",
            "etc/apk",
            "etc/apk/world",
            "lib",
            "var",
            "var/log",
            "var/log/mine",
        ];
        assert_eq!(all(root.path()), left);
    }
}
