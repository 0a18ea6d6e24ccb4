//! Which crates a `Cargo.lock` names, each with the SHA-256 of its `.crate` file (The Cargo Book, "Cargo.toml vs
//! Cargo.lock"; versions 3 and 4 of the file have the same keys for this).

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::{Error, Result};

/// A crate of a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) version: String,
    /// 64 lower-case hexadecimal digits.
    pub(crate) sha256: String,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    package: Vec<RawPackage>,
}

#[derive(Deserialize)]
struct RawPackage {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// The crates that come from a registry, sorted; crates of the workspace itself have no source.
///
/// # Errors
/// [`Error::CargoLock`] when the file makes no sense; [`Error::Crate`] for one that no hash pins.
pub(crate) fn read(lock: &Path) -> Result<Vec<Named>> {
    let wrong = |problem: String| Error::CargoLock {
        lock: lock.to_owned(),
        problem,
    };
    let text = fs::read_to_string(lock).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let raw: Raw = toml::from_str(&text).map_err(|e| wrong(e.message().replace('\n', ", ")))?;
    let mut named = Vec::new();
    for package in raw.package {
        let Some(source) = &package.source else {
            continue;
        };
        let refuse = |problem: &str| Error::Crate {
            name: package.name.clone(),
            version: package.version.clone(),
            lock: lock.to_owned(),
            problem: problem.to_owned(),
        };
        if !source.starts_with("registry+") && !source.starts_with("sparse+") {
            return Err(refuse(
                "it comes from a repository, which no hash in the lock pins: depend on a version in a registry",
            ));
        }
        let sha256 = package.checksum.as_deref().unwrap_or_default();
        if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refuse(
                "the lock has no SHA-256 for it: let cargo write the lock anew",
            ));
        }
        let plain = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_+.".contains(c))
                && !text.starts_with('.')
        };
        if !plain(&package.name) || !plain(&package.version) {
            return Err(refuse("no crate can be called so: mend the lock"));
        }
        named.push(Named {
            name: package.name.clone(),
            version: package.version.clone(),
            sha256: sha256.to_ascii_lowercase(),
        });
    }
    named.sort();
    named.dedup();
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "d585fd3b613c66151fc3249e8ed44f77020cb5e6c1e635a616d3f9f82460512a";

    fn lock(text: &str) -> Result<Vec<Named>> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("Cargo.lock");
        fs::write(&file, text.replace("HASH", HASH)).unwrap();
        read(&file)
    }

    const GOOD: &str = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\"a\"]\n\
        [[package]]\nname = \"a\"\nversion = \"1.2.3+x\"\nsource = \"registry+index\"\nchecksum = \"HASH\"\n";

    #[test]
    fn crates_of_a_registry_are_named() {
        let named = lock(GOOD).unwrap();
        assert_eq!(named.len(), 1);
        assert_eq!(
            (&*named[0].name, &*named[0].version, &*named[0].sha256),
            ("a", "1.2.3+x", HASH)
        );
        assert!(lock("version = 4\n").unwrap().is_empty());
    }

    #[test]
    fn what_no_hash_pins_is_refused_by_name() {
        for (from, to, expected) in [
            ("registry+index", "git+index", "no hash"),
            ("checksum = \"HASH\"\n", "", "no SHA-256"),
            ("HASH", "d585", "no SHA-256"),
            ("name = \"a\"", "name = \"../a\"", "called so"),
            ("1.2.3+x", "../x", "called so"),
        ] {
            let text = lock(&GOOD.replace(from, to)).unwrap_err().to_string();
            assert!(
                text.contains("Cargo.lock") && text.contains("crate ") && text.contains(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_lock_is_named() {
        let text = lock("[[package]]\nname = 3\n").unwrap_err().to_string();
        assert!(text.contains("Cargo.lock"), "{text}");
        let text = read(Path::new("/nonexistent/Cargo.lock"))
            .unwrap_err()
            .to_string();
        assert!(text.contains("/nonexistent/Cargo.lock"), "{text}");
    }

    #[test]
    fn the_projects_own_locks_are_good() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(read(&repository.join("Cargo.lock")).unwrap().len() > 20);
        read(&repository.join("system/Cargo.lock")).unwrap();
    }
}
