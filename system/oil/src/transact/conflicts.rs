//! What stands in the way of a transaction, found before anything was changed.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

/// Places that files of new packages cannot have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// The packages that bring them, `name-version`.
    pub packages: BTreeSet<String>,
    /// Names of the packages that have such files.
    pub owners: BTreeSet<String>,
    /// How many files belong to those.
    pub files: usize,
    /// How many directories are where a file should be, and files where a directory should be.
    pub places: usize,
}

impl Conflicts {
    /// Whether nothing does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }
}

fn list(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.join(", ")
}

impl Display for Conflicts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let packages = list(&self.packages);
        write!(f, "{packages} cannot be installed, nothing was changed: ")?;
        let (is, them) = match self.files {
            1 => ("file belongs", "it"),
            _ => ("files belong", "them"),
        };
        if self.files > 0 {
            write!(
                f,
                "{} {is} to {}; do without one of the packages, or take {them} over with --force-overwrite",
                self.files,
                list(&self.owners)
            )?;
        }
        if self.files > 0 && self.places > 0 {
            f.write_str("; and ")?;
        }
        let (is, them) = match self.places {
            1 => ("place is", "it"),
            _ => ("places are", "them"),
        };
        if self.places > 0 {
            write!(
                f,
                "{} {is} taken by something of another kind; move {them} away, or do without one of the packages",
                self.places
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_in_numbers() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut conflicts = Conflicts {
            packages: set(&["a-1"]),
            owners: set(&["b"]),
            files: 1,
            places: 0,
        };
        assert_eq!(
            conflicts.to_string(),
            "a-1 cannot be installed, nothing was changed: 1 file belongs to b; do without one of the packages, or take it over with --force-overwrite"
        );
        conflicts.packages.insert("d-2".to_owned());
        conflicts.owners.insert("c".to_owned());
        (conflicts.files, conflicts.places) = (3, 2);
        assert_eq!(
            conflicts.to_string(),
            "a-1, d-2 cannot be installed, nothing was changed: 3 files belong to b, c; do without one of the packages, or take them over with --force-overwrite; and 2 places are taken by something of another kind; move them away, or do without one of the packages"
        );
    }
}
