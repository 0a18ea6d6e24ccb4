//! `dinit-check`: reads descriptions as dinit would, and tells what is wrong with them (dinit-check(8)).

mod command_line;
mod commands;
mod graph;
#[cfg(test)]
mod reference_tests;
mod services;
#[cfg(test)]
mod tests;

use crate::description::draft::Context;
use crate::description::environment::{BadLine, Changes, Environment};
use crate::description::load::{Loader, Nothing};
use crate::description::search::{self, Folders};
use crate::description::users::Users;
use crate::text::Show;
use command_line::{Asked, Options};
use services::Checked;
use std::ffi::OsString;
use std::io::{self, Write};

/// What a running dinit says of itself.
pub struct Manager {
    pub folders: Folders,
    pub environment: Environment,
}

/// Asks a running dinit; for `--online`. The socket if one was given, and whether to ask the user's instance.
pub type Ask<'a> = dyn Fn(Option<&[u8]>, bool) -> Result<Manager, String> + 'a;

/// Where dinit reads its environment from when it manages the system.
const ENVIRONMENT: &[u8] = b"/etc/dinit/environment";

/// The program, with the arguments after its name, whom to ask and where to write: whether it found nothing wrong.
#[inline(never)] // The programs lie apart: layout.ld.
pub fn run(
    arguments: impl Iterator<Item = OsString>,
    ask: &Ask<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<bool> {
    let options = match command_line::parse(arguments) {
        Ok(Asked::Help) => {
            out.write_all(command_line::HELP.as_bytes())?;
            return Ok(true);
        }
        Ok(Asked::Check(options)) => options,
        Err(what) => {
            writeln!(err, "dinit-check: {what}")?;
            return Ok(false);
        }
    };
    let users = Users::system();
    let manager = if options.online {
        ask(options.socket.as_deref(), options.user)
    } else {
        offline(&options, &users, err)
    };
    let manager = match manager {
        Ok(manager) => manager,
        Err(what) => {
            writeln!(err, "dinit-check: {what}")?;
            return Ok(false);
        }
    };
    let loader = Loader {
        folders: &manager.folders,
        context: Context {
            environment: &manager.environment,
            users: &users,
            for_tools: false,
        },
        loaded: &Nothing,
    };
    let mut checked = Checked::new(&loader, err, !options.online);
    checked.all(&options.services, out)?;
    writeln!(out, "Performing secondary checks...")?;
    checked.together()?;
    let found = checked.found();
    // On the same stream as what was found, as the reference has it.
    writeln!(err, "Secondary checks complete.")?;
    out.write_all(match found {
        true => b"One or more errors/warnings issued.\n",
        false => b"No problems found.\n",
    })?;
    Ok(!found)
}

/// What dinit would find if it were started so.
fn offline(options: &Options, users: &Users, err: &mut dyn Write) -> Result<Manager, String> {
    let own = Environment::of_process();
    let folders = match (options.folders.is_empty(), options.user) {
        (false, _) => options.folders.clone(),
        (true, true) => search::user(&own, users),
        (true, false) => search::system(),
    };
    let file = match (&options.env_file, options.user) {
        (Some(path), _) => Some(&path[..]),
        (None, false) => Some(ENVIRONMENT),
        (None, true) => None,
    };
    let mut changes = Changes::default();
    if let Some(path) = file {
        // That there is none is no error.
        let read = changes.read_file(path, &mut |bad| {
            let (line, what) = match bad {
                BadLine::Setting(line) => (line, "not NAME=VALUE"),
                BadLine::Command(line) => (line, "not one of !clear, !unset, !import"),
            };
            let place = Show(path);
            let _ = writeln!(err, "dinit-check: warning: {place}:{line}: {what}");
        });
        read.map_err(|problem| format!("environment: {problem}"))?;
    }
    Ok(Manager {
        folders,
        environment: changes.apply(&own),
    })
}
