//! Builds of real packages: each of `min`, built twice, gives the same bytes. And how one is split.

use super::project::Project;
use alpenglow_forge::{Edition, recipe};
use alpenglow_tests::{
    Outcome, Test, alpenglow, check, has, named, output, repository, test, text,
};
use std::path::Path;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("init_size", init_size),
        test("dinit_size", dinit_size),
        test("packages_of_min_are_reproducible", twice),
        test("package_parts", parts),
    ]
}

/// Process 1 with all that it does is below 4 KB.
fn init_size() -> Outcome {
    let path = named("ALPENGLOW_TREE").join("init");
    let bytes = path
        .metadata()
        .map_err(|e| format!("{}: {e}", path.display()))?
        .len();
    check(bytes < 4096, || {
        format!("{} has {bytes} bytes", path.display())
    })
}

/// The service manager with all its tools, one program.
fn dinit_size() -> Outcome {
    let built = text(&output(alpenglow().args(["package", "build", "dinit"]))?);
    let line = built.lines().find(|line| line.starts_with("dinit "));
    let tree = line
        .and_then(|line| line.split(' ').nth(2))
        .ok_or_else(|| built.clone())?;
    let path = Path::new(tree).join("sbin/dinit");
    let bytes = path
        .metadata()
        .map_err(|e| format!("{}: {e}", path.display()))?
        .len();
    check(bytes <= 500_000, || {
        format!("{} has {bytes} bytes", path.display())
    })
}

/// The recipes of `min`'s packages and of what those are built with; the kernel, which takes longest, first.
fn packages() -> Vec<String> {
    let repository = repository();
    let edition = Edition::read(&repository, "min").expect("editions/min.toml is right");
    let recipes = recipe::read_all(&repository.join("packages")).expect("the recipes are right");
    let mut found = Vec::new();
    let mut next = edition.packages;
    next.extend(edition.kernel);
    while let Some(name) = next.pop() {
        let recipe = &recipes[&name];
        if !found.contains(&recipe.name) {
            found.push(recipe.name.clone());
            next.extend(recipe.build.iter().chain(&recipe.run).cloned());
        }
    }
    found
}

/// All in one command, which builds several at once.
fn twice() -> Outcome {
    let packages = packages();
    let output = output(
        alpenglow()
            .args(["package", "build", "--twice"])
            .args(&packages),
    )?;
    let said: Vec<String> = packages
        .iter()
        .map(|name| format!("{name}: a second build gave the same bytes"))
        .collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    has(&text(&output), &said)
}

/// The usual parts are split off, and one of which nothing is there is refused.
fn parts() -> Outcome {
    let project = Project::new()?;
    let with_parts = |name: &str, parts: &str, install: &str| {
        project.script(name, install)?;
        let path = format!("packages/{name}/recipe.toml");
        let recipe = std::fs::read_to_string(project.path(&path)).map_err(|e| e.to_string())?;
        project.write(
            &path,
            &recipe.replace("style =", &format!("parts = {parts}\nstyle =")),
        )
    };
    let files = "usr/lib/libx.a usr/lib/x.conf usr/bin/x usr/share/man/man1/x.1";
    let install = format!(
        "install = 'cd $DESTDIR; for file in {files}; do install -D /dev/null $file; done'"
    );
    with_parts("parted", "[\"dev\", \"doc\"]", &install)?;
    let said = text(&output(
        &mut project.command(&["package", "build", "parted"]),
    )?);
    let line = said.lines().find(|line| line.starts_with("parted "));
    let tree = line.and_then(|line| line.split(' ').nth(2));
    let trees = tree.and_then(|tree| Path::new(tree).parent());
    let trees = trees.ok_or_else(|| said.clone())?;
    for (package, there, elsewhere) in [
        ("parted", "usr/lib/x.conf", "usr/lib/libx.a"),
        ("parted", "usr/bin/x", "usr/share"),
        ("parted-dev", "usr/lib/libx.a", "usr/lib/x.conf"),
        ("parted-doc", "usr/share/man/man1/x.1", "usr/bin"),
    ] {
        let tree = trees.join(package);
        check(
            tree.join(there).exists() && !tree.join(elsewhere).exists(),
            || format!("{package} should have {there} and no {elsewhere}"),
        )?;
    }
    with_parts("plain", "[\"doc\"]", "install = 'mkdir $DESTDIR/etc'")?;
    project.expect(
        &["package", "build", "plain"],
        1,
        &["plain/recipe.toml", "parts makes plain-doc"],
    )
}
