//! A project whose crates come from a registry of the test's own, on the loopback.

use super::project::{Project, expect};
use alpenglow_builder::debian::hex;
use alpenglow_tests::{Outcome, check, has, mirror, output, text};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate of the test's registry.
pub struct Crate {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Paths and contents.
    pub files: &'static [(&'static str, &'static str)],
}

/// A project whose cargo gets crates from a registry of its own.
pub struct Workshop {
    /// The project.
    pub project: Project,
    /// Its CARGO_HOME.
    pub home: PathBuf,
}

impl Workshop {
    /// With these crates in the registry.
    pub fn new(crates: &[&Crate]) -> Result<Self, String> {
        let project = Project::new()?;
        for one in crates {
            publish(&project, one)?;
        }
        let address = mirror::serve(&project.path("registry")).map_err(|e| e.to_string())?;
        project.write(
            "registry/config.json",
            &format!("{{\"dl\":\"{address}/dl\"}}"),
        )?;
        project.write(
            "cargo/config.toml",
            &format!(
                "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\nregistry = \"sparse+{address}/\"\n"
            ),
        )?;
        let home = project.path("cargo");
        Ok(Self { project, home })
    }

    /// Fails unless these words end with this status and a text with these parts.
    pub fn expect(&self, words: &[&str], status: i32, parts: &[&str]) -> Outcome {
        let mut command = self.project.command(words);
        expect(command.env("CARGO_HOME", &self.home), status, parts)
    }

    /// Builds a package twice and returns its tree.
    pub fn twice(&self, name: &str) -> Result<PathBuf, String> {
        let mut command = self.project.command(&["package", "build", "--twice", name]);
        let said = text(&output(command.env("CARGO_HOME", &self.home))?);
        has(&said, &["a second build gave the same bytes"])?;
        let line = said
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        let path = line.and_then(|line| line.split(' ').nth(2));
        path.map(PathBuf::from).ok_or(said)
    }
}

/// Puts a crate into the registry, newer than those that are there: index and file (The Cargo Book, "Registry Index").
pub fn publish(project: &Project, one: &Crate) -> Outcome {
    let Crate {
        name,
        version,
        files,
    } = one;
    let folder = project.path("packing").join(format!("{name}-{version}"));
    for (path, text) in *files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(&folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .map_err(|e| e.to_string())?;
    }
    let file = project
        .path("registry/dl")
        .join(format!("{name}/{version}/download"));
    fs::create_dir_all(file.parent().unwrap_or(&file)).map_err(|e| e.to_string())?;
    let mut tar = Command::new("tar");
    tar.args([
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "-czf",
    ])
    .arg(&file)
    .arg("-C")
    .arg(project.path("packing"))
    .arg(format!("{name}-{version}"));
    let output = output(&mut tar)?;
    check(output.status.success(), || text(&output))?;
    let line = format!(
        "{{\"name\":\"{name}\",\"vers\":\"{version}\",\"deps\":[],\"cksum\":\"{}\",\"features\":{{}},\"yanked\":false}}\n",
        hash(&file)?
    );
    let index = format!("registry/{}/{}/{name}", &name[..2], &name[2..4]);
    let before = fs::read_to_string(project.path(&index)).unwrap_or_default();
    project.write(&index, &(before + &line))
}

/// SHA-256 of a file.
pub fn hash(file: &Path) -> Result<String, String> {
    let bytes = fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(hex(&Sha256::digest(bytes)))
}
