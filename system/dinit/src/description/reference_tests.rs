//! The service files that come with the reference. DINIT_REFERENCE names its source tree; without it these tests say
//! that they did nothing.

use super::testing;
use std::path::{Path, PathBuf};

fn tree() -> Option<PathBuf> {
    let tree = std::env::var_os("DINIT_REFERENCE").map(PathBuf::from);
    if tree.is_none() {
        eprintln!("skipped: DINIT_REFERENCE does not name the reference's source tree");
    }
    tree
}

/// The services of a folder.
fn services(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.path().is_file());
    let mut names: Vec<_> = files
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.retain(|name| !name.ends_with(".sh"));
    names.sort();
    names
}

#[test]
fn services_for_linux_load() {
    let Some(tree) = tree() else { return };
    let folder = tree.join("doc/linux/services");
    let names = services(&folder);
    assert!(names.len() >= 27, "{names:?}");
    for name in names {
        let (made, warnings) = testing::load(&folder, &name);
        // The tree names one network device's service otherwise than its file.
        match made {
            Ok(made) => assert!(made.iter().any(|made| *made.name == *name.as_bytes())),
            Err(error) => assert!(
                error
                    .to_string()
                    .contains("netdev-enps3s0: there is no description"),
                "{error}"
            ),
        }
        assert!(warnings.len() <= 1, "{warnings:?}");
    }
}

#[test]
fn services_of_its_tests_load_as_there() {
    let Some(tree) = tree() else { return };
    /// What must not load, by folder and service: `*` for any.
    const WRONG: [(&str, &str); 27] = [
        ("check-basic", "boot"),
        ("check-cycle", "a"),
        ("check-cycle", "b"),
        ("check-cycle", "boot"),
        ("check-cycle", "c"),
        ("check-cycle", "d"),
        ("check-cycle", "e"),
        ("check-cycle2", "boot"),
        ("check-cycle2", "c"),
        ("cycles", "ac"),
        ("cycles", "after_self"),
        ("cycles", "ba"),
        ("cycles", "ba2"),
        ("cycles", "before_self"),
        ("dep-not-found", "missing-dep-svc"),
        ("environ2", "env-service"),
        ("no-command-error", "no-command"),
        ("ps-environ", "environment1"),
        ("ps-environ", "environment2"),
        ("ps-environ", "environment3"),
        ("svc-arg", "checkarg"),
        ("svc-arg", "checkarg2"),
        ("svc-arg", "checkarg3"),
        ("svc-arg", "checkarg4"),
        ("svc-arg", "checkarg5"),
        ("svc-arg", "env-foo"),
        ("svc-arg-consumer", "consumer"),
    ];
    let mut seen = 0;
    let tests = tree.join("src/igr-tests");
    for test in std::fs::read_dir(&tests).unwrap() {
        let test = test.unwrap();
        let folder = test.path().join("sd");
        if !folder.is_dir() {
            continue;
        }
        let test = test.file_name().into_string().unwrap();
        for name in services(&folder) {
            let (made, _) = testing::load(&folder, &name);
            let expected = !WRONG.contains(&(&test, &name));
            assert_eq!(made.is_ok(), expected, "{test} {name}: {:?}", made.err());
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen}");
}
