//! Our dinitctl beside dinit's own, each on a daemon of dinit's own: the same commands in the same order must print the
//! same to standard output and exit with the same status. Needs DINIT_REFERENCE_BIN, a folder with dinit and dinitctl.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Descriptions: every way to start, to fail and to end.
const SERVICES: &[(&str, &str)] = &[
    ("boot", "type = internal\nwaits-for.d: boot.d\n"),
    (
        "proc",
        "type = process\ncommand = /bin/sleep 1000\nlog-type = buffer\n",
    ),
    (
        "dep",
        "type = process\ncommand = /bin/sleep 1000\ndepends-on: proc\n",
    ),
    ("scr", "type = scripted\ncommand = /bin/true\n"),
    ("bad", "type = scripted\ncommand = /bin/false\n"),
    (
        "noexec",
        "type = process\ncommand = /nonexistent\nrestart = false\n",
    ),
    ("depbad", "type = internal\ndepends-on: bad\n"),
    ("depnoexec", "type = internal\ndepends-on: noexec\n"),
    (
        "slow",
        "type = scripted\ncommand = /bin/sleep 0.9\nstop-command = /bin/sleep 0.9\n",
    ),
    (
        "hang",
        "type = scripted\ncommand = /bin/sleep 1000\noptions: start-interruptible\n",
    ),
    (
        "late",
        "type = scripted\ncommand = /bin/sleep 1000\nstart-timeout = 0.3\n",
    ),
    ("trig", "type = triggered\n"),
    (
        "dies",
        "type = process\ncommand = /bin/sh -c \"sleep 0.2; exit 3\"\nrestart = false\n",
    ),
    (
        "killed",
        "type = process\ncommand = /bin/sh -c \"sleep 0.2; kill -9 $$$$\"\nrestart = false\n",
    ),
    (
        "logs",
        "type = process\ncommand = /bin/sh -c \"echo one; printf two; exec sleep 1000\"\nlog-type = buffer\n",
    ),
    ("tmpl", "type = scripted\ncommand = /bin/true $1\n"),
    ("broken", "type = nonsense\n"),
    ("depbroken", "type = internal\ndepends-on: broken\n"),
    ("en", "type = scripted\ncommand = /bin/true\n"),
    ("enbad", "type = scripted\ncommand = /bin/false\n"),
    (
        "multi",
        "type = internal\nwaits-for.d: boot.d\nwaits-for.d: w.d\n",
    ),
    ("via", "type = internal\n@meta enable-via other\n"),
    ("other", "type = internal\nwaits-for.d: w.d\n"),
    (
        "fixed",
        "type = internal\nwaits-for.d: w.d\nwaits-for: en\n",
    ),
    (
        "ready",
        "type = process\ncommand = /bin/sleep 1000\nready-notification = pipefd:3\noptions: start-interruptible\n",
    ),
];

/// What is done, one after the other. `~` waits a little, `!` changes a description.
const COMMANDS: &[&str] = &[
    "list",
    "status boot",
    "is-started boot",
    "is-failed boot",
    "--quiet is-started boot",
    "status proc",
    "is-started proc",
    "start proc",
    "start proc",
    "start nothing",
    "start broken",
    "start depbroken",
    "list",
    "start dep",
    "stop proc",
    "stop --ignore-unstarted nothing",
    "restart proc",
    "restart --force proc",
    "~",
    "list",
    "release dep",
    "stop --force proc",
    "stop proc",
    "stop dep",
    "list",
    "wake proc",
    "start dep",
    "stop dep",
    "start dep",
    "release --no-wait proc",
    "status proc",
    "wake proc",
    "stop dep",
    "~",
    "status proc",
    "restart scr",
    "restart --ignore-unstarted scr",
    "start scr",
    "restart scr",
    "restart --quiet scr",
    "status scr",
    "start bad",
    "status bad",
    "is-failed bad",
    "start noexec",
    "status noexec",
    "start depbad",
    "status depbad",
    "start depnoexec",
    "is-failed depnoexec",
    "start slow",
    "restart slow",
    "stop --no-wait slow",
    "list",
    "~",
    "~",
    "~",
    "start --no-wait slow",
    "status slow",
    "start slow",
    "start late",
    "status late",
    "start --no-wait hang",
    "list",
    "stop hang",
    "status hang",
    "start --no-wait trig",
    "status trig",
    "trigger trig",
    "status trig",
    "untrigger trig",
    "trigger scr",
    "start dies",
    "~",
    "status dies",
    "start killed",
    "~",
    "status killed",
    "is-failed killed",
    "list",
    "start --pin scr",
    "stop scr",
    "unpin scr",
    "stop --pin scr",
    "start scr",
    "unpin scr",
    "unpin nothing",
    "start logs",
    "~",
    "catlog logs",
    "catlog --clear logs",
    "catlog logs",
    "catlog scr",
    "start tmpl@x",
    "status tmpl@x",
    "unload tmpl@x",
    "stop tmpl@x",
    "unload tmpl@x",
    "unload tmpl@x",
    "reload tmpl@y",
    "reload scr",
    "reload broken",
    "signal HUP logs",
    "~",
    "status logs",
    "signal 10 scr",
    "signal 0 boot",
    "signal NONSENSE boot",
    "signal --list",
    "signal -l",
    "signal",
    "signal HUP",
    "setenv A=b C",
    "setenv =x",
    "unsetenv A",
    "unsetenv A=b",
    "setenv",
    "add-dep need scr proc",
    "start scr",
    "add-dep waits-for scr proc",
    "add-dep waits-for proc scr",
    "add-dep regular scr scr",
    "add-dep nonsense scr proc",
    "rm-dep waits-for scr proc",
    "rm-dep waits-for scr proc",
    "add-dep milestone scr dies",
    "rm-dep milestone scr dies",
    "enable en",
    "enable en",
    "list",
    "disable en",
    "disable en",
    "enable enbad",
    "disable enbad",
    "enable --from multi en",
    "enable --from fixed en",
    "enable --from proc en",
    "enable --from nothing en",
    "enable --from tmpl@x en",
    "enable via",
    "disable via",
    "enable --from other via",
    "disable --from other via",
    "!scr",
    "status scr",
    "start scr",
    "reload scr",
    "status scr",
    "start --no-wait ready",
    "list",
    "stop --no-wait ready",
    "release nothing",
    "release --ignore-unstarted nothing",
    "wake nothing",
    "",
    "nonsense",
    "--nonsense list",
    "list extra",
    "status",
    "status a b",
    "start --from x y",
    "stop --clear x",
    "--version=x",
    "-p",
    "--offline list",
    "list",
    "shutdown",
];

