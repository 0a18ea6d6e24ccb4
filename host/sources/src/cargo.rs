//! The host's own cargo: crates come from whatever registry it is configured with.
//!
//! Only what it downloads is used, never what it unpacks: a `.crate` file is found in cargo's cache
//! (`$CARGO_HOME/registry/cache/REGISTRY/NAME-VERSION.crate`, The Cargo Book, "Cargo Home") by its SHA-256.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::apt::Answer;
use crate::digest;
use crate::{Error, Result};

/// How messages call the place that crates come from.
pub(crate) const PLACE: &str = "the registry that cargo is configured with";

/// The host's cargo: its program and its home.
pub(crate) struct Cargo {
    program: OsString,
    home: PathBuf,
}

/// What there is of a crate in cargo's cache.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The right file: its bytes.
    File(Vec<u8>),
    /// A file of its name with another hash.
    Other {
        /// Where.
        path: PathBuf,
        /// The hash that it has.
        got: String,
    },
    /// Nothing.
    Nothing,
}

impl Cargo {
    /// The cargo that the launcher has made sure of, else the one in PATH.
    ///
    /// # Errors
    /// [`Error::NoCargoHome`].
    pub(crate) fn of_host() -> Result<Cargo> {
        let home = match (env::var_os("CARGO_HOME"), env::var_os("HOME")) {
            (Some(home), _) if !home.is_empty() => PathBuf::from(home),
            (_, Some(home)) if !home.is_empty() => Path::new(&home).join(".cargo"),
            _ => return Err(Error::NoCargoHome),
        };
        Ok(Cargo {
            program: env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into()),
            home: crate::scratch::absolute(&home),
        })
    }

    /// Where downloaded crates lie, by registry.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.home.join("registry/cache")
    }

    /// A crate that cargo has downloaded, from whichever registry.
    pub(crate) fn find(&self, name: &str, version: &str, sha256: &str) -> Result<Found> {
        let mut found = Found::Nothing;
        let Ok(registries) = fs::read_dir(self.downloads()) else {
            return Ok(found);
        };
        for registry in registries.flatten() {
            let path = registry.path().join(format!("{name}-{version}.crate"));
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(Error::cache("read", &path)(e)),
            };
            let got = digest::of_bytes(&bytes);
            if got == sha256 {
                return Ok(Found::File(bytes));
            }
            found = Found::Other { path, got };
        }
        Ok(found)
    }

    /// Downloads every crate that `folder/Cargo.lock` names.
    ///
    /// # Errors
    /// [`Error::Cargo`] in cargo's own words.
    pub(crate) fn fetch(&self, folder: &Path) -> Result<()> {
        let mut command = self.command(folder);
        command
            .args(["fetch", "--locked", "--manifest-path"])
            .arg(folder.join("Cargo.toml"));
        match self.run(command)? {
            Ok(_) => Ok(()),
            Err(said) => Err(Error::Cargo {
                doing: format!(
                    "fetch the crates of {}",
                    folder.join("Cargo.lock").display()
                ),
                said,
            }),
        }
    }

    /// Downloads one crate to cargo's cache and puts a copy at `target`, in a folder of its own.
    ///
    /// cargo downloads what a package depends on, so one is made that does; what the crate itself depends on comes
    /// along. (`cargo info` would take the crate alone, but takes no mirror in its registry's place.)
    pub(crate) fn download(
        &self,
        name: &str,
        version: &str,
        sha256: &str,
        target: &Path,
    ) -> Result<Answer> {
        let put = |bytes: &[u8]| {
            fs::write(target, bytes).map_err(Error::cache("write", target))?;
            Ok(Answer::File)
        };
        if let Found::File(bytes) = self.find(name, version, sha256)? {
            return put(&bytes);
        }
        let package = target.with_extension("package");
        depend(&package, name, &format!("={version}"))?;
        let mut command = self.command(&package);
        command.arg("fetch");
        if let Err(said) = self.run(command)? {
            let unknown = ["no matching package", "failed to select a version"];
            return Ok(match unknown.iter().any(|words| said.contains(words)) {
                true => Answer::Missing,
                false => Answer::Failed(said),
            });
        }
        match self.find(name, version, sha256)? {
            Found::File(bytes) => put(&bytes),
            Found::Other { got, .. } => Ok(Answer::WrongHash(got)),
            Found::Nothing => Ok(Answer::Failed(format!(
                "cargo left no .crate file in {}",
                self.downloads().display()
            ))),
        }
    }

    /// cargo in a folder, whose configuration counts beside the home's.
    pub(crate) fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(folder)
            .env("CARGO_HOME", &self.home)
            .env("CARGO_TERM_COLOR", "never")
            .stdin(Stdio::null());
        command
    }

    /// Runs cargo; what it printed, or, when it failed, its complaint.
    pub(crate) fn run(&self, mut command: Command) -> Result<std::result::Result<String, String>> {
        let output = command.output().map_err(|source| Error::NoCargo {
            program: self.program.to_string_lossy().into_owned(),
            source,
        })?;
        if output.status.success() {
            return Ok(Ok(String::from_utf8_lossy(&output.stdout).into_owned()));
        }
        Ok(Err(complaint(&String::from_utf8_lossy(&output.stderr))))
    }
}

/// Makes a package that depends on a crate and has nothing else.
pub(crate) fn depend(folder: &Path, name: &str, version: &str) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"alpenglow-wants\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
         [workspace]\n[dependencies]\n{name} = \"{version}\"\n"
    );
    fs::create_dir_all(folder.join("src"))
        .and_then(|()| fs::write(folder.join("src/lib.rs"), ""))
        .and_then(|()| fs::write(folder.join("Cargo.toml"), manifest))
        .map_err(Error::cache("write", folder))
}

/// cargo's error and its causes on one line; all that it said where it names no error.
fn complaint(said: &str) -> String {
    let error = said.find("error: ").map_or(said, |at| &said[at + 7..]);
    let lines: Vec<&str> = error
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && *line != "Caused by:")
        .collect();
    lines.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_one_line() {
        let said = "    Updating index\nwarning: x\nerror: download of config.json failed\n\nCaused by:\n  failed to download from `x`\n\nCaused by:\n  [7] Could not connect\n";
        assert_eq!(
            complaint(said),
            "download of config.json failed: failed to download from `x`: [7] Could not connect"
        );
        assert_eq!(complaint("odd\n"), "odd");
    }

    #[test]
    fn a_crate_is_found_by_its_hash_in_any_registry() {
        let home = tempfile::tempdir().unwrap();
        let cargo = Cargo {
            program: "cargo".into(),
            home: home.path().to_owned(),
        };
        let hash = digest::of_bytes(b"right");
        assert_eq!(cargo.find("a", "1.0.0", &hash).unwrap(), Found::Nothing);
        for (registry, bytes) in [("one", "wrong"), ("two", "right")] {
            let dir = home.path().join("registry/cache").join(registry);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("a-1.0.0.crate"), bytes).unwrap();
        }
        assert_eq!(
            cargo.find("a", "1.0.0", &hash).unwrap(),
            Found::File(b"right".to_vec())
        );
        let other = cargo.find("a", "1.0.0", &"0".repeat(64)).unwrap();
        assert!(matches!(other, Found::Other { .. }), "{other:?}");
    }
}
