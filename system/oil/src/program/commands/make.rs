//! Commands: make packages and repositories.

use super::super::options::{QUERY, flag, switch, value};
use super::super::{download, manifest, verify};
use super::{Command, command};

/// The commands.
pub static COMMANDS: &[Command] = &[
    command(
        "fetch",
        "Download packages to a directory",
        "[OPTION]… NAME…",
        "",
        &[&QUERY],
        &[
            value(
                &["built-after"],
                "",
                "TIME",
                "Only packages made later: YYYY-MM-DD HH:MM:SS or seconds since 1970",
            ),
            flag(&["link"], "l", "Make hard links where that is possible"),
            value(&["pkgname-spec"], "", "SPEC", "How the files are called"),
            value(&["output"], "o", "DIR", "Where to write"),
            switch(
                &["simulate", "dry-run"],
                "",
                "Show what would be done and change nothing",
            ),
            flag(&["stdout"], "s", "Write the packages to standard output"),
            flag(&["url"], "", "Print addresses"),
        ],
        download::run,
    ),
    command(
        "manifest",
        "Print digests of packages' files",
        "[OPTION]… PACKAGE|FILE…",
        "",
        &[],
        &[],
        manifest::run,
    ),
    command(
        "verify",
        "Check packages' integrity and signatures",
        "[OPTION]… FILE…",
        "",
        &[],
        &[],
        verify::run,
    ),
];
