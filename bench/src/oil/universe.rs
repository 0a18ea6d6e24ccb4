//! An index as large as a distribution's, of packages that are not there: libraries that need one another, programs
//! that need libraries, and many more that nobody asks for.

use super::content::Random;
use super::repository::{Sizes, info};
use oil::dependency::Dependency;
use oil::digest::{Algorithm, Digest};
use oil::make::IndexMaker;
use oil::version::Version;

/// Libraries that a library needs, if there are so many before it, and that a program needs.
const NEEDS: [usize; 2] = [3, 6];

/// The name of the package with this number: libraries first, then programs.
pub fn name(number: usize, sizes: &Sizes) -> String {
    if number < sizes.libraries {
        format!("library-{number:05}")
    } else {
        format!("program-{number:05}")
    }
}

/// What the world names: the first programs, which need nearly all libraries.
pub fn world(sizes: &Sizes) -> Vec<String> {
    let first = sizes.libraries;
    (first..first + sizes.world)
        .map(|number| name(number, sizes))
        .collect()
}

/// The index.
pub fn index(sizes: &Sizes) -> IndexMaker {
    let mut maker = IndexMaker::new();
    for number in 0..sizes.index {
        let mut random = Random::new(number as u64);
        let name = name(number, sizes);
        let version = format!(
            "{}.{}-r{}",
            random.below(9),
            random.below(30),
            random.below(5)
        );
        let mut info = info(&name, &version);
        info.identity = Some(Digest::of(Algorithm::Sha256, name.as_bytes()));
        info.installed_size = 1000 + random.next() % 1_000_000;
        info.file_size = info.installed_size / 2;
        let library = number < sizes.libraries;
        let before = number.min(sizes.libraries);
        let needs = NEEDS[usize::from(!library)].min(before);
        let mut depends: Vec<String> = (0..needs).map(|_| soname(random.below(before))).collect();
        if !library && before > 0 {
            // The next library in turn, so that a world has nearly all of them.
            depends.push(soname((number - sizes.libraries) * 3 % before));
        }
        depends.sort();
        depends.dedup();
        info.depends = depends.into_iter().map(Dependency::any).collect();
        info.provides = if library {
            vec![Dependency::exactly(
                soname(number),
                Version::from_text(format!("1.{number}")),
            )]
        } else {
            vec![Dependency::exactly(
                format!("cmd:{name}"),
                info.version.clone(),
            )]
        };
        maker.add(info);
    }
    maker
}

fn soname(number: usize) -> String {
    format!("so:library-{number:05}.so.1")
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;
    use std::collections::{BTreeSet, HashMap};

    #[test]
    fn a_world_needs_nearly_all_libraries_and_nothing_else() {
        let sizes = Settings::whole().sizes;
        let index = index(&sizes);
        assert_eq!(index.packages().len(), sizes.index);
        let by_provided: HashMap<&str, _> = index
            .packages()
            .flat_map(|info| info.provides.iter().map(move |one| (&*one.name, info)))
            .collect();
        let mut needed: BTreeSet<&str> = BTreeSet::new();
        let world = world(&sizes);
        let named = |info: &&oil::package::Info| world.contains(&info.name);
        let mut pending: Vec<_> = index.packages().filter(named).collect();
        assert_eq!(pending.len(), sizes.world);
        while let Some(info) = pending.pop() {
            if needed.insert(&info.name) {
                pending.extend(info.depends.iter().map(|one| by_provided[&*one.name]));
            }
        }
        let most = sizes.world + sizes.libraries;
        assert!(
            (most - 50..=most).contains(&needed.len()),
            "{}",
            needed.len()
        );
    }
}
