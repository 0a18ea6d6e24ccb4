//! The edition `standard` from outside: a network of the test's own with Debian's servers of addresses, names and time, its SSH
//! client, and a repository of packages.

use alpenglow_builder::debian::NET_PEERS;
use alpenglow_builder::{Arch, Cache, Mount, Root, Sandbox};
use alpenglow_forge::pack::Packer;
use alpenglow_forge::{Built, Recipe, signer};
use alpenglow_tests::{Outcome, Test, alpenglow, check, has, mirror, output, test, text};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("standard_answers_from_outside", || apart(session)),
        test("standard_is_reached_by_a_forwarded_port", || {
            apart(forwarded)
        }),
    ]
}

const BEGIN: &str = include_str!("outside/begin.sh");
const NETWORK: &str = include_str!("outside/network.sh");
const SESSION: &str = include_str!("outside/session.sh");
const FORWARDED: &str = include_str!("outside/forwarded.sh");

/// Runs a test in a network namespace of its own, which all that it starts is in.
fn apart(run: fn() -> Outcome) -> Outcome {
    let inside = move || {
        // SAFETY: a network namespace is the only thing that is unshared, and of this thread alone; no descriptor is of it.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.map_err(|e| format!("a network: {e}"))?;
        run()
    };
    let thread = std::thread::spawn(inside);
    thread
        .join()
        .unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// Debian's programs, in this thread's network.
fn peers(folders: &[(&Path, &str)], script: &str) -> Result<Command, String> {
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let root = Root::made(&cache, &NET_PEERS).map_err(|e| e.to_string())?;
    let root = root.ok_or("the root of network peers is not there: run ./alpenglow test boot")?;
    let mut sandbox = Sandbox::new(root.dir).tmpfs("/tmp").tmpfs("/run");
    sandbox.network = true;
    sandbox.devices = vec!["/dev/net/tun".into()];
    for (folder, target) in folders {
        sandbox.mounts.push(Mount::Bind {
            source: (*folder).to_owned(),
            target: target.into(),
            writable: *target == REPOSITORY,
        });
    }
    let mut command = sandbox.command("sh");
    command.args(["-c", script]).stdin(Stdio::null());
    Ok(command)
}

/// Where the repository that is served is, for scripts.
const REPOSITORY: &str = "/tmp/repository";

/// A process that ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the servers, and waits until they answer.
fn network() -> Result<Running, String> {
    let mut command = peers(&[], NETWORK)?;
    command.stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let said = child.stdout.take().ok_or("no output")?;
    let running = Running(child);
    let mut line = String::new();
    let read = BufReader::new(said).read_line(&mut line);
    match read {
        Ok(_) if line == "there\n" => Ok(running),
        _ => Err(format!("the servers do not start: {line}")),
    }
}

/// A key to log in with.
fn key(folder: &Path) -> Outcome {
    let mut command = peers(
        &[(folder, "/tmp/in")],
        "ssh-keygen -q -t ed25519 -N '' -f /tmp/key && cat /tmp/key /tmp/key.pub",
    )?;
    let made = output(&mut command)?;
    let both = text(&made);
    let end = "-----END OPENSSH PRIVATE KEY-----\n";
    let (private, public) = both.split_once(end).ok_or_else(|| both.clone())?;
    fs::write(folder.join("key"), format!("{private}{end}"))
        .and_then(|()| fs::write(folder.join("key.pub"), public))
        .map_err(|e| e.to_string())
}

/// Boots the edition on this network while a script of the host's side runs; the console must end with this.
fn beside(words: &[&str], folders: &[(&Path, &str)], script: &str, end: &str) -> Outcome {
    let input = folders[0].0;
    let key = input.join("key.pub");
    let mut machine = alpenglow();
    machine
        .args(["boot", "--edition", "standard", "--key"])
        .arg(&key)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut machine = machine.spawn().map_err(|e| e.to_string())?;
    // What the console says is read all the time: it would wait for its reader.
    let mut console = machine.stdout.take().ok_or("no console")?;
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = std::io::Read::read_to_end(&mut console, &mut said);
        String::from_utf8_lossy(&said).into_owned()
    });
    let mut machine = Running(machine);
    let done = output(&mut peers(folders, &format!("{BEGIN}{script}"))?)?;
    if !done.status.success() {
        drop(machine);
        let said = reader.join().unwrap_or_default();
        return Err(format!("{}\n-- the console\n{said}", text(&done)));
    }
    let status = machine.0.wait().map_err(|e| e.to_string())?;
    let said = reader.join().unwrap_or_default();
    check(status.success(), || format!("{status}\n{said}"))?;
    has(&said, &[end])
}

/// The package `greeting` in a version that says this, in a repository below `folder`.
fn greeting(folder: &Path, version: &str, says: &str) -> Result<PathBuf, String> {
    let place = folder.join(format!("greeting-{version}"));
    let tree = place.join("trees/greeting");
    let program = tree.join("usr/bin/greeting");
    let recipe = place.join("recipe/greeting");
    let made = fs::create_dir_all(tree.join("usr/bin"))
        .and_then(|()| fs::create_dir_all(&recipe))
        .and_then(|()| fs::write(&program, format!("#!/bin/sh\necho {says}\n")))
        .and_then(|()| fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)))
        .and_then(|()| {
            fs::write(
                recipe.join("recipe.toml"),
                format!("name = \"greeting\"\nversion = \"{version}\"\nsummary = \"Says hello\"\nlicense = \"MIT\"\nstyle = \"script\"\n[script]\ninstall = 'true'\n"),
            )
        });
    made.map_err(|e| e.to_string())?;
    let recipe = Recipe::read(&recipe).map_err(|e| e.to_string())?;
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let key = signer::of(&cache).map_err(|e| e.to_string())?;
    let built = Built {
        name: "greeting".to_owned(),
        version: version.to_owned(),
        key: version.to_owned(),
        tree,
    };
    let out = place.join("repository");
    Packer::new(key, Arch::X86_64)
        .repository(&[(built, recipe)], &out)
        .map_err(|e| e.to_string())?;
    Ok(out)
}

/// The edition, whose key signs what the test makes.
fn built() -> Outcome {
    let mut command = alpenglow();
    let made = output(command.args(["build", "--edition", "standard", "--format", "initramfs"]))?;
    check(made.status.success(), || text(&made))
}

fn session() -> Outcome {
    built()?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let input = folder.path().join("in");
    fs::create_dir(&input).map_err(|e| e.to_string())?;
    let served = greeting(folder.path(), "1", "the first")?;
    fs::rename(
        greeting(folder.path(), "2", "the second")?,
        input.join("newer"),
    )
    .map_err(|e| e.to_string())?;
    key(&input)?;
    let _network = network()?;
    mirror::serve_at(&served, "192.0.2.1:80").map_err(|e| e.to_string())?;
    let words = ["--network", "tap:tap0", "--clock", "2000-01-01"];
    let folders = [(&*input, "/tmp/in"), (&*served, REPOSITORY)];
    beside(&words, &folders, SESSION, "reboot: Power down")
}

fn forwarded() -> Outcome {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    key(folder.path())?;
    let mut loopback = peers(&[], "ip link set lo up")?;
    let up = output(&mut loopback)?;
    check(up.status.success(), || text(&up))?;
    let words = ["--forward", "2222:22"];
    let folders = [(folder.path(), "/tmp/in")];
    beside(&words, &folders, FORWARDED, "reboot: Restarting system")
}
