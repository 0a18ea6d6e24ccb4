//! Whose a path is: the claims of the packages of a transaction on paths, and who wins where there are several.

use super::manifest::{Manifest, Part};
use crate::database::installed::join_into;
use crate::error::Result;
use crate::history::store::Content;
use crate::package::Info;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

/// What happens when a package brings a file that another one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The new package takes it over.
    Taken,
    /// It stays the other's, and nobody minds.
    Kept,
    /// Neither says that it may be so.
    Conflict,
}

/// Decides by `replaces`, `replaces_priority` and origin. `owner` has the file.
pub fn verdict(owner: &Info, new: &Info) -> Verdict {
    let replaces = |one: &Info, other: &Info| {
        one.replaces
            .iter()
            .any(|dependency| dependency.name == other.name && dependency.matches(&other.version))
    };
    let may = replaces(new, owner);
    if replaces(owner, new) && (!may || owner.replaces_priority > new.replaces_priority) {
        return Verdict::Kept;
    }
    if may || (!new.origin.is_empty() && owner.origin == new.origin) {
        Verdict::Taken
    } else {
        Verdict::Conflict
    }
}

/// Paths by a hash that nobody can foresee.
#[derive(Clone, Debug, Default)]
pub struct Paths(RandomState);

impl Paths {
    /// The hash of a path in its two parts.
    pub fn hash(&self, directory: &[u8], name: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(directory);
        if !directory.is_empty() {
            hasher.write_u8(b'/');
        }
        hasher.write(name);
        hasher.finish()
    }

    /// The hash of a whole path.
    pub fn whole(&self, path: &[u8]) -> u64 {
        self.hash(&[], path)
    }
}

/// By the hash of a path, which is not hashed again.
pub type ByPath<V> = HashMap<u64, V, BuildHasherDefault<AsItIs>>;

/// Some of them.
pub type SomePaths = HashSet<u64, BuildHasherDefault<AsItIs>>;

/// Of what is a hash already.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|&byte| self.0 = self.0 << 8 | u64::from(byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What the new packages claim.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    pub paths: Paths,
    /// The step that a file is of.
    pub files: ByPath<u32>,
    /// All directories.
    pub folders: SomePaths,
    /// Files that a step brings and does not get.
    pub dropped: HashSet<(u32, u64)>,
    /// Those of `files` that look like links, which a directory can be reached through.
    links: SomePaths,
    /// What one step has as a directory and another as a file.
    pub mixed: Vec<Mixed>,
}

/// A path that is a directory of one new package and no directory of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mixed {
    /// The later one of the two.
    pub step: usize,
    pub path: Vec<u8>,
    /// Whether that one has the directory.
    pub is_folder: bool,
}

impl Claims {
    /// Adds a package. `rival` decides about a file that an earlier step has: whether this one gets it.
    pub fn add(
        &mut self,
        step: usize,
        manifest: &Manifest,
        mut rival: impl FnMut(usize, &[u8]) -> Result<bool>,
    ) -> Result<()> {
        let mut directory: &[u8] = &[];
        for part in manifest.parts() {
            match part? {
                Part::Folder(folder) => {
                    directory = folder.path;
                    let hash = self.paths.whole(directory);
                    self.folders.insert(hash);
                    if self.files.contains_key(&hash) && !self.links.contains(&hash) {
                        self.mix(step, directory.to_vec(), true);
                    }
                }
                Part::Item(item) => {
                    let hash = self.paths.hash(directory, item.name);
                    if self.folders.contains(&hash) {
                        self.mix(step, join(directory, item.name), false);
                    }
                    if Content::is_link(item.acl.mode) {
                        self.links.insert(hash);
                    }
                    let Some(earlier) = self.files.insert(hash, step as u32) else {
                        continue;
                    };
                    let path = join(directory, item.name);
                    let loser = if rival(earlier as usize, &path)? {
                        earlier
                    } else {
                        self.files.insert(hash, earlier);
                        step as u32
                    };
                    self.dropped.insert((loser, hash));
                }
            }
        }
        Ok(())
    }

    fn mix(&mut self, step: usize, path: Vec<u8>, is_folder: bool) {
        self.mixed.push(Mixed {
            step,
            path,
            is_folder,
        });
    }
}

/// A path of its two parts.
pub fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(directory.len() + 1 + name.len());
    join_into(&mut path, directory, name);
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dependency::Dependency;
    use crate::version::Version;

    /// Replaces, its priority, the origin.
    type Side = (&'static str, u32, &'static str);

    fn info(name: &str, (replaces, priority, origin): Side) -> Info {
        Info {
            name: name.into(),
            version: Version::parse("1").expect("a version"),
            replaces: Dependency::parse_list(replaces).expect("a list"),
            replaces_priority: priority,
            origin: origin.into(),
            ..Info::default()
        }
    }

    /// Each as apk 3 decided it.
    #[test]
    fn verdicts_are_apks() {
        use Verdict::{Conflict, Kept, Taken};
        for (owner, new, expected) in [
            (("", 0, ""), ("o", 0, ""), Taken),
            (("", 0, ""), ("o<1", 0, ""), Conflict),
            (("", 10, ""), ("o", 0, ""), Taken),
            (("n", 0, ""), ("", 0, ""), Kept),
            (("n", 10, ""), ("o", 0, ""), Kept),
            (("n", 0, ""), ("o", 10, ""), Taken),
            (("n", 0, ""), ("o", 0, ""), Taken),
            (("", 10, ""), ("", 0, ""), Conflict),
            (("", 0, ""), ("", 10, ""), Conflict),
            (("", 0, "z"), ("", 0, "z"), Taken),
            (("n", 0, "z"), ("", 0, "z"), Kept),
        ] {
            let found = verdict(&info("o", owner), &info("n", new));
            assert_eq!(found, expected, "{owner:?} {new:?}");
        }
    }
}
