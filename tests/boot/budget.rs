//! The numbers that SPECIFICATION.md promises for editions, held against their budgets.

use alpenglow_forge::Edition;
use alpenglow_forge::edition::Budget;
use alpenglow_tests::{Outcome, Test, alpenglow, boot, check, has, output, repository, test, text};
use serde_json::Value;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("budget_min_on_q35", || on_q35("min")),
        test("budget_min_on_microvm", || on_microvm("min")),
        test("budget_min_memory", || least_memory("min")),
        test("budget_standard_kernel_on_q35", || {
            on_q35("standard-kernel")
        }),
        test("budget_standard_kernel_on_microvm", || {
            on_microvm("standard-kernel")
        }),
        test("budget_standard_kernel_memory", || {
            least_memory("standard-kernel")
        }),
        test("budget_standard_on_q35", || on_q35("standard")),
        test("budget_standard_on_microvm", || on_microvm("standard")),
        test("budget_standard_memory", || least_memory("standard")),
        test("budget_standard_glowfs_on_q35", || {
            on_q35("standard-glowfs")
        }),
        test("budget_standard_glowfs_on_microvm", || {
            on_microvm("standard-glowfs")
        }),
        test("budget_standard_glowfs_memory", || {
            least_memory("standard-glowfs")
        }),
        test("budget_init_alone", init_alone),
        test("budget_counts_are_the_same_twice", same_twice),
    ]
}

const KEYS: [&str; 12] = [
    "edition",
    "arch",
    "kernel_bytes",
    "initramfs_bytes",
    "instructions_to_init",
    "instructions_to_login",
    "instructions_to_ready",
    "guest_ms_to_login",
    "mem_given_kib",
    "mem_total_kib",
    "mem_available_kib",
    "wall_ms",
];

/// Boots an edition on a board and reads the report.
fn report(edition: &str, board: &str) -> Result<Value, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let path = folder.path().join("report.json");
    let output = output(
        alpenglow()
            .args(["boot", "--edition", edition, "--board", board, "--report"])
            .arg(&path),
    )?;
    let report = std::fs::read(&path).map_err(|_| text(&output))?;
    let report: Value = serde_json::from_slice(&report).map_err(|e| e.to_string())?;
    let keys: Vec<&String> = report.as_object().ok_or("no object")?.keys().collect();
    // Where a system keeps marks of its start, they are there as well.
    let further = usize::from(report.get("marks").is_some());
    check(
        keys.len() == KEYS.len() + further && KEYS.iter().all(|key| report.get(key).is_some()),
        || format!("the report's keys are {keys:?}"),
    )?;
    Ok(report)
}

fn number(report: &Value, key: &str) -> Result<u64, String> {
    report[key]
        .as_u64()
        .ok_or_else(|| format!("{key} is {}", report[key]))
}

fn budget(edition: &str) -> Result<Budget, String> {
    let edition = Edition::read(&repository(), edition).map_err(|e| e.to_string())?;
    Ok(edition.budget)
}

/// Fails unless `value` is at most what the edition promises.
fn within(what: &str, value: u64, budget: Option<u64>) -> Outcome {
    let budget = budget.ok_or_else(|| format!("its edition has no budget of {what}"))?;
    println!("{what}: {value} of {budget}");
    check(value <= budget, || {
        format!("{what} is {value}, more than the budget of {budget}")
    })
}

fn on_q35(edition: &str) -> Outcome {
    let (report, budget) = (report(edition, "q35")?, budget(edition)?);
    within(
        "kernel_bytes",
        number(&report, "kernel_bytes")?,
        budget.kernel_bytes,
    )?;
    within(
        "initramfs_bytes",
        number(&report, "initramfs_bytes")?,
        budget.initramfs_bytes,
    )?;
    let used = number(&report, "mem_given_kib")? - number(&report, "mem_available_kib")?;
    within("memory_used_kib", used, budget.memory_used_kib)?;
    let instructions = number(&report, "instructions_to_login")?;
    check(
        instructions > number(&report, "instructions_to_init")?,
        || report.to_string(),
    )?;
    within(
        "q35_instructions_to_login",
        instructions,
        budget.q35_instructions_to_login,
    )?;
    ready(
        &report,
        "q35_instructions_to_ready",
        budget.q35_instructions_to_ready,
    )
}

/// What an edition promises of all being up, if it does.
fn ready(report: &Value, what: &str, budget: Option<u64>) -> Outcome {
    match budget {
        Some(_) => within(what, number(report, "instructions_to_ready")?, budget),
        None => Ok(()),
    }
}

fn on_microvm(edition: &str) -> Outcome {
    let (report, budget) = (report(edition, "microvm")?, budget(edition)?);
    let instructions = number(&report, "instructions_to_login")?;
    within(
        "microvm_instructions_to_login",
        instructions,
        budget.microvm_instructions_to_login,
    )?;
    ready(
        &report,
        "microvm_instructions_to_ready",
        budget.microvm_instructions_to_ready,
    )
}

fn least_memory(edition: &str) -> Outcome {
    let memory = budget(edition)?
        .memory_mib
        .ok_or("its edition has no budget of memory_mib")?;
    let memory = memory.to_string();
    let words = ["--edition", edition, "--memory", &memory];
    let said = boot(&[&words[..], &["--run", "echo it fits"]].concat(), 0)?;
    has(&said, &["it fits"])
}

fn init_alone() -> Outcome {
    let budget = budget("init")?;
    let output = output(alpenglow().args(["build", "--edition", "init", "--format", "initramfs"]))?;
    let said = text(&output);
    let line = said
        .lines()
        .find(|line| line.starts_with("initramfs "))
        .ok_or_else(|| said.clone())?;
    let bytes = line
        .rsplit(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| said.clone())?;
    within(
        "initramfs_bytes of init alone",
        bytes,
        budget.initramfs_bytes,
    )
}

fn same_twice() -> Outcome {
    let (one, two) = (report("min", "microvm")?, report("min", "microvm")?);
    for key in ["instructions_to_init", "instructions_to_login"] {
        check(one[key] == two[key], || {
            format!("{key}: {} and {}", one[key], two[key])
        })?;
    }
    Ok(())
}
