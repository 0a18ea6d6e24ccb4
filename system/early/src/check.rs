//! Checking file systems before they are mounted, by their own programs (fsck(8)).

use crate::device::{find, shown};
use crate::fstab::Entry;
use crate::mounted;
use common::reason;
use common::root::Root;
use std::process::Command;

/// These look after themselves when they are mounted.
const UNCHECKED: &[&str] = &[
    "btrfs", "xfs", "erofs", "squashfs", "tmpfs", "overlay", "none", "auto", "swap",
];

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    Clean,
    Repaired,
    /// Why it was not checked.
    Passed(&'static str),
}

/// Entries that are to be checked, in the order in which they are.
pub fn order(entries: &[Entry]) -> Vec<&Entry> {
    let checked = |entry: &&Entry| {
        entry.pass > 0
            && !entry.options.noauto
            && !entry.is_remote()
            && entry.options.bind.is_none()
    };
    let mut order: Vec<&Entry> = entries.iter().filter(checked).collect();
    order.sort_by_key(|entry| entry.pass);
    order
}

/// Checks one, and repairs what can be repaired without being asked.
///
/// # Errors
/// What is wrong, and what to do.
pub fn check(root: &Root, entry: &Entry) -> Result<Done, String> {
    if UNCHECKED.contains(&&*entry.kind) {
        return Ok(Done::Passed("it looks after itself"));
    }
    let there = mounted::read(root)
        .into_iter()
        .rev()
        .find(|one| one.target == entry.target);
    if there.is_some_and(|one| !one.read_only) {
        return Ok(Done::Passed("it is mounted"));
    }
    let Some(device) = find(root, &entry.source) else {
        return match entry.options.nofail {
            true => Ok(Done::Passed("it is not there")),
            false => Err(format!(
                "there is no device {}: write 'nofail' if it may be absent",
                shown(&entry.source)
            )),
        };
    };
    let paths = ["/sbin", "/usr/sbin"].map(|folder| format!("{folder}/fsck.{}", entry.kind));
    let Some(program) = paths.iter().find(|path| root.at(path).exists()) else {
        return Ok(Done::Passed("there is no program that could"));
    };
    let status = Command::new(root.at(program))
        .args(["-a", &device])
        .status();
    let status = status.map_err(|error| format!("{program}: {}", reason(&error)))?;
    verdict(status.code(), program, &device)
}

/// What a status says (fsck(8), "EXIT STATUS").
fn verdict(code: Option<i32>, program: &str, device: &str) -> Result<Done, String> {
    match code {
        Some(0) => Ok(Done::Clean),
        Some(1) => Ok(Done::Repaired),
        Some(code) if code & 4 != 0 => Err(format!(
            "{device} has errors that nobody asked can repair: run {program} {device} by hand"
        )),
        Some(code) if code & 2 != 0 => Err(format!(
            "{device} was repaired while it was in use: start the system anew"
        )),
        Some(code) => Err(format!("{program} {device} ended with status {code}")),
        None => Err(format!("{program} {device} was killed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fstab::parse;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_root_comes_first_and_others_in_their_order() {
        let entries = parse(b"/dev/b /b ext4 defaults 0 2\n/dev/a / ext4 defaults 0 1\n/dev/c /c ext4\n/dev/d /d ext4 noauto 0 2\n/dev/e /e ext4 defaults 0 2", "x", |_| {});
        let targets: Vec<&str> = order(&entries).iter().map(|entry| &*entry.target).collect();
        assert_eq!(targets, ["/", "/b", "/e"]);
    }

    #[test]
    fn statuses_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        std::fs::create_dir_all(root.at("/sbin")).unwrap();
        std::fs::create_dir_all(root.at("/dev")).unwrap();
        let checked = |line: &str| check(&root, &parse(line.as_bytes(), "x", |_| {})[0]);
        let line = "/dev/sda /a ext4 defaults 0 2";
        assert!(
            checked(line)
                .unwrap_err()
                .contains("there is no device /dev/sda: write 'nofail'")
        );
        assert_eq!(
            checked("/dev/sda /a ext4 nofail 0 2"),
            Ok(Done::Passed("it is not there"))
        );
        std::fs::write(root.at("/dev/sda"), "").unwrap();
        assert_eq!(
            checked(line),
            Ok(Done::Passed("there is no program that could"))
        );
        assert_eq!(
            checked("/dev/sda /a xfs defaults 0 2"),
            Ok(Done::Passed("it looks after itself"))
        );
        for (status, told) in [(0, Ok(Done::Clean)), (1, Ok(Done::Repaired))] {
            std::fs::write(
                root.at("/sbin/fsck.ext4"),
                format!("#!/bin/sh\n[ \"$1 $2\" = '-a /dev/sda' ] || exit 8\nexit {status}\n"),
            )
            .unwrap();
            std::fs::set_permissions(root.at("/sbin/fsck.ext4"), PermissionsExt::from_mode(0o755))
                .unwrap();
            assert_eq!(checked(line), told);
        }
        let wrong = |code| verdict(code, "/sbin/fsck.ext4", "/dev/sda").unwrap_err();
        assert!(
            wrong(Some(4)).contains("run /sbin/fsck.ext4 /dev/sda by hand")
                && wrong(Some(6)).contains("by hand")
        );
        assert!(
            wrong(Some(3)).contains("start the system anew")
                && wrong(Some(8)).contains("status 8")
                && wrong(None).contains("killed")
        );
    }
}
