//! The service files that come with the reference. DINIT_REFERENCE names its source tree; without it these tests say
//! that they did nothing.

use super::draft::{Context, Reports};
use super::error::{Error, Problem};
use super::load::{Loader, Nothing};
use super::users::Users;
use super::{search, testing};
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

/// Asks the reference's dinit-check, if DINIT_CHECK names it, about each setting with each value that it may have.
#[test]
fn single_settings_are_judged_as_there() {
    let Some(check) = std::env::var_os("DINIT_CHECK") else {
        eprintln!("skipped: DINIT_CHECK does not name the reference's dinit-check");
        return;
    };
    struct Any(bool);
    impl Reports for Any {
        fn error(&mut self, _: Error) -> Result<(), Error> {
            self.0 = true;
            Ok(())
        }
        fn warning(&mut self, warning: Error) {
            self.0 |= !matches!(warning.problem, Problem::Ignored(..));
        }
    }
    let values = [
        "",
        "0",
        "1",
        "-1",
        "010",
        "08",
        "0x10",
        "1.5",
        "1,5",
        "1 2",
        "yes",
        "no",
        "root",
        "/bin/sh",
        "/",
        "a",
        "a/b",
        ".a",
        "$A",
        "$1",
        "${A",
        "${A:-b}",
        "$$",
        "$",
        "\"",
        "\"a b\"",
        "a#",
        "a # b",
        "none",
        "TERM",
        "file",
        "1:2",
        "-",
        ":",
        "cap_kill",
        "^cap_kill,!cap_chown",
        "noroot",
        "idle",
        "realtime:8",
        "pipefd:3",
        "internal",
        "\\\n x",
    ];
    // What the reference takes and we do not, for a reason: a mode that is negative, a program without a name.
    let ours = [("logfile-permissions", "-1"), ("socket-permissions", "-1")];
    let folder = testing::Folder::new(&[("a", ""), ("root", ""), ("none", ""), ("internal", "")]);
    let folders: search::Folders =
        vec![folder.path("").into_os_string().into_encoded_bytes().into()];
    let users = Users::system();
    let environment = testing::environment(&["A=/bin/sh"]);
    let loader = Loader {
        folders: &folders,
        context: Context {
            environment: &environment,
            users: &users,
            for_tools: false,
        },
        loaded: &Nothing,
    };
    for setting in super::settings::SETTINGS
        .iter()
        .filter(|setting| !setting.extension)
    {
        // These name other services or files, which the loader does not look at here.
        let others = [
            "depend", "waits", "prepared", "after", "before", "consumer", "env-file", "chain",
        ];
        if others.iter().any(|other| setting.name.starts_with(other)) {
            continue;
        }
        for value in values {
            if ours.contains(&(setting.name, value)) {
                continue;
            }
            let text = format!(
                "type = process\ncommand = /bin/sh\n{} = {value}\n",
                setting.name
            );
            folder.write("x", &text);
            let output = std::process::Command::new(&check)
                .arg("-d")
                .arg(folder.path(""))
                .arg("x")
                .env_clear()
                .env("A", "/bin/sh")
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            // That a program, folder or the like is not there is none of the loader's business.
            let about_files = [
                "could not",
                "absolute path",
                "executable",
                "not a directory",
                "regular file",
            ];
            let wrong = told
                .lines()
                .filter(|line| line.starts_with("Service '") || line.starts_with("Unable"))
                .any(|line| !about_files.iter().any(|what| line.contains(what)));
            let mut any = Any(false);
            let failed = loader.read(b"x", &mut any).is_err();
            assert_eq!(failed || any.0, wrong, "{text}{told}");
        }
    }
}
