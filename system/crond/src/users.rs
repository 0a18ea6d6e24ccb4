//! Users and groups of /etc/passwd and /etc/group (passwd(5), group(5)). Static programs have no use for the C library's
//! name services.

/// The texts of the two files.
#[derive(Clone, Debug, Default)]
pub struct Users {
    pub passwd: String,
    pub group: String,
}

/// Who runs a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    /// All groups, as initgroups(3) sets them.
    pub groups: Vec<u32>,
    pub home: String,
}

impl Users {
    /// Those of the system, as they are now.
    pub fn system() -> Self {
        let text = |path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Self {
            passwd: text("/etc/passwd"),
            group: text("/etc/group"),
        }
    }

    pub fn find(&self, name: &str) -> Option<User> {
        if name.is_empty() {
            return None;
        }
        self.passwd.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [found, _, uid, gid, _, home, _] = fields[..] else {
                return None;
            };
            if found != name {
                return None;
            }
            let (uid, gid) = (id(uid)?, id(gid)?);
            Some(User {
                name: name.to_owned(),
                uid,
                gid,
                groups: self.groups_of(name, gid),
                home: if home.is_empty() { "/" } else { home }.to_owned(),
            })
        })
    }

    fn groups_of(&self, name: &str, own: u32) -> Vec<u32> {
        let mut all = vec![own];
        for line in self.group.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            let [_, _, gid, members] = fields[..] else {
                continue;
            };
            if let Some(gid) = id(gid)
                && members.split(',').any(|member| member == name)
                && !all.contains(&gid)
            {
                all.push(gid);
            }
        }
        all
    }
}

fn id(text: &str) -> Option<u32> {
    let good = text.bytes().all(|byte| byte.is_ascii_digit());
    // The last number means no user at all to the kernel.
    text.parse().ok().filter(|id| good && *id != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_their_groups() {
        let users = Users {
            passwd: "root:x:0:0::/root:/bin/sh\nann:x:1000:100:Ann:/home/ann:\nodd:x:1:1\nbig:x:4294967295:1:::\n".into(),
            group: "root:x:0:\nusers:x:100:ann\nwheel:x:10:root,ann\nannex:x:7:annex\nbad\n".into(),
        };
        let ann = users.find("ann").unwrap();
        assert_eq!((ann.uid, ann.gid, &*ann.home), (1000, 100, "/home/ann"));
        assert_eq!(ann.groups, [100, 10]);
        for name in ["", "odd", "big", "an", "nobody"] {
            assert_eq!(users.find(name), None, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(passwd: String, group: String, name in "[a-z:]{0,2}") {
            Users { passwd, group }.find(&name);
        }
    }
}
