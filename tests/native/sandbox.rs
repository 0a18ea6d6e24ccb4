//! What a program in the sandbox can and cannot do.

use alpenglow_builder::debian::BUILD;
use alpenglow_builder::{Cache, Root, Sandbox};
use alpenglow_tests::{Outcome, Test, check, has, repository, test, text};
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("sandbox_hides_the_host", hides_the_host),
        test("sandbox_has_no_network", has_no_network),
        test(
            "sandbox_user_writes_only_what_it_is_given",
            user_writes_only_what_it_is_given,
        ),
        test("sandbox_cannot_harm_the_hosts_devices", cannot_harm_devices),
        test("sandbox_ends_what_it_started", ends_what_it_started),
        test("sandbox_hands_on_the_status", hands_on_the_status),
    ]
}

fn root() -> Result<Root, String> {
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let root = Root::made(&cache, &BUILD).map_err(|e| e.to_string())?;
    root.ok_or_else(|| "the build root is not there".into())
}

fn shell(sandbox: &Sandbox, script: &str) -> Result<(Option<i32>, String), String> {
    let output = sandbox
        .command("sh")
        .args(["-c", script])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| e.to_string())?;
    Ok((output.status.code(), text(&output)))
}

fn hides_the_host() -> Outcome {
    let sandbox = Sandbox::new(root()?.dir);
    let script = format!(
        "echo $$; ls /proc | grep -c '^[0-9]'; test -e {}; echo $?; touch /x",
        repository().display()
    );
    let (_, said) = shell(&sandbox, &script)?;
    has(&said, &["Read-only file system"])?;
    let lines: Vec<&str> = said.lines().collect();
    // Process 1 is the sandbox's own; beside it there are only the shell and what it runs.
    let processes: u32 = lines[1].parse().map_err(|_| said.clone())?;
    check(lines[0] == "2" && processes <= 4 && lines[2] == "1", || {
        said
    })
}

fn has_no_network() -> Outcome {
    let sandbox = Sandbox::new(root()?.dir);
    let (_, said) = shell(
        &sandbox,
        "cat /proc/net/dev | tail -n +3 | cut -d: -f1; tail -n +2 /proc/net/route | wc -l",
    )?;
    let words: Vec<&str> = said.split_whitespace().collect();
    check(words == ["lo", "0"], || said)
}

fn user_writes_only_what_it_is_given() -> Outcome {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    std::os::unix::fs::chown(folder.path(), Some(61_000), Some(61_000))
        .map_err(|e| e.to_string())?;
    let mut sandbox = Sandbox::new(root()?.dir).bind(folder.path(), "/build", true);
    sandbox.user = 61_000;
    let (status, said) = shell(
        &sandbox,
        "echo x > /build/x && ! echo y > /etc/y && id -u && id -G",
    )?;
    has(&said, &["61000\n61000\n"])?;
    let owner = folder
        .path()
        .join("x")
        .metadata()
        .map_err(|e| e.to_string())?
        .uid();
    check(status == Some(0) && owner == 61_000, || {
        format!("{status:?} {owner}: {said}")
    })
}

fn cannot_harm_devices() -> Outcome {
    let (_, said) = shell(&Sandbox::new(root()?.dir), "rm -rf /dev/* 2>&1; ls /dev")?;
    has(&said, &["null"])?;
    check(std::path::Path::new("/dev/null").exists(), || {
        "the host's /dev/null is gone".into()
    })
}

fn ends_what_it_started() -> Outcome {
    // A process that outlives the program ends with the sandbox; else the pipe would stay open
    // and reading it would not end.
    let (status, said) = shell(
        &Sandbox::new(root()?.dir),
        "(sleep 100000; echo late) & echo done",
    )?;
    check(status == Some(0) && said == "done\n", || {
        format!("{status:?} {said}")
    })
}

fn hands_on_the_status() -> Outcome {
    let sandbox = Sandbox::new(root()?.dir);
    for (script, expected) in [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)] {
        let (status, said) = shell(&sandbox, script)?;
        check(status == Some(expected), || {
            format!("{script}: {status:?} {said}")
        })?;
    }
    let (status, said) = shell(&Sandbox::new("/nowhere"), "true")?;
    has(&said, &["/nowhere"])?;
    check(status == Some(125), || format!("{status:?}"))
}
