//! A daemon of dinit's own, and a dinitctl that speaks to it.

use crate::services::SERVICES;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The folder of dinit's own programs.
pub fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("DINIT_REFERENCE_BIN").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: DINIT_REFERENCE_BIN names no folder with dinit's own programs");
    }
    folder
}

pub struct Instance {
    pub folder: tempfile::TempDir,
    daemon: Child,
    program: PathBuf,
}

impl Instance {
    pub fn new(dinit: &Path, program: &Path) -> Self {
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
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self {
            folder,
            daemon,
            program: program.into(),
        }
    }

    /// Standard output, the exit status, and, to be shown only, standard error.
    pub fn run(&self, words: &str) -> Answer {
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

pub type Answer = (String, Option<i32>, String);

/// At the same time, so that what one waits for does not pass for the other meanwhile.
pub fn both(first: &Instance, second: &Instance, command: &str) -> (Answer, Answer) {
    std::thread::scope(|scope| {
        let theirs = scope.spawn(|| first.run(command));
        let ours = second.run(command);
        (theirs.join().unwrap(), ours)
    })
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
