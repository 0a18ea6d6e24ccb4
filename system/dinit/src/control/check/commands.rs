//! What a description names in the file system: commands, folders.

use crate::description::error::Problem;
use crate::description::{Description, Log, files};
use rustix::fs::{FileType, RawMode};

/// Looks at what is named; tells the setting and what is wrong.
pub fn look(description: &Description, tell: &mut dyn FnMut(&'static str, Problem)) {
    let file = description.file.as_deref().unwrap_or_default();
    let folder = match &description.extra().working_dir {
        Some(folder) => folder,
        None => files::parent(file),
    };
    let mut broken = |path: &[u8], what, setting, error: rustix::io::Errno| {
        let problem = Problem::Named(path.into(), what, error.raw_os_error());
        tell(setting, problem);
    };
    match mode(folder) {
        Err(error) => broken(folder, "cannot be entered: ", "working-dir", error),
        Ok(mode) if FileType::from_raw_mode(mode) != FileType::Directory => {
            tell(
                "working-dir",
                Problem::Unsuitable(folder.into(), "is not a folder"),
            );
        }
        Ok(_) => {}
    }
    for (setting, command) in [
        ("command", &description.command),
        ("stop-command", &description.stop_command),
    ] {
        let Some(program) = command.arguments().next().filter(|word| !word.is_empty()) else {
            continue;
        };
        let problem = match mode(program) {
            _ if program[0] != b'/' => {
                Problem::Unsuitable(program.into(), "is not an absolute path")
            }
            Err(error) => Problem::Named(program.into(), "cannot be run: ", error.raw_os_error()),
            Ok(mode) if FileType::from_raw_mode(mode) != FileType::RegularFile => {
                Problem::Unsuitable(program.into(), "is not a regular file")
            }
            Ok(mode) if mode & 0o100 == 0 => {
                Problem::Unsuitable(program.into(), "is not executable by its owner")
            }
            Ok(_) => continue,
        };
        tell(setting, problem);
    }
    if let Log::File(log) = &description.log {
        let parent = files::parent(&log.path);
        let parent = files::join(folder, parent);
        match mode(&parent) {
            Err(error) => {
                let errno = error.raw_os_error();
                tell(
                    "logfile",
                    Problem::Named(parent.into(), "cannot hold the log: ", errno),
                );
            }
            Ok(mode) if FileType::from_raw_mode(mode) != FileType::Directory => {
                tell(
                    "logfile",
                    Problem::Unsuitable(parent.into(), "is not a folder"),
                );
            }
            Ok(_) => {}
        }
    }
}

/// Type and permissions; an empty path is the current folder.
fn mode(path: &[u8]) -> rustix::io::Result<RawMode> {
    let path = if path.is_empty() { b"." } else { path };
    rustix::fs::stat(path).map(|stat| stat.st_mode)
}
