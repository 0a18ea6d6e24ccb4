//! Swap by fstab (swapon(8)).

use crate::device;
use crate::fstab::{Entry, options::Discard};
use crate::mount::Done;
use crate::system;
use common::reason;
use common::root::Root;

/// SWAP_FLAG_PREFER, SWAP_FLAG_DISCARD, _ONCE, _PAGES (`include/linux/swap.h`).
const PREFER: i32 = 0x8000;
const DISCARD: i32 = 0x1_0000;
const ONCE: i32 = 0x2_0000;
const PAGES: i32 = 0x4_0000;

/// Uses it.
///
/// # Errors
/// What is wrong, and what to do.
pub fn on(root: &Root, entry: &Entry) -> Result<Done, String> {
    let Some(device) = device::of(root, entry)? else {
        return Ok(Done::Absent);
    };
    let path = std::fs::canonicalize(root.at(&device))
        .map_err(|error| format!("{device}: {}", reason(&error)))?;
    match system::swapon(&path, flags(entry)) {
        Ok(()) => Ok(Done::Mounted),
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => Ok(Done::Already),
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Err(format!(
            "{device} is no swap: make it with 'mkswap {device}'"
        )),
        Err(error) => Err(format!("{device}: {}", reason(&error))),
    }
}

fn flags(entry: &Entry) -> i32 {
    let priority = entry
        .options
        .priority
        .map_or(0, |priority| PREFER | i32::from(priority));
    let discard = match entry.options.discard {
        None => 0,
        Some(Discard::All) => DISCARD,
        Some(Discard::Once) => DISCARD | ONCE,
        Some(Discard::Pages) => DISCARD | PAGES,
    };
    priority | discard
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fstab::parse;

    #[test]
    fn options_become_flags() {
        for (options, expected) in [
            ("defaults", 0),
            ("pri=5", 0x8005),
            ("discard", 0x1_0000),
            ("discard=pages,pri=0", 0x5_8000),
            ("discard=once", 0x3_0000),
        ] {
            let line = format!("/dev/a none swap {options}");
            assert_eq!(
                flags(&parse(line.as_bytes(), "x", |_| {})[0]),
                expected,
                "{options}"
            );
        }
    }

    #[test]
    fn what_is_no_swap_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let entry = |options: &str| {
            parse(
                format!("/dev/a none swap {options}").as_bytes(),
                "x",
                |_| {},
            )
            .remove(0)
        };
        assert!(
            on(&root, &entry("defaults"))
                .unwrap_err()
                .contains("write 'nofail'")
        );
        assert_eq!(on(&root, &entry("nofail")), Ok(Done::Absent));
    }
}
