//! The options of dinit-check.

use crate::description::search::Folders;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

pub const HELP: &str = "\
dinit-check: check dinit service descriptions
usage: dinit-check [OPTION]... [SERVICE]...
checks the services named (boot if none is) with all that they name

  -d, --services-dir DIR   look for descriptions there and nowhere else;
                           can be given several times
  -n, --online             take folders and environment from the running dinit
  -p, --socket-path PATH   its control socket (with --online)
  -e, --env-file FILE      what dinit's environment is read from
  -s, --system             folders, environment and socket of the system manager
  -u, --user               those of a user's instance
      --help               show this
";

pub enum Asked {
    Help,
    Check(Options),
}

pub struct Options {
    pub folders: Folders,
    pub online: bool,
    pub socket: Option<Box<[u8]>>,
    pub env_file: Option<Box<[u8]>>,
    pub user: bool,
    pub services: Vec<Box<[u8]>>,
}

/// Understands the arguments, or says what is wrong with them.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Asked, String> {
    let mut options = Options {
        folders: Folders::new(),
        online: false,
        socket: None,
        env_file: None,
        user: !rustix::process::getuid().is_root(),
        services: Vec::new(),
    };
    let mut arguments = arguments.map(|argument| argument.into_vec().into_boxed_slice());
    while let Some(argument) = arguments.next() {
        let mut value = |what: &str| {
            let next = arguments.next().filter(|value| !value.is_empty());
            next.ok_or_else(|| format!("{what} is missing"))
        };
        match &*argument {
            b"-d" | b"--services-dir" => options.folders.push(value("the folder after '-d'")?),
            b"-p" | b"--socket-path" => options.socket = Some(value("the path after '-p'")?),
            b"-e" | b"--env-file" => options.env_file = Some(value("the file after '-e'")?),
            b"-n" | b"--online" => options.online = true,
            b"-s" | b"--system" => options.user = false,
            b"-u" | b"--user" => options.user = true,
            b"--help" => return Ok(Asked::Help),
            [b'-', ..] => {
                let option = crate::text::Show(&argument);
                return Err(format!("there is no option {option:?} (--help lists them)"));
            }
            _ => options.services.push(argument),
        }
    }
    if options.services.is_empty() {
        options.services.push(b"boot".as_slice().into());
    }
    Ok(Asked::Check(options))
}
