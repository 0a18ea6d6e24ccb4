//! Commands: other.

use super::super::options::{flag, value};
use super::super::{stats, version};
use super::{Command, command};

/// The commands.
pub static COMMANDS: &[Command] = &[
    command(
        "stats",
        "Show numbers about repositories and the system",
        "",
        "",
        &[],
        &[],
        stats::run,
    ),
    command(
        "version",
        "Compare versions: installed and available, or two",
        "[OPTION]… [NAME]… | -c VERSION… | -t VERSION VERSION | -I",
        "",
        &[],
        &[
            flag(&["all"], "a", "Repositories with tags as well"),
            flag(&["check"], "c", "Print those that are not valid versions"),
            flag(&["indexes"], "I", "Print the indexes' descriptions"),
            value(
                &["limit"],
                "l",
                "OPERANDS",
                "Only packages that compare so: any of <, = and >",
            ),
            flag(&["test"], "t", "Compare two versions"),
        ],
        version::run,
    ),
];
