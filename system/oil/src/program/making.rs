//! The commands that make packages, indexes and keys, and that serve them. Few systems need them, and they have compressors
//! and mathematics that nothing else has: without the feature `make` they are in another program, which has it
//! (`packages/oil-tools`), and this one hands its command line over.

#[cfg(feature = "make")]
pub use super::{
    adbgen::run as adbgen,
    convert::{convdb, convndx},
    index::run as index,
    keys::{adbsign, keygen, sign},
    mkndx::run as mkndx,
    mkpkg::run as mkpkg,
    serve::run as serve,
};
#[cfg(not(feature = "make"))]
pub use elsewhere::{
    run as adbgen, run as adbsign, run as convdb, run as convndx, run as index, run as keygen,
    run as mkndx, run as mkpkg, run as serve, run as sign,
};

#[cfg(not(feature = "make"))]
mod elsewhere {
    use crate::program::arguments::Arguments;
    use crate::program::outcome::{Failure, Outcome, reason};
    use crate::program::session::Session;
    use std::io::Write as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    /// The program that has these commands.
    const PROGRAM: &str = "/usr/libexec/oil-tools";

    /// Becomes that program, with the same words.
    pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
        session.out.flush()?;
        let mut words = std::env::args_os();
        let mut command = Command::new(PROGRAM);
        command.arg0(words.next().unwrap_or_default()).args(words);
        let error = command.exec();
        let name = arguments.command.map_or("this", |command| command.name);
        Err(match error.kind() {
            std::io::ErrorKind::NotFound => Failure::new(format_args!(
                "'{name}' is in the package oil-tools, which is not installed: 'oil add oil-tools' installs it"
            )),
            _ => Failure::of(PROGRAM, reason(&error)),
        })
    }
}
