//! Rust programs as packages: on the standard library and our own musl, with crates from a registry, and tools that
//! other builds run. The registry is one of the test's own, on the loopback.

use super::workshop::{Crate, Workshop, hash};
use alpenglow_tests::{Outcome, Test, check, has, output, test, text};
use std::env;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("cargo_std_program", std_program),
        test("cargo_tool_runs_in_a_build", tool),
        test("cargo_tool_is_no_package_of_a_system", tool_is_no_package),
        test("cargo_changed_crate_is_refused", changed_crate),
    ]
}

/// A library for [`std_program`].
const LEAF: Crate = Crate {
    name: "leaf",
    version: "1.2.3",
    files: &[
        (
            "Cargo.toml",
            "[package]\nname = \"leaf\"\nversion = \"1.2.3\"\nedition = \"2024\"\n",
        ),
        ("src/lib.rs", "pub const GREEN: &str = \"leaf is green\";\n"),
    ],
};

/// A program for [`tool`], with a lock as `cargo package` adds it.
const HAMMER: Crate = Crate {
    name: "hammer",
    version: "0.1.0",
    files: &[
        (
            "Cargo.toml",
            "[package]\nname = \"hammer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[[bin]]\nname = \"nail\"\npath = \"main.rs\"\n",
        ),
        (
            "Cargo.lock",
            "version = 4\n[[package]]\nname = \"hammer\"\nversion = \"0.1.0\"\n",
        ),
        ("main.rs", "fn main() { println!(\"struck\"); }\n"),
    ],
};

/// Uses files, threads, collections and a crate, and goes by two names.
const MULTI: &str = r#"use std::collections::BTreeMap;
fn main() {
    let name = std::env::args().next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
    let sum: u32 = (1..=4).map(|n| std::thread::spawn(move || n)).map(|t| t.join().unwrap()).sum();
    let comm = std::fs::read_to_string("/proc/self/comm").unwrap();
    let words: BTreeMap<&str, &str> = [("leaf", leaf::GREEN)].into();
    println!("{name} {sum} {} {}", comm.trim(), words["leaf"]);
    if std::env::args().nth(1).is_some() {
        panic!("asked to");
    }
}
"#;

/// The workspace `system/` with one program, and the lock that cargo writes.
fn workspace(shop: &Workshop) -> Outcome {
    let project = &shop.project;
    let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"multi\"]\n[profile.release]\nopt-level = \"z\"\nlto = \"fat\"\n\
        codegen-units = 1\npanic = \"abort\"\nstrip = \"symbols\"\n";
    project.write("system/Cargo.toml", manifest)?;
    project.write(
        "system/multi/Cargo.toml",
        "[package]\nname = \"multi\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nleaf = \"1.2\"\n",
    )?;
    project.write("system/multi/src/main.rs", MULTI)?;
    let recipe = "name = \"multi\"\nversion = \"0.1.0\"\nsummary = \"s\"\nlicense = \"0BSD\"\n\
        build = [\"musl-dev\", \"rust-std\"]\nstyle = \"cargo\"\n[cargo]\nstd = true\ninstall = { multi = \"/sbin/multi\" }\n\
        links = { \"/usr/bin/other\" = \"multi\" }\n";
    project.recipe("multi", recipe)?;
    let mut cargo = Command::new(env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["generate-lockfile", "--quiet"])
        .env("CARGO_HOME", &shop.home)
        .current_dir(project.path("system"));
    let output = output(&mut cargo)?;
    check(output.status.success(), || text(&output))
}

fn std_program() -> Outcome {
    let shop = Workshop::new(&[&LEAF])?;
    shop.project.share(&["sources", "unpacked"])?;
    shop.project.share_package("musl")?;
    shop.project.share_package("rust-std")?;
    workspace(&shop)?;
    let tree = shop.twice("multi")?;
    let program = tree.join("sbin/multi");
    let bytes = program.metadata().map_err(|e| e.to_string())?.len();
    println!("a program on std: {bytes} bytes");
    check(bytes < 128 << 10, || format!("multi has {bytes} bytes"))?;
    // It needs nothing of this machine but the kernel.
    let other = tree.join("usr/bin/other");
    for (path, name) in [(&program, "multi"), (&other, "other")] {
        let said = text(&output(Command::new(path).env_clear())?);
        has(&said, &[&format!("{name} 10 {name} leaf is green")])?;
    }
    let mut command = Command::new(&program);
    let panicking = output(command.arg0("multi").arg("panic"))?;
    let signal = panicking.status.signal();
    check(
        signal == Some(rustix::process::Signal::ILL.as_raw()),
        || format!("a panic ended with {}", panicking.status),
    )
}

