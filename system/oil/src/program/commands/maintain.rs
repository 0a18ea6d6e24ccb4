//! Commands: keep the system in order.

use super::super::options::{COMMIT, flag, switch};
use super::super::{cache, change, history, pin, update};
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
                "Set the owners and permissions of all packages' directories again",
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
    command(
        "cache",
        "Manage the cache of packages",
        "[OPTION]… clean|download|purge|sync [CONSTRAINT]…",
        "clean deletes packages that no index has; purge, all that need not be there; download fetches what the world \
         (or the constraints) needs; sync does download and clean.",
        &[],
        &[
            flag(
                &["add-dependencies"],
                "",
                "The constraints are beside the world, not in its place",
            ),
            flag(&["available"], "a", "Prefer what repositories have"),
            flag(&["ignore-conflict"], "", "Leave conflicts out of account"),
            flag(&["latest"], "l", "Choose the highest version"),
            flag(&["upgrade"], "u", "Upgrades rather than what is installed"),
            switch(
                &["simulate", "dry-run"],
                "s",
                "Show what would be done and change nothing",
            ),
        ],
        cache::run,
    ),
    command(
        "pin",
        "Keep packages at a version, or let them go",
        "[OPTION]… [NAME[=VERSION]]…",
        "Writes the version that is installed (or VERSION) into the world, so that upgrades leave it. Without names, \
         lists what is pinned.",
        &[],
        &[
            flag(&["remove"], "r", "Let the packages be upgraded again"),
            switch(
                &["simulate", "dry-run"],
                "s",
                "Show what would be done and change nothing",
            ),
        ],
        pin::run,
    ),
    command(
        "history",
        "List the transactions that were made",
        "[OPTION]… [NUMBER]",
        "With a number, what that transaction changed.",
        &[],
        &[],
        history::list,
    ),
    command(
        "undo",
        "Take back the last transaction",
        "[OPTION]…",
        "Versions and files are what they were before it. To undo twice is to go back to where one was.",
        &[&COMMIT],
        &[],
        history::undo,
    ),
    command(
        "rollback",
        "Go back to the state after a transaction",
        "[OPTION]… NUMBER",
        "Exact versions and files of that state come back, whether a repository still has them or not.",
        &[&COMMIT],
        &[],
        history::rollback,
    ),
    command(
        "diff",
        "Compare the packages of two states",
        "[OPTION]… NUMBER [NUMBER]",
        "Numbers are those of history; the second is the present state if it is left out.",
        &[],
        &[],
        history::diff,
    ),
];
