//! Directories that go or come whole with a package: by one rename, where their files one by one would cost one each.
//!
//! What comes is unpacked as it will be where its directory is not there; if it is by the time it is put in its place, its
//! files go there one by one after all. What goes is kept: decided when the transaction is prepared, in its step's
//! manifest of what goes; done only if nothing else is in the directory then. What has become of it is asked of the file
//! system: one that is not in its place any more, but in the store, was moved before.

use super::manifest::Manifest;
use super::place::{Directories, split};
use crate::history::store::Store;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, RenameFlags};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};
use std::os::fd::{AsFd, OwnedFd};

/// Bytes of a directory's entries that are read at once.
const ENTRIES: usize = 8 << 10;

/// Where a tree lies in the store: generation, step, number in the step.
pub fn name(generation: u64, step: usize, number: usize) -> String {
    format!("{generation}.{step}.{number}")
}

/// What a directory that comes whole is called in its step's, where all else has numbers.
pub fn staged(number: usize) -> String {
    format!("t{number}")
}

/// The generation that a tree is of, by its name in the store.
pub fn generation_of(name: &[u8]) -> Option<u64> {
    let mut numbers = std::str::from_utf8(name).ok()?.split('.');
    let generation = numbers.next()?.parse().ok()?;
    let rest = [numbers.next()?, numbers.next()?];
    let good = rest.iter().all(|number| number.parse::<usize>().is_ok());
    (good && numbers.next().is_none()).then_some(generation)
}

/// By step the directories that go whole.
pub type Trees = HashMap<usize, Vec<Vec<u8>>>;

/// What is known while a transaction is settled.
#[derive(Debug, Default)]
pub struct Whole {
    /// By directory the step that takes all of it away; none if several do, or if something stays.
    of: HashMap<Vec<u8>, Option<usize>>,
}

impl Whole {
    /// A directory of a package that goes, and whether all that the package has in it is kept.
    pub fn goes(&mut self, step: usize, path: &[u8], all: bool) {
        let step = all.then_some(step);
        self.of
            .entry(path.to_vec())
            .and_modify(|known| *known = None)
            .or_insert(step);
    }

    /// A directory of a package that stays: nothing above it goes. To be told when all that goes is.
    pub fn stays(&mut self, path: &[u8]) {
        for path in above(path) {
            if let Some(known) = self.of.get_mut(path) {
                *known = None;
            }
        }
    }

    /// By step the topmost directories that go whole, of those that nobody needs afterwards.
    pub fn topmost(mut self, is_unneeded: impl Fn(&[u8]) -> bool) -> Trees {
        for (path, step) in &mut self.of {
            // The history writes paths as text.
            if !is_unneeded(path) || std::str::from_utf8(path).is_err() {
                *step = None;
            }
        }
        let mut blocked: HashSet<&[u8]> = HashSet::new();
        for (path, step) in &self.of {
            let other = |above: &&[u8]| self.of.get(*above).is_some_and(|known| known != step);
            blocked.extend(above(path).filter(other));
        }
        let whole = |path: &[u8], step: usize| {
            self.of.get(path) == Some(&Some(step)) && !blocked.contains(path)
        };
        let mut top = Trees::new();
        for (path, step) in &self.of {
            if let Some(step) = *step
                && whole(path, step)
                && !above(path).any(|above| whole(above, step))
            {
                top.entry(step).or_default().push(path.clone());
            }
        }
        top.values_mut().for_each(|paths| paths.sort());
        top
    }
}

/// The directories above a path, but for the root.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let first = Some(split(path).0).filter(|path| !path.is_empty());
    std::iter::successors(first, |path| {
        Some(split(path).0).filter(|path| !path.is_empty())
    })
}

/// Whether a path is one of these directories or below one.
pub fn covers(trees: &[impl AsRef<[u8]>], path: &[u8]) -> bool {
    trees.iter().any(|tree| {
        let rest = path.strip_prefix(tree.as_ref());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    })
}

/// What a package has in each of its directories; names are sorted.
pub struct Content<'m>(HashMap<&'m [u8], Vec<&'m [u8]>>);

impl<'m> Content<'m> {
    /// Of what goes.
    pub fn of(gone: &'m Manifest) -> Self {
        let mut all: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
        let mut nowhere = Vec::new();
        let mut names = &mut nowhere;
        for (letter, value) in gone.lines() {
            match letter {
                b'F' => names = all.entry(value).or_default(),
                b'R' => names.push(value),
                _ => {}
            }
        }
        for names in all.values_mut().filter(|names| !names.is_sorted()) {
            names.sort_unstable();
        }
        Self(all)
    }

