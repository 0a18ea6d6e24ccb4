//! Users and groups as /etc/passwd and /etc/group have them (passwd(5), group(5)). Static programs have no use for
//! the C library's name services.

use std::cell::OnceCell;
use std::path::PathBuf;

/// The two files, each read when first asked for.
pub struct Users {
    passwd: (PathBuf, OnceCell<Vec<u8>>),
    group: (PathBuf, OnceCell<Vec<u8>>),
}

/// One line of passwd(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User<'a> {
    pub name: &'a [u8],
    pub uid: u32,
    pub gid: u32,
    pub home: &'a [u8],
    pub shell: &'a [u8],
}

/// One line of group(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    pub name: &'a [u8],
    pub gid: u32,
    /// Names with commas between them.
    members: &'a [u8],
}

impl Users {
    /// Those of the system. What is changed in the files later is not seen: make it anew for each piece of work.
    pub fn system() -> Self {
        Self::at("/etc/passwd", "/etc/group")
    }

    pub fn at(passwd: impl Into<PathBuf>, group: impl Into<PathBuf>) -> Self {
        Self {
            passwd: (passwd.into(), OnceCell::new()),
            group: (group.into(), OnceCell::new()),
        }
    }

    pub fn by_name(&self, name: &[u8]) -> Option<User<'_>> {
        self.users().find(|user| user.name == name)
    }

    pub fn by_uid(&self, uid: u32) -> Option<User<'_>> {
        self.users().find(|user| user.uid == uid)
    }

    pub fn group(&self, name: &[u8]) -> Option<Group<'_>> {
        self.groups().find(|group| group.name == name)
    }

    /// The group given and all of which the user is a member, as initgroups(3) sets them.
    pub fn groups_of(&self, user: &[u8], primary: u32) -> Vec<u32> {
        let mut gids = vec![primary];
        for group in self.groups() {
            let mut members = group.members.split(|byte| *byte == b',');
            if members.any(|member| member == user) && !gids.contains(&group.gid) {
                gids.push(group.gid);
            }
        }
        gids
    }

    fn users(&self) -> impl Iterator<Item = User<'_>> {
        lines(&self.passwd).filter_map(|line| {
            let [name, _, uid, gid, _, home, shell] = fields(line)?;
            Some(User {
                name: some(name)?,
                uid: id(uid)?,
                gid: id(gid)?,
                home,
                shell,
            })
        })
    }

    fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        lines(&self.group).filter_map(|line| {
            let [name, _, gid, members] = fields(line)?;
            Some(Group {
                name: some(name)?,
                gid: id(gid)?,
                members,
            })
        })
    }
}

/// The lines of a file; none if it cannot be read, as on a root without users.
fn lines(file: &(PathBuf, OnceCell<Vec<u8>>)) -> impl Iterator<Item = &[u8]> {
    let (path, text) = file;
    text.get_or_init(|| std::fs::read(path).unwrap_or_default())
        .split(|byte| *byte == b'\n')
}

/// Exactly `N` fields with colons between them.
fn fields<const N: usize>(line: &[u8]) -> Option<[&[u8]; N]> {
    let mut fields = line.split(|byte| *byte == b':');
    let mut found = [&[][..]; N];
    for field in &mut found {
        *field = fields.next()?;
    }
    fields.next().is_none().then_some(found)
}

fn some(name: &[u8]) -> Option<&[u8]> {
    (!name.is_empty()).then_some(name)
}

fn id(digits: &[u8]) -> Option<u32> {
    let decimal = digits.first()?.is_ascii_digit();
    let number = super::values::number(digits, u64::from(u32::MAX) - 1);
    // A leading zero is no octal here.
    match digits {
        [b'0', rest @ ..] if !rest.is_empty() => None,
        _ => u32::try_from(number?).ok().filter(|_| decimal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(folder: &std::path::Path) -> Users {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n\nbad line\n:x:1:1::/:\nbig:x:4294967295:1::/:\n\
                      odd:x:010:1::/:\nann:x:1000:100:Ann:/home/ann:\n";
        let group = "root:x:0:\nusers:x:100:ann\nwheel:x:10:root,ann\nx:y\nann2:x:7:ann2\n";
        std::fs::write(folder.join("passwd"), passwd).unwrap();
        std::fs::write(folder.join("group"), group).unwrap();
        Users::at(folder.join("passwd"), folder.join("group"))
    }

    #[test]
    fn finds_users_and_groups() {
        let folder = tempfile::tempdir().unwrap();
        let users = users(folder.path());
        let ann = users.by_name(b"ann").unwrap();
        assert_eq!(
            (ann.uid, ann.gid, ann.home, ann.shell),
            (1000, 100, &b"/home/ann"[..], &b""[..])
        );
        assert_eq!(users.by_uid(0).unwrap().name, b"root");
        for name in [&b"big"[..], b"odd", b"", b"bad line", b"an"] {
            assert_eq!(users.by_name(name), None);
        }
        assert_eq!(users.group(b"wheel").unwrap().gid, 10);
        assert_eq!(users.group(b"x"), None);
        assert_eq!(users.groups_of(b"ann", 100), [100, 10]);
        assert_eq!(users.groups_of(b"nobody", 5), [5]);
    }

    #[test]
    fn no_files_no_users() {
        let users = Users::at("/nonexistent/passwd", "/nonexistent/group");
        assert_eq!(users.by_uid(0), None);
        assert_eq!(users.group(b"root"), None);
    }
}
