//! `lib/apk/db/triggers`: which packages' triggers watch which directories, a line each: identity and globs.

use super::{DIRECTORY, read_if_there};
use crate::digest::Digest;
use crate::error::{Error, Result};
use std::path::Path;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Triggers {
    /// Identity of a package, and its globs; in the file's order.
    pub entries: Vec<(Digest, Vec<String>)>,
}

impl Triggers {
    /// Of the database below `root`; empty if there is no file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Database`].
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(DIRECTORY).join("triggers");
        let bytes = read_if_there(&path)?.unwrap_or_default();
        let mut triggers = Self::default();
        for (line, text) in String::from_utf8_lossy(&bytes)
            .lines()
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
        {
            let mut words = text.split(' ').filter(|word| !word.is_empty());
            let identity = words.next().and_then(|word| Digest::parse(word.as_bytes()));
            let Some(identity) = identity else {
                let reason = "no identity of a package at its beginning".to_owned();
                return Err(Error::Database {
                    path,
                    line: line + 1,
                    reason,
                });
            };
            triggers
                .entries
                .push((identity, words.map(str::to_owned).collect()));
        }
        Ok(triggers)
    }

    /// The globs of a package.
    #[must_use]
    pub fn of(&self, identity: &Digest) -> Option<&[String]> {
        let found = self
            .entries
            .iter()
            .find(|(own, _)| own.agrees(identity) || own == identity);
        found.map(|(_, globs)| globs.as_slice())
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line = |(identity, globs): &(Digest, Vec<String>)| {
            format!("{} {}\n", identity.short(), globs.join(" "))
        };
        self.entries
            .iter()
            .filter(|(_, globs)| !globs.is_empty())
            .map(line)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_read() {
        let root = tempfile::tempdir().expect("a directory");
        assert_eq!(
            Triggers::read(root.path()).expect("none"),
            Triggers::default()
        );
        std::fs::create_dir_all(root.path().join(DIRECTORY)).expect("a directory");
        let text = "Q1VMNp4yTkbLi4IYe11cKb5O37ksA= /usr/lib/* +/etc\n";
        std::fs::write(root.path().join(DIRECTORY).join("triggers"), text).expect("a file");
        let triggers = Triggers::read(root.path()).expect("as apk wrote it");
        assert_eq!(triggers.to_text(), text);
        assert_eq!(triggers.of(&triggers.entries[0].0).expect("there").len(), 2);
    }
}
