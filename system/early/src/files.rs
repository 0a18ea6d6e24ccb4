//! Folders, files and links that a program needs before it runs, as `tmpfiles.d` declares them (tmpfiles.d(5)).
//!
//! Of its types there are `d` (a folder), `f` (a file, with the text behind it where it is made) and `L` (a link to what stands
//! behind it); of a folder or file that is there already mode and owner are set, what is in it stays.

use common::reason;
use common::root::Root;
use rustix::fs::{Mode, OFlags, fchmod, fchown, open};
use rustix::process::{Gid, Uid};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path};

/// Where files are; one in the first folder stands in place of those of the same name in the others.
const FOLDERS: [&str; 3] = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/lib/tmpfiles.d"];

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: Kind,
    path: String,
    /// Unsaid: 755 for folders, 644 for files.
    mode: Option<u32>,
    user: Option<String>,
    group: Option<String>,
    /// The text of a file, or where a link leads.
    argument: String,
}

/// Makes what `NAME.conf` declares. What is wrong with one line is told, with the file and the line; the others are done.
pub fn make(root: &Root, name: &str, mut wrong: impl FnMut(String)) {
    let file = format!("{name}.conf");
    let plain = !name.is_empty() && !name.contains('/') && !name.starts_with('.');
    let found = FOLDERS
        .iter()
        .map(|folder| format!("{folder}/{file}"))
        .find(|path| plain && root.at(path).exists());
    let Some(path) = found else {
        wrong(format!("there is no {file} in {}", FOLDERS.join(", ")));
        return;
    };
    let text = match fs::read(root.at(&path)) {
        Ok(text) => text,
        Err(error) => return wrong(format!("{path}: {}", reason(&error))),
    };
    for (number, line) in (1..).zip(String::from_utf8_lossy(&text).lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let done = parse(line).and_then(|entry| {
            perform(root, &entry).map_err(|what| format!("{}: {what}", entry.path))
        });
        if let Err(what) = done {
            wrong(format!("{path}:{number}: {what}"));
        }
    }
}

/// `TYPE PATH MODE USER GROUP AGE ARGUMENT`; what is `-` or absent is unsaid, and no age is taken.
fn parse(line: &str) -> Result<Entry, String> {
    let mut rest = line;
    let mut field = || {
        let text = rest.trim_start();
        let end = text.find([' ', '\t']).unwrap_or(text.len());
        let (word, behind) = text.split_at(end);
        rest = behind;
        (!word.is_empty() && word != "-").then(|| word.to_owned())
    };
    let kind = match field().as_deref() {
        Some("d") => Kind::Folder,
        Some("f") => Kind::File,
        Some("L") => Kind::Link,
        other => {
            let other = other.unwrap_or("-");
            return Err(format!(
                "there is no type '{other}': there are d (a folder), f (a file), L (a link)"
            ));
        }
    };
    let path = field().ok_or("the path is missing: TYPE PATH MODE USER GROUP AGE ARGUMENT")?;
    let sound = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    if !path.starts_with('/') || path == "/" || !Path::new(&path).components().all(sound) {
        return Err(format!(
            "'{path}' is no absolute path without '..': write all of it"
        ));
    }
    let mode = field()
        .map(|text| {
            let mode = u32::from_str_radix(&text, 8).ok();
            let wrong = || format!("'{text}' is no mode: write it as in 0750");
            mode.filter(|mode| *mode <= 0o7777).ok_or_else(wrong)
        })
        .transpose()?;
    let (user, group) = (field(), field());
    if field().is_some() {
        return Err("nothing is removed for its age: write - as the sixth field".to_owned());
    }
    let argument = rest.trim_start().to_owned();
    if kind == Kind::Link && argument.is_empty() {
        return Err("where the link leads is missing: it is the seventh field".to_owned());
    }
    Ok(Entry {
        kind,
        path,
        mode,
        user,
        group,
        argument,
    })
}

fn perform(root: &Root, entry: &Entry) -> Result<(), String> {
    let user = id(root, "/etc/passwd", "user", entry.user.as_deref())?;
    let group = id(root, "/etc/group", "group", entry.group.as_deref())?;
    let path = root.at(&entry.path);
    let said = |error: io::Error| match error.raw_os_error() {
        Some(libc::ENOTDIR | libc::ELOOP) => "something else is there: it is left alone".to_owned(),
        _ => reason(&error).to_string(),
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(said)?;
    }
    if entry.kind == Kind::Link {
        return link(&path, &entry.argument).map_err(said);
    }
    let there = match entry.kind {
        Kind::Folder => folder(&path),
        _ => file(&path, &entry.argument),
    };
    let there = there.map_err(said)?;
    let usual = match entry.kind {
        Kind::Folder => 0o755,
        _ => 0o644,
    };
    // The owner first: being given away takes a file's setuid bits.
    fchown(&there, user.map(Uid::from_raw), group.map(Gid::from_raw))
        .map_err(|errno| said(errno.into()))?;
    fchmod(&there, Mode::from_raw_mode(entry.mode.unwrap_or(usual)))
        .map_err(|errno| said(errno.into()))
}

/// The number of a name, or the number itself.
fn id(root: &Root, file: &str, what: &str, name: Option<&str>) -> Result<Option<u32>, String> {
    let Some(name) = name else {
        return Ok(None);
    };
    if let Ok(number) = name.parse() {
        return Ok(Some(number));
    }
    let text =
        fs::read_to_string(root.at(file)).map_err(|error| format!("{file}: {}", reason(&error)))?;
    let mut lines = text.lines().map(|line| line.split(':'));
    lines
        .find_map(|mut fields| {
            (fields.next() == Some(name))
                .then(|| fields.nth(1))
                .flatten()
        })
        .and_then(|number| number.parse().ok())
        .map(Some)
        .ok_or_else(|| format!("there is no {what} '{name}' in {file}"))
}

