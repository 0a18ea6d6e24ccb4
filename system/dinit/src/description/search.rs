//! Where descriptions are looked for (dinit(8), FILES).

use super::environment::Environment;
use super::error::Problem;
use super::files::{self, File};
use super::users::Users;

/// Folders of descriptions, the first that has one wins.
pub type Folders = Vec<Box<[u8]>>;

const SYSTEM: [&str; 4] = [
    "/etc/dinit.d",
    "/run/dinit.d",
    "/usr/local/lib/dinit.d",
    "/lib/dinit.d",
];

const USER: [&str; 3] = [
    "/etc/dinit.d/user",
    "/usr/lib/dinit.d/user",
    "/usr/local/lib/dinit.d/user",
];

/// The folders of the system manager.
pub fn system() -> Folders {
    SYSTEM.map(|path| path.as_bytes().into()).into()
}

/// The folders of a user's instance: those of the system manager for a user without a home.
pub fn user(environment: &Environment, users: &Users) -> Folders {
    let config = environment.get(b"XDG_CONFIG_HOME").unwrap_or_default();
    let config = config.strip_suffix(b"/").unwrap_or(config);
    let home = match environment.get(b"HOME") {
        Some(home) => home,
        None => {
            let user = users.by_uid(rustix::process::getuid().as_raw());
            user.map_or(&[][..], |user| user.home)
        }
    };
    let mut folders = Folders::new();
    if !config.is_empty() {
        folders.push([config, b"/dinit.d"].concat().into());
    }
    if !home.is_empty() {
        let own: Box<[u8]> = [home, b"/.config/dinit.d"].concat().into();
        if !folders.contains(&own) {
            folders.push(own);
        }
    }
    if folders.is_empty() {
        return system();
    }
    folders.extend(USER.map(|path| path.as_bytes().into()));
    folders
}

/// Finds and reads the file of a service: its path and what is in it. A folder that cannot be read is an error only
/// if no other has the file.
pub fn find(folders: &[Box<[u8]>], name: &[u8]) -> Result<(Vec<u8>, File), Problem> {
    let base = name.split(|byte| *byte == b'@').next().unwrap_or_default();
    let mut wrong = None;
    for folder in folders {
        let path = files::join(folder, base);
        match files::read(&path) {
            Ok(Some(file)) => return Ok((path, file)),
            Ok(None) => {}
            Err(problem @ Problem::Unreadable(..)) => {
                wrong.get_or_insert(problem);
            }
            Err(problem) => return Err(problem),
        }
    }
    Err(wrong.unwrap_or(Problem::NotFound))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entries: &[&str]) -> Vec<String> {
        let mut environment = Environment::default();
        entries
            .iter()
            .for_each(|entry| environment.set(entry.as_bytes()));
        let folders = user(&environment, &Users::at("/nonexistent", "/nonexistent"));
        let text = |folder: Box<[u8]>| String::from_utf8_lossy(&folder).into_owned();
        folders.into_iter().map(text).collect()
    }

    #[test]
    fn folders_of_a_user() {
        let folders = of(&["HOME=/h", "XDG_CONFIG_HOME=/c/"]);
        assert_eq!(folders[..2], ["/c/dinit.d", "/h/.config/dinit.d"]);
        assert_eq!(folders[2..], USER);
        assert_eq!(
            of(&["HOME=/h", "XDG_CONFIG_HOME=/h/.config"])[0],
            "/h/.config/dinit.d"
        );
        assert_eq!(of(&["HOME=/h", "XDG_CONFIG_HOME=/h/.config"]).len(), 4);
        assert_eq!(of(&["HOME="]), SYSTEM);
    }

    #[test]
    fn the_first_folder_wins() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = |name: &str| -> Box<[u8]> {
            let path = temporary.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            path.into_os_string().into_encoded_bytes().into()
        };
        let folders = [folder("a"), folder("b"), b"/dev/null".as_slice().into()];
        std::fs::write(temporary.path().join("b/x"), "b").unwrap();
        assert_eq!(find(&folders, b"x@arg").unwrap().1.text, b"b");
        std::fs::write(temporary.path().join("a/x"), "a").unwrap();
        assert_eq!(find(&folders, b"x").unwrap().1.text, b"a");
        assert_eq!(find(&folders[..2], b"y").unwrap_err(), Problem::NotFound);
        // What is no folder is an error when the service is nowhere else.
        assert!(matches!(
            find(&folders, b"y"),
            Err(Problem::Unreadable(_, 20))
        ));
        std::fs::create_dir(temporary.path().join("a/d")).unwrap();
        assert!(matches!(find(&folders, b"d"), Err(Problem::NotAFile(..))));
    }
}