    /// Whether there is nothing in an open directory, the package's `path`, that is not the package's.
    fn is_all(&self, directory: impl AsFd, path: &[u8]) -> Result<bool, Errno> {
        let Some(files) = self.0.get(path) else {
            return Ok(false);
        };
        let mut buffer = Vec::with_capacity(ENTRIES);
        let mut entries = RawDir::new(&directory, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let known = match entry.file_type() {
                FileType::Unknown => false,
                FileType::Directory => {
                    let below = open(&directory, name)?;
                    self.is_all(below, &[path, b"/", name].concat())?
                }
                _ => files.binary_search(&name).is_ok(),
            };
            if !known {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Opens a directory, but none that a link leads to.
pub fn open(above: impl AsFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(above, name, flags, Mode::empty())
}

/// Moves a directory into the store, unless it is there already. False if it is not to be moved: its files go one by
/// one then.
pub fn keep(
    directories: &mut Directories,
    store: &Store,
    name: &str,
    path: &[u8],
    content: &Content,
) -> Result<bool, Errno> {
    let (above, last) = split(path);
    let above = directories.get(above)?;
    let flags = RenameFlags::NOREPLACE;
    match open(&*above, last) {
        Ok(here) => {
            if !content.is_all(here, path)? {
                return Ok(false);
            }
            rustix::fs::renameat_with(&*above, last, store.fd(), name, flags)?;
            // What is open of it is somewhere else now.
            directories.forget();
        }
        Err(Errno::NOENT) => {}
        Err(error) => return Err(error),
    }
    // Somebody may have put something there at the last instant.
    if content.is_all(open(store.fd(), name.as_bytes())?, path)? {
        return Ok(true);
    }
    rustix::fs::renameat_with(store.fd(), name, &*above, last, flags)?;
    Ok(false)
}

/// Deletes a tree of the store.
pub fn delete(store: impl AsFd, name: &[u8]) -> Result<(), Errno> {
    super::area::empty(open(&store, name)?)?;
    rustix::fs::unlinkat(store, name, AtFlags::REMOVEDIR)
}

/// Where in the store a directory lies that was at `path`, from the root; none if it is not of the tree that was at
/// `top`.
pub fn place(name: &str, top: &str, path: &[u8]) -> Option<Vec<u8>> {
    let rest = path.strip_prefix(top.as_bytes())?;
    let store = crate::history::store::DIRECTORY;
    (rest.is_empty() || rest.starts_with(b"/"))
        .then(|| [store, b"/", name.as_bytes(), rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_whole() {
        let mut whole = Whole::default();
        for (step, path, all) in [
            (0, "usr", true),
            (0, "usr/one", true),
            (0, "usr/one/a", true),
            (0, "usr/two", true),
            (0, "usr/two/changed", false),
            (0, "usr/two/b", true),
            (0, "usr/both", true),
            (0, "usr/both/c", true),
            (1, "usr/both", true),
            (1, "usr/both/d", true),
            (0, "usr/three", true),
            (0, "usr/four", true),
            (1, "usr/four/e", true),
        ] {
            whole.goes(step, path.as_bytes(), all);
        }
        whole.stays(b"usr/three/needed");
        let top = whole.topmost(|path| path != b"usr");
        let text = |step: usize| -> Vec<String> {
            let paths = top.get(&step).into_iter().flatten();
            paths
                .map(|path| String::from_utf8_lossy(path).into_owned())
                .collect()
        };
        assert_eq!(text(0), ["usr/both/c", "usr/one", "usr/two/b"]);
        assert_eq!(text(1), ["usr/both/d", "usr/four/e"]);
    }

    #[test]
    fn names() {
        assert_eq!(generation_of(name(12, 3, 0).as_bytes()), Some(12));
        for other in ["12.3", "12.3.0.1", "a.1.2", "12.3.x", "0123456789abcdef"] {
            assert_eq!(generation_of(other.as_bytes()), None, "{other}");
        }
        let trees = [b"usr/one"];
        assert!(covers(&trees, b"usr/one") && covers(&trees, b"usr/one/a/b"));
        assert!(!covers(&trees, b"usr/ones") && !covers(&trees, b"usr"));
    }
}
