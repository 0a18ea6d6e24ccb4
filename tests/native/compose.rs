//! Roots that Oil composes: with and without a database, the same each time, and what stands in the way.

use super::project::Project;
use alpenglow_tests::{Outcome, Test, check, output, test, text};
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("compose_keeps_the_database_for_its_manager", database),
        test("compose_leaves_nothing_where_no_manager_is", none),
        test("compose_names_what_is_in_the_way", in_the_way),
        test("compose_names_what_is_lacking", lacking),
        test("compose_gives_builds_what_they_name", sysroot),
    ]
}

/// With a kernel that is none, a manager that is none, and an edition of these packages.
fn project(packages: &str) -> Result<Project, String> {
    let project = Project::new()?;
    project.script(
        "kernel",
        "install = \"mkdir -p $DESTDIR/boot; echo k > $DESTDIR/boot/vmlinuz; echo k > $DESTDIR/boot/vmlinux\"",
    )?;
    project.script(
        "manager",
        "install = \"mkdir -p $DESTDIR/sbin $DESTDIR/tmp; echo '#!/bin/sh' > $DESTDIR/sbin/apk; chmod 755 $DESTDIR/sbin/apk\"\n\
         [modes]\n\"tmp\" = \"1777\"",
    )?;
    let edition = format!(
        "name = \"small\"\nsummary = \"s\"\npackages = [{packages}]\nkernel = \"kernel\"\ncompression = \"none\"\n"
    );
    project.write("editions/small.toml", &edition)?;
    Ok(project)
}

const BUILD: [&str; 3] = ["build", "--edition", "small"];

/// The composed root.
fn root(project: &Project) -> Result<PathBuf, String> {
    let systems = fs::read_dir(project.path("cache/alpenglow/systems"));
    let mut systems = systems.map_err(|e| e.to_string())?.flatten();
    let first = systems.next().ok_or("there is no system")?;
    Ok(first.path().join("root"))
}

/// Everything below a folder, sorted.
fn paths(root: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut next = vec![root.to_owned()];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| e.to_string())?.flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).map_err(|e| e.to_string())?;
            found.push(name.display().to_string());
            if path.is_dir() {
                next.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: PathBuf) -> Result<Vec<u8>, String> {
    fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))
}

fn database() -> Outcome {
    let project = project("\"manager\", \"hello\"")?;
    project.expect(&BUILD, 0, &["initramfs "])?;
    let image = || read(project.path("target/small-x86_64/initramfs"));
    let first = image()?;
    let root = root(&project)?;
    let file =
        |path: &str| Ok::<_, String>(String::from_utf8_lossy(&read(root.join(path))?).into_owned());
    let installed = file("lib/apk/db/installed")?;
    for line in ["P:hello\n", "V:1-r0\n", "P:manager\n", "F:etc\nR:hello\n"] {
        check(installed.contains(line), || {
            format!("no {line:?} in {installed}")
        })?;
    }
    let world = file("etc/apk/world")?;
    check(world == "hello\nmanager\n", || {
        format!("the world is {world:?}")
    })?;
    let keys = paths(&root.join("etc/apk/keys"))?;
    let key = keys.first().cloned().unwrap_or_default();
    check(keys.len() == 1 && key.ends_with(".rsa.pub"), || {
        format!("{keys:?}")
    })?;
    let mode = fs::metadata(root.join("tmp")).map_err(|e| e.to_string())?;
    check(mode.permissions().mode() & 0o7777 == 0o1777, || {
        format!("/tmp is {:o}", mode.permissions().mode())
    })?;
    if let Some(apk) = env::var_os("OIL_REFERENCE_APK").filter(|apk| !apk.is_empty()) {
        let audit = Command::new(apk)
            .args(["--root"])
            .arg(&root)
            .args(["audit", "--system"])
            .output();
        let audit = audit.map_err(|e| e.to_string())?;
        let said = String::from_utf8_lossy(&audit.stdout).into_owned();
        check(audit.status.success() && said.is_empty(), || {
            format!("{}: {said}", audit.status)
        })?;
    }
    // Whoever composes: the same bytes, modes and all.
    fs::remove_dir_all(project.path("cache/alpenglow/systems")).map_err(|e| e.to_string())?;
    let mut masked = project.masked(&BUILD);
    let said = output(&mut masked)?;
    check(said.status.success(), || text(&said))?;
    check(image()? == first, || {
        "the second image is another".to_owned()
    })
}

fn none() -> Outcome {
    let project = project("\"hello\"")?;
    project.expect(&BUILD, 0, &["initramfs "])?;
    let left = paths(&root(&project)?)?;
    check(left == ["etc", "etc/hello"], || format!("{left:?}"))
}

fn in_the_way() -> Outcome {
    let project = project("\"hello\", \"other\"")?;
    project.script(
        "other",
        "install = \"mkdir -p $DESTDIR/etc; echo > $DESTDIR/etc/hello\"",
    )?;
    let parts = [
        "etc/hello",
        "hello-1-r0",
        "other-1-r0",
        "leave one of the packages out",
    ];
    project.expect(&BUILD, 1, &parts)?;
    let systems = paths(&project.path("cache/alpenglow/systems"))?;
    check(systems.is_empty(), || format!("{systems:?} is left"))?;
    project.goes_on()
}

fn lacking() -> Outcome {
    let project = project("\"other\"")?;
    project.script(
        "other",
        "install = \"mkdir -p $DESTDIR/usr/lib/pkgconfig; echo Requires: absent > $DESTDIR/usr/lib/pkgconfig/other.pc\"",
    )?;
    let parts = [
        "pc:absent (no such package)",
        "other-1-r0",
        "`run` of the recipe",
    ];
    project.expect(&BUILD, 1, &parts)?;
    project.goes_on()
}

fn sysroot() -> Outcome {
    let project = Project::new()?;
    let recipe = super::project::HELLO
        .replace("\"hello\"", "\"other\"")
        .replace("style", "build = [\"hello\"]\nstyle")
        .replace("echo hello >", "find /build/sysroot | sort >");
    project.recipe("other", &recipe)?;
    project.expect(&["package", "build", "other"], 0, &["other 1 "])?;
    let store = fs::read_dir(project.path("cache/alpenglow/store")).map_err(|e| e.to_string())?;
    let mut store = store.flatten().map(|entry| entry.path());
    let place = store.find(|path| path.join("trees/other").is_dir());
    let list = read(
        place
            .ok_or("other is not there")?
            .join("trees/other/etc/hello"),
    )?;
    let expected = "/build/sysroot\n/build/sysroot/etc\n/build/sysroot/etc/hello\n";
    check(list == expected.as_bytes(), || {
        String::from_utf8_lossy(&list).into_owned()
    })
}
