//! Recipes that misbehave: that hang, use a network, write outside their tree, are in C++ and do not say so, or yield other bytes the
//! second time; going on after failures; and what `package list` tells.

use super::project::{HELLO, Project};
use alpenglow_tests::{Outcome, Test, check, has, output, test, text};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("recipe_that_hangs_is_ended", hangs),
        test("recipe_that_uses_a_network_fails", network),
        test("recipe_that_writes_elsewhere_fails", elsewhere),
        test("recipe_that_yields_other_bytes_is_told", other_bytes),
        test("recipe_in_cxx_without_its_library_is_told", cxx),
        test("recipes_are_gone_on_with_after_failures", keep_going),
        test("recipes_are_listed_with_what_they_took", listed),
    ]
}

fn hangs() -> Outcome {
    let project = Project::new()?;
    // What it started in the background ends with it.
    project.script(
        "slow",
        "build = 'sleep 1000 & sleep 1000'\ninstall = 'true'",
    )?;
    let path = "packages/slow/recipe.toml";
    let recipe = std::fs::read_to_string(project.path(path)).map_err(|e| e.to_string())?;
    let limited = recipe.replace("style =", "minutes = 0.05\nstyle =");
    project.write(path, &limited)?;
    let told = "building slow failed (it was ended after 0.05 minutes; 'minutes' in its recipe allows it more)";
    project.expect(&["package", "build", "slow"], 1, &[told, "slow.log"])?;
    project.goes_on()
}

fn network() -> Outcome {
    let project = Project::new()?;
    let asks = "build = 'perl -MIO::Socket::INET -e \"IO::Socket::INET->new(q(192.0.2.1:80)) or die qq(no way out: \\$@\\n)\"'";
    project.script("asking", &format!("{asks}\ninstall = 'true'"))?;
    project.expect(
        &["package", "build", "asking"],
        1,
        &[
            "building asking failed",
            "no way out",
            "Network is unreachable",
        ],
    )?;
    project.goes_on()
}

fn elsewhere() -> Outcome {
    let project = Project::new()?;
    for (name, path) in [
        ("root", "/etc/mine"),
        ("usr", "/usr/bin/mine"),
        ("kernel", "/build/kernel/mine"),
    ] {
        project.script(name, &format!("install = 'echo mine > {path}'"))?;
        project.expect(
            &["package", "build", name],
            1,
            &[&format!("building {name} failed"), path],
        )?;
    }
    project.goes_on()
}

fn cxx() -> Outcome {
    let project = Project::new()?;
    project.script(
        "thrower",
        "build = 'echo \"#include <vector>\" > a.cc; $CXX -c a.cc'\ninstall = 'true'",
    )?;
    project.expect(
        &["package", "build", "thrower"],
        1,
        &[
            "building thrower failed",
            "'vector' file not found",
            "add \"libcxx-dev\" to `build` in ",
            "packages/thrower/recipe.toml",
        ],
    )?;
    // In C it is a mistake of another kind.
    project.script(
        "plain",
        "build = 'echo \"#include <zlib.h>\" > a.c; $CC -c a.c'\ninstall = 'true'",
    )?;
    let failed = output(&mut project.command(&["package", "build", "plain"]))?;
    let said = text(&failed);
    check(
        said.contains("'zlib.h' file not found") && !said.contains("libcxx"),
        || said,
    )?;
    project.goes_on()
}

fn other_bytes() -> Outcome {
    let project = Project::new()?;
    project.script(
        "random",
        "install = 'mkdir $DESTDIR/etc; head -c 8 /dev/urandom | od > $DESTDIR/etc/random'",
    )?;
    project.expect(
        &["package", "build", "--twice", "random"],
        1,
        &["random is not reproducible", "/etc/random"],
    )?;
    project.goes_on()
}

/// Of five, one fails by its script and one needs it; the others are built, and all that went wrong stands at the end.
fn keep_going() -> Outcome {
    let project = Project::new()?;
    project.script(
        "broken",
        "build = 'echo it breaks; false'\ninstall = 'true'",
    )?;
    project.script(
        "refused",
        "install = 'mkdir -p $DESTDIR/usr/local; echo x > $DESTDIR/usr/local/x'",
    )?;
    for (name, need) in [("above", "broken"), ("top", "above"), ("beside", "hello")] {
        let recipe = HELLO.replace("\"hello\"", &format!("\"{name}\""));
        let recipe = recipe.replace("style =", &format!("build = [\"{need}\"]\nstyle ="));
        project.recipe(name, &recipe.replace("etc/hello", &format!("etc/{name}")))?;
    }
    project.expect(
        &["package", "build", "--all", "--keep-going"],
        1,
        &[
            "building broken failed",
            "it breaks",
            "broken.log",
            "refused is refused",
            "not built, as they need what failed: above, top",
        ],
    )?;
    let list = text(&output(&mut project.command(&["package", "list"]))?);
    for (name, built) in [
        ("beside", true),
        ("hello", true),
        ("above", false),
        ("broken", false),
    ] {
        let line = list
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        let line = line.ok_or_else(|| list.clone())?;
        check(line.contains(" - ") != built, || list.clone())?;
    }
    Ok(())
}

fn listed() -> Outcome {
    let project = Project::new()?;
    project.script("busy", "build = 'perl -e \"my \\$s = q(x) x 50000000; 1 until times > 1.2\"'\ninstall = 'mkdir $DESTDIR/etc; head -c 12345 /dev/zero > $DESTDIR/etc/zero'")?;
    project.expect(&["package", "build", "busy"], 0, &["busy 1 "])?;
    let list = text(&output(&mut project.command(&["package", "list"]))?);
    has(&list, &["package", "licence", "CPU", "A file"])?;
    let line = list.lines().find(|line| line.starts_with("busy "));
    let words: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
    let cpu: u64 = words.get(5).and_then(|word| word.parse().ok()).unwrap_or(0);
    check(
        words.get(1..4) == Some(&["1", "0BSD", "12345"][..]) && cpu >= 2,
        || list.clone(),
    )?;
    let record =
        std::fs::read_dir(project.path("cache/alpenglow/store")).map_err(|e| e.to_string())?;
    let record = record
        .flatten()
        .map(|entry| entry.path().join("record.toml"));
    let record = record
        .map(std::fs::read_to_string)
        .next()
        .ok_or("no record")?
        .map_err(|e| e.to_string())?;
    let peak = record
        .lines()
        .find_map(|line| line.strip_prefix("peak_kib = "));
    let peak: u64 = peak.and_then(|peak| peak.parse().ok()).unwrap_or(0);
    check(peak > 48_000, || record.clone())
}
