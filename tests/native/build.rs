//! Builds of real packages: each of `min`, built twice, gives the same bytes.

use alpenglow_forge::{Edition, recipe};
use alpenglow_tests::{
    Outcome, Test, alpenglow, check, has, named, output, repository, test, text,
};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("init_size", init_size),
        test("dinit_size", dinit_size),
        test("packages_of_min_are_reproducible", twice),
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
    let path = std::path::Path::new(tree).join("sbin/dinit");
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
    next.push(edition.kernel);
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
