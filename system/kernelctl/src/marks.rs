//! `marks`: when services of the start were started, for the module alpenglow_bootstat (`docs/kernel-modules.md`). dinit knows, and the module is
//! loaded when all is up: what it costs is no part of the start then.

use crate::error::{Error, Result, told};
use crate::system::{modules, service};
use common::Root;
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
        modules::load(root, MODULE, "")?;
    }
    let text = service::all(root)?;
    let file = OpenOptions::new().write(true).open(root.at(DEVICE));
    let mut device = file.map_err(|error| Error::file(DEVICE, "opening it", error))?;
    for mark in marks(&String::from_utf8_lossy(&text)) {
        let Err(error) = device.write_all(mark.as_bytes()) else {
            continue;
        };
        // It is there already, from an earlier time; or the name is too long for one.
        let number = error.raw_os_error().map(Errno::from_raw_os_error);
        if !matches!(number, Some(Errno::EXIST | Errno::NAMETOOLONG)) {
            let reason = common::reason(&error);
            return Err(told!("{DEVICE}: the mark '{mark}': {reason}"));
        }
    }
    Ok(())
}

/// `NAME NANOSECONDS` of dinit's own beginning and of what was started until `boot` was, in the order of their times. dinit's clock is the module's.
///
/// `details`: lines of a word and its value, those of dinit itself first, then those of each service (`dinit::protocol::details`).
fn marks(details: &str) -> Vec<String> {
    let (mut begun, mut last, mut service) = (0, u64::MAX, "");
    let mut started: Vec<(u64, &str)> = Vec::new();
    for line in details.lines() {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        let time = value.parse().unwrap_or(0);
        match word {
            "service" => service = value,
            "boot" if service.is_empty() => begun = time,
            "started" if time != 0 => {
                let at = started.partition_point(|earlier| *earlier < (time, service));
                started.insert(at, (time, service));
                if service == "boot" {
                    last = time;
                }
            }
            _ => {}
        }
    }
    started.retain(|(time, _)| *time <= last);
    started.insert(0, (begun, "dinit"));
    let marks = started.iter();
    marks.map(|(time, name)| format!("{name} {time}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_started_until_boot_did_is_marked() {
        let text = "dinit 1\nnow 900\nboot 10\nservices 5\n\nservice boot\nstarted 400\n\nservice a\nstarted 30\n\n\
            service console@tty1\nstarted 20\n\nservice later\nstarted 500\n\nservice never\n";
        assert_eq!(
            marks(text),
            ["dinit 10", "console@tty1 20", "a 30", "boot 400"]
        );
        let text = "boot 10\n\nservice later\nstarted 500\n";
        assert_eq!(marks(text), ["dinit 10", "later 500"]);
    }

    #[test]
    fn a_system_without_the_module_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let told = write(&root).unwrap_err().to_string();
        assert!(told.contains("leave out --root"), "{told}");
    }
}
