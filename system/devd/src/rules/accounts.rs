//! Users and groups by their names, from the files alone (passwd(5), group(5)).

use common::Root;

#[derive(Default)]
pub struct Accounts {
    passwd: String,
    group: String,
}

impl Accounts {
    pub fn read(root: &Root) -> Self {
        let text = |path: &str| {
            let bytes = std::fs::read(root.at(path)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Self {
            passwd: text("/etc/passwd"),
            group: text("/etc/group"),
        }
    }

    /// A user's number, by name or as a number.
    pub fn user(&self, name: &str) -> Option<u32> {
        find(&self.passwd, name)
    }

    /// A group's number, by name or as a number.
    pub fn group(&self, name: &str) -> Option<u32> {
        find(&self.group, name)
    }
}

/// The third field of the line whose first is the name; of -1, which means nobody, none.
fn find(text: &str, name: &str) -> Option<u32> {
    let line = text
        .lines()
        .find(|line| line.split(':').next() == Some(name) && !name.is_empty());
    let number = match line {
        Some(line) => line.split(':').nth(2)?.parse(),
        None => name.parse(),
    };
    number.ok().filter(|number| *number != u32::MAX)
}
