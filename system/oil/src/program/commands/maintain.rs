//! Commands: keep the system in order.

use super::super::options::{COMMIT, flag, switch};
use super::super::{change, update};
use super::{Command, command};

/// The commands.
pub static COMMANDS: &[Command] = &[
    command(
        "fix",
        "Reinstall or upgrade packages without a change of the world",
        "[OPTION]… [NAME]…",
        "Without names, all packages that are marked as broken.",
        &[&COMMIT],
        &[
            flag(&["depends"], "d", "What the packages need as well"),
            flag(
                &["directory-permissions"],
                "",
                "Set the permissions of all directories again",
            ),
            flag(&["reinstall"], "r", "Reinstall (the default)"),
            flag(&["upgrade"], "u", "Upgrade if that is possible"),
            flag(
                &["xattr"],
                "x",
                "Packages whose extended attributes could not be set",
            ),
        ],
        change::fix,
    ),
    command(
        "update",
        "Refresh the indexes of all repositories",
        "",
        "",
        &[],
        &[],
        update::run,
    ),
    command(
        "upgrade",
        "Upgrade installed packages",
        "[OPTION]… [NAME]…",
        "Without names, all of them.",
        &[&COMMIT],
        &[
            flag(
                &["available"],
                "a",
                "Prefer what repositories have, be it older, and forget versions in the world",
            ),
            flag(
                &["ignore"],
                "",
                "Upgrade all but the packages that are named",
            ),
            flag(
                &["latest"],
                "l",
                "Choose the highest version, whatever that breaks",
            ),
            switch(
                &["preupgrade"],
                "",
                "Upgrade the package manager first (Oil needs no such step)",
            ),
            flag(&["preupgrade-only"], "", "Only that step"),
            flag(
                &["prune"],
                "",
                "Take out of the world what no repository has",
            ),
        ],
        change::upgrade,
    ),
];
