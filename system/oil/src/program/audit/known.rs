//! What the database says of files and directories.

use crate::program::outcome::Failure;
use oil::database::installed::Installed;
use oil::database::record::{Acl, Flags};
use oil::digest::Digest;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// A file of a package.
#[derive(Clone, Copy, Debug)]
pub struct KnownFile {
    /// The package's number.
    pub package: usize,
    /// Owner and permissions.
    pub acl: Acl,
    /// Of its content or target.
    pub digest: Option<Digest>,
    /// How digests of its package are to be read.
    pub flags: Flags,
}

/// All of it.
pub struct Known {
    packages: Vec<(String, String)>,
    directories: HashMap<Vec<u8>, Acl>,
    files: HashMap<Vec<u8>, BTreeMap<Vec<u8>, KnownFile>>,
    visited: BTreeSet<Vec<u8>>,
    seen: BTreeSet<Vec<u8>>,
}

impl Known {
    /// Of a root.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let installed = Installed::read(root)?;
        let mut known = Self {
            packages: Vec::new(),
            directories: HashMap::new(),
            files: HashMap::new(),
            visited: BTreeSet::new(),
            seen: BTreeSet::new(),
        };
        for package in 0..installed.places().len() {
            let record = installed.record(package)?;
            let (name, version) = (record.info.name, record.info.version.as_str().to_owned());
            known.packages.push((name, version));
            for directory in record.directories {
                known
                    .directories
                    .entry(directory.path.clone())
                    .or_insert(directory.acl);
                // Those above it are of packages as well.
                let mut above = &directory.path[..];
                while let Some(slash) = above.iter().rposition(|byte| *byte == b'/') {
                    above = &above[..slash];
                    known
                        .directories
                        .entry(above.to_vec())
                        .or_insert(Acl::of_root(0o755));
                }
                let files = known.files.entry(directory.path).or_default();
                for file in directory.files {
                    files.insert(
                        file.name,
                        KnownFile {
                            package,
                            acl: file.acl,
                            digest: file.digest,
                            flags: record.flags,
                        },
                    );
                }
            }
        }
        Ok(known)
    }

    /// Name and version of a package.
    pub fn package(&self, number: usize) -> &(String, String) {
        &self.packages[number]
    }

    /// What is said of a directory, if it is of a package.
    pub fn directory(&self, path: &[u8]) -> Option<Acl> {
        self.directories.get(path).copied()
    }

    /// Notes that a directory is looked at.
    pub fn visit(&mut self, path: &[u8]) {
        self.visited.insert(path.to_vec());
    }

    /// What is said of a file, which is there.
    pub fn file(&mut self, directory: &[u8], name: &[u8]) -> Option<KnownFile> {
        let known = self.files.get(directory)?.get(name).copied();
        if known.is_some() {
            self.seen.insert(super::join(directory, name));
        }
        known
    }

    /// The files that are not there although their directories were looked at.
    pub fn unseen(&self) -> Vec<(Vec<u8>, KnownFile)> {
        let mut list = Vec::new();
        for directory in &self.visited {
            for (name, known) in self.files.get(directory).into_iter().flatten() {
                let path = super::join(directory, name);
                if !self.seen.contains(&path) {
                    list.push((path, *known));
                }
            }
        }
        list
    }
}
