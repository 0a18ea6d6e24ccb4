//! What is compared: ours, apk where there is one, and Debian's dpkg.

use super::job::{Found, Job, Manager, WORK};
use crate::init::size;
use crate::{Error, Result};
use alpenglow_builder::{Root, Sandbox};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// dpkg in its root.
const DPKG: &str = "/usr/bin/dpkg";
/// Where dpkg finds the packages.
const PACKAGES: &str = "/tmp/packages";

/// apk-tools, to compare with.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The program.
    pub apk: PathBuf,
    /// What it says of itself.
    pub version: String,
}

impl Reference {
    /// The reference at `path`.
    ///
    /// # Errors
    /// [`Error::NoApk`] when no apk of version 3 is there.
    pub fn at(path: &Path) -> Result<Self> {
        let failed = |why: String| Error::NoApk {
            path: path.to_owned(),
            why,
        };
        let apk = std::fs::canonicalize(path).map_err(|error| failed(error.to_string()))?;
        let output = Command::new(&apk)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(format!("it cannot be run: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text
            .strip_prefix("apk-tools ")
            .and_then(|rest| rest.split([',', ' ', '-']).next())
            .filter(|version| version.starts_with("3."))
            .ok_or_else(|| failed("asked for its version, it does not say 'apk-tools 3'".into()))?
            .to_owned();
        Ok(Self { apk, version })
    }
}

/// One package manager.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name and version.
    pub name: String,
    /// Whether it is ours.
    pub ours: bool,
    pub(super) manager: Manager,
    pub(super) program: PathBuf,
    /// Bytes of its program and its libraries.
    pub(super) bytes: u64,
    sandbox: Sandbox,
}

/// All that are compared: ours first. `ours` is our static program, `root` has Debian's.
///
/// # Errors
/// [`Error::NoPeer`], [`Error::Read`].
pub fn subjects(ours: &Path, reference: Option<&Reference>, root: &Root) -> Result<Vec<Subject>> {
    let mut here = Sandbox::new("/");
    // For the server on the loopback.
    here.network = true;
    let apk = |name: String, program: &Path, ours| {
        Ok::<_, Error>(Subject {
            name,
            ours,
            manager: Manager::Apk,
            program: program.to_owned(),
            bytes: size::bytes(&[program.to_owned()], Path::new("/"))?,
            sandbox: here.clone(),
        })
    };
    let mut subjects = vec![apk("ours".into(), ours, true)?];
    if let Some(reference) = reference {
        let name = format!("apk {}", reference.version);
        subjects.push(apk(name, &reference.apk, false)?);
    }
    let version = root.upstream_version("dpkg").unwrap_or_default();
    subjects.push(Subject {
        name: format!("dpkg {version}").trim_end().to_owned(),
        ours: false,
        manager: Manager::Dpkg,
        program: DPKG.into(),
        bytes: size::bytes(&size::package_programs(&root.dir, "dpkg")?, &root.dir)?,
        sandbox: Sandbox::new(&root.dir),
    });
    Ok(subjects)
}

impl Subject {
    /// Has the tasks done in a process of its own.
    pub(super) fn ask(&self, job: &Job) -> Result<Found, String> {
        let mut job = job.clone();
        let mut sandbox = self.sandbox.clone();
        if self.manager == Manager::Dpkg {
            sandbox = sandbox
                .bind(&job.repositories, PACKAGES, false)
                .bind(&job.place, &job.place, true);
            job.repositories = PACKAGES.into();
        }
        let text = serde_json::to_string(&job).map_err(|error| error.to_string())?;
        let output = sandbox
            .command(WORK)
            .arg(text)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_apk_is_no_reference() {
        for (path, part) in [
            ("/nowhere", "No such file"),
            ("/bin/true", "apk-tools 3"),
            ("/etc/passwd", "cannot be run"),
        ] {
            let error = Reference::at(Path::new(path)).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains(path), "{error}");
        }
    }
}
