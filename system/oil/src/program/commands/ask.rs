//! Commands: ask about packages.

use super::super::options::{QUERY, flag, value};
use super::super::{dot, explain, info, list, policy, query, sbom, search};
use super::{Command, command};

/// The commands.
pub static COMMANDS: &[Command] = &[
    command(
        "query",
        "Look for packages by any of their fields",
        "[OPTION]… PATTERN… | --recursive CONSTRAINT…",
        "Fields: name, version, description, arch, license, origin, maintainer, url, commit, build-time, \
         installed-size, file-size, provider-priority, depends, provides, replaces, install-if, recommends, layer, \
         tags, triggers, scripts, replaces-priority, contents, download-url, package, repositories, status, \
         reverse-depends, reverse-install-if; owner for --match alone.",
        &[&QUERY],
        &[],
        query::run,
    ),
    command(
        "list",
        "List packages",
        "[OPTION]… [PATTERN]…",
        "Patterns are those of a shell: * and ?.",
        &[&QUERY],
        &[
            flag(&["available"], "a", "Only packages that repositories have"),
            flag(
                &["depends"],
                "d",
                "Patterns are for what packages depend on",
            ),
            flag(&["installed"], "I", "Only installed packages"),
            flag(&["manifest"], "", "Installed packages as NAME VERSION"),
            flag(&["origin"], "o", "Patterns are for the packages' origin"),
            flag(
                &["orphaned"],
                "O",
                "Only installed packages that no repository has",
            ),
            flag(
                &["providers"],
                "P",
                "Patterns are for what packages provide",
            ),
            flag(
                &["upgradable", "upgradeable"],
                "u",
                "Only packages that would upgrade an installed one",
            ),
        ],
        list::run,
    ),
    command(
        "search",
        "Search for packages by a part of their name",
        "[OPTION]… [TEXT]…",
        "",
        &[&QUERY],
        &[
            flag(&["all"], "a", "All versions"),
            flag(&["description"], "d", "Search in descriptions as well"),
            flag(&["exact"], "ex", "The whole name"),
            flag(&["has-origin"], "", "Packages of this origin"),
            flag(&["origin"], "o", "Print the origin"),
            flag(&["rdepends"], "r", "Print what depends on the packages"),
        ],
        search::run,
    ),
    command(
        "info",
        "Tell about packages",
        "[OPTION]… [NAME]… | -W FILE…",
        "Without names, lists what is installed. Without options, description, webpage and size.",
        &[&QUERY],
        &[
            flag(&["all"], "a", "All that is known"),
            flag(&["contents"], "L", "The files"),
            flag(&["depends"], "R", "What the packages need"),
            flag(&["description"], "d", "The description"),
            flag(
                &["exists", "installed"],
                "e",
                "Whether the packages are installed; the status is how many are not",
            ),
            flag(
                &["install-if"],
                "",
                "What brings the packages in by themselves",
            ),
            flag(&["license"], "", "The licence"),
            flag(&["provides"], "P", "What the packages provide"),
            flag(&["rdepends"], "r", "What depends on the packages"),
            flag(&["replaces"], "", "Whose files the packages may overwrite"),
            flag(&["rinstall-if"], "", "What the packages bring in"),
            flag(&["size"], "s", "The installed size"),
            flag(&["triggers"], "t", "Directories that the triggers watch"),
            flag(&["webpage"], "w", "The address of the project"),
            flag(&["who-owns"], "W", "Which package has the files"),
        ],
        info::run,
    ),
    command(
        "owns",
        "Tell which package a file is of",
        "[OPTION]… FILE…",
        "As info --who-owns; the paths may be relative to the current directory when the root is /.",
        &[],
        &[],
        info::owns,
    ),
    command(
        "policy",
        "Show from where packages can be had",
        "[OPTION]… NAME…",
        "",
        &[&QUERY],
        &[],
        policy::run,
    ),
    command(
        "dot",
        "Draw dependencies as a graph for Graphviz",
        "[OPTION]… [PATTERN]…",
        "",
        &[&QUERY],
        &[flag(
            &["errors"],
            "",
            "Only what is wrong: cycles and what is missing",
        )],
        dot::run,
    ),
    command(
        "why",
        "Tell why a package is installed",
        "[OPTION]… NAME…",
        "Prints the shortest way from the world to the package.",
        &[],
        &[],
        explain::why,
    ),
    command(
        "explain",
        "Explain the solver's choice in sentences",
        "[OPTION]… CONSTRAINT…",
        "As if the constraints were added: for each package of their names, why it is chosen or what speaks against it.",
        &[],
        &[],
        explain::run,
    ),
    command(
        "sbom",
        "Write a bill of materials of what is installed",
        "[OPTION]…",
        "",
        &[],
        &[
            value(
                &["format"],
                "",
                "FORMAT",
                "spdx (SPDX 2.3, the default) or cyclonedx (1.5), as JSON",
            ),
            value(&["output"], "o", "FILE", "Write to FILE"),
        ],
        sbom::run,
    ),
];
