//! Repositories that the forge writes: read by their key alone, the same each time, and installed from.

use super::project::Project;
use alpenglow_tests::{Outcome, Test, check, has, output, test, text};
use oil::index::{Index, IndexTrust};
use oil::keys::Keys;
use oil::stream::{Trust, verify};
use std::env;
use std::fs::{self, File};
use std::process::Command;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("package_repository_is_signed_and_the_same_twice", signed),
        test("package_repository_refuses_what_is_no_version", no_version),
    ]
}

fn signed() -> Outcome {
    let project = Project::new()?;
    let out = project.path("out");
    let write = || {
        let words = ["package", "repository", &out.display().to_string(), "hello"];
        project.expect(&words, 0, &["alpenglow-", ".rsa.pub"])?;
        let read = |name: &str| {
            fs::read(out.join("x86_64").join(name)).map_err(|e| format!("{name}: {e}"))
        };
        ["hello-1-r0.apk", "Packages.adb", "APKINDEX.tar.gz"]
            .map(read)
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
    };
    let first = write()?;
    fs::remove_dir_all(project.path("cache/alpenglow/store")).map_err(|e| e.to_string())?;
    check(first == write()?, || "the second is another".to_owned())?;
    let mut keys = Keys::new();
    keys.add_directory(&out).map_err(|e| e.to_string())?;
    let open = |name: &str| File::open(out.join("x86_64").join(name)).map_err(|e| e.to_string());
    let index =
        Index::read(open("Packages.adb")?, IndexTrust::Keys(&keys)).map_err(|e| e.to_string())?;
    check(index.len() == 1, || format!("{} packages", index.len()))?;
    verify(open("hello-1-r0.apk")?, &Trust::Keys(&keys)).map_err(|e| e.to_string())?;
    match env::var_os("OIL_REFERENCE_APK") {
        Some(apk) if !apk.is_empty() => installed(&project, &mut Command::new(apk)),
        _ => Ok(()),
    }
}

/// A package manager installs from it.
fn installed(project: &Project, command: &mut Command) -> Outcome {
    let out = project.path("out");
    project.write("repositories", &format!("v3 {}\n", out.display()))?;
    command
        .args(["--arch", "x86_64", "--root"])
        .arg(project.path("root"))
        .arg("--keys-dir")
        .arg(&out)
        .arg("--repositories-file")
        .arg(project.path("repositories"))
        .args(["add", "--initdb", "hello"]);
    let said = text(&output(command)?);
    has(&said, &["Installing hello (1-r0)", "OK"])?;
    let file = fs::read_to_string(project.path("root/etc/hello")).map_err(|e| e.to_string())?;
    check(file == "hello\n", || file.clone())
}

fn no_version() -> Outcome {
    let project = Project::new()?;
    let recipe = super::project::HELLO.replace("version = \"1\"", "version = \"one\"");
    project.recipe("hello", &recipe)?;
    let out = project.path("out").display().to_string();
    project.expect(
        &["package", "repository", &out, "hello"],
        1,
        &["hello cannot be packed", "one-r0"],
    )
}
