//! The world: what the user asked for (`apk-world(5)`).

use crate::dependency::WorldDependency;
use std::fmt;

/// A world, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    entries: Vec<WorldDependency>,
}

impl World {
    /// From the text of `etc/apk/world`: dependencies with spaces or newlines between them.
    ///
    /// # Errors
    /// The first part that is not a dependency.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut world = Self::default();
        for part in text
            .split([' ', '\n', '\t', '\r'])
            .filter(|part| !part.is_empty())
        {
            world.set(WorldDependency::parse(part).ok_or_else(|| part.to_owned())?);
        }
        Ok(world)
    }

    /// The dependencies, sorted by name.
    #[must_use]
    pub fn entries(&self) -> &[WorldDependency] {
        &self.entries
    }

    /// The dependency with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&WorldDependency> {
        self.find(name).ok().map(|place| &self.entries[place])
    }

    /// Adds a dependency, in place of the one with its name.
    pub fn set(&mut self, entry: WorldDependency) {
        match self.find(&entry.dependency.name) {
            Ok(place) => self.entries[place] = entry,
            Err(place) => self.entries.insert(place, entry),
        }
    }

    /// Takes the dependency with this name out; none if there is none.
    pub fn remove(&mut self, name: &str) -> Option<WorldDependency> {
        self.find(name).ok().map(|place| self.entries.remove(place))
    }

    /// Takes out those that `keep` refuses.
    pub fn retain(&mut self, keep: impl FnMut(&WorldDependency) -> bool) {
        self.entries.retain(keep);
    }

    /// Goes over all of them; names must stay as they are.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut WorldDependency> {
        self.entries.iter_mut()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|entry| entry.dependency.name.as_str().cmp(name))
    }
}

/// The file's text: one a line.
impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries
            .iter()
            .try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_replaced() {
        let mut world = World::parse("b a@edge>1\n!c\n").expect("valid");
        assert_eq!(world.to_string(), "a@edge>1\nb\n!c\n");
        world.set(WorldDependency::parse("c=1").expect("valid"));
        assert!(world.remove("b").is_some() && world.remove("b").is_none());
        assert_eq!(world.to_string(), "a@edge>1\nc=1\n");
        assert_eq!(World::parse("a b="), Err("b=".to_owned()));
    }
}
