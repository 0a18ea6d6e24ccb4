//! User Mode Linux: the kernel from our own source as a program of this computer, with `min`'s
//! root and the console that machines of QEMU's have.

use alpenglow_image::{Credential, initramfs};
use alpenglow_machine::Finished;
use alpenglow_machine::uml::Uml;
use alpenglow_tests::{Outcome, Test, alpenglow, check, has, named, output, test, text};
use std::path::{Path, PathBuf};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("uml_runs_commands", runs_commands),
        test("uml_panic_is_told", panic_is_told),
    ]
}

/// A word of the line of a command of ours that begins so.
///
/// # Errors
/// All that it said, where there is no such line.
pub fn path_from(words: &[&str], line: &str, field: usize) -> Result<PathBuf, String> {
    let output = output(alpenglow().args(words))?;
    let said = text(&output);
    let line = said.lines().find(|found| found.starts_with(line));
    let path = line.and_then(|line| line.split(' ').nth(field));
    path.map(PathBuf::from).ok_or(said)
}

/// The kernel as it is, and with what finds errors in modules of ours, which are built for that one.
pub const PLAIN: &str = "linux-um";
pub const DEBUG: &str = "linux-um-debug";

fn machine(kernel: &str, initrd: &Path) -> Result<Uml, String> {
    let tree = path_from(&["package", "build", kernel], &format!("{kernel} "), 2)?;
    let mut machine = Uml::new(
        "min under User Mode Linux",
        tree.join("usr/bin/linux-um"),
        initrd,
    );
    if kernel == DEBUG {
        // What is found ends it, so that no test goes on: the log's begin may be gone when it is looked at.
        let words = ["kasan.fault=panic", "panic_on_warn=1", "oops=panic"];
        machine.words.extend(words.map(str::to_owned));
        // Its tables of locks alone have more than a small machine.
        machine.memory_mib = 256;
    }
    Ok(machine)
}

/// Boots an edition's root, logs in, and runs commands.
///
/// # Errors
/// What did not go well, with the console's last lines.
pub fn run(kernel: &str, edition: &str, commands: &[&str]) -> Result<Finished, String> {
    run_with(kernel, edition, &[], commands)
}

/// The same with further words for the kernel.
///
/// # Errors
/// What did not go well, with the console's last lines.
pub fn run_with(
    kernel: &str,
    edition: &str,
    words: &[&str],
    commands: &[&str],
) -> Result<Finished, String> {
    run_of(kernel, &initramfs_of(edition)?, None, words, commands)
}

/// The initramfs of an edition.
///
/// # Errors
/// What the build said.
pub fn initramfs_of(edition: &str) -> Result<PathBuf, String> {
    let words = ["build", "--edition", edition, "--format", "initramfs"];
    path_from(&words, "initramfs ", 1)
}

/// Boots an initramfs, of which `layer` is the folder that is put over the root if it is not the root itself.
///
/// # Errors
/// What did not go well, with the console's last lines.
pub fn run_of(
    kernel: &str,
    base: &Path,
    layer: Option<&str>,
    words: &[&str],
    commands: &[&str],
) -> Result<Finished, String> {
    let further = words.iter().map(|word| (*word).to_owned());
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let initrd = folder.path().join("initramfs");
    let credential = Credential::random().map_err(|e| e.to_string())?;
    let shadow = std::fs::read_to_string(named("ALPENGLOW_TREE").join("etc/shadow"))
        .map_err(|e| e.to_string())?;
    let archive = credential
        .archive(&shadow, None, layer)
        .map_err(|e| e.to_string())?;
    initramfs::append(base, &archive, &initrd).map_err(|e| e.to_string())?;
    let login = alpenglow_machine::Credential {
        user: "root".into(),
        password: credential.password().to_owned(),
    };
    let mut machine = machine(kernel, &initrd)?;
    machine.words.extend(further);
    let machine = machine.start().map_err(|e| e.to_string())?;
    let commands: Vec<String> = commands.iter().map(|word| (*word).to_owned()).collect();
    alpenglow_machine::run_on(machine, &login, &commands, |_, _| {}).map_err(|e| e.to_string())
}

/// Boots an initramfs that is to tell something in place of coming up.
///
/// # Errors
/// When it does not, with the console's last lines.
pub fn told_of(kernel: &str, base: &Path, words: &[&str], told: &str) -> Outcome {
    let mut uml = machine(kernel, base)?;
    uml.words
        .extend(words.iter().map(|word| (*word).to_owned()));
    let mut machine = uml.start().map_err(|e| e.to_string())?;
    let found = machine.expect("a message", &[told, "login: "], uml.limits.boot);
    match found.map_err(|e| e.to_string())?.which {
        0 => Ok(()),
        _ => Err(format!("it came up, and did not tell '{told}'")),
    }
}

fn runs_commands() -> Outcome {
    let finished = run(PLAIN, "min", &["uname -sr", "cat /proc/1/comm; exit 5"])?;
    let (kernel, init) = (&finished.outcomes[0], &finished.outcomes[1]);
    has(&kernel.output, &["Linux 7."])?;
    has(&init.output, &["init"])?;
    check(init.status == 5, || format!("{init:?}"))
}

fn panic_is_told() -> Outcome {
    let base = path_from(&["build", "--format", "initramfs"], "initramfs ", 1)?;
    let mut uml = machine(PLAIN, &base)?;
    uml.words.push("rdinit=/bin/false".into());
    let mut machine = uml.start().map_err(|e| e.to_string())?;
    match machine.expect("a login prompt", &["login: "], uml.limits.boot) {
        Ok(_) => Err("it came up without its first process".into()),
        Err(error) => has(&error.to_string(), &["panic"]),
    }
}
