//! The boot report: one JSON object whose keys other tools read.

use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::guest::Mark;

/// What a boot cost. Instructions and the guest's time come from a counted boot (see
/// [`crate::measure`]), memory from the session's guest right after login.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootReport {
    /// The edition's name.
    pub edition: String,
    /// The architecture's name.
    pub arch: String,
    /// The kernel file.
    pub kernel_bytes: u64,
    /// The image's initramfs, without what `boot` adds to it.
    pub initramfs_bytes: u64,
    /// From reset to the first user process.
    pub instructions_to_init: u64,
    /// From reset to the login prompt.
    pub instructions_to_login: u64,
    /// From reset to all services up; the login prompt where there are none.
    pub instructions_to_ready: u64,
    /// The guest's clock at the login prompt, ms.
    pub guest_ms_to_login: f64,
    /// Memory given to the machine, KiB.
    pub mem_given_kib: u64,
    /// `MemTotal`, KiB.
    pub mem_total_kib: u64,
    /// `MemAvailable`, KiB.
    pub mem_available_kib: u64,
    /// From the machine's start to its login prompt on this computer, ms, not counting.
    pub wall_ms: u64,
    /// When what happened in the guest, where it keeps marks; left out where it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
}

impl BootReport {
    /// Writes the report as JSON, beside and then in place, so that no half of one is ever seen.
    ///
    /// # Errors
    /// The file's folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        self.write_beside(path).map_err(|source| Error::Report {
            path: path.to_owned(),
            source,
        })
    }

    fn write_beside(&self, path: &Path) -> io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = tempfile::Builder::new()
            .prefix(".report-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> BootReport {
        BootReport {
            edition: "min".into(),
            arch: "x86_64".into(),
            kernel_bytes: 1_400_000,
            initramfs_bytes: 700_000,
            instructions_to_init: 170_000_000,
            instructions_to_login: 180_000_000,
            instructions_to_ready: 180_000_000,
            guest_ms_to_login: 179.5,
            mem_given_kib: 262_144,
            mem_total_kib: 250_000,
            mem_available_kib: 248_000,
            wall_ms: 900,
            marks: Vec::new(),
        }
    }

    #[test]
    fn has_exactly_the_keys_of_the_contract() {
        let value = serde_json::to_value(report()).unwrap();
        let mut keys: Vec<&str> = value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut contract = vec![
            "edition",
            "arch",
            "kernel_bytes",
            "initramfs_bytes",
            "instructions_to_init",
            "instructions_to_login",
            "instructions_to_ready",
            "guest_ms_to_login",
            "mem_given_kib",
            "mem_total_kib",
            "mem_available_kib",
            "wall_ms",
        ];
        keys.sort_unstable();
        contract.sort_unstable();
        assert_eq!(keys, contract);
    }

    #[test]
    fn is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        std::fs::write(&path, "old").unwrap();
        report().write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<BootReport>(&text).unwrap(), report());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

        let nowhere = folder.path().join("missing/report.json");
        let error = report().write(&nowhere).unwrap_err().to_string();
        assert!(error.contains("missing/report.json"), "{error}");
    }
}
