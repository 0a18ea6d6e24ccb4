//! Users' and groups' numbers, from the root's own `etc/passwd` and `etc/group`.

use super::place::Root;
use crate::package::Acl;
use rustix::fs::{Mode, OFlags};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;

/// Names without a number belong to nobody.
const NOBODY: u32 = 65534;

/// Numbers by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    users: HashMap<Vec<u8>, u32>,
    groups: HashMap<Vec<u8>, u32>,
}

impl Owners {
    /// Those of a root as it is now.
    pub fn read(root: &Root) -> Self {
        Self {
            users: numbers(root, b"etc/passwd"),
            groups: numbers(root, b"etc/group"),
        }
    }

    /// The user and the group of an entry: by name, else by the number that the package says, else nobody.
    pub fn of(&self, acl: &Acl) -> (u32, u32) {
        self.find(&acl.user, &acl.group, (acl.uid, acl.gid))
    }

    /// The same, of names.
    pub fn find(
        &self,
        user: &[u8],
        group: &[u8],
        numbers: (Option<u32>, Option<u32>),
    ) -> (u32, u32) {
        let of = |names: &HashMap<Vec<u8>, u32>, name: &[u8], number: Option<u32>| match names
            .get(name)
        {
            Some(known) => *known,
            None if name == b"root" || name.is_empty() => number.unwrap_or(0),
            None => number.unwrap_or(NOBODY),
        };
        (
            of(&self.users, user, numbers.0),
            of(&self.groups, group, numbers.1),
        )
    }
}

fn numbers(root: &Root, path: &[u8]) -> HashMap<Vec<u8>, u32> {
    let mut text = Vec::new();
    if let Ok(fd) = root.open_at(path, OFlags::RDONLY, Mode::empty()) {
        // What cannot be read to its end names nobody further.
        let _ = File::from(fd).take(16 << 20).read_to_end(&mut text);
    }
    let mut numbers = HashMap::new();
    for line in text.split(|&byte| byte == b'\n') {
        let mut fields = line.split(|&byte| byte == b':');
        let name = fields.next().unwrap_or_default();
        let number = fields
            .nth(1)
            .and_then(|field| std::str::from_utf8(field).ok()?.parse().ok());
        if let Some(number) = number {
            numbers.entry(name.to_vec()).or_insert(number);
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(folder.path().join("etc")).expect("a directory");
        std::fs::write(
            folder.path().join("etc/passwd"),
            "root:x:0:0::/:\nweb:x:33:33::/:\n",
        )
        .expect("a file");
        let owners = Owners::read(&Root::open(folder.path()).expect("there"));
        assert_eq!(owners.find(b"web", b"web", (Some(5), Some(6))), (33, 6));
        assert_eq!(owners.find(b"web", b"web", (None, None)), (33, NOBODY));
        assert_eq!(owners.find(b"root", b"root", (None, None)), (0, 0));
    }
}