/// A link that somebody put in the folder's place is not followed: others than root may write to where it is.
fn folder(path: &Path) -> io::Result<File> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(open(path, flags, Mode::empty())?.into())
}

fn file(path: &Path, text: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match open(
        path,
        flags | OFlags::CREATE | OFlags::EXCL,
        Mode::from_raw_mode(0o600),
    ) {
        Ok(new) => {
            let mut new = File::from(new);
            if !text.is_empty() {
                new.write_all(format!("{text}\n").as_bytes())?;
            }
            Ok(new)
        }
        Err(rustix::io::Errno::EXIST) => {
            let there = File::from(open(path, flags, Mode::empty())?);
            match there.metadata()?.is_file() {
                true => Ok(there),
                false => Err(io::Error::from_raw_os_error(libc::ENOTDIR)),
            }
        }
        Err(errno) => Err(errno.into()),
    }
}

fn link(path: &Path, to: &str) -> io::Result<()> {
    match std::os::unix::fs::symlink(to, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match fs::read_link(path) {
            // What is there stays, as tmpfiles.d(5) says of L.
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::from_raw_os_error(libc::ENOTDIR)),
        },
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn root(text: &str) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        for (path, text) in [
            ("etc/passwd", "root:x:0:0::/:/bin/sh\nme:x:7:8::/:\n"),
            ("etc/group", "root:x:0:\nus:x:8:\n"),
            ("lib/tmpfiles.d/one.conf", text),
        ] {
            let path = root.at(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (folder, root)
    }

    fn wrong(root: &Root, name: &str) -> Vec<String> {
        let mut all = Vec::new();
        make(root, name, |what| all.push(what));
        all
    }

    #[test]
    fn folders_files_and_links_are_made_and_what_is_there_is_kept() {
        let (_folder, root) = root(
            "# for one\n\nd /run/one 0750\nf /run/one/file 0640 - - - a text\nL /run/link - - - - one/file\nd /var/lib/one\n",
        );
        assert_eq!(wrong(&root, "one"), Vec::<String>::new());
        let mode = |path: &str| fs::metadata(root.at(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(
            (
                mode("/run/one"),
                mode("/run/one/file"),
                mode("/var/lib/one")
            ),
            (0o750, 0o640, 0o755)
        );
        assert_eq!(
            fs::read_to_string(root.at("/run/link")).unwrap(),
            "a text\n"
        );
        fs::write(root.at("/run/one/file"), "mine").unwrap();
        fs::set_permissions(root.at("/run/one"), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(wrong(&root, "one"), Vec::<String>::new());
        assert_eq!(
            (
                mode("/run/one"),
                fs::read_to_string(root.at("/run/one/file")).unwrap()
            ),
            (0o750, "mine".to_owned())
        );
    }

    #[test]
    fn owners_are_names_or_numbers() {
        let (_folder, root) = root("d /a - me us\nd /b - 0 0\n");
        assert_eq!(id(&root, "/etc/passwd", "user", Some("me")), Ok(Some(7)));
        assert_eq!(id(&root, "/etc/group", "group", Some("us")), Ok(Some(8)));
        if rustix::process::geteuid().is_root() {
            assert_eq!(wrong(&root, "one"), Vec::<String>::new());
            let metadata = fs::metadata(root.at("/a")).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), (7, 8));
        }
    }

    #[test]
    fn what_is_wrong_is_told_and_the_rest_is_made() {
        let (_folder, root) =
            root("x /a\nd\nd a\nd /a/../b\nd /c 9\nd /d - nobody\nd /e - - - 10d\nL /f\nd /last\n");
        let all = wrong(&root, "one").join("\n");
        for part in [
            "/lib/tmpfiles.d/one.conf:1: there is no type 'x'",
            "one.conf:2: the path is missing",
            "one.conf:3: 'a' is no absolute path",
            "one.conf:4: '/a/../b' is no absolute path",
            "one.conf:5: '9' is no mode: write it as in 0750",
            "one.conf:6: /d: there is no user 'nobody' in /etc/passwd",
            "one.conf:7: nothing is removed for its age",
            "one.conf:8: where the link leads is missing",
        ] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        assert!(root.at("/last").is_dir() && !root.at("/d").exists());
        assert!(wrong(&root, "two")[0].starts_with("there is no two.conf in /etc/tmpfiles.d"));
        assert!(wrong(&root, "../one")[0].starts_with("there is no ../one.conf"));
    }

    #[test]
    fn what_others_put_there_is_not_followed() {
        let (_folder, root) = root("d /run/one\nf /run/two - - - - text\n");
        fs::create_dir_all(root.at("/run")).unwrap();
        fs::create_dir(root.at("/secret")).unwrap();
        fs::set_permissions(root.at("/secret"), fs::Permissions::from_mode(0o700)).unwrap();
        for name in ["one", "two"] {
            std::os::unix::fs::symlink(root.at("/secret"), root.at("/run").join(name)).unwrap();
        }
        assert_eq!(wrong(&root, "one").len(), 2);
        assert_eq!(
            fs::metadata(root.at("/secret")).unwrap().mode() & 0o777,
            0o700
        );
    }

    #[test]
    fn the_first_folder_counts() {
        let (_folder, root) = root("d /packages\n");
        fs::create_dir_all(root.at("/etc/tmpfiles.d")).unwrap();
        fs::write(root.at("/etc/tmpfiles.d/one.conf"), "d /mine\n").unwrap();
        assert_eq!(wrong(&root, "one"), Vec::<String>::new());
        assert!(root.at("/mine").is_dir() && !root.at("/packages").exists());
    }
}
