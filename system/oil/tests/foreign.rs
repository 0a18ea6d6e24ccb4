//! Whatever bytes stand where the database, a world, a list of repositories or a version should be: an answer or an
//! error, and what was understood is written as it was read.

use oil::database::installed::Installed;
use oil::database::record::Record;
use oil::database::sidecar::Heads;
use oil::database::source::InstalledSource;
use oil::dependency::{Dependency, WorldDependency};
use oil::protected_paths::{ProtectedPaths, glob_matches};
use oil::repositories::Repositories;
use oil::solve::{Kind, Options, Origin, Problem, Source as _, solve};
use oil::version::{Version, compare};
use oil::world::World;
use proptest::prelude::*;

/// Text with what means something in these files.
fn text() -> impl Strategy<Value = String> {
    "([A-Za-z]:|[a-z]{1,2}|[0-9.]{1,4}|[<>=~!@ ]|_alpha|_p|-r|\n|\n\n|Q1|\\$\\{|\\}|set |v3 |/|so:){0,60}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn versions_have_an_order(a in text(), b in text()) {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        prop_assert_eq!(Version::parse(&a).is_some(), Version::from_text(a.as_str()).is_valid());
    }

    #[test]
    fn dependencies_are_read_as_written(text in text()) {
        if let Some(dependency) = Dependency::parse(&text) {
            let written = dependency.to_string();
            // Operators that mean nothing (`<=>`, `><~`) are shown as apk shows them, and cannot be read again.
            if !written.contains('?') && (dependency.version.is_empty() || !dependency.op.as_str().is_empty()) {
                prop_assert_eq!(Dependency::parse(&written), Some(dependency));
            }
        }
        let _ = WorldDependency::parse(&text);
    }

    #[test]
    fn worlds_are_read_as_written(text in text()) {
        if let Ok(world) = World::parse(&text) {
            let names: Vec<&str> = world.entries().iter().map(|entry| entry.dependency.name.as_str()).collect();
            prop_assert!(names.is_sorted());
        }
    }

    #[test]
    fn records_are_read_as_written(bytes in prop_oneof![text().prop_map(String::into_bytes), any::<Vec<u8>>()]) {
        if let Ok(record) = Record::parse(&bytes) {
            let mut written = Vec::new();
            record.write(&mut written);
            let again = Record::parse(&written).expect("as written");
            let mut twice = Vec::new();
            again.write(&mut twice);
            prop_assert_eq!(written, twice);
        }
    }

    #[test]
    fn any_installed_can_be_solved_with(bytes in prop_oneof![text().prop_map(String::into_bytes), any::<Vec<u8>>()]) {
        let installed = Installed::from_text("installed".into(), bytes);
        for number in 0..installed.places().len() {
            let _ = (installed.record(number), installed.name(number));
        }
        let _ = (installed.owner(b"usr/bin/x"), installed.with(&[]));
        let source = InstalledSource::new(Heads::of(&installed));
        let names: Vec<String> = (0..source.count()).map(|number| source.package(number).name.to_owned()).collect();
        let world: Vec<WorldDependency> = names.iter().filter_map(|name| WorldDependency::parse(name)).collect();
        let sources = [Origin { source: &source, kind: Kind::Installed }];
        let options = Options::default();
        let solution = solve(&Problem { sources: &sources, world: &world, options: &options });
        let _ = (solution.change_lines(), solution.error_report(50), names.first().map(|name| solution.explain(name)));
    }

    #[test]
    fn lists_of_repositories(text in text()) {
        let mut all = Repositories::new("x86_64");
        all.add_text(&text, "list");
        prop_assert!(all.list.len() <= oil::repositories::MAX_REPOSITORIES);
    }

    #[test]
    fn protected_paths(rules in any::<Vec<u8>>(), path in any::<Vec<u8>>()) {
        let mut paths = ProtectedPaths::default();
        paths.add_text(&rules);
        let _ = (paths.of(&path), glob_matches(&rules, &path));
    }
}