struct Instance {
    folder: tempfile::TempDir,
    daemon: Child,
    program: PathBuf,
}

impl Instance {
    fn new(dinit: &Path, program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in SERVICES {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        std::fs::create_dir(folder.path().join("boot.d")).unwrap();
        std::fs::create_dir(folder.path().join("w.d")).unwrap();
        let daemon = Command::new(dinit)
            .args(["--user", "--quiet", "-d"])
            .arg(folder.path())
            .arg("-p")
            .arg(folder.path().join("socket"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the reference dinit runs");
        let socket = folder.path().join("socket");
        while !socket.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self {
            folder,
            daemon,
            program: program.into(),
        }
    }

    /// Standard output, the exit status, and, to be shown only, standard error.
    fn run(&self, words: &str) -> (String, Option<i32>, String) {
        match words.as_bytes().first() {
            Some(b'~') => {
                std::thread::sleep(Duration::from_millis(500));
                return Default::default();
            }
            Some(b'!') => {
                let file = self.folder.path().join(&words[1..]);
                let text = std::fs::read_to_string(&file).unwrap();
                std::fs::write(file, text + "# changed\n").unwrap();
                return Default::default();
            }
            _ => (),
        }
        let mut command = Command::new("timeout");
        command
            .arg("20")
            .arg(&self.program)
            .args(words.split_whitespace())
            .env("DINIT_SOCKET_PATH", self.folder.path().join("socket"))
            .env_remove("C");
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            numbers_hidden(&text.replace(self.folder.path().to_str().unwrap(), "FOLDER"))
        };
        (
            text(output.stdout),
            output.status.code(),
            text(output.stderr),
        )
    }
}

/// Process numbers differ.
fn numbers_hidden(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let hidden = match (line.find("(pid: "), line.find("Process ID: ")) {
            (Some(at), _) | (_, Some(at)) => &line[..at],
            _ => line,
        };
        lines += hidden;
        lines.push('\n');
    }
    lines
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[test]
fn dinitctl_is_as_the_reference() {
    let Some(folder) = std::env::var_os("DINIT_REFERENCE_BIN").map(PathBuf::from) else {
        eprintln!("skipped: DINIT_REFERENCE_BIN names no folder with dinit's own programs");
        return;
    };
    let names = tempfile::tempdir().unwrap();
    let ours = names.path().join("dinitctl");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_dinit"), &ours).unwrap();
    let dinit = folder.join("dinit");
    let first = Instance::new(&dinit, &folder.join("dinitctl"));
    let second = Instance::new(&dinit, &ours);
    let mut differences = String::new();
    for command in COMMANDS {
        // At the same time, so that what one waits for does not pass for the other meanwhile.
        let (theirs, ours) = std::thread::scope(|scope| {
            let theirs = scope.spawn(|| first.run(command));
            let ours = second.run(command);
            (theirs.join().unwrap(), ours)
        });
        let help = command.is_empty();
        if theirs.1 != ours.1 || (theirs.0 != ours.0 && !help) {
            differences += &format!("== {command}\n-- theirs {theirs:#?}\n-- ours {ours:#?}\n");
        }
    }
    for name in ["boot.d", "w.d"] {
        let links = |of: &Instance| {
            std::fs::read_dir(of.folder.path().join(name))
                .unwrap()
                .count()
        };
        assert_eq!(links(&first), links(&second), "links in {name}");
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn shell_accepts_the_completion() {
    let mut script = Command::new(env!("CARGO_BIN_EXE_dinit"));
    let script = script
        .arg0("dinitctl")
        .args(["completion", "bash"])
        .output()
        .unwrap();
    assert!(script.status.success());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script.stdout).unwrap();
    let completed = "COMP_WORDS=(dinitctl stop --f); COMP_CWORD=2; _dinitctl; echo ${COMPREPLY[@]}; \
        COMP_WORDS=(dinitctl un); COMP_CWORD=1; _dinitctl; echo ${COMPREPLY[@]}";
    let shell = Command::new("bash")
        .arg("-c")
        .arg(format!(". {}; {completed}", file.path().display()))
        .output();
    match shell {
        Ok(output) => assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "--force\nunpin unload untrigger unsetenv\n",
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => eprintln!("skipped: no bash: {error}"),
    }
}