const TOOL: &str = "name = \"hammer\"\nsummary = \"s\"\nlicense = \"0BSD\"\nsource = \"hammer\"\nstyle = \"cargo\"\n\
    [cargo]\nhost = true\ninstall = { nail = \"/usr/bin/nail\" }\n[exempt]\nstack-protector = \"Rust\"\n";

fn with_tool() -> Result<Workshop, String> {
    let shop = Workshop::new(&[&HAMMER])?;
    let file = shop.project.path("registry/dl/hammer/0.1.0/download");
    let lock = format!(
        "[[source]]\nname = \"hammer\"\n[[source.pin]]\nversion = \"0.1.0\"\ncrate = \"hammer\"\nsha256 = \"{}\"\nbytes = {}\n",
        hash(&file)?,
        file.metadata().map_err(|e| e.to_string())?.len()
    );
    shop.project.write("sources.lock", &lock)?;
    shop.project.recipe("hammer", TOOL)?;
    shop.project.script(
        "house",
        "install = \"mkdir -p $DESTDIR/etc; nail > $DESTDIR/etc/house; ! nail --x > $SYSROOT/x\"",
    )?;
    let house = fs::read_to_string(shop.project.path("packages/house/recipe.toml"))
        .map_err(|e| e.to_string())?;
    shop.project.recipe(
        "house",
        &house.replace("[script]", "tools = [\"hammer\"]\n[script]"),
    )?;
    Ok(shop)
}

fn tool() -> Outcome {
    let shop = with_tool()?;
    let tree = shop.twice("hammer")?;
    let program = tree.join("usr/bin/nail");
    check(program.is_file(), || format!("{}", program.display()))?;
    let house = shop.twice("house")?;
    let struck = fs::read_to_string(house.join("etc/house")).map_err(|e| e.to_string())?;
    check(struck == "struck\n", || struck)?;
    // It is the same tool whatever is built for.
    let mut command = shop
        .project
        .command(&["package", "build", "--arch", "aarch64", "hammer"]);
    let said = text(&output(command.env("CARGO_HOME", &shop.home))?);
    has(&said, &[&tree.display().to_string()])
}

fn tool_is_no_package() -> Outcome {
    let shop = with_tool()?;
    let house = fs::read_to_string(shop.project.path("packages/house/recipe.toml"))
        .map_err(|e| e.to_string())?;
    for (tools, expected) in [
        ("build = [\"hammer\"]", "name it in `tools`"),
        ("run = [\"hammer\"]", "name it in `tools`"),
        ("tools = [\"hello\"]", "tools has 'hello'"),
    ] {
        shop.project
            .recipe("house", &house.replace("tools = [\"hammer\"]", tools))?;
        shop.expect(
            &["package", "build", "house"],
            1,
            &["house/recipe.toml", expected],
        )?;
    }
    shop.project.write(
        "editions/odd.toml",
        "name = \"odd\"\nsummary = \"s\"\npackages = [\"hammer\"]\nkernel = \"hello\"\ncompression = \"none\"\n",
    )?;
    shop.expect(
        &["build", "--edition", "odd"],
        1,
        &["'hammer' is a tool", "no system can hold it"],
    )
}

/// The lock asks for other bytes than the registry has.
fn changed_crate() -> Outcome {
    let shop = Workshop::new(&[&LEAF])?;
    shop.project.share(&["sources", "unpacked"])?;
    shop.project.share_package("musl")?;
    shop.project.share_package("rust-std")?;
    workspace(&shop)?;
    let right = hash(&shop.project.path("registry/dl/leaf/1.2.3/download"))?;
    let lock = shop.project.path("system/Cargo.lock");
    let text = fs::read_to_string(lock).map_err(|e| e.to_string())?;
    shop.project
        .write("system/Cargo.lock", &text.replace(&right, &"ab".repeat(32)))?;
    shop.expect(
        &["package", "build", "multi"],
        1,
        &["system/Cargo.lock", "leaf"],
    )?;
    shop.project.goes_on()
}
