//! Commands: install and remove packages.

use super::super::change;
use super::super::options::{COMMIT, flag, value};
use super::{Command, command};

/// The commands.
pub static COMMANDS: &[Command] = &[
    command(
        "add",
        "Add packages to the world and install them",
        "[OPTION]… CONSTRAINT|FILE…",
        "A constraint is NAME, NAME@TAG, or either with a version: NAME=1.2, NAME>=1, NAME~1; with ! before it the \
         package must not be there. A FILE is a package's; exactly that package is kept until an upgrade with \
         --available.",
        &[&COMMIT],
        &[
            flag(&["initdb"], "", "Make a new database"),
            flag(
                &["latest"],
                "l",
                "Choose the highest version, whatever that breaks",
            ),
            flag(
                &["upgrade"],
                "u",
                "Bring the packages and what they need up to date",
            ),
            flag(
                &["usermode", "no-chown"],
                "",
                "With --initdb: a database that needs no root",
            ),
            value(
                &["virtual"],
                "t",
                "NAME",
                "Make a package NAME[=VERSION] that needs these, and add that",
            ),
        ],
        change::add,
    ),
    command(
        "del",
        "Take packages out of the world and remove what nothing needs",
        "[OPTION]… NAME…",
        "What other packages of the world still need stays, and is told.",
        &[&COMMIT],
        &[flag(
            &["rdepends"],
            "r",
            "Also take out what in the world needs the packages",
        )],
        change::del,
    ),
    command(
        "autoremove",
        "Remove installed packages that nothing needs any more",
        "[OPTION]…",
        "Packages stay that the world asks for, that those need, or that their install-if rules bring in. Nothing \
         else is upgraded or changed.",
        &[&COMMIT],
        &[],
        change::autoremove,
    ),
];
