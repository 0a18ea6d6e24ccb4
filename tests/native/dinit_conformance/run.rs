//! Runs one scenario with one pair of programs: in a folder of its own, and in a process and mount namespace of its own,
//! so that nothing of it outlives it.

use super::programs::Pair;
use super::scenario::{Scenario, Step, printed};
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::time::Instant;

/// Functions of sh(1) that scenarios call.
const PRELUDE: &str = include_str!("prelude.sh");
/// How long a scenario may take, many times what it needs.
const LIMIT: Duration = Duration::from_secs(90);

/// What each step printed.
///
/// # Errors
/// When it could not be run to its end.
pub fn run(scenario: &Scenario, pair: Pair, folder: &Path) -> Result<Vec<Vec<String>>, String> {
    let place = folder.join("scenario");
    let results = folder.join("results");
    for path in [&place.join("sd"), &results] {
        fs::create_dir_all(path).map_err(at(path))?;
    }
    for (name, text) in &scenario.files {
        let path = place.join(name);
        let parent = path.parent().unwrap_or(&place);
        fs::create_dir_all(parent).map_err(at(parent))?;
        fs::write(&path, text).map_err(at(&path))?;
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(at(&path))?;
    }
    let programs = folder.join("bin");
    pair.link(&programs)?;
    let script = folder.join("script");
    fs::write(&script, script_of(&scenario.steps)).map_err(at(&script))?;
    in_namespace(&place, &programs, &script)?;
    let read = |number: usize, kind: &str| {
        let path = results.join(format!("{number}.{kind}"));
        let bytes = fs::read(&path).map_err(|_| {
            let command = &scenario.steps[number].command;
            format!("nothing came of '{command}' and what follows")
        })?;
        Ok::<_, String>(steady(&String::from_utf8_lossy(&bytes), &place))
    };
    (0..scenario.steps.len())
        .map(|number| {
            let status = read(number, "status")?;
            Ok(printed(
                &read(number, "out")?,
                &read(number, "err")?,
                status.trim(),
            ))
        })
        .collect()
}

/// One shell runs all steps, so that they share variables. Each step's output goes to files.
fn script_of(steps: &[Step]) -> String {
    let mut script = PRELUDE.to_owned();
    for (number, step) in steps.iter().enumerate() {
        let result = format!("../results/{number}");
        let _ = writeln!(
            script,
            "{{\n{}\n}} >{result}.out 2>{result}.err </dev/null\necho $? >{result}.status",
            step.command
        );
    }
    // Everything that is left goes with the namespace.
    script.push_str("exit 0\n");
    script
}

fn in_namespace(place: &Path, programs: &Path, script: &Path) -> Result<(), String> {
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs.display());
    let mut child = Command::new("unshare")
        .args(["--pid", "--fork", "--kill-child", "--mount-proc", "--ipc"])
        .args(["--uts", "sh"])
        .arg(script)
        .current_dir(place)
        .env_clear()
        .env("PATH", path)
        .env("HOME", place)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("unshare: {error}"))?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            // A status of a scenario's own is a result like another; this is the one of its shell.
            return status
                .success()
                .then_some(())
                .ok_or_else(|| format!("the shell of the scenario ended: {status}"));
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            // What is there of it is more telling than that it took too long.
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The text without what differs from run to run: the scenario's folder and numbers of processes.
fn steady(text: &str, place: &Path) -> String {
    let mut text = text.replace(&place.display().to_string(), "FOLDER");
    for before in ["(pid: ", "Process ID: "] {
        let parts: Vec<&str> = text.split(before).collect();
        text = parts
            .iter()
            .enumerate()
            .map(|(index, part)| match index {
                0 => (*part).to_owned(),
                _ => format!(
                    "{before}PID{}",
                    part.trim_start_matches(|c: char| c.is_ascii_digit())
                ),
            })
            .collect();
    }
    text
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}
