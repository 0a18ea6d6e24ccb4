//! The tables in their folders. A table that is not as it must be is told and passed over whole; the others are not touched by it.

use crate::table::{self, Entry, Kind};
use crate::users::{User, Users};
use common::reason;
use rustix::fs::{FileType, Mode, OFlags};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A table is no larger.
const SIZE: u64 = 1 << 20;

/// An entry with who runs it and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub entry: Rc<Entry>,
    pub user: Rc<User>,
    pub file: Rc<str>,
}

/// Where tables are.
#[derive(Clone, Debug)]
pub struct Folders {
    pub users: PathBuf,
    pub systems: PathBuf,
}

/// What was read, and what is to be told of what was not.
#[derive(Debug, Default)]
pub struct Found {
    pub tasks: Vec<Task>,
    pub told: Vec<String>,
}

/// Reads all tables.
pub fn read(folders: &Folders, users: &Users) -> Found {
    let mut all = Found::default();
    for (folder, kind) in [
        (&folders.users, Kind::Users),
        (&folders.systems, Kind::Systems),
    ] {
        for path in files(folder, kind) {
            let shown = path.display().to_string();
            if let Err(told) = one(&path, kind, users, &mut all) {
                all.told
                    .extend(told.iter().map(|what| format!("{shown}:{what}")));
                all.told
                    .push(format!("{shown}: nothing of it is run until that is right"));
            }
        }
    }
    all
}

/// The tables of a folder by their names: none that is hidden, and in the system's folder none with a dot, as package managers and
/// editors name what is no table (run-parts(8) goes by the same rule).
fn files(folder: &Path, kind: Kind) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            match kind {
                Kind::Users => !name.starts_with(b".") && !name.ends_with(b"~"),
                Kind::Systems => name.iter().all(known),
            }
        })
        .collect();
    paths.sort();
    paths
}

/// Adds the entries of a table; or what is wrong, to be put behind the file's name and a colon.
fn one(path: &Path, kind: Kind, users: &Users, all: &mut Found) -> Result<(), Vec<String>> {
    let owner = match kind {
        Kind::Systems => None,
        Kind::Users => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let user = users.find(&name);
            Some(user.ok_or_else(|| vec![format!(" there is no user '{name}'")])?)
        }
    };
    let text = text(path, owner.as_ref()).map_err(|error| vec![format!(" {}", reason(&error))])?;
    let entries = table::parse(&text, kind).map_err(|mistakes| {
        let told = mistakes.iter().map(ToString::to_string);
        told.collect::<Vec<_>>()
    })?;
    let owner = owner.map(Rc::new);
    let file: Rc<str> = path.display().to_string().into();
    let mut tasks = Vec::new();
    let mut unknown = Vec::new();
    for entry in entries {
        let user = match (&owner, &entry.user) {
            (Some(owner), _) => Some(Rc::clone(owner)),
            (None, name) => users.find(name.as_deref().unwrap_or_default()).map(Rc::new),
        };
        match user {
            Some(user) => tasks.push(Task {
                entry: Rc::new(entry),
                user,
                file: Rc::clone(&file),
            }),
            None => {
                let name = entry.user.unwrap_or_default();
                unknown.push(format!("{}: there is no user '{name}'", entry.line));
            }
        }
    }
    if !unknown.is_empty() {
        return Err(unknown);
    }
    if let Some((_, whom)) = tasks
        .iter()
        .flat_map(|task| &task.entry.variables)
        .find(mail)
    {
        all.told.push(format!(
            "{file}: MAILTO={whom}: nothing is sent by mail; what jobs say is in this log"
        ));
    }
    all.tasks.extend(tasks);
    Ok(())
}

fn mail(variable: &&(String, String)) -> bool {
    variable.0 == "MAILTO" && !variable.1.is_empty()
}

/// The text of a table that nobody but root and its owner can have written.
fn text(path: &Path, owner: Option<&User>) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let stat = rustix::fs::fstat(&file)?;
    let wrong = |what: &str| Err(io::Error::other(what));
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return wrong("a regular file is expected");
    }
    if stat.st_uid != 0 && owner.is_none_or(|owner| owner.uid != stat.st_uid) {
        return wrong("it must belong to root, or to the user whose table it is");
    }
    if stat.st_mode & 0o022 != 0 {
        return wrong("others than its owner can write to it: take that away (chmod go-w)");
    }
    let mut text = Vec::new();
    let length = File::from(file).take(SIZE + 1).read_to_end(&mut text)?;
    match length as u64 > SIZE {
        true => wrong("a table of at most 1 MiB is expected"),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn users() -> Users {
        let uid = rustix::process::getuid().as_raw();
        Users {
            passwd: format!("ann:x:{uid}:100::/home/ann:\nroot:x:0:0::/root:\n"),
            group: String::new(),
        }
    }

    fn write(path: &Path, text: &str, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn good_tables_are_read_and_others_told() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Folders {
            users: dir.path().join("crontabs"),
            systems: dir.path().join("cron.d"),
        };
        write(&folders.users.join("ann"), "MAILTO=x\n1 * * * * a\n", 0o600);
        write(&folders.users.join("nobody"), "1 * * * * a\n", 0o600);
        write(&folders.users.join(".ann.swp"), "1 * * * * a\n", 0o600);
        write(&folders.users.join("root"), "1 * * * * a\n", 0o666);
        write(
            &folders.systems.join("good"),
            "1 * * * * root b\n@reboot ann c\n",
            0o644,
        );
        write(
            &folders.systems.join("bad"),
            "1 * * * * root b\n61 * * * * root b\n",
            0o644,
        );
        write(
            &folders.systems.join("ghost"),
            "1 * * * * root b\n\n1 * * * * ghost b\n",
            0o644,
        );
        write(&folders.systems.join("good.apk-new"), "nonsense", 0o644);
        std::os::unix::fs::symlink("good", folders.systems.join("link")).unwrap();
        let found = read(&folders, &users());
        let tasks = found
            .tasks
            .iter()
            .map(|task| (&*task.user.name, &*task.entry.command));
        assert_eq!(
            tasks.collect::<Vec<_>>(),
            [("ann", "a"), ("root", "b"), ("ann", "c")]
        );
        let told = found.told.join("\n");
        for part in [
            "crontabs/ann: MAILTO=x: nothing is sent by mail",
            "crontabs/nobody: there is no user 'nobody'",
            "crontabs/root: others than its owner can write to it",
            "cron.d/bad:2:1: a minute from 0 to 59 is expected, not '61'",
            "cron.d/bad: nothing of it is run",
            "cron.d/ghost:3: there is no user 'ghost'",
            "cron.d/link: ",
        ] {
            assert!(told.contains(part), "{part}\n{told}");
        }
        assert!(!told.contains("apk-new") && !told.contains("swp"), "{told}");
        let nowhere = Folders {
            users: dir.path().join("x"),
            systems: dir.path().join("y"),
        };
        assert!(read(&nowhere, &users()).tasks.is_empty());
    }
}
