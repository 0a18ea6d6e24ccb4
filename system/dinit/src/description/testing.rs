//! What tests of descriptions have in common.

use super::draft::{Context, Reports};
use super::environment::Environment;
use super::error::Error;
use super::files::File;
use super::load::{Loader, Nothing};
use super::users::Users;
use super::{Description, read};
use std::path::{Path, PathBuf};

/// Keeps what it is told.
#[derive(Default)]
pub struct Kept {
    pub errors: Vec<Error>,
    pub warnings: Vec<Error>,
}

impl Reports for Kept {
    fn error(&mut self, error: Error) -> Result<(), Error> {
        self.errors.push(error);
        Ok(())
    }

    fn warning(&mut self, warning: Error) {
        self.warnings.push(warning);
    }

    fn thorough(&self) -> bool {
        true
    }
}

pub fn environment(entries: &[&str]) -> Environment {
    let mut made = Environment::default();
    entries.iter().for_each(|entry| made.set(entry.as_bytes()));
    made
}

/// Users `root` (0), `ann` (1000) and groups `root` (0), `staff` (50), which exist as long as the value does.
pub struct TestUsers {
    pub users: Users,
    _folder: tempfile::TempDir,
}

pub fn users() -> TestUsers {
    let folder = tempfile::tempdir().unwrap();
    let (passwd, group) = (folder.path().join("passwd"), folder.path().join("group"));
    let own = rustix::process::geteuid().as_raw();
    let me = match own {
        0 => String::new(),
        _ => format!("me:x:{own}:1:::\n"),
    };
    let text = format!("root:x:0:0::/root:/bin/sh\nann:x:1000:50::/home/ann:/bin/ash\n{me}");
    std::fs::write(&passwd, text).unwrap();
    std::fs::write(&group, "root:x:0:\nstaff:x:50:ann\n").unwrap();
    TestUsers {
        users: Users::at(passwd, group),
        _folder: folder,
    }
}

/// Reads a description from a text, in the folder `/nowhere`.
pub fn parse(name: &str, text: &[u8]) -> (Result<Description, Error>, Kept) {
    let users = users();
    let environment = environment(&["A=a", "LIST=1 2", "EMPTY="]);
    let context = Context {
        environment: &environment,
        users: &users.users,
        for_tools: true,
    };
    let file = File {
        text: text.to_vec(),
        folder: b"/nowhere".into(),
        modified: (1, 2),
    };
    let mut kept = Kept::default();
    let made = read::read(
        name.as_bytes(),
        b"/nowhere/service",
        &file,
        &context,
        &mut kept,
    );
    (made, kept)
}

/// Reads what is to be right.
pub fn good(text: &str) -> Description {
    let (made, kept) = parse("service", text.as_bytes());
    assert_eq!(kept.errors, [], "{text}");
    made.unwrap()
}

/// Reads what has one thing wrong; gives what is said about it.
pub fn bad(text: &str) -> String {
    let (_, kept) = parse("service", text.as_bytes());
    assert_eq!(kept.errors.len(), 1, "{text}: {:?}", kept.errors);
    kept.errors[0].to_string()
}

/// A folder of descriptions.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn load(&self, name: &str) -> (Result<Vec<Description>, Error>, Vec<Error>) {
        load(self.0.path(), name)
    }
}

/// Loads a service of a folder when nothing is loaded.
pub fn load(folder: &Path, name: &str) -> (Result<Vec<Description>, Error>, Vec<Error>) {
    let users = Users::system();
    let environment = environment(&["A=a"]);
    let loader = Loader {
        folders: &[folder.as_os_str().as_encoded_bytes().into()],
        context: Context {
            environment: &environment,
            users: &users,
            for_tools: false,
        },
        loaded: &Nothing,
    };
    let mut warnings = Vec::new();
    let mut strict = super::draft::Strict(|warning| warnings.push(warning));
    let made = loader.load(name.as_bytes(), &mut strict);
    (made, warnings)
}

pub fn names(made: &[Description]) -> Vec<String> {
    let name = |made: &Description| String::from_utf8_lossy(&made.name).into_owned();
    made.iter().map(name).collect()
}
