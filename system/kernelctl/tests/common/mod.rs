//! A tree that stands for the kernel's, and the program run on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A root with sysctls.
pub struct Tree(pub tempfile::TempDir);

#[allow(dead_code)]
impl Tree {
    pub fn new(sysctls: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (key, value) in sysctls {
            tree.write(&format!("proc/sys/{}", key.replace('.', "/")), value);
        }
        tree
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn sysctl(&self, key: &str) -> String {
        let path = self.path(&format!("proc/sys/{}", key.replace('.', "/")));
        // A file keeps what follows a shorter value; the kernel does not.
        let text = fs::read_to_string(path).unwrap();
        text.lines().next().unwrap_or("").to_owned()
    }

    pub fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kernelctl"))
            .args(words)
            .arg("--root")
            .arg(self.0.path())
            .output()
            .unwrap()
    }

    /// What it printed; its status must be this.
    pub fn said(&self, words: &[&str], status: i32) -> String {
        let output = self.run(words);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(status), "{words:?}: {said}");
        said
    }
}

/// Every file below a folder with its contents and time of change.
#[allow(dead_code)]
pub fn snapshot(folder: &Path) -> Vec<(PathBuf, String, std::time::SystemTime)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, data) = (entry.path(), entry.metadata().unwrap());
        if data.is_dir() {
            all.push((path.clone(), String::new(), data.modified().unwrap()));
            all.extend(snapshot(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            all.push((path, text, data.modified().unwrap()));
        }
    }
    all.sort();
    all
}
