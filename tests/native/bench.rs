//! `bench init`, `bench oil` and `bench netd`: that they yield every figure, not what they are; and their answers to a wrong reference.

use alpenglow_tests::{Outcome, Test, alpenglow, check, has, output, test, text};
use serde_json::Value;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("bench_lists_its_comparisons", list),
        test("bench_init_yields_every_figure", init),
        test("bench_init_refuses_a_wrong_reference", wrong_reference),
        test("bench_oil_yields_every_figure", oil),
        test("bench_oil_refuses_a_wrong_reference", wrong_apk),
        test("bench_netd_yields_every_figure", netd),
    ]
}

fn list() -> Outcome {
    let output = output(alpenglow().arg("bench"))?;
    has(
        &text(&output),
        &["boot ", "size ", "init ", "oil ", "netd ", "kernelctl "],
    )
}

/// What nothing but dinit has a figure of, and what none has of a manager that has ended.
fn absent(name: &str, key: &str) -> bool {
    let ends = |part: &[&str]| part.iter().any(|part| key.contains(part));
    let graph = ends(&["layers_", "crowded_", "chain_", "scale_"]) || key.starts_with("calls_");
    match name {
        "ours" => false,
        name if name.starts_with("dinit ") => false,
        name if name.starts_with("OpenRC ") => {
            ends(&["manager", "idle_", "_per_service_", "calls_", "scale_"])
        }
        "no manager" => {
            ends(&[
                "manager",
                "idle_",
                "_per_service_",
                "calls_",
                "scale_",
                "stay",
            ]) || ends(&["long_running", "bytes"])
        }
        _ => graph && !key.starts_with("calls_stay"),
    }
}

fn init() -> Outcome {
    let mut command = alpenglow();
    let output = output(command.args(["bench", "init", "--quick", "--json"]))?;
    check(output.status.success(), || text(&output))?;
    let rows: Vec<serde_json::Map<String, Value>> =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("{e}: {}", text(&output)))?;
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    for part in ["ours", "s6 ", "runit ", "OpenRC ", "no manager"] {
        check(names.iter().any(|name| name.starts_with(part)), || {
            format!("no {part}in {names:?}")
        })?;
    }
    for row in &rows {
        let name = row["name"].as_str().unwrap_or_default();
        check(row.len() > 60, || format!("{name} has only {}", row.len()))?;
        for (key, value) in row {
            if key == "name" || key.ends_with("_ratio") {
                continue;
            }
            // It may not have been woken, nor have been given priority; everything else takes something.
            let good = match value.as_f64() {
                Some(figure) if key.ends_with("_wakes") || key == "real_time_priority" => {
                    figure >= 0.0
                }
                Some(figure) => figure > 0.0 && !absent(name, key),
                None => absent(name, key),
            };
            check(good, || format!("{name}: {key} is {value}"))?;
        }
    }
    let ratio = &rows[0]["layers_100_cpu_ms_ratio"];
    check(ratio.as_f64() == Some(1.0), || {
        format!("ours to ours is {ratio}")
    })
}

fn wrong_reference() -> Outcome {
    for (path, why) in [
        ("/nowhere/dinit", "No such file"),
        ("/bin/true", "does not say 'Dinit version'"),
        ("/etc", "/etc/dinit"),
    ] {
        let option = output(alpenglow().args(["bench", "init", "--reference", path]))?;
        has(&text(&option), &["--reference", path, why])?;
        check(option.status.code() == Some(2), || {
            format!("{:?}", option.status)
        })?;
        let variable = output(
            alpenglow()
                .args(["bench", "init"])
                .env("DINIT_REFERENCE_BIN", path),
        )?;
        has(&text(&variable), &["no reference dinit", path, why])?;
        check(variable.status.code() == Some(1), || {
            format!("{:?}", variable.status)
        })?;
    }
    Ok(())
}

fn oil() -> Outcome {
    let mut command = alpenglow();
    let output = output(command.args(["bench", "oil", "--quick", "--json"]))?;
    check(output.status.success(), || text(&output))?;
    let rows: Vec<serde_json::Map<String, Value>> =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("{e}: {}", text(&output)))?;
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    for part in ["ours", "dpkg "] {
        check(names.iter().any(|name| name.starts_with(part)), || {
            format!("no {part} in {names:?}")
        })?;
    }
    for row in &rows {
        let name = row["name"].as_str().unwrap_or_default();
        check(row.len() > 60, || format!("{name} has only {}", row.len()))?;
        for (key, value) in row
            .iter()
            .filter(|(key, _)| *key != "name" && !key.ends_with("_ratio"))
        {
            let parts = ["index", "solve", "nothing", "verify", "http"];
            let absent =
                name.starts_with("dpkg ") && parts.iter().any(|part| key.starts_with(part));
            // A program that does next to nothing may take less than the kernel counts.
            let good = match value.as_f64() {
                Some(figure) if key.ends_with("_cpu_ms") => figure >= 0.0 && !absent,
                Some(figure) => figure > 0.0 && !absent,
                None => absent,
            };
            check(good, || format!("{name}: {key} is {value}"))?;
        }
    }
    let ratio = &rows[0]["install_wall_ms_ratio"];
    check(ratio.as_f64() == Some(1.0), || {
        format!("ours to ours is {ratio}")
    })
}

fn wrong_apk() -> Outcome {
    for (path, why) in [
        ("/nowhere/apk", "No such file"),
        ("/bin/true", "does not say 'apk-tools 3'"),
    ] {
        let option = output(alpenglow().args(["bench", "oil", "--reference", path]))?;
        has(&text(&option), &["--reference", path, why])?;
        check(option.status.code() == Some(2), || {
            format!("{:?}", option.status)
        })?;
        let variable = output(
            alpenglow()
                .args(["bench", "oil"])
                .env("OIL_REFERENCE_APK", path),
        )?;
        has(&text(&variable), &["no reference apk", path, why])?;
        check(variable.status.code() == Some(1), || {
            format!("{:?}", variable.status)
        })?;
    }
    Ok(())
}

fn netd() -> Outcome {
    let mut command = alpenglow();
    let output = output(command.args(["bench", "netd", "--quick", "--json"]))?;
    check(output.status.success(), || text(&output))?;
    let rows: Vec<serde_json::Map<String, Value>> =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("{e}: {}", text(&output)))?;
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    for part in ["ours", "udhcpc", "dhcpcd", "networkd"] {
        check(names.iter().any(|name| name.starts_with(part)), || {
            format!("no {part} in {names:?}")
        })?;
    }
    for row in &rows {
        let name = row["name"].as_str().unwrap_or_default();
        for (key, value) in row {
            if key == "name" || key.ends_with("_ratio") {
                continue;
            }
            // It may not have been woken.
            let least = if key == "idle_wakes" { -1.0 } else { 0.0 };
            check(value.as_f64().is_some_and(|figure| figure > least), || {
                format!("{name}: {key} is {value}")
            })?;
        }
    }
    Ok(())
}
