//! A root file system for one test: in memory, with the host's programs in it, seen by the test's own mount namespace
//! alone. What runs in it can be told by the tests to leave files in `/out`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What a test says when it fails.
pub type Outcome = Result<(), String>;

/// Tests by name; a name begins with its subject.
pub type Tests = Vec<(&'static str, fn() -> Outcome)>;

/// How long anything may take here, many times what it needs.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The beginning of a script for `unshare --mount --propagation private sh -c SCRIPT sh DIRECTORY PROGRAM`: goes to a
/// new root with the directory's `out` in it, and with the files in the directory's `files` copied to it.
pub const SETUP: &str = r#"set -e
    mount -t tmpfs -o mode=755 root "$1/root"
    cd "$1/root"
    mkdir out etc usr sbin old dev
    mount --bind "$1/out" out
    mount --bind /usr usr
    for link in bin lib lib64; do ln -s usr/$link $link; done
    cp -r "$1/files/." .
    "#;

/// A directory of one test's own, removed at its end.
pub struct Directory(PathBuf);

impl Directory {
    /// A new one.
    pub fn new() -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = Self(
            std::env::temp_dir().join(format!("alpenglow-native-{}-{number}", std::process::id())),
        );
        for part in ["root", "out", "files"] {
            let path = directory.0.join(part);
            fs::create_dir_all(&path).map_err(at(&path))?;
        }
        Ok(directory)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file that the new root is to have, with its directories.
    pub fn put(&self, name: &str, text: &str, mode: u32) -> Outcome {
        let path = self.0.join("files").join(name);
        let parent = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(parent).map_err(at(parent))?;
        fs::write(&path, text).map_err(at(&path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(at(&path))
    }

    /// The text of a file in `/out` as it is now.
    pub fn out(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join("out").join(name)).ok()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The file `name` in the composed root of `min`.
pub fn program(name: &str) -> Result<PathBuf, String> {
    let tree = std::env::var_os("ALPENGLOW_TREE").ok_or("ALPENGLOW_TREE is not set")?;
    Ok(Path::new(&tree).join(name))
}

/// Asks every few milliseconds until there is an answer.
pub fn wait_for<T>(
    what: &str,
    mut ask: impl FnMut() -> Result<Option<T>, String>,
) -> Result<T, String> {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(format!("waited {LIMIT:?} in vain for {what}"))
}

/// Makes an error name its file.
pub fn at(path: &Path) -> impl FnOnce(std::io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}

/// An error unless it holds.
pub fn check(holds: bool, message: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(message()) }
}
