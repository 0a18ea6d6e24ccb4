//! The project's own tidiness, in the build root's toolchain, so that it does not depend on the
//! machine's: format, lints, licences, and what documents promise about files.

use alpenglow_builder::debian::BUILD;
use alpenglow_builder::{Cache, Root, Sandbox};
use alpenglow_tests::{Outcome, check, output, repository, test, text};
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    alpenglow_tests::main(|| {
        vec![
            test("lint_format", format),
            test("lint_clippy", clippy),
            test("lint_licences", licences),
            test("lint_what_is_shared_is_compiled_once", shared),
            test("lint_documents_name_what_is_there", documents),
        ]
    })
}

fn cargo_home() -> PathBuf {
    let home =
        || PathBuf::from(env::var_os("HOME").unwrap_or_else(|| "/root".into())).join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// Runs cargo of the build root on one of the two workspaces.
fn cargo(folder: &str, words: &[&str]) -> Outcome {
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let root = Root::made(&cache, &BUILD)
        .map_err(|e| e.to_string())?
        .ok_or("the build root is not there")?;
    // In the checkout: cargo would take another's newer results for this one's.
    let name = if folder.is_empty() { "host" } else { folder };
    let target = repository().join("target/lint").join(name);
    fs::create_dir_all(&target).map_err(|e| format!("{}: {e}", target.display()))?;
    let mut sandbox = Sandbox::new(root.dir)
        .bind(repository(), "/source", false)
        .bind(&target, "/target", true)
        // Only the registry: the programs beside it may be those of another toolchain.
        .tmpfs("/cargo")
        .bind(cargo_home().join("registry"), "/cargo/registry", true)
        .env("CARGO_HOME", "/cargo")
        .env("CARGO_TARGET_DIR", "/target")
        // Nothing of it runs but what makes Rust: C that a crate brings along would be compiled for nothing.
        .env("CC", "true")
        .env("AR", "true")
        .env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "clang-22");
    sandbox.folder = PathBuf::from("/source").join(folder);
    let output = output(sandbox.command("/usr/bin/cargo").args(words))?;
    check(output.status.success(), || text(&output))
}

fn format() -> Outcome {
    cargo("", &["fmt", "--all", "--check"])?;
    cargo("system", &["fmt", "--all", "--check"])?;
    kernel_format()
}

/// The Rust of `kernel/` belongs to no crate of cargo's: each file by itself, in the edition that the kernel has.
fn kernel_format() -> Outcome {
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let root = Root::made(&cache, &BUILD)
        .map_err(|e| e.to_string())?
        .ok_or("the build root is not there")?;
    let mut sandbox = Sandbox::new(root.dir).bind(repository(), "/source", false);
    sandbox.folder = PathBuf::from("/source/kernel");
    let script = "for file in */*.rs; do rustfmt --check --edition 2021 < $file || { echo $file; exit 1; }; done; echo $file";
    let output = output(sandbox.command("/bin/sh").args(["-c", script]))?;
    let said = text(&output);
    check(output.status.success() && said.contains(".rs"), || said)
}

fn clippy() -> Outcome {
    let words = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--offline",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ];
    cargo("", &words)?;
    cargo("system", &words)
}

/// Every crate has the same features for the command line, which is built first and alone, as for all tests together:
/// it would be compiled again, and all that uses it.
fn shared() -> Outcome {
    let tree = |words: &[&str]| -> Result<BTreeSet<String>, String> {
        let cargo = env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(repository()).args(["tree", "--locked"]);
        command.args(["--prefix", "none", "--format", "{p} {f}"]);
        let output = output(command.args(words))?;
        check(output.status.success(), || text(&output))?;
        let lines = String::from_utf8_lossy(&output.stdout);
        let lines = lines.lines().map(|line| line.trim_end_matches(" (*)"));
        Ok(lines.map(|line| line.trim_end().to_owned()).collect())
    };
    let alone = tree(&["--package", "alpenglow-cli", "--edges", "normal,build"])?;
    let together = tree(&["--workspace"])?;
    let other: Vec<&String> = alone.difference(&together).collect();
    check(!alone.is_empty() && other.is_empty(), || {
        format!("tests have these with other features: {other:#?}")
    })
}

/// Every crate's licence is one that deny.toml allows (cargo-deny's own file; it checks the same).
fn licences() -> Outcome {
    let deny = fs::read_to_string(repository().join("deny.toml")).map_err(|e| e.to_string())?;
    let list = deny
        .split("allow = [")
        .nth(1)
        .and_then(|rest| rest.split(']').next())
        .ok_or("deny.toml has no allow list")?;
    let allowed: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    for workspace in ["", "system"] {
        licences_of(workspace, &allowed)?;
    }
    Ok(())
}

fn licences_of(workspace: &str, allowed: &BTreeSet<&str>) -> Outcome {
    let cargo = env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--offline",
            "--filter-platform=x86_64-unknown-linux-gnu",
        ])
        .current_dir(repository().join(workspace));
    let output = output(&mut command)?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|_| text(&output))?;
    let packages = metadata["packages"]
        .as_array()
        .ok_or("cargo metadata lists no packages")?;
    check(packages.len() > 20, || {
        format!("only {} packages", packages.len())
    })?;
    let mut refused = Vec::new();
    for package in packages {
        let license = package["license"].as_str().unwrap_or("none");
        // The older way to write alternatives, and stray spaces.
        let license = license.replace('/', " OR ");
        let license = license.split_whitespace().collect::<Vec<_>>().join(" ");
        // Every part that is required must be allowed; of alternatives one is enough.
        let good = license.split(" AND ").all(|part| {
            let part = part.trim_matches(|c| c == '(' || c == ')');
            part.split(" OR ")
                .any(|one| allowed.contains(one.trim_matches(|c| c == '(' || c == ')')))
        });
        if !good {
            refused.push(format!("{}: {license}", package["name"]));
        }
    }
    check(refused.is_empty(), || refused.join("\n"))
}

/// Paths in backquotes of the documents at the top are there.
fn documents() -> Outcome {
    let repository = repository();
    let mut missing = Vec::new();
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "SPECIFICATION.md",
        "CONTRIBUTING.md",
    ] {
        let text = fs::read_to_string(repository.join(document))
            .map_err(|e| format!("{document}: {e}"))?;
        let tops = [
            "host/",
            "system/",
            "kernel/",
            "packages/",
            "editions/",
            "tests/",
            "bench/",
            "docs/",
        ];
        for name in text.split('`').skip(1).step_by(2) {
            let place = tops.iter().any(|top| name.starts_with(top));
            let plain = !name.contains([' ', '*', '<', '{'])
                && !name.contains("NAME")
                && !name.contains('…');
            if place && plain && !repository.join(name).exists() {
                missing.push(format!("{document}: {name}"));
            }
        }
    }
    check(missing.is_empty(), || missing.join("\n"))
}
