//! `marks`: when services of the start were started, for the module alpenglow_bootstat (`docs/kernel-modules.md`). dinit knows, and the module is
//! loaded when all is up: what it costs is no part of the start then.

use crate::error::{Error, Result};
use crate::system::{modules, service};
use common::Root;
use dinit::protocol::details::{self, Entry, Header};
use rustix::io::Errno;
use std::fs::OpenOptions;
use std::io::Write;

const MODULE: &str = "alpenglow_bootstat";
const DEVICE: &str = "/dev/bootstat";

/// Loads the module where it is not, and writes a mark for dinit and for each service up to `boot`.
///
/// # Errors
/// The module, or dinit, is not there; a mark that the module does not take.
pub fn write(root: &Root) -> Result<()> {
    if !modules::is_loaded(root, MODULE) {
        modules::load(root, MODULE, "").map_err(Error::impossible)?;
    }
    let text = service::all(root).map_err(Error::impossible)?;
    let (header, entries) = details::parse(&text);
    let path = root.at(DEVICE);
    let file = OpenOptions::new().write(true).open(&path);
    let mut device = file.map_err(|error| Error::file(DEVICE, "opening it", error))?;
    for mark in marks(&header, &entries) {
        let Err(error) = device.write_all(mark.as_bytes()) else {
            continue;
        };
        // It is there already, from an earlier time; or the name is too long for one.
        if ![Errno::EXIST, Errno::NAMETOOLONG]
            .map(|errno| Some(errno.raw_os_error()))
            .contains(&error.raw_os_error())
        {
            let told = format!("{DEVICE}: the mark '{mark}': {}", common::reason(&error));
            return Err(Error::impossible(told));
        }
    }
    Ok(())
}

/// `NAME NANOSECONDS` of dinit's own beginning and of what was started until `boot` was, in the order of their times. dinit's clock is the module's.
fn marks(header: &Header<'_>, entries: &[Entry<'_>]) -> Vec<String> {
    let services = || entries.iter().map(|entry| &entry.service);
    let boot = services().find(|service| service.name == b"boot" && service.started != 0);
    let last = boot.map_or(u64::MAX, |boot| boot.started);
    let mut started: Vec<(u64, &[u8])> = services()
        .filter(|service| service.started != 0 && service.started <= last)
        .map(|service| (service.started, service.name))
        .collect();
    started.sort();
    std::iter::once((header.boot, &b"dinit"[..]))
        .chain(started)
        .map(|(time, name)| format!("{} {time}", String::from_utf8_lossy(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_started_until_boot_did_is_marked() {
        let text = b"dinit 1\nnow 900\nboot 10\nservices 5\n\nservice boot\nstarted 400\n\nservice a\nstarted 30\n\n\
            service console@tty1\nstarted 20\n\nservice later\nstarted 500\n\nservice never\n";
        let (header, entries) = details::parse(text);
        assert_eq!(
            marks(&header, &entries),
            ["dinit 10", "console@tty1 20", "a 30", "boot 400"]
        );
        let (header, entries) = details::parse(b"boot 10\n\nservice later\nstarted 500\n");
        assert_eq!(marks(&header, &entries), ["dinit 10", "later 500"]);
    }

    #[test]
    fn a_system_without_the_module_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let told = write(&root).unwrap_err().to_string();
        assert!(told.contains("leave out --root"), "{told}");
    }
}
