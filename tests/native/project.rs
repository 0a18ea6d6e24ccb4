//! A small repository of a test's own, to build in.

use alpenglow_tests::{Outcome, check, has, named, output, text};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A repository of a few small recipes, with a cache of its own that shares the real roots.
pub struct Project {
    folder: TempDir,
}

/// Installs one file.
pub const HELLO: &str = "name = \"hello\"\nversion = \"1\"\nsummary = \"A file\"\nlicense = \"0BSD\"\nstyle = \"script\"\n\
    [script]\ninstall = \"mkdir -p $DESTDIR/etc; echo hello > $DESTDIR/etc/hello\"\n";

impl Project {
    /// With the recipe `hello`, an empty lock of sources, and no editions.
    pub fn new() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let project = Self { folder };
        for dir in ["editions", "packages", "kernel", "cache/alpenglow"] {
            fs::create_dir_all(project.path(dir)).map_err(|e| e.to_string())?;
        }
        project.write("sources.lock", "")?;
        project.recipe("hello", HELLO)?;
        project.share(&["roots"])?;
        Ok(project)
    }

    /// Takes these folders from the real cache.
    pub fn share(&self, folders: &[&str]) -> Outcome {
        let cache = alpenglow_builder::Cache::open().map_err(|e| e.to_string())?;
        for folder in folders {
            let place = self.path("cache/alpenglow").join(folder);
            symlink(cache.dir().join(folder), place).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Takes a recipe of the real repository, its source's pins, and what the real cache has built of it.
    pub fn share_package(&self, name: &str) -> Outcome {
        let real = alpenglow_tests::repository();
        let cache = alpenglow_builder::Cache::open().map_err(|e| e.to_string())?;
        let copy = |from: PathBuf, to: PathBuf| {
            let status = Command::new("cp").arg("-a").args([&from, &to]).status();
            let status = status.map_err(|e| e.to_string())?;
            check(status.success(), || {
                format!("cp {}: {status}", from.display())
            })
        };
        copy(real.join("packages").join(name), self.path("packages"))?;
        copy(real.join("sources.lock"), self.path("sources.lock"))?;
        let store = self.path("cache/alpenglow/store");
        fs::create_dir_all(&store).map_err(|e| e.to_string())?;
        let stored = fs::read_dir(cache.dir().join("store")).map_err(|e| e.to_string())?;
        for entry in stored.flatten() {
            let file = entry.file_name().to_string_lossy().into_owned();
            // NAME-KEY, and the key has 24 digits.
            if file.len() == name.len() + 25 && file.starts_with(name) {
                copy(entry.path(), store.join(file))?;
            }
        }
        Ok(())
    }

    /// The folder that holds it all.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path below it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file, with the folders above it.
    pub fn write(&self, name: &str, text: &str) -> Outcome {
        let path = self.path(name);
        let parent = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .map_err(|e| e.to_string())
    }

    /// `packages/NAME/recipe.toml`.
    pub fn recipe(&self, name: &str, text: &str) -> Outcome {
        self.write(&format!("packages/{name}/recipe.toml"), text)
    }

    /// A recipe like `hello` with another script.
    pub fn script(&self, name: &str, script: &str) -> Outcome {
        let text = HELLO.replace("\"hello\"", &format!("\"{name}\""));
        let (head, _) = text.split_once("[script]").unwrap_or((&text, ""));
        self.recipe(name, &format!("{head}[script]\n{script}\n"))
    }

    /// The command line, for this repository and its cache.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(named("ALPENGLOW_BIN"));
        command
            .args(words)
            .env("ALPENGLOW_REPOSITORY", self.folder.path())
            .env("XDG_CACHE_HOME", self.path("cache"));
        command
    }

    /// The same where nobody else may read what is made.
    pub fn masked(&self, words: &[&str]) -> Command {
        let plain = self.command(words);
        let mut masked = Command::new("sh");
        masked
            .args(["-c", "umask 077; exec \"$@\"", "sh"])
            .arg(plain.get_program())
            .args(plain.get_args());
        for (name, value) in plain.get_envs() {
            masked.env(name, value.unwrap_or_default());
        }
        masked
    }

    /// Fails unless these words end with this status and a text with these parts.
    pub fn expect(&self, words: &[&str], status: i32, parts: &[&str]) -> Outcome {
        expect(&mut self.command(words), status, parts)
    }

    /// The cache holds nothing half made, and the next build works.
    pub fn goes_on(&self) -> Outcome {
        self.expect(&["package", "build", "hello"], 0, &["hello 1 "])?;
        let store = fs::read_dir(self.path("cache/alpenglow/store")).map_err(|e| e.to_string())?;
        for entry in store.flatten() {
            check(entry.path().join("record.toml").is_file(), || {
                format!("{} is half made", entry.path().display())
            })?;
        }
        Ok(())
    }
}

/// Fails unless a command ends with this status and a text with these parts.
pub fn expect(command: &mut Command, status: i32, parts: &[&str]) -> Outcome {
    let output = output(command)?;
    let said = text(&output);
    has(&said, parts)?;
    check(output.status.code() == Some(status), || {
        format!("{:?} instead of {status}: {said}", output.status.code())
    })?;
    check(!said.contains("panicked"), || said.clone())
}
