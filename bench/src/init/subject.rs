//! What is compared: ours, the reference where there is one, and Debian's s6, runit and OpenRC.

use super::job::{DINIT, Found, Job, Manager, PLACE, PROBES, WORK};
use super::size;
use crate::{Error, Result};
use alpenglow_builder::{Root, Sandbox};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// dinit's own programs, as its build makes them.
const PROGRAMS: [&str; 5] = [
    "dinit",
    "dinitctl",
    "dinit-check",
    "dinit-monitor",
    "shutdown",
];

/// dinit itself, to compare with.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The service manager.
    pub dinit: PathBuf,
    /// All of its programs that there are.
    pub programs: Vec<PathBuf>,
    /// What it says of itself.
    pub version: String,
}

impl Reference {
    /// The reference at `path`: the folder of its programs, or the manager itself.
    ///
    /// # Errors
    /// [`Error::NoReference`] when no dinit is there.
    pub fn at(path: &Path) -> Result<Self> {
        let failed = |why: String| Error::NoReference {
            path: path.to_owned(),
            why,
        };
        let dinit = if path.is_dir() {
            path.join(PROGRAMS[0])
        } else {
            path.to_owned()
        };
        let dinit = std::fs::canonicalize(&dinit)
            .map_err(|error| failed(format!("{}: {error}", dinit.display())))?;
        let output = Command::new(&dinit)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(format!("it cannot be run: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text
            .strip_prefix("Dinit version ")
            .and_then(|rest| rest.split_whitespace().next())
            .ok_or_else(|| failed("asked for its version, it does not say 'Dinit version'".into()))?
            .trim_end_matches('.')
            .to_owned();
        let beside = PROGRAMS[1..].iter().map(|name| dinit.with_file_name(name));
        let programs = if path.is_dir() {
            beside.filter(|path| path.is_file()).collect()
        } else {
            Vec::new()
        };
        Ok(Self {
            programs: std::iter::once(dinit.clone()).chain(programs).collect(),
            dinit,
            version,
        })
    }
}

/// One service manager.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name and version.
    pub name: String,
    /// Whether it is ours.
    pub ours: bool,
    /// Which it is.
    pub(super) manager: Manager,
    /// Bytes of its programs and their libraries; none for the bare loop.
    pub(super) bytes: Option<u64>,
    sandbox: Sandbox,
}

/// All that are compared: ours first, and last the bare loop. `ours` is our static program, `probe` the folder of what
/// services run, `root` the peers'.
///
/// # Errors
/// [`Error::NoPeer`], [`Error::Read`].
pub fn subjects(
    ours: &Path,
    probe: &Path,
    reference: Option<&Reference>,
    root: &Root,
) -> Result<Vec<Subject>> {
    let mut plain = Sandbox::new(&root.dir);
    for folder in ["/run", "/etc/init.d", "/etc/runlevels", "/etc/rc.conf.d"] {
        plain = plain.tmpfs(folder);
    }
    let plain = plain.tmpfs(PLACE).bind(probe, PROBES, false);
    let dinit = |name: String, program: &Path, programs: &[PathBuf], ours| {
        Ok::<_, Error>(Subject {
            name,
            ours,
            manager: Manager::Dinit,
            bytes: Some(size::bytes(programs, &root.dir)?),
            sandbox: plain.clone().bind(program, DINIT, false),
        })
    };
    let mut subjects = vec![dinit("ours".into(), ours, &[ours.to_owned()], true)?];
    if let Some(reference) = reference {
        let name = format!("dinit {}", reference.version);
        subjects.push(dinit(name, &reference.dinit, &reference.programs, false)?);
    }
    for (manager, package, name) in [
        (Manager::S6, "s6", "s6"),
        (Manager::Runit, "runit", "runit"),
        (Manager::OpenRc, "openrc", "OpenRC"),
    ] {
        let programs = size::package_programs(&root.dir, package)?;
        let version = root.upstream_version(package).unwrap_or_default();
        subjects.push(Subject {
            name: format!("{name} {version}").trim_end().to_owned(),
            ours: false,
            manager,
            bytes: Some(size::bytes(&programs, &root.dir)?),
            sandbox: plain.clone(),
        });
    }
    subjects.push(Subject {
        name: "no manager".into(),
        ours: false,
        manager: Manager::Bare,
        bytes: None,
        sandbox: plain,
    });
    Ok(subjects)
}

impl Subject {
    /// Measures once, in a sandbox of its own.
    ///
    /// # Errors
    /// [`Error::Service`] when it could not be measured.
    pub(super) fn measure(&self, job: &Job) -> Result<Found> {
        let failed = |why: String| Error::Service {
            manager: self.name.clone(),
            services: job.load.count,
            why,
        };
        let text = serde_json::to_string(job).map_err(|error| failed(error.to_string()))?;
        let output = self
            .sandbox
            .command(WORK)
            .arg(text)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(failed(said.trim().to_owned()));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_dinit_is_no_reference() {
        for (path, part) in [
            ("/nowhere", "No such file"),
            ("/bin/true", "Dinit version"),
            ("/etc/passwd", "cannot be run"),
            ("/etc", "/etc/dinit"),
        ] {
            let error = Reference::at(Path::new(path)).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains(path), "{error}");
        }
    }

    #[test]
    fn a_folder_has_more_than_the_manager() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        for name in ["dinit", "dinitctl", "other"] {
            let path = folder.path().join(name);
            std::fs::write(&path, "#!/bin/sh\necho Dinit version 0.99.\n").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let all = Reference::at(folder.path()).unwrap();
        assert_eq!((all.version.as_str(), all.programs.len()), ("0.99", 2));
        let alone = Reference::at(&folder.path().join("dinit")).unwrap();
        assert_eq!(alone.programs.len(), 1);
    }
}
