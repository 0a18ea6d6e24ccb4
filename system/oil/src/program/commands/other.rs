//! Commands: other.

use super::super::options::{GENERATION, flag, value};
use super::super::{adbdump, audit, making, meta, stats, version};
use super::{Command, command};

/// The commands.
pub static COMMANDS: &[Command] = &[
    command(
        "audit",
        "Compare the system with the database",
        "[OPTION]… [DIRECTORY]…",
        "A letter and a path each: A file added, d and D directory added, e error, M and m other owner or \
         permissions, U other content, X deleted, x other extended attributes; with --details, - is what the database \
         says and + what is there.",
        &[],
        &[
            flag(&["backup"], "", "Configuration alone (the default)"),
            flag(&["check-permissions"], "", "Owners and permissions as well"),
            flag(&["details"], "", "Print what differs"),
            flag(&["full"], "", "Everything, with what was added"),
            flag(
                &["ignore-busybox-symlinks"],
                "",
                "Leave links to busybox out",
            ),
            flag(&["packages"], "", "Print the packages with changed files"),
            value(
                &["protected-paths"],
                "",
                "FILE",
                "Rules of protected paths, in place of the system's",
            ),
            flag(&["recursive"], "r", "Print what is in added directories"),
            flag(&["system"], "", "All files of packages but configuration"),
        ],
        audit::run,
    ),
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
    command(
        "adbdump",
        "Print files of format v3 as text",
        "[OPTION]… FILE…",
        "",
        &[],
        &[value(&["format"], "", "FORMAT", "yaml (default) or json")],
        adbdump::run,
    ),
    command(
        "adbgen",
        "Make a file of format v3 of its text",
        "[OPTION]… FILE…",
        "Each FILE is what adbdump prints of one. What is made is written to standard output, without compression, signatures and data.",
        &[],
        &[],
        making::adbgen,
    ),
    command(
        "convdb",
        "Convert the installed database to format v3",
        "",
        "",
        &[&GENERATION],
        &[],
        making::convdb,
    ),
    command(
        "convndx",
        "Convert and merge indexes to format v3",
        "[OPTION]… INDEX…",
        "",
        &[&GENERATION],
        &[],
        making::convndx,
    ),
    command(
        "completion",
        "Print completion for a shell",
        "bash|zsh|fish",
        "",
        &[],
        &[],
        meta::completion,
    ),
    command(
        "man",
        "Write the manual pages",
        "DIR",
        "One page for the program and one for each command, into DIR/man8.",
        &[],
        &[],
        meta::manual,
    ),
];
